"""Shared fixtures: where the optional real data lie, and a window system for Qt."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from app.core.plain_locale import decimal_sign

hypothesis.settings.register_profile("motionscope", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("motionscope")

ROOT = Path(__file__).resolve().parent.parent

MARK = "somebody else's code ran"
PLANTED = ("numpy.py", "pickle.py", "json.py", "torch.py", "subprocess.py", "runpy.py", "multiprocessing.py",
           "extractor/__init__.py", "app/__init__.py", "app/commands/cli.py", "queue.py")  # fmt: skip

# Tests of the widgets need no screen; the tests that do need xcb start their own program.
if sys.platform.startswith("linux"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Under nohup, or in the background of a script, programs that tests start and end by these would not hear them.
for name in {"SIGHUP", "SIGINT"} & signal.Signals.__members__.keys():
    if signal.getsignal(signal.Signals[name]) is signal.SIG_IGN:
        signal.signal(signal.Signals[name], signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)

# As the commands do: waiting threads must not spin on cores that others need.  Read when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Exported networks and settings are the tests' own, also in programs that they start."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTIONSCOPE_CACHE", str(folder))
        patch.setenv("MOTIONSCOPE_ENGINE", "torch")  # measuring which is the fastest takes time
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))  # the window's settings, which commands follow
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))  # where a recording goes on whose folder is lost
        yield folder


@pytest.fixture(scope="session", autouse=True)
def decimal_point() -> None:
    """Numbers are copied with a point, whatever the language of the machine; tests of the comma ask for it."""
    decimal_sign.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C")
        assert decimal_sign() == "."


@pytest.fixture(autouse=True)
def own_videos(own_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Recordings that no folder is chosen for, or whose own is lost, are this test's own, and not the user's."""
    config = own_cache / "config"
    config.mkdir(exist_ok=True)
    videos = tmp_path_factory.getbasetemp() / "videos" / str(uuid.uuid4())  # made by who records there
    (config / "user-dirs.dirs").write_text(f'XDG_VIDEOS_DIR="{videos}"\n')


@pytest.fixture(scope="session", autouse=True)
def patient_recordings() -> Iterator[None]:
    """Recordings drop no frame because a busy machine encodes late; tests of that bound set it themselves."""
    from app.session import writer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "QUEUE_S", 60.0)
        yield


@pytest.fixture(scope="session")
def assets() -> Path:
    return ROOT / "assets"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real faces beside the checkout, never part of it; tests that use them skip without them."""
    path = ROOT.parent / "shared"
    if not (path / "clips").is_dir():
        pytest.skip("no real clips beside the checkout")
    return path


@pytest.fixture
def private_files() -> Iterator[None]:
    """As a program begins: what it writes is its user's alone; and nothing is left of it for the next test."""
    from extractor import files

    before = files.is_shared()
    files.share(False)
    yield
    files.share(before)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, full of modules that leave a mark when they run."""
    folder, mark = tmp_path / "recordings", tmp_path / "mark"
    for name in PLANTED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(mark)!r}, 'a').write({name!r} + ' ')\nraise SystemExit({MARK!r})\n")
    monkeypatch.chdir(folder)
    yield folder
    assert not mark.exists(), mark.read_text()
