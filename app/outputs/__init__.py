"""Where the numbers go besides the screen and the disk: to other programs, when somebody switches it on."""
