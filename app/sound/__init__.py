"""Sound from a microphone.  The library that reads it is loaded when somebody switches it on."""
