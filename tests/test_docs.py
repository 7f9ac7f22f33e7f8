"""What README and docs promise: links lead somewhere, and the commands shown exist."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from run import EXTRAS
from tests.tools import generated_pages

ROOT = Path(__file__).resolve().parents[1]
CLI = "app.commands.cli"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "assets" / "MODEL_CARD.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"```.*?```", re.DOTALL)
MODULE = re.compile(r"python -m ((?:app|extractor|tests)[\w.]*)")


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_readme_is_short_and_every_page_is_reached_from_it() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            links = LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
            todo += [(page.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]
    assert {page.resolve() for page in PAGES} <= reached


def test_the_index_lists_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {name.partition("#")[0] for name in LINK.findall(index.read_text(encoding="utf-8"))}
    assert {page.name for page in index.parent.glob("*.md")} - {index.name} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_module_that_is_named_as_a_command_is_there(page: Path) -> None:
    for name in MODULE.findall(page.read_text(encoding="utf-8")):
        path = ROOT / name.rstrip(".").replace(".", "/")
        assert path.with_suffix(".py").is_file() or path.is_dir(), name


def test_every_module_that_code_and_pages_name_is_there() -> None:
    for path in [*PAGES, *(ROOT / "app").rglob("*.py"), *(ROOT / "extractor").rglob("*.py")]:
        if path.name != "CHANGELOG.md":
            for name in re.findall(r"`((?:app|extractor)(?:\.\w+)+)`", path.read_text(encoding="utf-8")):
                *module, last = name.split(".")
                place = ROOT.joinpath(*module)
                source = next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)
                is_module = (place / last).is_dir() or (place / f"{last}.py").is_file()
                known = source is not None and re.search(rf"\b{last}\b", source.read_text(encoding="utf-8"))
                assert is_module or known, (path, name)


class ParsedError(BaseException):
    """Raised in place of a command's work, once its words are understood; passes every ``except Exception``."""

    def __init__(self, parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
        self.parser = parser
        self.given = given


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[str]], ParsedError | None]:
    """Words given to a module's ``main`` and read by its real parser, no further; None: it only printed something."""
    parse = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, words: Sequence[str] | None = None) -> NoReturn:
        raise ParsedError(parser, parse(parser, words))

    def read(module: str, words: list[str]) -> ParsedError | None:
        try:
            importlib.import_module(module).main(words)
        except ParsedError as parsed:
            return parsed
        except SystemExit as end:
            if end.code == 0:
                return None
        raise AssertionError(f"{module} does not understand {words}")

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    return read


def shown_lines(text: str) -> Iterator[str]:
    """Each command line of a page's text: in blocks, with the lines that go on from it, and in what is written."""
    for language, block in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL):
        if language not in ("", "sh"):
            continue
        for line in re.sub(r"\n +(?=\[)", " ", block).splitlines():
            yield re.split(r" {2,}", line)[0]  # what it does stands behind it
    yield from re.findall(r"`([^`]+)`", FENCED.sub("", text).replace("\n", " "))


def command(line: str) -> tuple[str, list[str]] | None:
    """The module that a line starts, and its words; None where it starts another program."""
    line = re.sub(r"^\.venv/bin/", "", line)
    if match := re.match(r"python3? -m ((?:app|extractor|tests)[\w.]*\w)(?: |$)", line):
        return CLI if match[1] == "app" else match[1], words_of(line[match.end() :])
    if match := re.match(r"(?:motionscope|python3 run\.py)(?: (?!test\b)|$)", line):
        return CLI, words_of(line[match.end() :])
    return None


def words_of(line: str) -> list[str]:
    """A line as it would be typed: of what may be left out everything, of a choice the first, and real values."""
    line = (
        line.replace("PITCH[,ROLL]", "-20,3")
        .replace("WxH@RATE[:PIXELS]", "1280x720@30:MJPG")
        .replace("[,NAME]", "")
        .replace("...", "")
    )
    line = re.sub(r"\[([^][]*?) \| [^]]*\]", r"\1", line)  # [--one | --other]
    words = [word.partition("|")[0] for word in shlex.split(re.sub(r"[][]", "", line))]
    return [VALUES.get(word, word) for word in words]


VALUES = {
    "HOST:PORT": "127.0.0.1:9000",
    "PORT": "8765",
    "N": "2",
    "SECONDS": "3",
    "PIXELS": "96",
    "DEGREESd": "78d",
    "MM": "61",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_line_is_understood(
    page: Path, understood: Callable[[str, list[str]], ParsedError | None], capsys: pytest.CaptureFixture[str]
) -> None:
    from app.commands.cli import COMMANDS
    from app.session.exporters import exporters_named

    for line in shown_lines(page.read_text(encoding="utf-8")):
        found = command(line)
        if found is None:
            continue
        module, words = found
        if module == CLI and words[:1] == ["add"]:  # of run.py itself
            assert words[1:] == ["EXTRA"] or set(words[1:]) <= set(EXTRAS), line
            continue
        if (module == CLI and len(words) == 1 and words[0] in COMMANDS) or (module != CLI and not words):
            continue  # the name alone; that there is such a module another test looks at
        try:
            parsed = understood(module, words)
        except AssertionError:
            pytest.fail(f"{line}: {capsys.readouterr().err}")
        formats = getattr(parsed.given, "format", "NAME") if parsed is not None else "NAME"
        if words[:1] == ["export"] and formats != "NAME":
            exporters_named(formats)


def test_every_option_of_every_command_is_in_the_documentation(
    understood: Callable[[str, list[str]], ParsedError | None], capsys: pytest.CaptureFixture[str]
) -> None:
    from app.commands.cli import COMMANDS

    blocks = re.findall(r"```\n(.*?)```", (ROOT / "docs" / "commands.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = re.sub(r"\n +", " ", "".join(blocks)).splitlines()
    shown = {name: line for line in lines for name in re.findall(r"^motionscope ([a-z]+)\b", line) or [""]}
    assert shown.keys() == {"", *COMMANDS}
    needed = {"extract": ["x", "--out", "x"], "export": ["x", "--format", "npz"], "ctl": ["status"]}
    needed |= {name: [] for name in ("", "cameras", "check")}
    for name, line in shown.items():
        words = ["bench"] if name == "bench" else [*([name] if name else []), *needed.get(name, ["x"])]
        parsed = understood(CLI, words)
        assert parsed is not None
        options = {option for action in parsed.parser._actions for option in action.option_strings} - {"-h", "--help"}
        assert {option for option in options if not re.search(rf"{option}(?![\w-])", line)} == set(), name


def test_everything_that_can_be_chosen_is_in_the_documentation() -> None:
    from app.faces.estimators import OWN
    from app.outputs.catalogue import OUTPUTS
    from app.session.exporters import EXPORTERS
    from app.ui.docks.catalogue import DOCKS
    from extractor.backends import ENGINES

    pages = {path.stem: path.read_text(encoding="utf-8").lower() for path in (ROOT / "docs").glob("*.md")}
    assert f"[--engine auto|{'|'.join(ENGINES)}]" in pages["commands"]
    assert {spec.title for spec in OUTPUTS if spec.title.lower() not in pages["outputs"]} == set()
    assert {
        exporter.name for exporter in EXPORTERS if f"\n| `{exporter.name}` |" not in pages["review-and-export"]
    } == set()
    assert {name for name in OWN if f"`--estimator {name}`" not in pages["commands"]} == set()
    assert {
        dock.title for dock in DOCKS if not re.search(rf"(?m)^\| \[?{dock.title.lower()}[] ]", pages["window"])
    } == set()


def test_extras_that_are_installed_exist() -> None:
    extras = re.findall(r"(?m)^(\w+) = \[$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for page in PAGES:
        named = re.findall(r"install [^`\n]*?['\"](?:motionscope|\.)\[(\w+)\]['\"]", page.read_text(encoding="utf-8"))
        assert set(named) <= set(extras), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_of_the_pages_is_python_and_programs_that_are_run_are_shown(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        if page.name != "api.md":  # signatures
            ast.parse(block)
    for name in re.findall(r"python3? (\w+\.py)`", text):
        assert f"as `{name}`" in text or (ROOT / name).is_file(), name


def test_the_librarys_example_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["heads"]["kp"].shape == (2, 72)  # type: ignore[index]


def test_keys_that_are_named_are_those_of_the_actions() -> None:
    from app.ui.shell.commands import LIVE, REVIEW, SESSIONS

    known = {key for row in (*LIVE, *REVIEW, *SESSIONS) for key in (row.key, *row.also)}
    for page in PAGES:
        shown = set(re.findall(r"`((?:Ctrl|Shift|Alt)\+[^`\s]+|F\d+)`", page.read_text(encoding="utf-8")))
        assert shown <= known, (page.name, shown - known)


@pytest.mark.parametrize("name", generated_pages.PAGES)
def test_pages_made_from_the_code_are_up_to_date(name: str) -> None:
    """``python -m tests.tools.generated_pages`` writes them anew."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generated_pages.PAGES[name]()
