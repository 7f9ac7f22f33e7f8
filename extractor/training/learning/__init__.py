"""Batches, losses and steps."""
