"""The documents: what they name exists."""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path

import click
import pytest

import liveblog
from liveblog.cli import liveblog as command_line

from .test_architecture import ROOMS, product

ROOT = Path(__file__).parents[1]
PACKAGE = Path(liveblog.__file__).parent
TOURS = ("CONTRIBUTING.md", "docs/architecture.md")
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
)
DERIVED = (".liveblog/",)


def text_of(page: str) -> str:
    """Return a page's text."""
    return (ROOT / page).read_text("utf-8")


def tokens(page: str) -> set[str]:
    """Return what a page sets as code, one line each."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", text))


@cache
def classes() -> dict[str, str]:
    """Map the name of every class of the product to the text up to the next class."""
    found: dict[str, str] = {}
    for source in product().values():
        for name, text in re.findall(r"^class (\w+)(.*?)(?=^class |\Z)", source, re.M | re.S):
            found[name] = found.get(name, "") + text
    return found


@pytest.mark.parametrize("page", TOURS)
def test_every_path_that_is_named_exists(page: str) -> None:
    """Files and folders of the package, of its scripts, and of the repository."""
    roots = (PACKAGE, PACKAGE / "theme" / "static", ROOT)
    named = {token for token in tokens(page) if re.fullmatch(r"[\w./*-]+(\.[a-z]{2,5}|/)", token)}
    named -= {
        *DERIVED,
        "live.json",
        "src/",
        "src/liveblog/",
        *(token for token in named if "Blog." in token),
    }
    assert len(named) > 20
    assert [name for name in sorted(named) if not any(any(r.glob(name)) for r in roots)] == []


@pytest.mark.parametrize("page", TOURS)
def test_every_class_and_method_that_is_named_exists(page: str) -> None:
    """Written as ``Blog`` or ``Blog.post``."""
    for token in tokens(page):
        if match := re.fullmatch(r"([A-Z][a-z]\w+)(?:\.(\w+))?", token):
            name, method = match.groups()
            assert name in classes(), token
            assert not method or f"def {method}(" in classes()[name], token


def test_the_rooms_are_those_of_the_code() -> None:
    """In their order."""
    table = re.findall(r"^\| (`.*?`) \|", text_of("CONTRIBUTING.md"), re.MULTILINE)
    rooms = [
        {name.rstrip("/").removesuffix(".py") for name in re.findall(r"`(.*?)`", row)}
        for row in table
    ]
    assert rooms == [set(room) - {"version"} for room in ROOMS[:-1]]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Within the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", tokenless(page)):
        path = target.partition("#")[0]
        if path and ":" not in path and not path.startswith("/"):
            assert ((ROOT / page).parent / path).exists(), target


def tokenless(page: str) -> str:
    """Return a page's text without what is set as code."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "", text)


def test_the_commands_of_the_readme_exist() -> None:
    """With their options, and the tasks of make."""
    text = text_of("README.md")
    makefile = text_of("Makefile")
    for task in re.findall(r"\bmake ([a-z-]+)", text):
        assert re.search(rf"^{task}:", makefile, re.MULTILINE), task
    lines = re.findall(r"^\$ liveblog (.*(?:\\\n.*)*)", text, re.MULTILINE)
    assert len(lines) > 15
    for line in lines:
        words = re.sub(r'"[^"]*"', "x", line.partition("  #")[0]).split()
        command: click.Command = command_line
        while isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found, line
            command = found
        options = {option for parameter in command.params for option in parameter.opts}
        used = {word for word in words if word.startswith("-") and word != "-"}
        assert used <= options | {"\\"}, line


def test_every_template_is_named_in_the_page_on_themes() -> None:
    """Those of books stand in a folder, which is named."""
    folder = PACKAGE / "theme" / "templates"
    templates = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    named = re.findall(r"`([\w/]+\.html)`", text_of("docs/theme.md"))
    assert {name for name in templates if not name.startswith("book/")} == set(named)


def test_every_document_can_be_reached_from_the_readme() -> None:
    """By its list of documents."""
    linked = set(re.findall(r"\((docs/[\w-]+\.md)", text_of("README.md")))
    assert linked == {page for page in PAGES if page.startswith("docs/")}


def test_the_page_of_settings_lists_those_of_the_code() -> None:
    """``make docs`` writes it."""
    reference = runpy.run_path(str(ROOT / "scripts" / "reference.py"))
    mark = reference["SETTINGS_MARK"]
    assert text_of("docs/settings.md").partition(mark)[2] == reference["settings"]()
