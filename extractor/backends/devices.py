"""The devices of this machine that can run a network, with names a person knows."""

from __future__ import annotations

import functools
import importlib.util
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.report import UnusableError


class DeviceError(UnusableError):
    """A device that isn't there; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of torch's."""

    id: str  # "cuda:0", "mps", "cpu"
    name: str  # "NVIDIA H100", "AMD EPYC"


def available_devices() -> tuple[Device, ...]:
    """Find what this machine can compute on.

    Returns:
        Its devices, the fastest kind first; the CPU is always the last.
    """
    if not _may_have_an_accelerator():
        return (Device("cpu", cpu_name()),)
    import torch

    devices = [Device(f"cuda:{i}", torch.cuda.get_device_name(i)) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append(Device("mps", f"{cpu_name()} GPU"))
    return (*devices, Device("cpu", cpu_name()))


def _may_have_an_accelerator() -> bool:
    """False where torch need not be asked, which takes seconds: without a driver, or with a build for the CPU alone."""
    if sys.platform == "linux":
        nodes = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA, Windows' own Linux, AMD
        if not any(Path(node).exists() for node in nodes):
            return False
    spec = importlib.util.find_spec("torch")
    if spec is None:
        return False
    if sys.platform == "darwin" or spec.origin is None:
        return True
    try:
        build = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return True
    found = re.findall(r"^(?:cuda|hip)\b[^=\n]*=\s*(\S+)", build, re.MULTILINE)
    return not found or any(value != "None" for value in found)


def find_device(wanted: str = "auto") -> Device:
    """The device called ``wanted``; ``auto`` is the fastest kind, ``cuda`` the first of its kind."""
    devices = available_devices()
    if wanted == "auto":
        return devices[0]
    for device in devices:
        if wanted in (device.id, device.id.partition(":")[0]):
            return device
    there = ", ".join(device.id for device in devices)
    raise DeviceError(f"The device {wanted!r} isn't there: this machine has {there}.")


def device_refused(engine: str, wanted: str, usable: Sequence[str]) -> DeviceError:
    """What an engine raises for a device that it can't use."""
    can = ", ".join(usable)
    return DeviceError(f"The engine {engine} can't use the device {wanted!r}, only {can}: choose another of the two.")


@functools.cache
def cpu_name() -> str:
    """The processor's model, as its maker calls it."""
    try:
        if sys.platform == "darwin":
            name = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=2
            ).stdout
        elif sys.platform == "win32":
            import winreg

            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
                name = str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
        else:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
            name = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    except (OSError, subprocess.SubprocessError):
        name = ""
    return name.strip() or platform.processor() or platform.machine() or "CPU"


@functools.cache
def adds_bytes_exactly() -> bool:
    """Whether sums of 8-bit products are whole; False only where that is known.

    x86 without VNNI adds them in pairs to 16 bits and cuts off what is larger: an expression is lost with it.
    """
    if not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "AMD64"):
        return True  # ARM does; elsewhere the engine's numbers will tell
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), ["avx_vnni"])
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags)
