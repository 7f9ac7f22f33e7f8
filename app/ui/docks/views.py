"""What is in each dock of the table.  Nothing is imported until one of them is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.ui.docks.base import DockContext, DockView


def _plots(context: DockContext) -> DockView:
    from app.ui.plots.dock import Plots  # pyqtgraph takes half a second to import

    return Plots(context)


def _bins(context: DockContext) -> DockView:
    from app.ui.live.bins import Bins

    return Bins()


def _shape(context: DockContext) -> DockView:
    from app.ui.live.shape import ShapeView

    return ShapeView(lambda: context.keypoint_names, lambda: context.mirrored)


def _crop(context: DockContext) -> DockView:
    from app.ui.live.crop import Crop

    return Crop(lambda: context.network.crop.input_size if context.network is not None else None)


def _heat(context: DockContext) -> DockView:
    from app.ui.plots.heat import Heat

    return Heat(lambda: context.keypoint_names)


def _table(context: DockContext) -> DockView:
    from app.ui.live.table import Table

    return Table(context)


def _annotations(context: DockContext) -> DockView:
    from app.ui.features.annotations.panel import AnnotationPanel

    assert context.annotations is not None
    assert context.sound is not None
    return AnnotationPanel(context.annotations, context.sound, context.view)


def _filter(context: DockContext) -> DockView:
    from app.ui.features.signals.panel import SignalsDock

    assert context.signals is not None
    return SignalsDock(context.signals, context.commands, context.status)


def _outputs(context: DockContext) -> DockView:
    from app.ui.features.outputs.panel import OutputsPanel

    assert context.outputs is not None
    return OutputsPanel(context.outputs, context.status)


def _weights(context: DockContext) -> DockView:
    from app.ui.features.weights.panel import WeightsPanel

    return WeightsPanel(context)


VIEWS: Mapping[str, Callable[[DockContext], DockView]] = {
    "plots": _plots,
    "bins": _bins,
    "shape": _shape,
    "crop": _crop,
    "heat": _heat,
    "table": _table,
    "markers": _annotations,
    "filter": _filter,
    "outputs": _outputs,
    "weights": _weights,
}
"""By the names of the docks."""
