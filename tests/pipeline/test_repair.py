"""When failures of the detector or the engine are so many that it is replaced, by their number alone."""

from __future__ import annotations

from app.pipeline.repair import REPLACE_AT, WINDOW, Failures, Part
from extractor.backends.base import BackendInfo

ENGINES = {"torch": "", "openvino": "", "onnxruntime": ""}


def looks(failures: Failures, pattern: str, part: Part = Part.ENGINE) -> list[int]:
    """Let a part fail (x) or not (.), frame by frame; after how many frames it is to be replaced."""
    due = []
    for number, sign in enumerate(pattern, 1):
        if sign == ".":
            failures.good(part)
        elif failures.count(part):
            due.append(number)
    return due


def test_failures_that_alternate_with_good_frames_count():
    failures = Failures()
    assert looks(failures, "x." * (REPLACE_AT - 1)) == []
    assert looks(failures, "x") == [1]
    assert failures.problem.startswith(f"The network failed on {REPLACE_AT} of the last {2 * REPLACE_AT - 1} frames:")


def test_failures_in_a_row_count_as_ever():
    failures = Failures()
    assert looks(failures, "x" * 40) == [5, 15, 35]
    assert failures.in_row == 40
    assert "on 40 frames in a row" in failures.problem


def test_a_rare_failure_replaces_nothing_and_a_good_frame_clears_it():
    failures = Failures()
    assert looks(failures, ("x" + "." * 4) * 40) == []  # 4 of 20
    assert (failures.in_row, failures.problem) == (0, "")
    assert looks(Failures(), ("x" + "." * 3) * 5) == [17]  # 5 of 20


def test_the_problem_stays_while_too_many_of_the_last_frames_failed():
    failures = Failures()
    assert looks(failures, "x." * 5) == [9]
    assert failures.problem == ""  # another engine, and a good frame of it
    assert looks(failures, "x." * 9) == []  # which fails, too, but it is too early for a third
    assert failures.problem.startswith("The network failed on 9 of the last 19 frames:")
    assert looks(failures, "." * WINDOW) == []
    assert failures.problem == ""


def test_engines_are_tried_one_after_the_other_at_growing_distances_until_one_is_calm():
    failures = Failures()
    info = [BackendInfo(name, "cpu", "CPU", "float32") for name in ("weak", "torch", "openvino")]
    assert looks(failures, "x." * 35) == [9, 29, 69]
    assert [failures.next_engine(one, ENGINES) for one in info] == ["torch", "openvino", "onnxruntime"]
    looks(failures, "." * WINDOW)
    assert looks(failures, "x." * 5) == [9]
    assert failures.next_engine(info[1], ENGINES) == "openvino"


def test_the_two_parts_are_counted_apart():
    failures = Failures()
    for _ in range(REPLACE_AT - 1):
        assert looks(failures, "x", Part.DETECTOR) == []
        assert looks(failures, "x", Part.ENGINE) == []
    looks(failures, ".", Part.DETECTOR)
    assert failures.problem.startswith("The network failed on a frame:")  # the detector's good frame says nothing of it
    assert looks(failures, "x", Part.ENGINE) == [1]
