"""The documentation in a window of its own, and what a report of a fault should hold."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QByteArray, QEvent, QSize, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication, QImage, QShowEvent
from PyQt6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from app import __version__
from app.ui.shell.keys_dialog import OF_SCREEN
from app.ui.widgets.building import lay_out, named, resize_within_screen, there
from app.ui.widgets.formatting import rate, unsigned
from app.ui.widgets.pickers import ChoiceBox
from extractor.backends.engines import engine_packages
from extractor.shipped import shipped_file

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

LARGEST = QSize(860, 720)  # what the documentation takes of a large screen
IMAGE = 2  # QTextDocument's kind of a picture
MARGIN = 16  # points beside a picture
FIRST = "index"  # the page that is shown at first
PACKAGES = (*engine_packages(), "mediapipe", "opencv-python", "numpy", "av", "pyqtgraph")


def pages() -> list[Path]:
    """The documentation's pages."""
    first = shipped_file("docs", f"{FIRST}.md")
    return sorted(first.parent.glob("*.md"), key=lambda page: (page != first, page.stem)) if first is not None else []


class _Pages(QTextBrowser):
    """Pictures no wider than the text."""

    def loadResource(self, kind: int, name: QUrl) -> Any:
        found = super().loadResource(kind, name)
        if kind != IMAGE or not isinstance(found, QByteArray):
            return found
        width = there(self.viewport()).width() - 2 * MARGIN
        image = QImage.fromData(found)
        return (
            image.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
            if 0 < width < image.width()
            else image
        )


class DocsDialog(QDialog):
    """Shows a page at a time; links lead from one to another, those to the web into the system's browser."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Documentation")
        self.choice = ChoiceBox("Page", "Which page is shown")
        for page in pages():
            with page.open(encoding="utf-8") as file:
                self.choice.addItem(file.readline().removeprefix("#").strip(), str(page))
        self.text = named(_Pages(), "Documentation")
        self.text.setOpenLinks(False)
        there(self.text.document()).setDocumentMargin(MARGIN)
        self.text.anchorClicked.connect(self.open_link)
        self.choice.currentIndexChanged.connect(lambda _: self._show_chosen())
        lay_out(QVBoxLayout(self), self.choice, (self.text, 1), margins=(12, 12, 12, 12))
        resize_within_screen(self, LARGEST, OF_SCREEN)
        self._show_chosen()
        self.text.setFocus()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "text"):
            self.text.reload()  # links have the colour that the theme had when they were read

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.text.reload()  # pictures fit the window that is there now

    def open_link(self, link: QUrl) -> None:
        """Follow a link: into another page, or out of the program."""
        target = self.text.source().resolved(link)
        if not target.isLocalFile():
            QDesktopServices.openUrl(target)
            return
        page = Path(target.toLocalFile())
        place = self.choice.findData(str(page))
        if place >= 0:
            self.choice.setCurrentIndex(place)
        elif page.suffix == ".md" and page.is_file():
            self.text.setSource(QUrl.fromLocalFile(str(page)))  # README and the like, in a checkout
        if target.hasFragment():
            self.text.scrollToAnchor(target.fragment())

    def _show_chosen(self) -> None:
        if self.choice.currentIndex() >= 0:
            page = QUrl.fromLocalFile(str(self.choice.currentData()))
            if page != self.text.source():
                self.text.setSource(page)


def report(status: PipelineStatus | None) -> str:
    """Versions, engine and platform, for whoever looks into a fault.

    No picture, number of a face, path or name of a file, camera or person: it may be posted anywhere.
    """
    screens = ", ".join(
        f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )
    lines = [
        f"Motionscope {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        f"Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}, {QGuiApplication.platformName()}, screens {screens}",
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    ]
    if status is not None:
        lines += _of_pipeline(status)
    return "\n".join(lines) + "\n"


def _of_pipeline(status: PipelineStatus) -> list[str]:
    info, network, weights = status.source_info, status.network, status.report
    lines = [f"Source: {status.source.state.value}"]
    if info is not None:
        lines[0] += f", {info.kind}, {info.width}x{info.height} {info.fourcc} {info.fps:g} a second"
    if weights is not None:
        lines.append(f"Weights: {weights.summary}")
    if network is not None:
        lines.append(f"Network: {network.engine} on {network.device} ({network.device_name}), {network.dtype}")
    elif status.network_error:
        lines.append("Network: it failed")
    lines.append(
        f"Rates: source {rate(status.capture_fps)}, network {rate(status.inference_fps)}, "
        f"latency {unsigned(status.latency_ms, 0, ' ms')}, {status.skipped} left out, {status.lost} lost"
    )
    return lines


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
