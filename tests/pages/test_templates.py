"""Templates: compiled once for each user, and rendered without a cache folder."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import pytest

from liveblog.pages.templates import Templates
from liveblog.text.locale import Words

PARIS = ZoneInfo("Europe/Paris")


def render(folder: Path, text: str, language: str = "fr") -> str:
    """Render a template of a blog's own."""
    own = folder / "templates"
    own.mkdir(exist_ok=True)
    (own / "own.html").write_text(text)
    return Templates(Words(language, PARIS), own).render("own.html", {"name": "Ana"})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder; it does not exist yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_template_is_compiled_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process finds it compiled; a changed template is compiled again."""
    assert render(tmp_path, "Bonjour {{ name }}") == "Bonjour Ana"
    with monkeypatch.context() as patch:
        patch.delattr(jinja2.Environment, "_generate")
        assert render(tmp_path, "Bonjour {{ name }}") == "Bonjour Ana"
    assert render(tmp_path, "Salut {{ name }}") == "Salut Ana"


def test_what_is_translated_when_compiled_is_compiled_for_each_language(
    tmp_path: Path, cache: Path
) -> None:
    """A filter with a constant is compiled to its result."""
    text = "{% trans %}Live{% endtrans %}"
    assert {render(tmp_path, text, language) for language in ("fr", "es")} == {
        "En direct",
        "En directo",
    }


def test_compiled_templates_do_not_lie_in_the_blog(tmp_path: Path, cache: Path) -> None:
    """A blog's folder may come from somebody else, and compiled templates are code."""
    render(tmp_path, "Bonjour")
    assert os.listdir(tmp_path / "templates") == ["own.html"]
    assert any(path.is_file() for path in cache.rglob("*"))


def test_a_damaged_cache_is_replaced(tmp_path: Path, cache: Path) -> None:
    """Bytes that are no compiled template are compiled again."""
    render(tmp_path, "Bonjour")
    files = [path for path in cache.rglob("*") if path.is_file()]
    for file in files:
        file.write_bytes(b"damaged")
    assert render(tmp_path, "Bonjour") == "Bonjour"
    assert all(file.read_bytes() != b"damaged" for file in files)


def test_without_a_cache_folder_templates_are_compiled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home folder may be missing or refuse to be written to."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert render(tmp_path, "Bonjour") == "Bonjour"
