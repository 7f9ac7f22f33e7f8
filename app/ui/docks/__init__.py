"""The panels around the picture: one protocol, one file a panel, one table that lists them."""
