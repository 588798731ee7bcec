"""Writes what is derived from the code into docs/: the help of every command, and all settings.

Tests compare the pages with what this makes.
"""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from liveblog.cli import liveblog
from liveblog.config import schema

DOCS = Path(__file__).parent.parent / "docs"
COMMANDS = DOCS / "command-line.md"
SETTINGS = DOCS / "settings.md"
COMMANDS_MARK = "The help below is refreshed by `make docs`.\n"
SETTINGS_MARK = "The tables below are refreshed by `make docs`.\n"


def commands(group: click.Command = liveblog, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the words of each command; a group before its commands."""
    yield " ".join((*path, "--help"))
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command
            yield from commands(command, (*path, name))


def help_texts() -> str:
    """Return the help of every command, as Markdown."""
    text = ""
    for words in commands():
        done = subprocess.run(
            [sys.executable, "-m", "liveblog", *words.split()],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"COLUMNS": "96"},
        )
        text += f"\n```\n$ liveblog {words}\n{done.stdout}```\n"
    return text


def settings() -> str:
    """Return all settings, one table for each table of ``liveblog.toml``, as Markdown."""
    source = inspect.getsource(schema)
    tables = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    # The settings outside of tables stand first in the file.
    tables.sort(key=lambda node: node.name != "Config")
    return "".join(_table(node, source.splitlines()) for node in tables)


def _table(node: ast.ClassDef, lines: list[str]) -> str:
    text = (ast.get_docstring(node) or "").replace("``", "`")
    heading = "At the top" if node.name == "Config" else text.partition("`")[2].partition("`")[0]
    note = "" if node.name == "Config" else text.partition("`; ")[2].partition("`. ")[2]
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for number, field in enumerate(node.body):
        if not isinstance(field, ast.AnnAssign) or _is_table(field):
            continue
        assert isinstance(field.target, ast.Name)
        default = _default(field)
        rows.append(f"| `{field.target.id}` | {default} | {_meaning(node, number, lines)} |")
    note = f"\n{note}\n" if note else ""
    return f"\n## {heading}\n{note}\n" + "\n".join(rows) + "\n"


def _is_table(field: ast.AnnAssign) -> bool:
    return "Config" in ast.unparse(field.annotation)


def _default(field: ast.AnnAssign) -> str:
    if field.value is None:
        return "required"
    value = ast.literal_eval(field.value)
    if value in ("", (), {}):
        return "none"
    return f"`{value}`".lower() if isinstance(value, bool) else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _meaning(node: ast.ClassDef, number: int, lines: list[str]) -> str:
    """Return what a field's comment or docstring says, as a sentence in Markdown."""
    field = node.body[number]
    after = node.body[number + 1] if number + 1 < len(node.body) else None
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        text = " ".join(str(after.value.value).split())
    else:
        text = lines[(field.end_lineno or 0) - 1].partition("#: ")[2]
    assert text, f"{node.name}.{ast.unparse(field)} has no comment that says what it is."
    choices = _choices(field)
    text = (text[0].upper() + text[1:]).replace("``", "`").rstrip(".")
    return f"{text}.{choices}"


def _choices(field: ast.stmt) -> str:
    assert isinstance(field, ast.AnnAssign)
    constants = [c.value for c in ast.walk(field.annotation) if isinstance(c, ast.Constant)]
    named = [value for value in constants if isinstance(value, str)]
    written = ", ".join(f'`"{name}"`' for name in named)
    return f" One of {written}." if named else ""


def with_new(page: Path, mark: str, text: str) -> str:
    """Return the text of a page with *text* in the place of what follows *mark*."""
    return page.read_text("utf-8").partition(mark)[0] + mark + text


def main() -> None:
    """Write both pages."""
    COMMANDS.write_text(with_new(COMMANDS, COMMANDS_MARK, help_texts()), "utf-8")
    SETTINGS.write_text(with_new(SETTINGS, SETTINGS_MARK, settings()), "utf-8")


if __name__ == "__main__":
    main()
