"""A few seconds of each fuzzer, the cases that once failed, and the fuzzers themselves.

``python -m tests.fuzz --minutes N`` runs them for longer; a case that fails is moved into ``cases`` and is a test here.
"""

from __future__ import annotations

import logging
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fuzz.mutators import damage_bytes, damage_json, damage_table
from tests.fuzz.runner import CASES, TARGETS, make_case, problem_of, run_seed

SEEDS = {"sessions": 10, "checkpoints": 8, "media": 60}
KEPT_CASES = sorted(path for path in CASES.iterdir() if path.is_dir()) if CASES.is_dir() else []


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What each fuzzer damages."""
    folder = tmp_path_factory.mktemp("sound")
    for name, target in TARGETS.items():
        target.prepare(folder / name)
    return folder


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Libraries say much of a damaged file."""
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)


@pytest.mark.parametrize("name", TARGETS)
def test_sound_inputs_do_not_fail(sound, tmp_path, name):
    shutil.copytree(sound / name, tmp_path / "case")
    assert problem_of(TARGETS[name], tmp_path / "case") == ""


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, count in SEEDS.items() for seed in range(count)])
def test_damaged_inputs_end_in_a_sentence(sound, tmp_path, name, seed):
    failed = run_seed(TARGETS[name], seed, sound / name, tmp_path / "work", tmp_path / "failed")
    assert failed is None, failed[1]


@pytest.mark.parametrize("case", KEPT_CASES, ids=lambda case: case.name)
def test_what_once_failed(tmp_path, case):
    shutil.copytree(case, tmp_path / "case", symlinks=True)
    assert problem_of(TARGETS[case.name.partition("-")[0]], tmp_path / "case") == ""


def test_a_failed_case_is_kept_as_it_was(sound, tmp_path):
    def attempt(folder: Path) -> None:
        (folder / "recorded").rename(folder / "gone")
        raise ZeroDivisionError("unforeseen")

    target = SimpleNamespace(
        NAME="sessions",
        damage=lambda rng, sound, folder: shutil.copytree(sound / "recorded", folder / "recorded"),
        attempt=attempt,
    )
    path, problem = run_seed(target, 5, sound / "sessions", tmp_path / "work", tmp_path / "failed")
    assert path == tmp_path / "failed" / "sessions-5"
    assert "ZeroDivisionError: unforeseen" in problem
    assert (path / "recorded" / "session.json").read_bytes() == (
        sound / "sessions" / "recorded" / "session.json"
    ).read_bytes()


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_is_always_the_same_case(sound, tmp_path, name):
    for place in ("a", "b"):
        make_case(TARGETS[name], 3, sound / name, tmp_path / place)
    first, second = (contents(tmp_path / place) for place in ("a", "b"))
    assert first == second


@pytest.mark.parametrize("damage", [damage_bytes, damage_json, damage_table])
def test_most_damages_change_something(damage):
    data = b'{"a": [1, 2.5, "x", null], "b": {"c": true}}\n1,2,3\n4,5,6\n'
    data = data.partition(b"\n")[0] if damage is damage_json else data
    changed = sum(damage(random.Random(seed), data) != data for seed in range(200))
    assert changed > 150
