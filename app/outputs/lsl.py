"""Lab Streaming Layer: pose, expression and markers as streams that LabRecorder and others record beside EEG and eyes.

liblsl finds streams by multicast and serves them by TCP.  Here it is told to announce them on this
computer only, unless the lab's network is asked for; its data port is open to the network all the
same, for liblsl has no setting that closes it.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from typing import Any

from app import __version__
from app.core.clock import OtherClock
from app.core.errors import OutputError
from app.core.frames import FrameResult
from app.outputs.base import Marker, OutputStatus, Tally
from app.outputs.targets import NETWORK, StreamName
from app.outputs.values import DERIVED, EXPRESSION, PLACE, POSE, Channel, faces_to_send, read
from extractor.installing import extra_command, install_hint

NAME = "lsl"
MISSING = f"Lab Streaming Layer needs pylsl. {install_hint(extra_command('lsl'))}"
NO_LIBRARY = (
    "Lab Streaming Layer needs the library liblsl, which pylsl has not brought along for this system: "
    "install it with 'conda install -c conda-forge liblsl', or from liblsl's releases, and set PYLSL_LIB to its file."
)
ONE_REACH = (
    "Lab Streaming Layer fixes how far its streams are announced once in a program's life: "
    "start Motionscope again to change it."
)
TOO_OLD = (
    f"This liblsl can't be told to announce streams on this computer only: version 1.17.7 or newer is needed, "
    f"or the name with {NETWORK} behind it for streams that the whole network may see."
)
# Errors only on stderr: liblsl reports every stream otherwise.  It reads its configuration once.
MACHINE_ONLY = (
    "[multicast]\nResolveScope = machine\nListenAddress = 127.0.0.1\n[ports]\nIPv6 = disable\n[log]\nlevel = -2\n"
)
BUFFER_S = 60  # liblsl counts 100 samples a second where the rate is irregular; a slow reader loses the oldest
CONVENTIONS = "camera frame: x right, y down, z away from the viewer; head to camera R = Rz(roll) Ry(yaw) Rx(pitch)"
NO_FACE = -1.0  # in place of a face_id
IDS = (
    Channel("face_id", "number", lambda s: s.face.face_id),  # -1: no face in this frame
    Channel("frame", "number", lambda s: math.nan),  # a number of the frame, not of the face
)

# Whether streams are announced to the network; None: not yet fixed.  Process-wide, as liblsl's own configuration is.
_reach: bool | None = None
_configuring = threading.Lock()


class LslOutput:
    """Three outlets: every face of every frame is a sample in the first two, every marker one in the third.

    A frame without a face is one sample with ``face_id`` -1 and no numbers (NaN), so that a gap in
    the stream always means a lost frame.  Time stamps say when a frame was captured, on LSL's clock.
    Samples are handed to liblsl at once, which buffers them for each reader on threads of its own.
    """

    def __init__(self, stream: StreamName) -> None:
        """Raises OutputError where pylsl or liblsl is missing."""
        self._stream = stream
        self._lsl = _library(stream.network)
        self._tally = Tally()
        self._lock = threading.Lock()  # of the outlets; handing over a sample takes microseconds
        self._clock = OtherClock(self._lsl.local_clock)  # monotonic, too, but not everywhere the same one
        try:
            self._pose = self._outlet("Pose", (*IDS, *POSE, *PLACE))
            self._expression = self._outlet("Expression", (*IDS, *EXPRESSION, *DERIVED))
            self._markers = self._outlet("Markers", (Channel("marker", "label", lambda s: math.nan),), "string")
        except RuntimeError as error:
            raise OutputError("Lab Streaming Layer could not open its streams; a firewall may forbid it.") from error

    def _outlet(self, part: str, channels: tuple[Channel, ...], kind: str = "float32") -> Any:
        lsl, name = self._lsl, self._stream.name
        content = "MoCap" if kind == "float32" else "Markers"  # as LSL's own lists call them
        # The identity by which a reader finds the stream again after either program was started anew.
        source_id = f"motionscope-{socket.gethostname()}-{name}-{part}"
        info = lsl.StreamInfo(f"{name} {part}", content, len(channels), lsl.IRREGULAR_RATE, kind, source_id)
        description = info.desc()
        description.append_child_value("manufacturer", "Motionscope")
        description.append_child_value("version", __version__)
        description.append_child_value("conventions", CONVENTIONS)
        listed = description.append_child("channels")
        for channel in channels:
            entry = listed.append_child("channel")
            entry.append_child_value("label", channel.name)
            entry.append_child_value("unit", channel.unit)
            entry.append_child_value("type", part)
        return lsl.StreamOutlet(info, max_buffered=BUFFER_S)

    @property
    def name(self) -> str:
        return NAME

    @property
    def status(self) -> OutputStatus:
        with self._lock:
            outlets = (self._pose, self._expression, self._markers)
            heard = any(outlet is not None and outlet.have_consumers() for outlet in outlets)
        return self._tally.status(NAME, str(self._stream), heard)

    def send(self, result: FrameResult) -> None:
        frame = float(result.frame.index)
        faces = [([shown.face.face_id, frame], shown) for shown in faces_to_send(result)]
        pose = [[*ids, *read((*POSE, *PLACE), shown)] for ids, shown in faces]
        expression = [[*ids, *read((*EXPRESSION, *DERIVED), shown)] for ids, shown in faces]
        with self._lock:
            if self._pose is None:
                return
            at_s = self._clock.at(result.frame.captured_s)
            try:
                for outlet, samples in ((self._pose, pose), (self._expression, expression)):
                    for sample in samples or [[NO_FACE, frame, *[math.nan] * (outlet.channel_count - len(IDS))]]:
                        outlet.push_sample(sample, at_s)
            except RuntimeError:
                self._tally.problem = "Lab Streaming Layer refuses samples; switch it off and on again."
                return
        self._tally.problem = ""
        self._tally.count()

    def send_marker(self, marker: Marker) -> bool:
        """The label; the note stays in the recording, for readers compare labels."""
        with self._lock, contextlib.suppress(RuntimeError):
            if self._markers is not None:
                self._markers.push_sample([marker.label], self._clock.at(marker.at_s))
        return True

    def close(self) -> None:
        with self._lock:
            outlets = (self._pose, self._expression, self._markers)
            self._pose = self._expression = self._markers = None
        del outlets  # liblsl ends its threads


def _library(network: bool) -> Any:
    """pylsl, imported now and not before, told how far to announce streams.  Raises OutputError."""
    global _reach
    with _configuring:
        try:
            import pylsl
        except ImportError as error:
            raise OutputError(MISSING) from error
        except (RuntimeError, OSError) as error:  # pylsl is there, its library is not
            raise OutputError(NO_LIBRARY) from error
        if _reach is None:
            if not network:
                try:
                    pylsl.set_config_content(MACHINE_ONLY)
                except (NotImplementedError, AttributeError) as error:
                    raise OutputError(TOO_OLD) from error
            _reach = network
        if _reach != network:
            raise OutputError(ONE_REACH)
        return pylsl
