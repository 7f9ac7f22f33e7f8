"""Whether other users of the computer may read recordings: a switch in the File menu, remembered."""

import sys

import pytest

from app.session.folders import claim_folder
from app.ui.shell import settings
from extractor import files
from tests.ui.find import reset_settings

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind"),
    pytest.mark.usefixtures("private_files"),
]


def test_recordings_are_private_until_the_switch_says_otherwise(idle_window, store, tmp_path):
    switch = idle_window.commands["share"]
    assert not switch.isChecked()
    assert claim_folder(tmp_path / "a").stat().st_mode & 0o077 == 0
    switch.trigger()
    assert store.get(settings.SHARE)
    assert "Other users of this computer may read new recordings" in idle_window.status_line.message.text
    assert claim_folder(tmp_path / "b").stat().st_mode & 0o077
    reset_settings(idle_window)
    assert not switch.isChecked()
    assert claim_folder(tmp_path / "c").stat().st_mode & 0o077 == 0


def test_the_switch_is_remembered_and_the_option_is_for_once(make_window, store):
    make_window(share=True)
    assert files.is_shared()
    assert not store.remembered(settings.SHARE)
    store.set(settings.SHARE, True)
    files.share(False)
    assert make_window().commands["share"].isChecked()
    assert files.is_shared()
    assert not make_window(share=False).commands["share"].isChecked()
    assert not files.is_shared()
    assert store.remembered(settings.SHARE)
