"""The review window: a recorded session looked at, marked, measured, exported."""
