"""Keeps the three pickers, the controller and the remembered settings in step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject

from app.capture.source import DEMO
from app.ui.shell import settings
from app.ui.shell.controller import Controller, Network
from app.ui.shell.settings import Settings
from app.ui.shell.toolbar import MainToolBar
from app.ui.widgets.pickers import device_entries, source_entries, weights_entries
from extractor.backends.base import BackendInfo
from extractor.shipped import alternatives, is_own

MAX_RECENT = 6
ALWAYS = (("auto", "Automatic"), (DEMO, "Demo"))  # until the cameras have been listed

NETWORK = {"weights": settings.WEIGHTS, "device": settings.DEVICE, "engine": settings.ENGINE}  # by Network's fields


def network_set(store: Settings) -> tuple[Network, Network, str]:
    """The network as it is set, another where that can't be used, and what should be known: weights may be gone."""
    network, remark = Network(**{name: store.get(setting) for name, setting in NETWORK.items()}), ""
    if not (store.is_asked(settings.WEIGHTS) or is_own(network.weights) or Path(network.weights).is_file()):
        remark = f"{network.weights} is gone, so the weights that come with Motionscope are used."
        network = replace(network, weights="")
    remembered = {name for name in ("device", "engine") if not store.is_asked(NETWORK[name])}
    return network, replace(network, **{name: NETWORK[name].default for name in remembered}), remark


class Choices(QObject):
    """The choices of source, weights and device: offered, current and remembered."""

    def __init__(self, toolbar: MainToolBar, controller: Controller, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._toolbar = toolbar
        self._controller = controller
        self._settings = store
        self._sources: tuple[tuple[str, str], ...] = ALWAYS
        self._devices: tuple[tuple[str, str], ...] = ()
        self._info: BackendInfo | None = None  # what runs now
        weights = store.get(settings.WEIGHTS)
        self._gone = weights if weights != controller.network.weights else None  # the program began without them
        controller.engine_found.connect(self._engine_found)
        controller.source_changed.connect(self._show_source)
        controller.network_changed.connect(self._network_changed)
        controller.weights_failed.connect(self._forget_weights)
        controller.sources_listed.connect(self._sources_listed)
        controller.devices_listed.connect(self._devices_listed)
        toolbar.source.chosen.connect(controller.choose_source)
        toolbar.weights.chosen.connect(self.open_weights)
        toolbar.device.chosen.connect(self.use_device)
        store.watch(self, NETWORK.values(), self._settings_changed)
        self._show_source(controller.source)
        self._show_network()

    def open_weights(self, weights: str) -> None:
        """A path, a name such as ``"lite"``, or empty for the default weights."""
        self._controller.set_network(replace(self._controller.network, weights=weights))

    def use_device(self, device: str) -> None:
        """A device's id, or ``"auto"``."""
        self._controller.set_network(replace(self._controller.network, device=device))

    def _settings_changed(self) -> None:
        wanted = Network(**{name: self._settings.get(setting) for name, setting in NETWORK.items()})
        if wanted.weights == self._gone:
            wanted = replace(wanted, weights=self._controller.network.weights)
        self._controller.set_network(wanted)  # what can't be loaded is said, and the network before comes back

    def _engine_found(self, info: BackendInfo) -> None:
        self._info = info
        self._show_network()

    def _sources_listed(self, choices: Any) -> None:
        self._sources = (ALWAYS[0], *((choice.spec, choice.label) for choice in choices))
        self._show_source(self._controller.source)

    def _show_source(self, spec: str) -> None:
        self._toolbar.source.show_entries(source_entries(self._sources, spec), spec)

    def _network_changed(self, network: Network) -> None:
        self._gone = None
        values = {setting: getattr(network, name) for name, setting in NETWORK.items()}
        # What is as the command line asked for is not remembered with what has been chosen.
        self._settings.update({key: value for key, value in values.items() if value != self._settings.get(key)})
        if not is_own(network.weights):
            recent = [path for path in self._settings.get(settings.RECENT_WEIGHTS) if path != network.weights]
            self._settings.set(settings.RECENT_WEIGHTS, [network.weights, *recent][:MAX_RECENT])
        self._show_network()

    def _forget_weights(self, weights: str) -> None:
        """Stop offering weights that can't be used."""
        recent = self._settings.get(settings.RECENT_WEIGHTS)
        self._settings.set(settings.RECENT_WEIGHTS, [path for path in recent if path != weights])

    def _devices_listed(self, found: Any) -> None:
        self._devices = found
        self._show_network()

    def _show_network(self) -> None:
        network = self._controller.network
        recent = [str(path) for path in self._settings.get(settings.RECENT_WEIGHTS)]
        self._toolbar.weights.show_entries(weights_entries(alternatives(), recent, network.weights), network.weights)
        entries = device_entries(self._devices, network.device, self._info)
        self._toolbar.device.show_entries(entries, network.device)
