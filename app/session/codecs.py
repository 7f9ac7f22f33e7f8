"""How recordings' pictures can be kept.  Light to import: the command line lists them."""

from __future__ import annotations

H264, FFV1 = "h264", "ffv1"
NO_PICTURE = "none"
CODECS = {
    H264: "H.264",
    FFV1: "FFV1, lossless",
    NO_PICTURE: "none, numbers only",
}
"""The choices of a user and their labels."""

TIPS = {
    H264: "Small",
    FFV1: "Every bit as captured: some thirty times larger, and four times the work",
    NO_PICTURE: "No picture is kept: tables, markers and session.json alone. It can't be measured again",
}
