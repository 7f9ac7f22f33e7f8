"""Curves and strips over the last seconds."""
