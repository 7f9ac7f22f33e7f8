"""Cameras on this machine's own network: Motion-JPEG over HTTP, and H.264 over RTSP."""

from __future__ import annotations

import base64
import http.server
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

SIZE = 160, 120
FPS = 50.0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    camera: NetworkCamera

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side went away: nothing to say."""


class NetworkCamera:
    """Serves until ``close``; ``cut`` ends the connections that there are, ``silent`` lets new ones hang."""

    scheme = ""

    def __init__(self) -> None:
        self.silent = False
        self.wants = ""  # "name:password"
        self.requests: list[str] = []
        self.connections = 0
        self.asked = 0  # how often, for the next frame
        self._cut = threading.Event()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self.handler())
        self._server.camera = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def handler(self) -> Any:
        raise NotImplementedError

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/video"

    def cut(self) -> None:
        self._cut.set()

    def flowing(self) -> bool:
        """Asked once for each frame, at the frame rate."""
        self.asked += 1
        return not (self.closing.wait(1 / FPS) or self._cut.is_set())

    def connected(self) -> None:
        self.connections += 1
        self._cut.clear()

    def allowed(self, header: str | None) -> bool:
        wanted = "Basic " + base64.b64encode(self.wants.encode()).decode()
        return not self.wants or header == wanted

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def picture(number: int) -> np.ndarray[Any, Any]:
    """Grey that gets brighter with its number."""
    return np.full((SIZE[1], SIZE[0], 3), 60 + number % 100, np.uint8)


class MjpegCamera(NetworkCamera):
    """As most cameras do it: a JPEG after the other in one endless answer."""

    scheme = "http"

    def handler(self) -> Any:
        class Handler(http.server.BaseHTTPRequestHandler):
            server: _Server

            def do_GET(self) -> None:
                camera = self.server.camera
                camera.requests.append(self.path)
                if self.path == "/playlist":
                    return self._answer("application/vnd.apple.mpegurl", camera.playlist.encode())
                if self.path == "/page":
                    return self._answer("text/html", b"<html><body>No camera</body></html>")
                if self.path != "/video":
                    return self.send_error(404)
                if not camera.allowed(self.headers.get("Authorization")):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                camera.connected()
                if camera.silent:
                    camera.closing.wait()
                    return None
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while camera.flowing():
                    jpeg = cv2.imencode(".jpg", picture(number))[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                    number += 1
                return None

            def _answer(self, kind: str, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    playlist = ""


class RtspCamera(NetworkCamera):
    """Just enough of RFC 2326 and RFC 6184 for one viewer: H.264 in RTP, interleaved with RTSP on one connection."""

    scheme = "rtsp"

    def handler(self) -> Any:
        class Handler(socketserver.StreamRequestHandler):
            server: _Server

            def handle(self) -> None:
                camera = self.server.camera
                while line := self.rfile.readline().decode():
                    method, address, _ = line.split()
                    headers = dict(self._headers())
                    camera.requests.append(method)
                    number = headers["cseq"]
                    if not camera.allowed(headers.get("authorization")):
                        self._answer("401 Unauthorized", number, 'WWW-Authenticate: Basic realm="camera"')
                    elif method == "OPTIONS":
                        self._answer("200 OK", number, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
                    elif method == "DESCRIBE":
                        sdp = (
                            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
                            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                            f"a=fmtp:96 packetization-mode=1\r\na=framerate:{FPS:g}\r\na=control:track\r\n"
                        )
                        self._answer("200 OK", number, f"Content-Base: {address}/", "Content-Type: application/sdp",
                                     body=sdp)  # fmt: skip
                    elif method == "SETUP":
                        self._answer("200 OK", number, "Session: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
                    elif method == "PLAY":
                        camera.connected()
                        self._answer("200 OK", number, "Session: 1")
                        send_h264(camera.flowing, self.wfile.write)
                        return
                    else:
                        self._answer("200 OK", number)

            def _headers(self) -> list[tuple[str, str]]:
                headers = []
                while (line := self.rfile.readline().decode().strip()) != "":
                    name, _, value = line.partition(":")
                    headers.append((name.lower(), value.strip()))
                return headers

            def _answer(self, status: str, number: str, *headers: str, body: str = "") -> None:
                length = [f"Content-Length: {len(body)}"] if body else []
                lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers, *length, "", body]
                self.wfile.write("\r\n".join(lines).encode())

        return Handler


def send_h264(flowing: Callable[[], bool], write: Callable[[bytes], Any]) -> None:
    """Pictures as RTP packets on channel 0, a key frame each, so that every unit fits into one packet."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = *SIZE, "yuv420p"
    context.time_base = Fraction(1, round(FPS))
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "1"}
    number = sequence = 0
    begun = time.monotonic()
    while flowing():
        frame = av.VideoFrame.from_ndarray(picture(number), "bgr24").reformat(format="yuv420p")
        frame.pts = number
        units = [
            unit.rstrip(b"\0")
            for packet in context.encode(frame)
            for unit in bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
            if unit
        ]
        clock = int((time.monotonic() - begun) * 90000)
        for unit in units:
            last = 0x80 if unit is units[-1] else 0
            packet = struct.pack("!BBHII", 0x80, last | 96, sequence & 0xFFFF, clock, 1) + unit
            write(struct.pack("!cBH", b"$", 0, len(packet)) + packet)
            sequence += 1
        number += 1
