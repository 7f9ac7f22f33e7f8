"""``motionscope extract``: every frame of videos and images measured, without a window.

``plan`` finds the files and what is done already, ``worker`` measures one (``measure``: many frames
at a time), ``local`` and ``cluster`` give the work out, ``report`` tells how it goes.
"""

from app.batch.extract import ExtractOptions, extract
from app.batch.measure import measure
from app.batch.plan import find_work

__all__ = ["ExtractOptions", "extract", "find_work", "measure"]
