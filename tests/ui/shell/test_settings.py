"""Settings come back as the type they were, from a file that tests give."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QByteArray, QObject

from app.core.errors import UserError
from app.core.launch_options import LaunchOptions
from app.ui.shell import settings
from app.ui.shell.settings import SCHEMA, Setting, Settings

OLD = Path(__file__).with_name("earlier.ini")
SAMPLES = {
    int: 3,
    float: 12.5,
    list: ["a.pth", "b c.pth"],
    QByteArray: QByteArray(b"\x00\x01geometry"),
}
TEXTS = {
    "recording/name": "{task}_{time}",
    "signals/filter_custom": "1 0.1 2 10 3 400",
    "outputs/lsl": "Lab",
    "outputs/websocket": "9999",
    "outputs/remote": "9999",
}


def sample(setting: Setting):
    """Another value than the default one."""
    if setting.kind is bool:
        return not setting.default
    if setting.choices:
        return setting.choices[-1][0]
    if setting.kind is not str:
        return SAMPLES[setting.kind]
    return TEXTS.get(setting.key, "127.0.0.1:5555" if setting.check is not None else "some text")


@pytest.mark.parametrize("setting", SCHEMA, ids=lambda setting: setting.key)
def test_each_setting_survives_the_program(setting, tmp_path: Path):
    path = tmp_path / "settings.ini"
    value = sample(setting)
    assert value != setting.default
    store = Settings(path)
    assert store.get(setting) == setting.default
    store.set(setting, value)
    store.save()
    again = Settings(path).get(setting)
    assert again == value
    assert type(again) is setting.kind


@pytest.mark.parametrize("recent", [[], ["one.pth"], ["one.pth", "two.pth"]])
def test_lists_of_any_length_come_back_as_lists(recent, tmp_path: Path):
    store = Settings(tmp_path / "settings.ini")
    store.set(settings.RECENT_WEIGHTS, recent)
    store.save()
    assert Settings(tmp_path / "settings.ini").get(settings.RECENT_WEIGHTS) == recent


def test_the_word_false_in_the_file_is_false(tmp_path: Path):
    path = tmp_path / "settings.ini"
    path.write_text("[overlay]\naxes=false\n", encoding="utf-8")
    assert Settings(path).get(settings.SHOW_AXES) is False


def test_a_value_that_makes_no_sense_is_the_default(tmp_path: Path):
    path = tmp_path / "settings.ini"
    path.write_text("[window]\ngeometry=7\n[network]\nrecent_weights=@Invalid()\n", encoding="utf-8")
    store = Settings(path)
    assert isinstance(store.get(settings.GEOMETRY), QByteArray)
    assert store.get(settings.RECENT_WEIGHTS) == []


def test_reset_forgets_everything(store):
    store.set(settings.DEVICE, "cpu")
    store.set(settings.SHOW_BOX, False)
    store.reset()
    assert all(store.get(setting) == setting.default for setting in SCHEMA)


def test_keys_are_unique():
    assert len({setting.key for setting in SCHEMA}) == len(SCHEMA)


def test_a_file_of_an_earlier_version_restores():
    """As the last release wrote it, with what a person's hands and old versions leave in it."""
    store = Settings(OLD)
    assert store.get(settings.SHOW_AXES) is False
    assert store.get(settings.FACES) == 8  # 12 were allowed
    assert store.get(settings.CODEC) == "h264"  # x264 was offered
    assert store.get(settings.FILTER) == "gaming"
    assert store.get(settings.ATTENTION_CONE) == 25.0
    assert store.get(settings.PLOT_SPAN) == 60
    assert store.get(settings.OUTPUT_TARGETS["osc"]) == "pc:7000"
    assert store.get(settings.RECENT_FILES) == ["/films/a, b.mp4", "/films/c.mp4"]
    assert store.get(settings.ANNOTATIONS) == '[["smile", true]]'
    assert store.get(settings.THEME) == "light"


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        (settings.FILTER, "loud"),
        (settings.RECORDING_NAME, "{nobody}"),
        (settings.OUTPUT_TARGETS["osc"], "!!"),
        (settings.SHOW_BOX, "yes"),
        (settings.ATTENTION_CONE, float("nan")),
        (settings.FILTER_CUSTOM, "1 2"),
    ],
    ids=lambda value: getattr(value, "key", None),
)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_nothing_changes(store, setting, wrong):
    heard = []
    store.changed.connect(heard.append)
    with pytest.raises(UserError) as error:
        store.update({settings.SHOW_AXES: False, setting: wrong})
    assert str(error.value).endswith(".")
    assert store.get(setting) == setting.default
    assert store.get(settings.SHOW_AXES) is True
    assert heard == []


def test_numbers_stay_within_their_limits(store):
    store.set(settings.FACES, 99)
    store.set(settings.ATTENTION_CONE, 1.0)
    assert (store.get(settings.FACES), store.get(settings.ATTENTION_CONE)) == (8, 5.0)


def test_the_command_line_counts_until_somebody_chooses(store):
    store.set(settings.FACES, 2)
    store.ask(LaunchOptions(faces=4, mirror=True, codec="ffv1", outputs=(("osc", "pc:1"),)))
    asked = (settings.FACES, settings.MIRROR_CAMERA, settings.MIRROR_OTHER, settings.CODEC,
             settings.OUTPUT_TARGETS["osc"])  # fmt: skip
    assert [store.get(setting) for setting in asked] == [4, True, True, "ffv1", "pc:1"]
    assert all(map(store.is_asked, asked))
    assert store.remembered(settings.FACES) == 2
    store.set(settings.MIRROR_OTHER, False)
    assert not store.is_asked(settings.MIRROR_CAMERA)  # one switch of both
    store.set(settings.FACES, 3)
    assert store.get(settings.FACES) == 3
    store.reset()
    assert not any(map(store.is_asked, asked))
    assert store.get(settings.CODEC) == "h264"


def test_whoever_watches_is_told_once_and_as_long_as_there_is_somebody(store):
    owner, told = QObject(), []
    store.watch(owner, (settings.SHOW_AXES, settings.SHOW_BOX), lambda: told.append(store.get(settings.SHOW_AXES)))
    store.set(settings.SHOW_LABEL, False)
    assert told == []
    store.update({settings.SHOW_AXES: False, settings.SHOW_BOX: False})
    assert told == [False]
    store.reset()
    assert told == [False, True]
    sip.delete(owner)
    store.set(settings.SHOW_AXES, False)
    assert told == [False, True]


def test_what_is_on_the_page_says_what_it_is():
    for setting in SCHEMA:
        assert bool(setting.label) == bool(setting.tip) == bool(setting.section), setting.key
        assert not setting.tip.endswith(".")
    shown = [(setting.section, setting.label) for setting in SCHEMA if setting.label]
    assert len(set(shown)) == len(shown)
