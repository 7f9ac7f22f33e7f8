from __future__ import annotations

from pathlib import Path

import pytest

from extractor.training import export, quantise, render, reproduce, train
from extractor.training.learning.schedule import Phase


@pytest.mark.parametrize("name", list(reproduce.RECIPES))
def test_every_step_is_a_command_that_exists(name: str, tmp_path: Path) -> None:
    steps = reproduce.commands(reproduce.RECIPES[name], Path("pack"), tmp_path, "cpu")
    modules = {"render": render, "train": train, "export": export, "quantise": quantise}
    shipped = ["export", "quantise"] * len(reproduce.RECIPES[name].shipped)
    assert [arguments[0] for arguments in steps] == [
        "render",
        "render",
        *["train"] * len(reproduce.RECIPES[name].stages),
        *shipped,
    ]
    for arguments in steps:
        assert arguments[0] in modules
        if arguments[0] == "train":
            given = train.parse(arguments[1:])
            phases = [Phase.parse(text) for text in given.phase]
            assert phases[0].start == 0
            assert [p.start for p in phases] == sorted(p.start for p in phases)
    assert "{" not in " ".join(" ".join(arguments) for arguments in steps)


def test_photographs_come_into_the_later_stages_and_those_kept_aside_into_the_export(tmp_path: Path) -> None:
    photos, dev = tmp_path / "train.npz", tmp_path / "dev.npz"
    steps = reproduce.commands(reproduce.RECIPES["shipped"], Path("pack"), tmp_path, "cpu", [photos], [dev])
    first, *later = (train.parse(arguments[1:]) for arguments in steps if arguments[0] == "train")
    assert [given.photos for given in (first, *later)] == [[], *[[photos]] * len(later)]
    assert later
    assert [arguments[-1] for arguments in steps if arguments[0] == "export"] == [str(dev)]


def test_training_and_held_out_people_differ(tmp_path: Path) -> None:
    first, second = reproduce.commands(reproduce.RECIPES["gpu"], Path("pack"), tmp_path, "cuda")[:2]
    assert first[first.index("--seed") + 1] != second[second.index("--seed") + 1]
    assert first[first.index("--out") + 1] != second[second.index("--out") + 1]


def test_a_missing_pack_ends_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert reproduce.main(["--pack", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--recipe", "cpu"]) == 1
    assert "asset pack can't be used" in capfd.readouterr().err


def test_the_commands_can_be_read_without_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce.main(["--out", str(tmp_path), "--dry-run"]) == 0
    assert capsys.readouterr().out.count("extractor.training.train") == 2
