"""The commands: what is typed, asked of the parts below and printed."""
