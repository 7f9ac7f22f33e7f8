"""Where frames come from: cameras, video files, pictures and the built-in demo, behind one protocol."""
