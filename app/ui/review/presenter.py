"""The picture of the frame that is looked at, with what was recorded of it drawn over it."""

from __future__ import annotations

import contextlib

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.core.clock import now_s
from app.core.errors import SessionError
from app.core.frames import Frame, FrameResult, Image, levelled
from app.core.rotation import angles_of, rotation_of
from app.session.picture_loader import PictureLoader
from app.session.session import Session
from app.ui.live.live_view import LiveView
from app.ui.review.content import Content
from extractor.types import Angles

NO_PICTURE = 26  # grey behind the overlay where there is no video


class FramePresenter(QObject):
    """Feeds the view.  The overlay always belongs to the picture under it, also while that is behind the cursor."""

    _arrived = pyqtSignal()
    problem = pyqtSignal(str)  # one sentence on the video
    shown = pyqtSignal(int)  # this frame is on the screen

    def __init__(self, view: LiveView, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._tilt = session.manifest.header.camera_tilt
        self._second: Content | None = None
        self._wanted = self._frame = 0
        self._image: Image | None = None
        self._said = ""
        self._face: int | None = None
        self._blank: Image | None = None
        self._loader: PictureLoader | None = None
        if session.video is None:
            width, height = session.size
            self._blank = np.full((height, width, 3), NO_PICTURE, np.uint8)
        else:
            self._arrived.connect(self._take)
            self._loader = PictureLoader(session.open_pictures, self._notify)

    def _notify(self) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self._arrived.emit()

    def request(self, frame: int) -> None:
        """Show this frame as soon as it is decoded."""
        self._wanted = frame
        if self._loader is not None and self._blank is None:
            self._loader.request(frame)
        else:
            self._show(frame, self._blank)

    def compare(self, content: Content) -> None:
        """Draw the other table's axes too, where there is one."""
        self._second = content if content.second is not None else None
        if self._image is not None:
            self._show(self._frame, self._image)

    def show_face(self, face: int | None) -> None:
        """Put this face before the others; draw them by the numbers that they have by now."""
        self._face = face
        if self._image is not None:
            self._show(self._frame, self._image)

    def wait(self, timeout_s: float) -> bool:
        """For tests and screenshots: until the latest request is decoded and shown."""
        ready = self._loader is None or self._loader.wait(timeout_s)
        self._take()
        return ready

    def close(self) -> None:
        """No thread is left."""
        loader, self._loader = self._loader, None  # what arrived but wasn't taken belongs to a closed table
        if loader is not None:
            loader.close()

    def _take(self) -> None:
        if self._loader is None:
            return
        picture = self._loader.pictures.take()
        if picture is not None:
            self._show(picture.number, picture.image)
        error = self._loader.error
        if error != self._said:
            self._said = error
            if error:
                self.problem.emit(error)
            if error and self._image is None:  # nothing of it can be read: the numbers are still there
                width, height = self._session.size
                self._blank = np.full((height, width, 3), NO_PICTURE, np.uint8)
                self._show(self._wanted, self._blank)

    def _show(self, number: int, image: Image | None) -> None:
        assert image is not None
        self._frame, self._image = number, image
        try:
            faces = self._session.faces_of(number)
            if self._face is not None:
                faces = tuple(sorted(faces, key=lambda face: face.face_id != self._face))
        except SessionError as error:
            faces = ()
            self.problem.emit(str(error))
        frame = Frame(number, image, now_s(), truth=self._compared(number))
        signals = None if self._tilt is None else tuple(levelled(face, self._tilt) for face in faces)
        self._view.show_result(FrameResult(frame, faces, now_s(), signals=signals, tilt=self._tilt))
        self.shown.emit(number)

    def _compared(self, number: int) -> Angles | None:
        if self._second is None or self._second.second is None:
            return None
        series = self._second.second.series
        row = series.angles_deg[number]
        if not np.isfinite(row).all():
            return None
        angles = Angles(*(float(angle) for angle in row))
        if series.tilt is None:
            return angles
        return angles_of(series.tilt.as_seen(rotation_of(angles)))  # drawn as it was seen
