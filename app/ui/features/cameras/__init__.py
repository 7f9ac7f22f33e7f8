"""The camera chooser: a live preview, and the formats that the camera really grants."""
