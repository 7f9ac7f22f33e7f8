"""Heads with exact labels: people, scenes and the renderer."""
