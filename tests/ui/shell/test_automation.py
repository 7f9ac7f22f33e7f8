"""What the command line asked for happens at its time, and failures make the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.capture.source import SourceState
from app.core.launch_options import LaunchOptions
from app.ui.shell.automation import GRACE_S, NO_NETWORK, Automation, Step
from extractor.backends.base import BackendInfo

NETWORK = BackendInfo("torch", "cpu", "CPU", "float32")


def automation(**options) -> Automation:
    return Automation(LaunchOptions(**{"source": "clip.mp4", **options}), 0.0)


def test_the_duration_counts_from_the_first_result_of_a_ready_network(status):
    run = automation(duration_s=5)
    assert run.advance(status(inferred=0, network_loading=True), "", True, 10.0) is Step.NOTHING
    assert run.advance(status(network=NETWORK, inferred=0), "", True, 20.0) is Step.NOTHING
    assert run.advance(status(network=NETWORK, inferred=1), "", True, 30.0) is Step.NOTHING
    assert run.advance(status(network=NETWORK, inferred=100), "", True, 34.9) is Step.NOTHING
    assert run.advance(status(network=NETWORK, inferred=100), "", True, 35.0) is Step.CLOSE
    assert run.exit_code == 0


def test_with_a_recording_it_counts_from_the_recordings_start(status):
    run = automation(duration_s=5, record=Path("new"))
    assert run.advance(status(network_loading=True), "", True, 10.0) is Step.NOTHING
    assert run.advance(status(SourceState.OPENING, captured=0, network=NETWORK), "", True, 15.0) is Step.NOTHING
    assert run.advance(status(network=NETWORK), "", True, 20.0) is Step.RECORD
    run.fail("")
    assert run.advance(status(network=NETWORK), "", True, 20.2) is Step.NOTHING
    assert run.advance(status(network=NETWORK), "", True, 25.2) is Step.CLOSE
    run.finish(status(network=NETWORK))
    assert run.exit_code == 0


def test_it_records_without_a_network_when_that_has_failed(status):
    run = automation(record=Path("new"))
    assert run.advance(status(network_error="No such weights."), "", True, 1.0) is Step.RECORD
    assert run.advance(status(network_error="No such weights."), "", True, 2.0) is Step.NOTHING


def test_it_never_stays_longer_than_the_grace(status):
    run = automation(duration_s=5, record=Path("new"))
    waiting = status(SourceState.OPENING, captured=0, network_loading=True)
    assert run.advance(waiting, "", True, 4.9 + GRACE_S) is Step.NOTHING
    assert run.advance(waiting, "", True, 5.0 + GRACE_S) is Step.CLOSE
    assert run.advance(None, "", True, 5.0 + GRACE_S) is Step.CLOSE
    run.finish(waiting)
    assert run.exit_code == 1  # nothing was recorded


def test_without_a_duration_it_stays(status):
    assert automation().advance(status(network=NETWORK), "", True, 1e6) is Step.NOTHING


@pytest.mark.parametrize("source", ["clip.mp4", "0", "demo"])
def test_a_source_that_was_asked_for_and_fails_makes_the_exit_code(status, source):
    run = automation(source=source, duration_s=2)
    assert run.advance(status(SourceState.FAILED, "It can't be read."), "", True, 1.0) is Step.NOTHING
    assert run.advance(status(SourceState.FAILED, "It can't be read."), "", True, 3.0) is Step.CLOSE
    assert (run.exit_code, run.failures) == (1, ["It can't be read."])


def test_a_source_that_was_not_asked_for_may_fail(status):
    run = automation(source="auto")
    run.advance(status(SourceState.FAILED, "The camera is in use."), "", True, 1.0)
    chosen = automation()
    chosen.advance(status(SourceState.FAILED, "Another file."), "", False, 1.0)
    assert run.exit_code == chosen.exit_code == 0


def test_weights_that_were_asked_for_and_fail_make_the_exit_code(status):
    for weights, code in (("mine.pth", 1), (None, 0)):
        run = automation(weights=weights)
        run.advance(status(network_error="mine.pth is empty.", network_loading=True), "", True, 1.0)
        assert run.exit_code == 0
        run.advance(status(network_error="mine.pth is empty."), "", True, 2.0)
        assert run.exit_code == code


def test_a_recording_that_cannot_start_makes_the_exit_code(status):
    run = automation(record=Path("new"))
    assert run.advance(status(network=NETWORK), "", True, 1.0) is Step.RECORD
    run.fail("The disk is read-only.")
    assert run.exit_code == 1


@pytest.mark.parametrize("options", [{"record": Path("new")}, {"duration_s": 5}])
def test_a_run_without_a_person_fails_when_the_network_cannot_be_loaded(status, options):
    run = automation(**options)
    run.advance(status(network_loading=True), "", True, 1.0)
    assert run.exit_code == 0
    run.advance(status(network_error="The network can't be loaded."), "", True, 2.0)
    assert run.failures == ["The network can't be loaded."]


def test_a_network_that_never_comes_makes_the_exit_code(status):
    run = automation(duration_s=5)
    assert run.advance(status(network_loading=True, inferred=0), "", True, 5.0 + GRACE_S) is Step.CLOSE
    assert run.failures == [NO_NETWORK]
