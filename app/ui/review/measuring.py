"""The selection, and its statistics as they are counted, shown and copied."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.core.spreadsheet import as_cell, with_decimal_sign
from app.core.tilt import levelled_deg
from app.session.comparison import compare
from app.ui.review.content import Content, frame_s, places_of
from app.ui.review.loading import Loaded
from app.ui.review.panes import Surroundings
from app.ui.review.statistics import Statistics, as_text, statistics
from app.ui.widgets.building import copy_text, delayed
from app.ui.widgets.formatting import clock
from extractor.types import POSE_HEADS

SETTLE_MS = 60  # while a selection is dragged its statistics follow that much later

Range = tuple[float, float]


class Measuring(QObject):
    """Keeps the selection and counts its statistics in the background."""

    changed = pyqtSignal()  # the selection
    counted = pyqtSignal()  # its statistics are shown

    def __init__(self, loaded: Loaded, around: Surroundings, parent: QObject) -> None:
        super().__init__(parent)
        self._timeline = around.panes.timeline
        self._panel = around.panes.statistics
        self._background = around.background
        self._loaded = loaded
        self._content = loaded.content
        self.total_s = loaded.content.total_s
        self.selection: Range | None = None
        self.statistics: Statistics | None = None
        self._leaves_out = False
        self._timer = delayed(self, SETTLE_MS, self.refresh)
        self._timeline.show_selection(None)
        self._timeline.selected.connect(self.select)

    def show_face(self, loaded: Loaded) -> None:
        """Count this face of the same session; the selection stays."""
        self._loaded, self._content, self.statistics = loaded, loaded.content, None
        self.refresh()

    def close(self) -> None:
        """What is being counted is not shown."""
        self._timer.stop()
        self._background.forget("statistics")

    def compare(self, content: Content) -> None:
        """The copied text says how the other table differs, where there is one."""
        self._content = content

    def leave_out(self, low_quality: bool) -> None:
        """Whether frames of low quality don't count."""
        self._leaves_out = low_quality
        self.refresh()

    def select(self, selection: object) -> None:
        """(start, end) in seconds, or None for everything."""
        self.selection = None
        if isinstance(selection, tuple) and selection[1] > selection[0]:
            self.selection = (max(0.0, selection[0]), min(self.total_s, selection[1]))
        self._background.forget("statistics")  # what is being counted is of another one
        self._timeline.show_selection(self.selection)
        self.changed.emit()
        self._timer.start()

    def begin(self, time_s: float) -> None:
        """Let the selection begin here, and end where it did, or at the session's end."""
        end = self.selection[1] if self.selection is not None and self.selection[1] > time_s else self.total_s
        self.select((time_s, end))

    def end(self, time_s: float) -> None:
        """Let the selection end with the frame that begins here."""
        end = time_s + frame_s(self._loaded.content.times_s)
        start = self.selection[0] if self.selection is not None and self.selection[0] < time_s else 0.0
        self.select((start, min(end, self.total_s)))

    def zoom(self) -> None:
        if self.selection is not None:
            self._timeline.show_range(self.selection)

    def rows(self) -> slice:
        if self.selection is None:
            return slice(0, len(self._loaded.rows))
        first, end = np.searchsorted(self._loaded.content.times_s, self.selection)
        return slice(int(first), int(end))

    def refresh(self) -> None:
        """Count again, in the background; the latest wins."""
        loaded, rows, title = self._loaded, self.rows(), self._title()
        self._timer.stop()
        table = loaded.rows
        tilt = loaded.session.manifest.header.camera_tilt
        left_out = loaded.low_quality[rows] if self._leaves_out else None

        def count() -> Statistics:
            return statistics(
                table.timestamp_s[rows],
                table.success[rows],
                levelled_deg(table.angles_deg[rows], tilt),
                table.exp_magnitude[rows],
                table.missing[rows],
                frame_s(table.timestamp_s),
                left_out,
                places_of(table.position_cm[rows], tilt),
            )

        def done(stats: Statistics) -> None:
            self.statistics = stats
            self._panel.show_statistics(title, stats)
            self.counted.emit()

        self._background.run("statistics", count, done, latest=True)

    def text(self) -> str:
        """What is copied: tab-separated lines."""
        if self.statistics is None:
            return ""
        start, end = self.selection if self.selection is not None else (0.0, self.total_s)
        what = [self._loaded.session.folder.name, *filter(None, [self._loaded.called])]
        title = "\t".join([*map(as_cell, what), f"{start:.3f} to {end:.3f} s"])
        return with_decimal_sign(as_text(self.statistics, title) + self._comparison_text())

    def copy(self) -> None:
        if self.statistics is not None:
            copy_text(self.text())

    def _comparison_text(self) -> str:
        second = self._content.second
        if second is None:
            return ""
        rows, table = self.rows(), self._loaded.rows
        angles = second.series.angles_deg[rows]
        figures = compare(
            _Poses(table.success[rows], self._content.series.angles_deg[rows]),
            _Poses(np.isfinite(angles).all(axis=1), angles),
        )
        lines = [f"{as_cell(second.name)} minus recording ({len(figures.both)} frames)\tmean\tMAE\tRMS\tcorrelation"]
        for axis in POSE_HEADS:
            one = figures.axes[axis]
            values = (one.mean_difference_deg, one.mae_deg, one.rms_deg, one.correlation)
            lines.append(f"{axis} (deg)\t" + "\t".join(f"{v:.3f}" if np.isfinite(v) else "" for v in values))
        return "\n".join(lines) + "\n"

    def _title(self) -> str:
        called = f"{self._loaded.called}, " if self._loaded.called else ""
        if self.selection is None:
            return f"Statistics of {called}the whole session"
        start, end = self.selection
        return f"Statistics of {called}{clock(start, 2)} to {clock(end, 2)}"


class _Poses(NamedTuple):
    """What ``compare`` needs of a table."""

    success: NDArray[np.bool_]
    angles_deg: NDArray[np.float32]
