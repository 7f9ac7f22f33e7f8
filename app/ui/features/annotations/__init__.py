"""Annotations and what is said of a session."""
