"""What README and docs promise: links lead somewhere, and the commands shown exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
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


def test_readme_is_short_and_names_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in readme, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_module_that_is_named_as_a_command_is_there(page: Path) -> None:
    for name in MODULE.findall(page.read_text(encoding="utf-8")):
        path = ROOT / name.rstrip(".").replace(".", "/")
        assert path.with_suffix(".py").is_file() or path.is_dir(), name


def test_every_command_of_the_readme_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    from app.cli import main

    words = set(re.findall(r"(?m)^motionscope ([a-z]+)\b", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"extract", "review", "export"} <= words
    for word in words:
        with pytest.raises(SystemExit) as stop:
            main([word, "--help"])
        assert stop.value.code == 0, word
        assert f"motionscope {word}" in capsys.readouterr().out


def test_the_librarys_example_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["heads"]["kp"].shape == (2, 72)  # type: ignore[index]


def test_keys_with_two_modifiers_are_those_of_the_actions() -> None:
    from app.ui.actions import ACTIONS as LIVE
    from app.ui.review.actions import ACTIONS as REVIEW

    known = {key for spec in (*LIVE, *REVIEW) for key in str(spec.key).split(", ")}
    for page in ("window", "recording", "review-and-export", "cameras", "measures"):
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        shown = {key.replace("Delete", "Del") for key in re.findall(r"`(Ctrl\+Shift\+\w+|Ctrl\+[A-Z0-9])`", text)}
        assert shown <= known, (page, shown - known)
