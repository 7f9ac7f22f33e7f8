"""Addresses of cameras: which may be opened, and that nothing of a password is shown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.addresses import SCHEMES, is_address, parse_address, shown_address
from app.core.errors import SourceError

SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("rtsp://192.168.1.20:554/stream", "192.168.1.20:554 (RTSP)"),
        (" HTTP://Camera.local/video?pwd=x#top ", "camera.local (HTTP)"),
        ("https://[fe80::1]:8443/", "[fe80::1]:8443 (HTTPS)"),
        ("rtsps://me:secret@host/user=me_password=secret", "host (RTSPS)"),
    ],
)
def test_an_address_is_shown_by_its_host(text, label):
    assert parse_address(text).label == label == shown_address(text)


@pytest.mark.parametrize(
    "text",
    ["ftp://me:secret@host/x", "file:///etc/passwd", "concat://me:secret", "rtsp:///me:secret", "http://host:secret/",
     "rtsp://me:secret@ho st/", "http://me:secret@host/\r\nX: y", "udp://secret:1", "http://[secret/"],
)  # fmt: skip
def test_what_may_not_be_opened_is_said_without_its_password(text):
    assert is_address(text)
    with pytest.raises(SourceError) as refused:
        parse_address(text)
    assert "secret" not in str(refused.value)
    assert "secret" not in shown_address(text)


@pytest.mark.parametrize(
    "text", ["clip.mp4", "C:\\clips\\a.mp4", "/home/me/a://b", "HD Webcam: front", "0", "", "://x"]
)
def test_paths_and_names_are_no_addresses(text):
    assert not is_address(text)
    assert shown_address(text) == text


@given(st.sampled_from(SCHEMES), SECRET, SECRET)
@example("rtsp", "a@b", "c:d/e?f#g%h")
def test_name_and_password_arrive_whole_and_are_not_shown(scheme, name, password):
    from urllib.parse import unquote, urlsplit

    address = parse_address(f"{scheme}://127.0.0.1:81/path", name, password)
    parts = urlsplit(address.url)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (name, password)
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == (scheme, "127.0.0.1", 81, "/path")
    assert address.label == f"127.0.0.1:81 ({scheme.upper()})"
    assert repr(address) == f"CameraAddress(label={address.label!r})"


def test_a_name_in_the_address_is_kept():
    assert parse_address("http://me:mine@host/", "you", "yours").url == "http://me:mine@host/"
