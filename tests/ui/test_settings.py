"""Settings come back as the type they were, from a file that tests give."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QByteArray

from app.ui import settings
from app.ui.settings import SCHEMA, Settings

SAMPLES = {
    int: 3,
    float: 12.5,
    bool: True,
    str: "cuda:0",
    list: ["a.pth", "b c.pth"],
    QByteArray: QByteArray(b"\x00\x01geometry"),
}


@pytest.mark.parametrize("setting", SCHEMA, ids=lambda setting: setting.key)
def test_each_setting_survives_the_program(setting, tmp_path: Path):
    path = tmp_path / "settings.ini"
    value = (not setting.default) if setting.kind is bool else SAMPLES[setting.kind]
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
