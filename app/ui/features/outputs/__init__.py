"""Outputs to other programs, and the remote control."""
