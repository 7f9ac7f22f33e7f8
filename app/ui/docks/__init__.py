"""The panels around the picture: one protocol, one file a panel, and a row of ``catalogue`` for each."""
