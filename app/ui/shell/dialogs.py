"""Windows beside the window.  None of them stops the picture."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QBuffer, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import __version__
from app.core.errors import reason
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.building import Part, heading, lay_out, there
from app.ui.widgets.fields import dim_label
from extractor import files

WEIGHTS_FILTER = "Weights (*.safetensors *.pth *.pt *.ckpt *.bin);;All files (*)"
MEDIA_FILTER = (
    "Videos and images (*.mp4 *.mkv *.mov *.avi *.webm *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp);;"
    "All files (*)"
)


def ask_file(parent: QWidget, title: str, name_filter: str, done: Callable[[str], object]) -> QFileDialog:
    """Ask for a file that exists; ``done`` gets its path."""
    dialog = QFileDialog(parent, title, filter=name_filter)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _open(dialog, done)


def ask_folder(parent: QWidget, title: str, folder: str, done: Callable[[str], object]) -> QFileDialog:
    """Ask for a folder that exists, first for this one or the nearest above it; ``done`` gets its path."""
    start = next((place for place in (Path(folder), *Path(folder).parents) if place.is_dir()), "") if folder else ""
    dialog = QFileDialog(parent, title, str(start))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _open(dialog, done)


def ask_new_file(
    parent: QWidget, title: str, name: str, name_filter: str, done: Callable[[str], object]
) -> QFileDialog:
    """Ask where to save; the chosen filter's ending is added where none was typed.  ``done`` gets the path."""
    dialog = QFileDialog(parent, title, name, name_filter)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(name)

    def use_suffix(chosen: str) -> None:
        dialog.setDefaultSuffix(chosen[chosen.rfind(".") + 1 :].rstrip(")"))

    use_suffix(dialog.selectedNameFilter())
    dialog.filterSelected.connect(use_suffix)
    return _open(dialog, done)


def _open(dialog: QFileDialog, done: Callable[[str], object]) -> QFileDialog:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(done)
    dialog.open()
    return dialog


def ask_text(parent: QWidget, title: str, question: str, text: str, done: Callable[[str], object]) -> QInputDialog:
    """Ask for a line; ``done`` gets it."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setLabelText(question)
    dialog.setTextValue(text)
    dialog.textValueSelected.connect(done)
    dialog.open()
    return dialog


def ask_whether(parent: QWidget, title: str, question: str, yes: str, done: Callable[[], object]) -> QMessageBox:
    """Ask before something is lost; ``done`` is called once the button ``yes`` is pressed, not on Enter or Escape."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    button = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    cancel = there(box.addButton(QMessageBox.StandardButton.Cancel))
    box.setDefaultButton(cancel)
    cancel.setFocus()
    box.buttonClicked.connect(lambda pressed: done() if pressed is button else None)
    box.open()
    return box


class AskingDialog(QDialog):
    """Asks for something: parts below each other, then the button that accepts, which is called ``go``, and Cancel."""

    def __init__(self, parent: QWidget, title: str, accept: str | QDialogButtonBox.StandardButton) -> None:
        """``accept``: that button's text, or one that Qt has words for."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self._buttons = QDialogButtonBox()
        self.cancel = there(self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel))
        self.cancel.setAutoDefault(False)
        self.go = there(
            self._buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
            if isinstance(accept, str)
            else self._buttons.addButton(accept)
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def hold(self, *parts: Part, spacing: int = 10) -> None:
        """Show these above the buttons."""
        lay_out(QVBoxLayout(self), *parts, self._buttons, spacing=spacing, margins=(16, 14, 16, 12))


class AboutDialog(QDialog):
    """Version, purpose and licence."""

    def __init__(self, parent: QWidget, lines: list[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Motionscope")
        text = QLabel(
            "Live head pose, keypoints and facial motion, recorded for research.\n"
            "Pictures and numbers stay on this computer; nothing is sent unless you switch it on.\n"
            "Free software under the GNU General Public License, version 3."
        )
        details = dim_label("\n".join(lines))
        details.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        parts = (heading(f"Motionscope {__version__}"), text, details, close_button(self))
        lay_out(QVBoxLayout(self), *parts, spacing=10, margins=(20, 18, 20, 14))


def close_button(dialog: QDialog) -> QDialogButtonBox:
    """It closes the dialog when it is pressed; Enter in another field doesn't."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    for button in buttons.buttons():
        if isinstance(button, QPushButton):
            button.setAutoDefault(False)
    return buttons


def save_screenshot(widget: QWidget, folder: Path) -> Message:
    """Save the widget as it looks into a folder, named by date and time; what is to be said of it."""
    path = folder / f"screenshot_{datetime.datetime.now():%Y-%m-%d_%H-%M-%S-%f}.png"
    problem = save_picture(widget, path)
    return Message(problem, Severity.ERROR) if problem else Message(f"Saved {path}", Severity.GOOD)


def save_picture(widget: QWidget, path: Path) -> str:
    """Save the widget as it looks, as PNG, making the folders above; what went wrong, or nothing."""
    try:
        files.make_folder(path.parent)
        files.write_whole(path, png_of(widget.grab().toImage()))
    except OSError as error:
        return f"The screenshot can't be saved as {path}: {reason(error)}."
    return ""


def png_of(image: QImage) -> bytes:
    """The image as PNG."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return buffer.data().data()
