"""Several faces: how many, in which order and colours."""
