"""Windows beside the window.  None of them stops the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import QBuffer, QSize, Qt
from PyQt6.QtGui import QAction, QIcon, QImage, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import __version__
from app.ui.actions import ACTIONS, ActionSpec
from app.ui.panels.fields import dim_label
from extractor import files

COLUMN_GAP = 30  # between the columns of keys
TIP_CHARACTERS = 28  # at least so many stand in a line of the list of keys
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
    """Every action with its key, menu by menu, in as many columns as the screen has room for."""

    def __init__(self, parent: QWidget, actions: Mapping[str, QAction]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        widest = max(self.fontMetrics().horizontalAdvance(spec.tip) for spec in ACTIONS)
        key_width = max(self.fontMetrics().horizontalAdvance(_key(actions[spec.name])) for spec in ACTIONS)
        room_width = screen_room(parent).width() - 60  # without margins and scroll bar
        narrowest = key_width + self.fontMetrics().averageCharWidth() * TIP_CHARACTERS + COLUMN_GAP
        count = min(max(room_width // narrowest, 1), 3)
        tip_width = min(widest + 4, room_width // count - key_width - COLUMN_GAP - 14)
        inside = QWidget()
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(20, 14, 20, 14)
        columns.setSpacing(COLUMN_GAP)
        for rows in keys_in_columns(count):
            grid = QGridLayout()
            grid.setHorizontalSpacing(14)
            grid.setVerticalSpacing(3)
            grid.setColumnMinimumWidth(0, key_width)
            for row, spec in enumerate(rows):
                if isinstance(spec, str):
                    heading = QLabel(spec)
                    heading.setProperty("heading", True)
                    heading.setContentsMargins(0, 0 if row == 0 else 9, 0, 1)
                    grid.addWidget(heading, row, 0, 1, 2)
                else:
                    tip = dim_label(spec.tip)
                    tip.setWordWrap(True)
                    tip.setFixedWidth(tip_width)
                    grid.addWidget(QLabel(_key(actions[spec.name])), row, 0, Qt.AlignmentFlag.AlignTop)
                    grid.addWidget(tip, row, 1, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(1, 1)
            grid.setRowStretch(len(rows), 1)
            columns.addLayout(grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 10)
        layout.addWidget(in_scroll_area(inside, "All keys"))
        layout.addWidget(_close_button(self))
        self.resize(fitting(parent, inside.sizeHint() + QSize(30, 60)))


def screen_room(widget: QWidget) -> QSize:
    """What a dialog may fill of the screen that ``widget`` is on."""
    screen = widget.screen()
    return screen.availableGeometry().size() * 0.94 if screen is not None else QSize(1200, 700)


def fitting(widget: QWidget, wanted: QSize) -> QSize:
    """``wanted``, or what its screen has room for."""
    return wanted.boundedTo(screen_room(widget))


def in_scroll_area(inside: QWidget, name: str) -> QScrollArea:
    """It scrolls where it is higher than its dialog."""
    scroll = QScrollArea()
    scroll.setWidget(inside)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setAccessibleName(name)
    return scroll


def keys_in_columns(count: int) -> list[list[str | ActionSpec]]:
    """The rows of the list of keys, headings among them, in at most ``count`` columns of about one height.

    A menu that doesn't fit into what is left of a column goes on in the next one under its own name.
    """
    menus = list(dict.fromkeys(spec.menu for spec in ACTIONS))
    height = -(-(len(ACTIONS) + len(menus)) // count) + 1
    columns: list[list[str | ActionSpec]] = [[]]
    for menu in menus:
        title = menu.replace("&", "")
        specs = [spec for spec in ACTIONS if spec.menu == menu]
        left = height - len(columns[-1])
        # A heading with fewer than two rows below it looks lost.
        if left < min(len(specs), 2) + 1 and len(columns) < count:
            columns.append([])
        columns[-1].append(title)
        for i, spec in enumerate(specs):
            if len(columns[-1]) >= height and len(columns) < count:
                columns.append([f"{title}, continued" if i else title])
            columns[-1].append(spec)
    return columns


def _key(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget, lines: list[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Motionscope")
        title = QLabel(f"Motionscope {__version__}")
        title.setProperty("heading", True)
        text = QLabel(
            "Live head pose, keypoints and facial motion, recorded for research.\n"
            "Pictures and numbers stay on this computer; nothing is sent unless you switch it on.\n"
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
        files.make_folder(path.parent)
        files.write_whole(path, png_of(widget.grab().toImage()))
    except OSError as error:
        return f"The screenshot can't be saved as {path}: {(error.strerror or str(error)).lower()}."
    return ""


def png_of(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return buffer.data().data()
