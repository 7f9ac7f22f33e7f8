"""Motionscope: the window, capture, cropping, overlay and recording around ``extractor``."""

__version__ = "0.1.0"
