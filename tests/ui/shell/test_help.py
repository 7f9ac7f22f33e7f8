"""The documentation in the window, and a report that tells nothing of people."""

from __future__ import annotations

import getpass
import platform
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication

from app import __version__
from app.capture.source import SourceInfo
from app.ui.shell.help import DocsDialog, pages, report
from extractor.backends.base import BackendInfo
from tests.ui.find import dialog

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def docs(idle_window):
    idle_window.commands["docs"].trigger()
    return dialog(idle_window, "Documentation")


def test_every_page_is_there_the_windows_first(docs):
    assert {page.name for page in pages()} == {path.name for path in (ROOT / "docs").glob("*.md")}
    assert docs.isVisible()
    assert docs.choice.itemText(0) == "Documentation"
    for place in range(docs.choice.count()):
        docs.choice.setCurrentIndex(place)
        assert docs.text.toPlainText().startswith(docs.choice.itemText(place))


def test_links_lead_to_other_pages_and_out_of_the_program(docs, monkeypatch):
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)))
    docs.open_link(QUrl("measures.md#derived-signals"))
    assert docs.text.source().fileName() == "measures.md"
    assert Path(docs.choice.currentData()).name == "measures.md"
    docs.open_link(QUrl("https://example.org/page"))
    assert [url.toString() for url in opened] == ["https://example.org/page"]
    docs.open_link(QUrl("../nowhere.md"))
    assert docs.text.source().fileName() == "measures.md"


def test_the_report_is_on_the_clipboard(idle_window):
    idle_window.commands["report"].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text().startswith(f"Motionscope {__version__}\n")
    assert "clipboard" in idle_window.status_line.message.text


def test_the_report_says_with_what_and_nothing_of_whom(status):
    network = BackendInfo("openvino", "cpu", "AMD EPYC", "float32")
    source = SourceInfo("video", "anna_smith.mp4", 640, 480, 30.0, "h264")
    text = report(replace(status(), source_info=source, network=network))
    for told in (__version__, platform.python_version(), "openvino on cpu", "video, 640x480 h264 30", "8 left out"):
        assert told in text
    for hidden in ("anna", str(Path.home()), platform.node(), f"/{getpass.getuser()}"):
        assert not hidden or hidden not in text
    assert report(None).count("\n") == 4


def test_a_message_that_names_a_file_is_not_in_the_report(status):
    text = report(replace(status(), network_error="/home/anna/mine.pth has no pose heads."))
    assert "anna" not in text
    assert "it failed" in text


def test_an_installed_copy_without_pages_says_nothing_wrong(monkeypatch, idle_window, qtbot):
    monkeypatch.setattr("app.ui.shell.help.pages", list)
    dialog = DocsDialog(idle_window)
    qtbot.addWidget(dialog)
    assert dialog.choice.count() == 0
