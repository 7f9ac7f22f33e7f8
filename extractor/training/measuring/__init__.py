"""How far off a network is, on heads, photographs and films."""
