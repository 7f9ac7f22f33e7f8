"""What is asked before something is done with the selected sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.errors import SessionError
from app.session.exporters import EXPORTERS, Exporter
from app.session.listing import SessionSummary
from app.session.naming import PLACES
from app.session.renaming import new_name
from app.ui.shell.dialogs import AskingDialog
from app.ui.widgets.building import lay_out, named, paragraph
from app.ui.widgets.fields import Note
from app.ui.widgets.plain_text import without_mnemonic

_EXAMPLES = 3


class ExportDialog(AskingDialog):
    """Asks for formats; ``start`` gets them, and whether what is there is replaced."""

    def __init__(
        self,
        parent: QWidget,
        sessions: Sequence[SessionSummary],
        start: Callable[[tuple[Exporter, ...], bool], object],
    ) -> None:
        super().__init__(parent, "Export", "&Export")
        self.accepted.connect(lambda: start(self.chosen, self.replace.isChecked()))
        what = sessions[0].name if len(sessions) == 1 else f"{len(sessions)} recordings, each"
        self.formats = {exporter: QCheckBox(without_mnemonic(exporter.label)) for exporter in EXPORTERS}
        for box in self.formats.values():
            box.toggled.connect(lambda _: self._check())
        boxes = list(self.formats.values())
        half = (len(boxes) + 1) // 2  # one column of them is too high for a small screen
        columns = (lay_out(QVBoxLayout(), *part, None, spacing=5) for part in (boxes[:half], boxes[half:]))
        self.replace = QCheckBox("&Replace what an earlier export left there")
        self.hold(
            paragraph(f"Export {what} into the folder “export” inside its own folder."),
            lay_out(QHBoxLayout(), *columns, spacing=24, margins=(12, 0, 0, 0)),
            self.replace,
        )
        self.setMinimumWidth(420)
        self._check()

    @property
    def chosen(self) -> tuple[Exporter, ...]:
        return tuple(exporter for exporter, box in self.formats.items() if box.isChecked())

    def _check(self) -> None:
        self.go.setEnabled(bool(self.chosen))


class RenameDialog(AskingDialog):
    """Asks for a name, or for a pattern that names several; ``start`` gets it."""

    def __init__(
        self, parent: QWidget, sessions: Sequence[SessionSummary], pattern: str, start: Callable[[str], object]
    ) -> None:
        super().__init__(parent, "Rename" if len(sessions) == 1 else f"Rename {len(sessions)} recordings", "&Rename")
        self._sessions = sessions
        self.accepted.connect(lambda: start(self.pattern.text()))
        places = ", ".join(f"{{{place}}}" for place in PLACES)
        text = paragraph(f"The new name of the folder. {places} are replaced by what the recording says.")
        self.pattern = named(QLineEdit(sessions[0].name if len(sessions) == 1 else pattern), "New name")
        self.pattern.setSelection(len(self.pattern.text()), -len(self.pattern.text()))  # a long one from its beginning
        self.pattern.textChanged.connect(lambda _: self._show())
        self.outcome = Note("What becomes of it", dim=True)
        self.hold(text, self.pattern, self.outcome)
        self.setMinimumWidth(560)
        self._show()

    def _show(self) -> None:
        try:
            names = [new_name(session, self.pattern.text()) for session in self._sessions[:_EXAMPLES]]
        except SessionError as error:
            self.outcome.show_text(str(error), "error")
            self.go.setEnabled(False)
            return
        lines = [f"{session.name}  →  {name}" for session, name in zip(self._sessions, names, strict=False)]
        more = len(self._sessions) - len(lines)
        self.outcome.show_text("\n".join([*lines, f"and {more} more"] if more else lines))
        self.go.setEnabled(True)
