"""What every window needs: the frame around the features, settings, commands, look and help."""
