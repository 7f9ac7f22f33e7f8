"""The common parts of windows: the frame around the features, settings, commands, look and help."""
