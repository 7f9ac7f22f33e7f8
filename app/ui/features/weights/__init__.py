"""The dock of checkpoints: what each one is, which one runs, and two side by side."""
