"""Sends the numbers to other programs, once somebody switches it on."""
