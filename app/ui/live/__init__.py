"""The picture with what was measured in it, and the numbers beside it."""
