"""What packaging/ promises to PyInstaller and to the systems is there; the build itself takes minutes, so no test."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from app import __version__
from run import EXTRAS
from tests.conftest import ROOT
from tests.test_docs import LINK

FOLDER = ROOT / "packaging"


def load(name: str) -> ModuleType:
    """A module of the folder, which is no package: PyPI's ``packaging`` is another thing."""
    spec = importlib.util.spec_from_file_location(f"bundle_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def contents() -> ModuleType:
    return load("contents")


@pytest.fixture(scope="module")
def icons() -> ModuleType:
    return load("icons")


def test_everything_that_goes_in_is_there(contents: ModuleType) -> None:
    for source, _ in contents.DATA:
        assert (ROOT / source).exists(), source
    for package, pattern in contents.PACKAGES_DATA:
        places = dict(contents.package_files(package, pattern))
        assert places, (package, pattern)
        kept = [place for path, place in places.items() if not contents.is_left_out(f"{place}/{Path(path).name}")]
        assert kept, (package, pattern)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_pages_and_pictures_that_the_documentation_links_to_come_with_it(contents: ModuleType) -> None:
    """In the wheel, too; the pages on the source and on training lead into a checkout."""
    import tomllib

    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    wheel = {ROOT / source: place for source, place in targets["wheel"]["force-include"].items()}
    program = {
        ROOT / source: place if (ROOT / source).is_dir() else f"{place}/{source}" for source, place in contents.DATA
    }
    for page in (ROOT / "docs").glob("*.md"):
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if "://" not in link and target.suffix in (".md", ".png", ".webp"):
                source = next(path for path in (target, *target.parents) if path in wheel)
                expected = f"extractor/{source.relative_to(ROOT).as_posix()}"  # beside the pages as in a checkout
                assert wheel[source] == program[source] == expected, (page.name, link)


def test_every_module_of_ours_is_found_and_none_of_the_training(contents: ModuleType) -> None:
    modules = contents.own_modules()
    assert {"app", "app.commands.cli", "app.batch.worker", "extractor.backends.prepare", "extractor.child"} <= set(
        modules
    )
    assert not [name for name in modules if "training" in name or "__init__" in name]
    assert all(importlib.util.find_spec(name) is not None for name in ("app.batch.worker", modules[-1]))


def test_nothing_of_ours_imports_what_is_excluded(contents: ModuleType) -> None:
    """But for optional things, each behind a sentence of its own."""
    optional = {"onnxruntime", "ray"}
    for name in contents.own_modules():
        path = ROOT / (name.replace(".", "/") + ".py")
        path = path if path.is_file() else ROOT / name.replace(".", "/") / "__init__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for imported in names:
                hit = [gone for gone in contents.EXCLUDED if f"{imported}.".startswith(f"{gone}.")]
                assert set(hit) <= optional, (path, imported)


@pytest.mark.parametrize(
    ("place", "left_out"),
    [
        ("torch/lib/libtorch_cpu.so", False), ("torch/include/ATen/ATen.h", True), ("torch/bin/protoc", True),
        ("torch/bin/torch_shm_manager", False),
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", False),
        ("openvino/libs/libopenvino_intel_gpu_plugin.so", True),
        ("openvino/libs/libopenvino_onnx_frontend.so.2641", False),
        ("PyQt6\\Qt6\\bin\\Qt6Quick.dll", True), ("PyQt6/Qt6/plugins/platforms/libqxcb.so", False),
        ("mediapipe/modules/face_detection/face_detection_short_range.tflite", False),
        ("extractor/docs/index.md", False),
        ("pyarrow/libarrow_substrait.so.2500", False), ("pyarrow/libarrow_flight.so.2500", True),
        ("pyarrow/libarrow_python.so.2500", False), ("pyarrow/libarrow_python.so.2500.1.0", True),
        ("pyarrow/libarrow_python.so", True), ("libglib-2.0.so.0", False), ("libgtk-3.so.0", True),
        ("PyQt6/Qt6/plugins/platformthemes/libqgtk3.so", True),
        ("PyQt6/Qt6/plugins/platformthemes/libqxdgdesktopportal.so", False),
    ],
)  # fmt: skip
def test_what_is_left_out(contents: ModuleType, place: str, left_out: bool) -> None:
    assert contents.is_left_out(place) is left_out


def test_faces_are_found_and_matched_without_what_is_excluded() -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(FOLDER)!r}]; import contents\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if any(f'{name}.'.startswith(f'{gone}.') for gone in contents.EXCLUDED): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "import numpy as np\n"
        "from app.faces.detector import create_detector\n"
        "create_detector().detect(np.zeros((64, 64, 3), np.uint8))\n"
        "from app.faces.matching import assign\n"
        "from scipy.special import erf\n"
        "print('found nothing, as there is nothing', assign([[2, 1], [1, 2]], 9), erf(0))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "as there is nothing [1, 0] 0.0" in done.stdout, done.stderr


@pytest.mark.parametrize(("platform", "suffix"), [("linux", ".png"), ("win32", ".ico"), ("darwin", ".icns")])
@pytest.mark.usefixtures("qapp")
def test_the_icon_has_every_size(icons: ModuleType, tmp_path: Path, platform: str, suffix: str) -> None:
    path = icons.write_for(ROOT / "assets" / "icon.svg", tmp_path, platform)
    assert path.suffix == suffix
    with Image.open(path) as image:
        sizes = {size[0] for size in image.info.get("sizes", {image.size})}
        assert sizes >= ({16, 32, 48, 256} if platform == "win32" else {512})
        assert len(image.convert("RGB").resize((32, 32)).getcolors(1024)) > 10  # it shows something


@pytest.mark.usefixtures("qapp")
def test_a_desktop_finds_the_icon_by_the_name_of_its_entry(icons: ModuleType, tmp_path: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(FOLDER / "motionscope.desktop", encoding="utf-8")
    section = entry["Desktop Entry"]
    assert (section["exec"], section["icon"], section["type"]) == ("motionscope", "motionscope", "Application")
    icons.write_theme(ROOT / "assets" / "icon.svg", tmp_path)
    for side in icons.SIDES:
        with Image.open(tmp_path / "hicolor" / f"{side}x{side}" / "apps" / f"{section['icon']}.png") as image:
            assert image.size == (side, side)
    assert (tmp_path / "hicolor" / "scalable" / "apps" / f"{section['icon']}.svg").is_file()


def test_the_window_says_which_entry_is_its_own() -> None:
    source = (ROOT / "app" / "ui" / "shell" / "event_loop.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{Path("motionscope.desktop").stem}")' in source


def test_windows_gets_the_version_and_macos_the_reasons() -> None:
    resources = load("resources")
    tree = ast.parse(resources.version_resource(__version__))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert texts.count(__version__) == 2  # of the file and of the product
    assert [int(part) for part in __version__.split(".")] == texts[:3]
    for reason in ("NSCameraUsageDescription", "NSMicrophoneUsageDescription"):
        assert resources.INFO_PLIST[reason].endswith(".")


def test_the_spec_is_read_by_python() -> None:
    ast.parse((FOLDER / "motionscope.spec").read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_run_py_knows_the_extras_that_there_are() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"test"}
