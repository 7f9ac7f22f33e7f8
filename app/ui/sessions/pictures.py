"""The thumbnails of those sessions that are seen, made and loaded on a thread of their own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import OrderedDict
from pathlib import Path

from PyQt6.QtCore import QObject, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QPainter, QPixmap

from app.session.thumbnails import HEIGHT, WIDTH, thumbnail

SIZE = QSize(WIDTH // 2, HEIGHT // 2)
"""On the screen; the pictures have twice as many pixels for screens that show them."""

KEPT = 400
MOST_WAITING = 60  # more than are seen; the list was moved on meanwhile

log = logging.getLogger(__name__)


class Thumbnails(QObject):
    """Gives what there is, and tells when more has come; the latest request first."""

    ready = pyqtSignal(object)  # the session's folder
    _made = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons: OrderedDict[Path, QIcon | None] = OrderedDict()
        self._waiting: OrderedDict[Path, None] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._made.connect(self._keep)
        self.empty = QPixmap(SIZE)  # keeps the place of one that isn't there
        self.empty.fill(Qt.GlobalColor.transparent)

    def icon(self, folder: Path) -> QIcon | None:
        """The session's picture; None where it has none, or none yet, and ``ready`` follows."""
        if folder in self._icons:
            self._icons.move_to_end(folder)
            return self._icons[folder]
        with self._changed:
            self._waiting[folder] = None
            self._waiting.move_to_end(folder)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            self._changed.notify()
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="make thumbnails", daemon=True)
            self._thread.start()
        return None

    def forget(self, folder: Path) -> None:
        """Ask for it anew: the session has changed."""
        self._icons.pop(folder, None)

    def close(self, timeout_s: float) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _keep(self, folder: Path, image: QImage | None) -> None:
        self._icons[folder] = _icon(image) if image is not None else None
        while len(self._icons) > KEPT:
            self._icons.popitem(last=False)
        self.ready.emit(folder)

    # ------------------------------------------------------------------ on the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                folder, _ = self._waiting.popitem()
            image = None
            try:
                image = _framed(thumbnail(folder))
            except Exception:  # a list goes without it
                log.exception("no thumbnail of %s could be made", folder)
            if not self._closed:
                with contextlib.suppress(RuntimeError):  # the window is gone already
                    self._made.emit(folder, image)


def _framed(data: bytes | None) -> QImage | None:
    """In the middle of a picture of the one size that all have."""
    image = QImage.fromData(data, "JPG") if data is not None else QImage()
    if image.isNull():
        return None
    whole = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    whole.fill(Qt.GlobalColor.transparent)
    fitted = QRectF(whole.rect())
    fitted.setSize(image.size().toSizeF().scaled(fitted.size(), Qt.AspectRatioMode.KeepAspectRatio))
    fitted.moveCenter(QPointF(whole.rect().center()))
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(fitted, image)
    painter.end()
    whole.setDevicePixelRatio(2.0)
    return whole


def _icon(image: QImage) -> QIcon:
    """The same in a line that is selected, where Qt would colour it."""
    pixmap = QPixmap.fromImage(image)
    result = QIcon(pixmap)
    result.addPixmap(pixmap, QIcon.Mode.Selected)
    return result
