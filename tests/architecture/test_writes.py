"""Files and folders are made, changed and removed by ``extractor.files`` alone, which follows no links."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITER = "extractor/files.py"
KNOWN = {
    "app/session/disk.py": "shutil.copyfileobj(self._file, copy)",  # into what ``files.create`` has made
    "app/core/stdout.py": "os.devnull",  # in the place of an output that is lost
    "app/outputs/v4l2.py": "os.open(path, os.O_RDWR)",  # a device
    "app/capture/v4l2_formats.py": "os.open(path, os.O_RDWR",  # a device
    "app/session/exporters/annotated.py": "av.open(str(path), 'w'",  # a file that ``files.create`` has made for it
}
"""Calls that are no writing of files, and why."""

OS = {
    "chmod", "chown", "link", "makedirs", "mkdir", "mkfifo", "mknod", "open", "remove", "removedirs", "rename",
    "renames", "replace", "rmdir", "symlink", "truncate", "unlink",
}  # fmt: skip
SHUTIL = {"copy", "copy2", "copyfile", "copyfileobj", "copymode", "copystat", "copytree", "move", "rmtree"}
TEMPFILE = {"NamedTemporaryFile", "mkdtemp", "mkstemp"}  # TemporaryDirectory and TemporaryFile are random and our own
PATHS_OWN = {"chmod", "hardlink_to", "mkdir", "rmdir", "symlink_to", "touch", "unlink", "write_bytes", "write_text"}
BY_NAME = {
    "save",
    "setFileName",
    "imwrite",
    "savez",
    "savez_compressed",
    "tofile",
    "savetxt",
    "ParquetWriter",
    "ZipFile",
}


def _text(node: ast.expr) -> str:
    return ast.unparse(node)


def _mode(call: ast.Call, position: int) -> str:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    given = named or call.args[position : position + 1]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        return given[0].value
    # A mode that nobody can read here may be any; only the built-in's second argument surely is one.
    return "w" if given and (named or position == 1) else "r"


def _looks_like_a_path(call: ast.Call) -> bool:
    """Whether the first argument is a path rather than an open file."""
    return bool(call.args) and (
        isinstance(call.args[0], ast.BinOp) or _text(call.args[0]).startswith(("str(", "os.fspath(", "f'"))
    )


def _writes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and bool(set(_mode(call, 1)) & set("wax+"))
    if not isinstance(function, ast.Attribute):
        return False
    owner, name = _text(function.value), function.attr
    if owner in ("os", "shutil", "tempfile"):
        return name in {"os": OS, "shutil": SHUTIL, "tempfile": TEMPFILE}[owner]
    if owner == "files":
        return False
    if name == "open":
        library = owner in ("av", "io", "gzip", "zipfile")
        writing = bool(set(_mode(call, 1 if library else 0)) & set("wax+"))
        return writing and (not library or _looks_like_a_path(call))
    if name in ("replace", "rename"):  # of a path; a string's takes two
        return len(call.args) == 1 and not call.keywords and owner != "dataclasses"
    return name in PATHS_OWN or (name in BY_NAME and _looks_like_a_path(call))


def writes(source: str) -> list[str]:
    """The calls in a program that change something on the disk."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [f"{call.lineno}: {_text(call)}" for call in calls if _writes(call)]


@pytest.mark.parametrize(
    "call",
    [
        "open(path, 'w')", "open(path, mode=mode)", "path.open('ab')", "path.write_text(text)", "os.replace(a, b)",
        "os.truncate(path, 3)", "shutil.rmtree(folder)", "path.replace(other)", "path.unlink()", "folder.mkdir()",
        "tempfile.mkdtemp(dir=out)", "av.open(str(path), 'w')", "image.save(str(path))",
        "zipfile.ZipFile(folder / NAME, 'w')", "numpy.savez(folder / NAME, a=a)",
    ],
)  # fmt: skip
def test_the_search_knows_a_write_when_it_sees_one(call):
    assert writes(call)


@pytest.mark.parametrize(
    "call",
    ["open(path)", "path.open('rb')", "text.replace('a', 'b')", "dataclasses.replace(a, b=1)", "av.open(str(path))",
     "files.truncate(path, 3)", "av.open(file, 'w')", "store.save()"],
)  # fmt: skip
def test_the_search_leaves_reading_alone(call):
    assert not writes(call)


def reads(source: str) -> list[str]:
    """The calls in a program that open a file to read it, whatever it is."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, (ast.Attribute, ast.Name)):
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
            words = {keyword.arg for keyword in call.keywords}
            by_mode = bool(call.args) and isinstance(call.args[0], ast.Constant) and name == "open"
            by_word = name == "open" and bool(words & {"encoding", "newline", "mode"})
            by_path = isinstance(call.func, ast.Name) and name == "open"
            if name in ("read_bytes", "read_text") or by_mode or by_word or by_path:
                found.append(f"{call.lineno}: {_text(call)}")
    return found


@pytest.mark.parametrize("call", ["path.read_bytes()", "path.read_text(encoding='utf-8')", "path.open('rb')",
                                  "path.open(newline='')", "open(path)"])  # fmt: skip
def test_the_search_knows_reading_when_it_sees_it(call):
    assert reads(call)


@pytest.mark.parametrize("folder", ["app/session", "app/batch"])
def test_what_lies_in_a_session_is_read_by_what_waits_for_no_pipe(folder):
    own = {"app/session/ownership.py"}  # the system's own file
    paths = [path for path in (ROOT / folder).rglob("*.py") if path.relative_to(ROOT).as_posix() not in own]
    assert paths
    for path in paths:
        assert reads(path.read_text(encoding="utf-8")) == [], path


def test_nobody_writes_but_the_one_module_that_follows_no_links():
    modules = [*(ROOT / "app").rglob("*.py"), *(ROOT / "extractor").rglob("*.py")]
    found = {}
    for path in modules:
        name = path.relative_to(ROOT).as_posix()
        if name != WRITER and not name.startswith("extractor/training/"):
            known = KNOWN.get(name, "\n")
            calls = [call for call in writes(path.read_text(encoding="utf-8")) if known not in call]
            if calls:
                found[name] = calls
    assert len(modules) > 100
    assert found == {}
