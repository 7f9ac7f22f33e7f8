"""Sources of frames: cameras, video files, pictures and the built-in demo, behind one protocol."""
