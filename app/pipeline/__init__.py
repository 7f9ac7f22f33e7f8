"""Two threads and the slot between them: capture on one side, analysis on the other.

``Pipeline`` joins them with the recorder and the display; nothing here knows about Qt.
"""

from app.pipeline.pipeline import Pipeline
from app.pipeline.status import PipelineStatus

__all__ = ["Pipeline", "PipelineStatus"]
