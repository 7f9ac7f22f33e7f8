"""The dialog: what angle the camera sees, by its model, typed, or measured with a sheet; and how large a face is."""

from __future__ import annotations

from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.position import ADULT_PUPILS_MM, ASSUMED, LEAST_DEG, LEAST_MM, MOST_DEG, MOST_MM, FaceSize, FieldOfView
from app.ui.features.cameras.facts import FactControls
from app.ui.shell.dialogs import close_button
from app.ui.widgets.building import add_row, lay_out, number_box, paragraph, push_button, stand_aside
from app.ui.widgets.fields import Note
from app.ui.widgets.formatting import face_size, field_of_view
from app.ui.widgets.pickers import ChoiceBox

WHY = (
    "How far away your head is follows from its size in the picture, if it is known what angle the camera sees. "
    "Choose your camera, type the angle, or measure it: hold a sheet so that it just fills the picture from left to "
    "right, and type its distance from the lens."
)
WHY_SIZE = (
    "A face is taken to be as large as an adult's on average until you tell how far your pupils are apart: an optician "
    "has measured it for your glasses."
)
PUPILS_TIP = (
    "The distance between the middles of both pupils while you look far away, in millimetres: the pupillary distance "
    "(PD) of an optician, or what a friend reads off a ruler on your brows. 54 to 74 in most adults. It counts for "
    "every face in the picture"
)
AVERAGE_TIP = f"An adult's average face is then taken, with pupils {ADULT_PUPILS_MM:g} mm apart"
WEBCAMS = (
    ("Logitech C270", 55.0), ("Logitech C920, C922, StreamCam", 78.0), ("Logitech Brio, C930e", 90.0),
    ("Microsoft LifeCam HD-3000", 68.5), ("Microsoft LifeCam Cinema", 73.0), ("Razer Kiyo", 81.6),
)  # fmt: skip
"""Diagonal degrees by the makers' data sheets, of the 16:9 picture."""

SHEETS = (("A4, long edge", 29.7), ("US Letter, long edge", 27.94), ("Bank card", 8.56), ("Something else", 0.0))
"""Widths in centimetres: ISO 216, ANSI Y14.1, ISO 7810; 0 where it is typed."""


class ViewDialog(QDialog):
    """A button makes what stands beside it hold at once."""

    def __init__(self, parent: QWidget, controls: FactControls[FieldOfView], sizes: FactControls[FaceSize]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Field of view and face size")
        self._controls = controls
        self._sizes = sizes
        self.camera = _box("Model of the camera", WEBCAMS)
        self.degrees = number_box("Field of view in degrees", LEAST_DEG, MOST_DEG, "°")
        self.between = _box("Between which points of the picture", (("edge to edge", False), ("diagonally", True)))
        self.sheet = _box("What fills the picture", SHEETS)
        self.width_cm = number_box("Its width in centimetres", 1.0, 1000.0, " cm")
        self.distance = number_box("Its distance from the lens in centimetres", 1.0, 1000.0, " cm")
        self.pupils = number_box("Distance between the pupils in millimetres", LEAST_MM, MOST_MM, " mm")
        self.pupils.setToolTip(PUPILS_TIP)
        self.state = Note("How the field of view is known")
        self.size_state = Note("How the size of the face is known")
        use = "From now on positions are computed with it"
        tip = f"{ASSUMED.degrees:g}° are then taken, which may be wrong by {ASSUMED.std_deg:g}° and more"
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        for name, *parts in (
            ("", paragraph(WHY)),
            ("&Camera", self.camera, push_button("Use &model", use, self._use_model)),
            ("&Angle", self.degrees, self.between, push_button("&Use angle", use, self._use_angle)),
            ("&Held up", self.sheet, self.width_cm),
            ("At a &distance of", self.distance, push_button("Use mea&surement", use, self._measure)),
            ("", self.state, push_button("&Not known", tip, lambda: controls.use(None))),
            ("", paragraph(WHY_SIZE)),
            ("&Pupils apart by", self.pupils, push_button("Use siz&e", use, self._use_pupils)),
            ("", self.size_state, push_button("A&verage", AVERAGE_TIP, lambda: sizes.use(None))),
        ):
            if name:
                add_row(form, name, *parts)
            else:
                form.addRow(lay_out(QHBoxLayout(), (parts[0], 1), *parts[1:]))
        lay_out(QVBoxLayout(self), form, close_button(self), spacing=10, margins=(20, 18, 20, 14))
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)
        self.distance.setValue(26.0)
        self.sheet.currentIndexChanged.connect(self._show_width)
        self._show_width()
        controls.changed.connect(self.show_view)
        self.show_view(controls.value)
        sizes.changed.connect(self.show_size)
        self.show_size(sizes.value)

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        stand_aside(self)  # whoever holds a sheet up looks at the picture

    def show_view(self, view: FieldOfView | None) -> None:
        self.degrees.setValue((view or ASSUMED).degrees)
        self.between.choose((view or ASSUMED).diagonal)
        self.state.show_text(field_of_view(view or ASSUMED))

    def show_size(self, size: FaceSize | None) -> None:
        self.pupils.setValue(size.pupils_mm if size is not None else ADULT_PUPILS_MM)
        self.size_state.show_text(face_size(size))

    def _show_width(self) -> None:
        width = float(self.sheet.currentData())
        self.width_cm.setEnabled(not width)
        if width:
            self.width_cm.setValue(width)

    def _use_model(self) -> None:
        info = self._controls.info
        size = (info.width, info.height) if info is not None and info.width and info.height else (16, 9)
        self._controls.use(FieldOfView.of_data_sheet(float(self.camera.currentData()), *size))

    def _use_angle(self) -> None:
        self._controls.use(FieldOfView(self.degrees.value(), bool(self.between.currentData())))

    def _use_pupils(self) -> None:
        self._sizes.use(FaceSize(self.pupils.value()))

    def _measure(self) -> None:
        width, distance = self.width_cm.value(), self.distance.value()
        view = FieldOfView.of_width(width, distance)
        if LEAST_DEG <= view.degrees <= MOST_DEG:
            self._controls.use(view)
        else:
            self.state.show_text(f"{width:g} cm at {distance:g} cm would be {view.degrees:.0f}°: no camera sees that.")


def _box(name: str, choices: tuple[tuple[str, object], ...]) -> ChoiceBox:
    box = ChoiceBox(name)
    for text, value in choices:
        box.add(text, value)
    return box
