"""Windows beside the window.  None of them stops the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QIcon, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QInputDialog,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app import __version__
from app.ui.actions import ACTIONS
from app.ui.panels.fields import dim_label

WEIGHTS_FILTER = "Weights (*.safetensors *.pth *.pt *.ckpt *.bin);;All files (*)"
MEDIA_FILTER = (
    "Videos and images (*.mp4 *.mkv *.mov *.avi *.webm *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp);;"
    "All files (*)"
)


def ask_file(parent: QWidget, title: str, folder: str, name_filter: str, done: Callable[[str], object]) -> QFileDialog:
    """Ask for a file that exists; ``done`` gets its path."""
    dialog = QFileDialog(parent, title, folder, name_filter)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _open(dialog, done)


def ask_folder(parent: QWidget, title: str, folder: str, done: Callable[[str], object]) -> QFileDialog:
    """Ask for a folder that exists; ``done`` gets its path."""
    dialog = QFileDialog(parent, title, folder)
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

    def follow(chosen: str) -> None:
        dialog.setDefaultSuffix(chosen[chosen.rfind(".") + 1 :].rstrip(")"))

    follow(dialog.selectedNameFilter())
    dialog.filterSelected.connect(follow)
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


class KeysDialog(QDialog):
    """Every action with its key, menu by menu."""

    def __init__(self, parent: QWidget, actions: Mapping[str, QAction]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        columns = QGridLayout()
        columns.setHorizontalSpacing(36)
        columns.setVerticalSpacing(14)
        menus = list(dict.fromkeys(spec.menu for spec in ACTIONS))
        for i, menu in enumerate(menus):
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(4)
            heading = QLabel(menu.replace("&", ""))
            heading.setProperty("heading", True)
            grid.addWidget(heading, 0, 0, 1, 2)
            for spec in (spec for spec in ACTIONS if spec.menu == menu):
                row = grid.rowCount()
                action = actions[spec.name]
                key = QLabel(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
                grid.addWidget(key, row, 0)
                grid.addWidget(dim_label(spec.tip), row, 1)
            grid.setColumnStretch(1, 1)
            columns.addLayout(grid, i // 2, i % 2, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 14)
        layout.addLayout(columns)
        layout.addSpacing(8)
        layout.addWidget(_close_button(self))


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget, lines: list[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Motionscope")
        title = QLabel(f"Motionscope {__version__}")
        title.setProperty("heading", True)
        text = QLabel(
            "Live head pose, keypoints and facial motion, recorded for research.\n"
            "Pictures and numbers stay on this computer; nothing is sent unless you switch it on, as for opentrack.\n"
            "Free software under the GNU General Public License, version 3."
        )
        details = dim_label("\n".join(lines))
        details.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 14)
        layout.setSpacing(10)
        for widget in (title, text, details, _close_button(self)):
            layout.addWidget(widget)


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    for button in buttons.buttons():
        button.setIcon(QIcon())
    return buttons


def save_picture(widget: QWidget, path: Path) -> str:
    """Save the widget as it looks, as PNG, making the folders above; what went wrong, or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"The screenshot can't be saved in {path.parent}: {(error.strerror or str(error)).lower()}."
    if not widget.grab().save(str(path), "PNG"):
        return f"The screenshot can't be saved as {path}; choose a folder that can be written."
    return ""
