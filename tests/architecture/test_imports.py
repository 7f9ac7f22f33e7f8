"""The arrows between the folders: who may import whom, and what the window must not wait for."""

import ast
import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.interpreter import run_python

ROOT = Path(__file__).resolve().parents[2]

# ui -> pipeline -> {capture, faces, signals, session, outputs} -> core -> extractor's records.
MAY_IMPORT = {
    "app/core": {"core"},
    "app/capture": {"core", "capture"},
    "app/faces": {"core", "faces"},
    "app/signals": {"core", "signals"},
    "app/sound": {"core", "sound"},
    "app/outputs": {"core", "signals", "outputs"},
    "app/session": {"core", "session", "capture"},  # the header holds a SourceInfo
    "app/pipeline": {"core", "capture", "faces", "signals", "session", "sound", "outputs", "pipeline"},
    "app/batch": {"core", "capture", "faces", "session", "batch"},
    "app/ui": {"core", "capture", "faces", "signals", "session", "sound", "outputs", "pipeline", "batch", "ui"},
    "app/commands": {"core", "capture", "faces", "session", "sound", "outputs", "pipeline", "batch", "ui",
                     "commands"},
}  # fmt: skip
"""Each folder with those below it."""

OPEN_TABLES = {"app.ui.docks.catalogue"}
"""Tables whose rows may use what reads the table: a dock's view names its own action in ``app.ui.shell.commands``."""

DECLARED = re.compile(r"([a-z_]\w*(?:\.\w+)*):\w+")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(sources: dict[str, str], declared: bool = True) -> dict[str, set[str]]:
    """Module to the modules among these that it imports anywhere: in functions, for type checking, too.

    With ``declared`` a text "module:name", by which tables say what is imported when it is asked for, is an import.
    """
    graph: dict[str, set[str]] = {}
    for name, source in sources.items():
        found = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names} & sources.keys()
                # Of a package that only holds others, its modules are meant.
                found |= inside if len(inside) == len(node.names) else inside | {node.module}
            elif declared and isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = DECLARED.fullmatch(node.value)
                found |= {named[1]} if named else set()
        graph[name] = found & sources.keys() - {name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The groups of modules each of which reaches all others of its group."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen, waiting = set(), [start]
        while waiting:
            new = graph[waiting.pop()] - seen
            seen |= new
            waiting += new
        reach[start] = seen
    groups = {frozenset({a, *(b for b in reach[a] if a in reach[b])}) for a in graph if a in reach[a]}
    return sorted(map(set, groups), key=sorted)


def test_the_search_finds_circles_of_every_kind():
    sources = {
        "a": "from b import x",
        "b": "if TYPE_CHECKING:\n    from p import c",
        "p": "",
        "p.c": "def f():\n    import a",
        "d": "import a",
        "e": "import e",
        "f": "ROWS = {'g': Row('g:G'), 'h': 'nowhere:H'}",
        "g": "from f import x",
    }
    assert circles(import_graph(sources)) == [{"a", "b", "p.c"}, {"f", "g"}]


def test_no_module_imports_what_imports_it():
    """A circle is allowed where only the texts of one of ``OPEN_TABLES`` close it.

    It is harmless: without those texts there is none, so each of its modules can be imported first, and a text is
    resolved when somebody asks for what it names, long after the table was imported.
    """
    paths = modules("app") + modules("extractor")
    sources = {name_of(path): path.read_text(encoding="utf-8") for path in paths}
    assert len(sources) > 300
    assert circles(import_graph(sources, declared=False)) == []
    assert [circle for circle in circles(import_graph(sources)) if not circle & OPEN_TABLES] == []


def test_every_folder_stands_in_the_table():
    folders = {path.parent.relative_to(ROOT) for path in modules("app")} - {Path("app")}
    listed = {Path(name) for name in MAY_IMPORT}
    assert {folder for folder in folders if not {folder, *folder.parents} & listed} == set()


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folders_import_only_what_lies_below_them(folder):
    assert modules(folder)
    for path in modules(folder):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("app.")}
        assert used <= MAY_IMPORT[folder], path


def test_only_the_window_imports_qt():
    for path in modules("app") + modules("extractor"):
        if "ui" not in path.parts:
            assert not {name for name in imports(path) if name.split(".")[0] in ("PyQt6", "pyqtgraph")}, path


def test_the_library_knows_neither_the_app_nor_opencv():
    for path in modules("extractor"):
        foreign = {"app"} if "training" in path.parts else {"app", "cv2", "mediapipe", "av"}
        assert not {name for name in imports(path) if name.split(".")[0] in foreign}, path


def test_runtimes_that_report_on_their_use_are_imported_where_that_is_stopped():
    for path in modules("app") + modules("extractor"):
        if path.name != "runtimes.py":
            assert not {name for name in imports(path) if name.split(".")[0] in ("onnxruntime", "openvino")}, path


def test_backends_are_made_only_by_pipeline_batch_check_and_bench():
    allowed = {
        "app/faces/estimators.py",
        "app/pipeline/network_choice.py",
        "app/batch/extract.py",
        "app/batch/worker.py",
        "app/batch/reanalyse.py",
        "app/commands/check.py",
        "app/commands/bench/engines.py",
        "app/commands/bench/peer.py",
    }
    for path in modules("app"):
        if path.relative_to(ROOT).as_posix() not in allowed:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"create_backend|estimators import .*\bcreate\b", text), path


def test_the_window_does_not_wait_for_what_the_pipeline_needs():
    heavy = {"torch", "mediapipe", "openvino", "onnxruntime", "cv2", "av", "pyqtgraph"}
    code = f"import sys, app.ui.shell.application, app.ui.shell.event_loop; print({{*sys.modules}} & {heavy})"
    assert run_python(code) == "set()"


def test_both_opencv_packages_are_one_version():
    versions = {importlib.metadata.version(name) for name in ("opencv-python", "opencv-contrib-python")}
    assert len(versions) == 1


def test_paths_reach_ffmpeg_in_one_place():
    """There a name with a colon is no protocol; everywhere else FFmpeg gets open files, and OpenCV cameras."""
    for path in modules("app"):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("av.open", "av.container.open") and place != "app/core/containers.py":
                assert ast.unparse(node.args[0]) in ("file", "self._file"), (place, node.lineno)
            if called in ("cv2.VideoCapture", "cv2.VideoWriter"):
                assert place == "app/capture/devices.py", (place, node.lineno)
