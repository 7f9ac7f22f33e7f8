"""What is in each dock of the table.  Nothing is imported until one of them is looked at."""

from __future__ import annotations

from app.ui.docks.base import DockContext, DockView


def make_view(name: str, context: DockContext) -> DockView:
    """The view of the dock of this name."""
    match name:
        case "plots":
            from app.ui.plots.dock import Plots  # pyqtgraph takes half a second to import

            return Plots(context)
        case "bins":
            from app.ui.live.bins import Bins

            return Bins()
        case "shape":
            from app.ui.live.shape import ShapeView

            return ShapeView(lambda: context.keypoint_names, lambda: context.view.mirrored)
        case "crop":
            from app.ui.live.crop import Crop

            return Crop(lambda: context.network.crop.input_size if context.network is not None else None)
        case "heat":
            from app.ui.plots.heat import Heat

            return Heat(lambda: context.keypoint_names)
        case "table":
            from app.ui.live.table import Table

            return Table(context)
        case "markers":
            from app.ui.features.annotations.panel import AnnotationPanel

            return AnnotationPanel(context.annotations, context.sound, context.view)
        case "filter":
            from app.ui.features.signals.panel import SignalsDock

            return SignalsDock(context.signals, context.commands, context.status)
        case "outputs":
            from app.ui.features.outputs.panel import OutputsPanel

            return OutputsPanel(context.outputs, context.status)
        case "weights":
            from app.ui.features.weights.panel import WeightsPanel

            return WeightsPanel(context)
    raise ValueError(f"There is no dock {name!r}.")
