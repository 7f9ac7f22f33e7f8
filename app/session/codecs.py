"""How recordings' videos can be coded.  Light to import: the command line lists them."""

from __future__ import annotations

H264, X264, FFV1 = "h264", "x264", "ffv1"
CODECS = {
    H264: "H.264: small; by the graphics card where it can",
    X264: "H.264, always in software",
    FFV1: "FFV1: lossless, some thirty times larger",
}
"""What a user can choose, with a few words about each."""
