"""How many threads each part of the program may use, in one place, so that they don't fight over few cores.

Capture, analysis, encoding, the window and the disk have a thread of their own each; what they call
into brings further ones, and those are bounded here:

==================  =======================================================  ============================
who                 how many                                                 why
==================  =======================================================  ============================
network             all cores but one, at least one                          the remaining one captures, encodes and
                                                                             paints; with both of two cores one run took
                                                                             ten times as long while the other was busy
face detector       one: MediaPipe's XNNPACK takes one on a desktop          its models are small
OpenCV              one                                                      what is asked of it takes a millisecond or
                                                                             less, and two threads took as long
video decoder       one a core, at most four                                 each holds a frame or two in memory
video encoder       one, and for what one can't do half the cores,           threads that share a frame wait for each
                    at most four                                             other; one does 720p in 7 ms
OpenMP (torch)      they sleep while they wait (``OMP_WAIT_POLICY``)         spinning, a frame took 200 ms instead of 20
Python              they give way to each other after half a ms              see hand_the_interpreter_over
ONNX Runtime        as OpenMP: spinning is off in its session                the same
OpenVINO            not pinned to cores                                      the system knows better which one is free
search for the      one process at the lowest priority                       it is in no hurry
fastest engine
==================  =======================================================  ============================

In a batch each process has its network, its decoder and its encoder on one thread, and there are as
many processes as cores.
"""

from __future__ import annotations

import sys

from app.core.system import usable_cores

MOST = 4  # of a codec


def network_threads() -> int:
    """The threads of the network in the live pipeline."""
    return max(1, usable_cores() - 1)


def decoder_threads() -> int:
    """The decoder's threads of a video that is played."""
    return min(MOST, usable_cores())


def encoder_threads(slow: bool) -> int:
    """The threads of a recording's encoder; ``slow``: where one thread can't keep up."""
    return min(MOST, max(1, usable_cores() // 2)) if slow else 1


def hand_the_interpreter_over() -> None:
    """Threads of Python give way to each other after half a millisecond, for the whole process.

    By default it is five, and the thread that measures waits for the one that paints each time it comes back from
    OpenCV or the network.
    """
    sys.setswitchinterval(0.0005)


def keep_opencv_single() -> None:
    """OpenCV's own threads off, for the whole process; once is enough."""
    import cv2

    cv2.setNumThreads(1)
