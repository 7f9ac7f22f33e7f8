"""``motionscope extract``: every frame of videos and images measured, without a window.

``extract`` is the whole run.  ``plan`` finds the files and what is done already, ``worker`` measures
one (``measure``: many frames at a time), ``local`` and ``cluster`` give the work out, ``images``
keeps the table of pictures, ``report`` tells how it goes, ``served`` is the run that the window starts.
"""
