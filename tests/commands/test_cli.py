from __future__ import annotations

from pathlib import Path

import pytest

import app
from app.commands.arguments import with_negative_numbers
from app.commands.check import check
from app.commands.cli import COMMANDS, main
from app.commands.window import parse_window
from app.core.launch_options import LaunchOptions
from app.core.tilt import CameraTilt
from app.session.codecs import NO_PICTURE


def test_the_window_by_default():
    assert parse_window([]) == LaunchOptions()


def test_every_option_of_the_window():
    words = "--source d9.mp4 --weights lite --device cpu --record out --duration 2.5 --screenshot a.png --no-mirror"
    assert parse_window(words.split()) == LaunchOptions("d9.mp4", "lite", "cpu", Path("out"), 2.5, Path("a.png"), False)
    assert parse_window(["--mirror"]).mirror is True
    asked = parse_window(["--device", "auto", "--engine", "auto"])  # not as it was left
    assert (asked.device, asked.engine) == ("auto", "auto")


@pytest.mark.parametrize(
    ("words", "address"),
    [("127.0.0.1:4242", "127.0.0.1:4242"), ("192.168.0.2", "192.168.0.2:4242"), ("[::1]:5000", "[::1]:5000")],
)
def test_opentrack_gets_an_address(words, address):
    assert parse_window(["--opentrack", words]).outputs == (("opentrack", address),)


@pytest.mark.parametrize(
    ("words", "outputs"),
    [
        ("--osc pc:7000", (("osc", "pc:7000"),)),
        ("--vmc 127.0.0.1", (("vmc", "127.0.0.1:39539"),)),
        ("--lsl", (("lsl", "Motionscope"),)),
        ("--lsl Rig@network", (("lsl", "Rig@network"),)),
        ("--virtual-camera", (("virtual_camera", ""),)),
        ("--virtual-camera overlay", (("virtual_camera", "overlay"),)),
        ("--websocket 9001", (("websocket", "9001"),)),
        ("--websocket 0.0.0.0:9001", (("websocket", "0.0.0.0:9001"),)),
        ("--lsl --websocket 9001", (("lsl", "Motionscope"), ("websocket", "9001"))),
    ],
)
def test_each_output_has_its_switch(words, outputs):
    assert parse_window(words.split()).outputs == outputs


@pytest.mark.parametrize(
    "words", ["--osc :1", "--vmc x:0", "--lsl a@b", "--virtual-camera on", "--websocket 70000", "--websocket x:y"]
)
def test_targets_are_checked_before_the_window_opens(words, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_window(words.split())
    assert stop.value.code == 2
    assert words.split()[0] in capsys.readouterr().err


def test_a_recording_can_be_without_a_picture(capsys):
    assert parse_window(["--record", "out", "--without-picture"]).codec == NO_PICTURE
    assert parse_window(["--record", "out", "--codec", "none"]).codec == NO_PICTURE
    assert parse_window(["--record", "out"]).codec is None
    with pytest.raises(SystemExit):
        parse_window(["--without-picture", "--codec", "ffv1"])
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "host:port", "127.0.0.1:70000", "1.2.3:4242"])
def test_an_address_is_checked_before_the_window_opens(text, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_window(["--opentrack", text])
    assert stop.value.code == 2
    assert f"--opentrack: {text!r}" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_duration_must_be_a_positive_number(seconds, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_window(["--duration", seconds])
    assert stop.value.code == 2
    assert "positive number of seconds" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == f"motionscope {app.__version__}"


def test_unknown_words_are_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--sourec", "demo"])
    assert stop.value.code == 2
    assert "--sourec" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["clip.mp4"], ["--lsl", "Lab", "clip.mp4"]])
def test_a_film_without_its_option_is_told_which(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith("what is shown is named by --source clip.mp4\n")


def test_check_reports_this_machine(capsys):
    code = check(None)
    out = capsys.readouterr().out
    assert f"motionscope {app.__version__}" in out
    assert "torch 2." in out
    assert "motion_extractor_lite.safetensors" in out
    assert "tables     CSV can be read" in out
    assert "outputs    opentrack, OSC, VMC, " in out
    assert ("not ready" in out) == bool(code)


def test_check_names_bad_weights(tmp_path, capsys):
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"nothing")
    assert check(str(bad)) == 1
    assert "bad.pth" in capsys.readouterr().err


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        parse_window(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert [name for name in COMMANDS if f"motionscope {name} (" not in said] == []


@pytest.mark.parametrize("words", [["--camera-tilt", "-20,3"], ["--camera-tilt=-20,3"]])
def test_a_tilt_below_zero_is_no_option(words):
    assert parse_window(with_negative_numbers(words)).camera_tilt == CameraTilt(-20, 3)


def test_what_is_no_tilt_is_said(capsys):
    with pytest.raises(SystemExit):
        parse_window(["--camera-tilt", "steep"])
    assert "'steep' is no tilt of a camera" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["recover"], ["delete", "--yes"], ["extract", "--out", "out"]])
def test_a_path_that_the_system_refuses_is_a_sentence(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "y" * 5000]) == 1
    said = capsys.readouterr().err
    assert said.startswith("motionscope: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["export", "--format", "parquet"], ["recover"], ["sessions"], ["extract", "--out", "o"]]
)
def test_a_link_to_itself_is_a_sentence(words, tmp_path, capsys):
    (tmp_path / "round").symlink_to("round")
    assert main([*words, str(tmp_path / "round")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"motionscope: {tmp_path / 'round'}")
    assert said.count("\n") == 1
