"""What each row of the table of actions does in the main window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.signals.presets import CUSTOM, PRESETS
from app.ui import dialogs
from app.ui.commands import LIVE, LIVE_MOUSE, MARKER_KEYS, key_lines
from app.ui.docks.catalogue import DOCKS
from app.ui.help import DocsDialog
from app.ui.keys_dialog import KeysDialog

if TYPE_CHECKING:
    from app.ui.window import MainWindow


def action_slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """A slot for each action's name; parts that the window makes later are looked up when they are needed."""
    switches = {
        spec.name: lambda on, setting=spec.setting: window.drawing.switch(setting, on)
        for spec in LIVE
        if spec.setting is not None
    }
    presets = {
        f"filter_{preset.name}": lambda _, name=preset.name: window.signals.use_preset(name) for preset in PRESETS
    }
    docks = {spec.name: lambda on, name=spec.name: window.docks.switch(name, on) for spec in DOCKS}
    return {
        **switches,
        **presets,
        **{f"marker_{key}": lambda key=key: window.markers.press(key) for key in MARKER_KEYS},
        "note": lambda: window.markers.ask_note(),
        **docks,
        "open_file": lambda: window.files.ask_source_file(),
        "open_folder": lambda: window.files.ask_source_folder(),
        "open_session": lambda: window.review.ask(),
        "open_weights": lambda: window.files.ask_weights(),
        "recordings_folder": lambda: window.files.choose_recordings_folder(),
        "show_recordings": lambda: window.files.show_recordings(),
        "share": lambda on: window.files.share(on),
        "recover": lambda: window.files.recover(),
        "screenshot": lambda: window.files.save_screenshot(),
        "quit": window.close,
        "run": window.toggle_source,
        "record": window.record,
        "demo": lambda: window.controller.open_source("demo"),
        "cameras": lambda: window.choose_camera(),
        "refresh": window.look_for_cameras,
        "pick_source": lambda: window.toolbar.source.show_choices(),
        "pick_weights": lambda: window.toolbar.weights.show_choices(),
        "pick_device": lambda: window.toolbar.device.show_choices(),
        "recentre": lambda: window.signals.recentre(),
        "undo_recentre": lambda: window.signals.undo_recentre(),
        "recentre_still": lambda: window.signals.recentre_when_still(),
        "neutral": lambda: window.signals.learn_neutral(),
        "forget_neutral": lambda: window.signals.forget_neutral(),
        "filter_custom": lambda _: window.signals.use_preset(CUSTOM),
        "opentrack": lambda on: window.outputs.switch("opentrack", on),
        "opentrack_address": lambda: window.outputs.ask_address(),
        "copy_picture": lambda: window.clipboard.copy_picture(),
        "copy_numbers": lambda: window.clipboard.copy_numbers(),
        "theme": lambda: window.appearance.toggle(),
        "next_face": lambda: window.faces.pick_next(),
        "more_faces": lambda: window.faces.change_limit(1),
        "fewer_faces": lambda: window.faces.change_limit(-1),
        "mirror": lambda on: window.drawing.mirror(on),
        "numbers": window.show_numbers,
        "next_panel": lambda: window.panel_keys.go(1),
        "previous_panel": lambda: window.panel_keys.go(-1),
        "to_picture": lambda: window.panel_keys.to_picture(),
        "float_panel": lambda: window.panel_keys.toggle_floating(),
        "move_panel": lambda: window.panel_keys.move_on(),
        "grow_panel": lambda: window.panel_keys.grow(1),
        "shrink_panel": lambda: window.panel_keys.grow(-1),
        "close_panel": lambda: window.panel_keys.close_current(),
        "full_screen": window.show_full_screen,
        "leave_full_screen": lambda: window.show_full_screen(False),
        "reset_settings": window.reset_settings,
        "keys": lambda: window.show_dialog("keys", lambda: KeysDialog(window, (*key_lines(LIVE), *LIVE_MOUSE))),
        "docs": lambda: window.show_dialog("docs", lambda: DocsDialog(window)),
        "report": lambda: window.copy_report(),
        "welcome": lambda: window.show_dialog("welcome", window.first_run_page),
        "about": lambda: window.show_dialog("about", lambda: dialogs.AboutDialog(window, window.about_lines())),
    }
