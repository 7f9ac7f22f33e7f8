"""A cache that can't be written: one sentence, and everything works without."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import pytest

from extractor import child
from extractor.backends import create_backend
from extractor.user_cache import SWITCH, cache_folder


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Within a file no folder can be made, by root neither."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(SWITCH, str(tmp_path / "file" / "cache"))
    return tmp_path / "file" / "cache"


def _run_openvino() -> None:
    pytest.importorskip("openvino")
    backend = create_backend("lite", "cpu", 1, "openvino")
    side = backend.spec.crop.input_size
    assert np.isfinite(backend.run(np.zeros((1, side, side, 3), np.uint8)).scale).all()
    backend.close()


def test_a_cache_that_cannot_be_written_is_said_once(unwritable: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _run_openvino()
        _run_openvino()
    texts = [record.getMessage() for record in caplog.records]
    (said,) = [text for text in texts if "it computes in float32 instead" not in text]  # so on some processors
    assert said.startswith(f"Nothing can be kept in {unwritable} (")
    assert (cache_folder() / "networks").is_dir()
    assert child.environment()[SWITCH] == str(cache_folder())  # our own processes say nothing again


def test_engines_run_where_nothing_can_be_kept_anywhere(
    unwritable: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    _run_openvino()
    assert cache_folder() == unwritable


def test_children_share_a_cache_that_was_named_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # they stand in the program's folder
    monkeypatch.setenv(SWITCH, "cache")
    assert child.environment()[SWITCH] == str(tmp_path / "cache")
