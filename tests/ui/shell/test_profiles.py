"""Settings under names: kept apart from each other, whole or absent, and used at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.ui.shell import settings
from app.ui.shell.messages import Severity
from app.ui.shell.profiles import BEFORE_RESET, ProfileError, Profiles
from app.ui.shell.settings import Settings
from tests.ui.find import reset_settings


@pytest.fixture
def profiles(store) -> Profiles:
    return Profiles(store)


def texts(menu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_a_profile_brings_the_settings_back(profiles, store):
    store.set(settings.SHOW_AXES, False)
    store.set(settings.FILTER, "gaming")
    store.set(settings.OUTPUT_TARGETS["osc"], "pc:7000")
    profiles.save("Games")
    store.set(settings.SHOW_AXES, True)
    store.set(settings.FILTER, "off")
    store.set(settings.OUTPUT_TARGETS["osc"], "other:1")
    profiles.save("Lab")
    assert profiles.names == ["Games", "Lab"]
    profiles.use("Games")
    assert store.get(settings.SHOW_AXES) is False
    assert store.get(settings.FILTER) == "gaming"
    assert store.get(settings.OUTPUT_TARGETS["osc"]) == "pc:7000"
    profiles.use("Lab")
    assert store.get(settings.SHOW_AXES) is True


def test_what_belongs_to_the_person_stays(profiles, store):
    profiles.save("Before")
    store.set(settings.RECENT_FILES, ["a.mp4"])
    store.set(settings.WELCOMED, True)
    profiles.use("Before")
    assert store.get(settings.RECENT_FILES) == ["a.mp4"]
    assert store.get(settings.WELCOMED) is True


def test_saving_again_replaces_and_deleting_forgets(profiles, store):
    profiles.save("One")
    store.set(settings.FILTER, "research")
    profiles.save(" One ")
    store.set(settings.FILTER, "off")
    profiles.use("One")
    assert store.get(settings.FILTER) == "research"
    profiles.delete("One")
    profiles.delete("One")
    assert profiles.names == []
    with pytest.raises(ProfileError, match="no profile called 'One' any more"):
        profiles.use("One")


def test_a_setting_that_an_older_profile_lacks_gets_its_default(profiles, store):
    profiles.folder.mkdir()
    old = Settings(profiles.folder / "Old.ini")
    old.set(settings.FILTER, "gaming")
    old.save()
    store.set(settings.SHOW_BOX, False)
    profiles.use("Old")
    assert store.get(settings.FILTER) == "gaming"
    assert store.get(settings.SHOW_BOX) is True


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", ".hidden", "x" * 41, "con:", "a."])
def test_names_that_are_no_file_names_are_said(profiles, name):
    with pytest.raises(ProfileError, match="is no name for a profile"):
        profiles.save(name)
    assert profiles.names == []


def test_a_disk_that_refuses_is_said(profiles):
    profiles.folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(ProfileError, match="can't be saved in"):
        profiles.save("x")


def test_in_the_window_it_is_used_at_once(idle_window, store):
    window = idle_window
    axes = window.commands["axes"]
    assert axes.isChecked()
    window.profiles.save("With axes")
    axes.trigger()
    window.profiles.save("Plain & simple".replace("&", "and"))
    window.profiles.use("With axes")
    assert axes.isChecked()
    assert "With axes is in use" in window.status_line.message.text
    window.profiles.use("Plain and simple")
    assert not axes.isChecked()
    window.profiles.menu.aboutToShow.emit()
    assert texts(window.profiles.menu) == ["Plain and simple", "With axes", "&Save as…", "&Delete"]


def test_using_a_profile_switches_no_output_on(idle_window, store):
    store.set(settings.OUTPUTS_AT_START["osc"], True)
    idle_window.profiles.save("Sends")
    idle_window.profiles.use("Sends")
    assert not idle_window.outputs.is_on("osc")


def test_the_layout_is_part_of_it(idle_window, qtbot):
    idle_window.commands["numbers"].trigger()
    idle_window.profiles.save("No numbers")
    idle_window.commands["numbers"].trigger()
    assert not idle_window.docks.dock("numbers").isHidden()
    idle_window.profiles.use("No numbers")
    assert idle_window.docks.dock("numbers").isHidden()


def test_a_wrong_name_is_said_in_the_window(idle_window):
    idle_window.profiles.save("a/b")
    assert idle_window.status_line.message.severity is Severity.ERROR
    assert "is no name for a profile" in idle_window.status_line.message.text


def test_a_reset_can_be_undone_also_after_a_second_one(idle_window, store):
    store.set(settings.TASK, "reading")
    for _ in range(2):
        reset_settings(idle_window)
        assert store.get(settings.TASK) == ""
    assert idle_window.profiles.profiles.names == [BEFORE_RESET]
    idle_window.profiles.use(BEFORE_RESET)
    assert store.get(settings.TASK) == "reading"


def test_nothing_is_reset_while_something_is_recorded(idle_window, store, monkeypatch):
    store.set(settings.TASK, "reading")
    monkeypatch.setattr(idle_window.controller, "pipeline", SimpleNamespace(recorder=SimpleNamespace(active=True)))
    idle_window.commands["reset_settings"].trigger()
    assert store.get(settings.TASK) == "reading"
    assert "can't be reset while something is recorded" in idle_window.status_line.message.text


def test_what_cannot_be_kept_is_not_reset(idle_window, store):
    store.set(settings.TASK, "reading")
    idle_window.profiles.profiles.folder.parent.mkdir(exist_ok=True)
    idle_window.profiles.profiles.folder.write_text("in the way")
    reset_settings(idle_window)
    assert store.get(settings.TASK) == "reading"
    assert idle_window.status_line.message.text.startswith("Nothing was reset. The profile can't be saved")
