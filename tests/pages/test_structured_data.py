"""What search engines and other programs read of each page: schema.org, microformats, cards.

The rules are those of Google's pages on articles and live blogs, and of https://schema.org.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from liveblog import Blog, ChapterDraft
from liveblog.blog import Image
from liveblog.config.checks import LANGUAGES
from liveblog.model.entry import Figure

from ..conftest import Clock
from ..site.test_publish import picture

SAMPLE = Path(__file__).parents[2] / "feeds"
DAY = r"\d{4}/\d\d/\d\d/"

Check = Callable[[Any], object]


def is_text(value: Any) -> bool:
    """Whether a value is a text that says something, without markup."""
    return isinstance(value, str) and bool(value.strip()) and "<p>" not in value


def is_date(value: Any) -> bool:
    """Whether a value is a date, or an instant with its offset (ISO 8601)."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return bool(date.fromisoformat(value))
    return datetime.fromisoformat(value).utcoffset() is not None


def is_address(value: Any) -> bool:
    """Whether a value is an absolute address."""
    return isinstance(value, str) and re.fullmatch(r"https?://[^\s<>\"]+", value) is not None


def are(check: Check) -> Check:
    """Make a check of a list that is not empty."""
    return lambda values: isinstance(values, list) and values and all(map(check, values))


def node(kind: str, **checks: Check) -> Check:
    """Make a check of a node of a type with these properties, each with a check, and no other."""

    def check(value: Any) -> bool:
        assert value["@type"] == kind
        assert value.keys() - {"@type"} == checks.keys(), kind
        return all(passes(value[name]) for name, passes in checks.items())

    return check


PERSON = node("Person", name=is_text)
BLOG = node("Blog", name=is_text, url=is_address)
PUBLISHER = node(
    "Organization",
    name=is_text,
    url=is_address,
    logo=node("ImageObject", url=is_address),
)
FILM: dict[str, Check] = {
    "name": is_text,
    "description": is_text,
    "contentUrl": is_address,
    "encodingFormat": lambda kind: re.fullmatch("(video|audio)/[a-z0-9]+", kind),
    "duration": lambda time: re.fullmatch(r"PT\d+S", time),
    "uploadDate": is_date,
}
POSTING: dict[str, Check] = {
    "@id": is_address,
    "url": is_address,
    "headline": lambda text: is_text(text) and len(text) <= 110,
    "articleBody": is_text,
    "datePublished": is_date,
    "dateModified": is_date,
    "author": are(PERSON),
    "image": are(is_address),
    "video": are(node("VideoObject", thumbnailUrl=are(is_address), **FILM)),
    "audio": are(node("AudioObject", **FILM)),
}
PAGE: dict[str, Check] = {
    "mainEntityOfPage": is_address,
    "inLanguage": lambda code: re.fullmatch("[a-z]{2}(-[A-Za-z]+)?", code),
    "publisher": PUBLISHER,
}
ARTICLE = (
    POSTING
    | PAGE
    | {
        "description": is_text,
        "temporalCoverage": lambda text: re.fullmatch(r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d", text),
        "isPartOf": BLOG,
    }
)
SCHEMAS: dict[str, dict[str, Check]] = {
    "BlogPosting": POSTING | PAGE | {"isPartOf": BLOG, "keywords": are(is_text)},
    "Article": ARTICLE,
    "LiveBlogPosting": POSTING | PAGE | {
        "description": is_text,
        "coverageStartTime": is_date,
        "coverageEndTime": is_date,
        "liveBlogUpdate": are(lambda posting: validate(posting, POSTING)),
    },
}  # fmt: skip
"""The properties that a type may have."""

OPTIONAL = {
    "author", "image", "video", "audio", "keywords", "coverageEndTime", "articleBody",
    "temporalCoverage", "description", "liveBlogUpdate",
}  # fmt: skip


def validate(data: dict[str, Any], schema: dict[str, Check]) -> bool:
    """Assert that a node has what it must have, nothing unknown, and only right values."""
    found = {name: value for name, value in data.items() if name not in ("@type", "@context")}
    assert found.keys() <= schema.keys(), found.keys() - schema.keys()
    assert schema.keys() - OPTIONAL <= found.keys(), schema.keys() - found.keys()
    for name, value in found.items():
        assert schema[name](value), (name, value)
    assert found["datePublished"][:10] <= found["dateModified"][:10]
    return True


def kind_of(path: str) -> str:
    """Return the type that the page at a path is of, or an empty string."""
    kinds = {
        "": "LiveBlogPosting",
        rf"{DAY}\w{{10}}/": "BlogPosting",
        rf"{DAY}|\d{{4}}/W\d\d/|chapters/[^/]+/": "Article",
    }
    return next((kind for pattern, kind in kinds.items() if re.fullmatch(pattern, path)), "")


def pages(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the path and the tree of every page."""
    for path in sorted(folder.rglob("index.html")):
        name = str(path.relative_to(folder)).removesuffix("index.html")
        yield name, lxml_html.fromstring(path.read_bytes())


def described(folder: Path) -> dict[str, dict[str, Any]]:
    """Validate the structured data of every page; return it by the path of the page."""
    found = {}
    for path, tree in pages(folder):
        (canonical,) = tree.xpath("//link[@rel='canonical']/@href") or [""]
        scripts = tree.xpath("//script[@type='application/ld+json']/text()")
        kind = kind_of(path)
        assert len(scripts) == bool(kind), path
        for script in scripts:
            data = found[path] = json.loads(script)
            assert data["@context"] == "https://schema.org"
            assert data["@type"] == kind, path
            validate(data, SCHEMAS[kind])
            assert data["url"] == data["mainEntityOfPage"] == canonical
            for file in (*data["image"], data["publisher"]["logo"]["url"]):
                assert (folder / file.removeprefix(data["publisher"]["url"])).is_file()
            card = tree.xpath("//meta[@property='og:image']/@content")
            assert card[0] in data["image"] or kind == "LiveBlogPosting"
    return found


def test_every_page_of_the_sample_is_described() -> None:
    """With all that is recommended of a live blog."""
    found = described(SAMPLE)
    live = found[""]
    oldest = min(data["datePublished"] for path, data in found.items() if len(path) == 22)
    assert live["datePublished"] == live["coverageStartTime"] == oldest
    assert live["author"]
    assert len(live["liveBlogUpdate"]) >= 24
    assert any("image" in data for data in found.values() if data["@type"] == "Article")
    assert {data["@type"] for data in found.values()} == set(SCHEMAS)


@pytest.mark.slow
@pytest.mark.parametrize("language", [*LANGUAGES, "en-GB"])
def test_a_blog_in_each_language_is_described(
    new_blog: Any, clock: Clock, tmp_path: Path, language: str
) -> None:
    """Claims, pictures, whole days, a retraction, nobody's name; live, then over."""
    blog: Blog = new_blog(language=language, author="")
    clock.set("2012-07-15T10:00:00Z")
    first = blog.post("Un **fait**.", verification="unconfirmed", tags=["Damas"])
    blog.post("", title="Une image", images=[Image(picture(tmp_path), "Un point")])
    blog.post("De la journée.", at=clock.now.date(), figures=[Figure("Morts", 92)])
    clock.go(days=1)
    gone = blog.post("Faux bruit.", author="Ana", lang="ar")
    blog.retract(gone.id, why="Démenti.")
    blog.frame("2012-W28", introduction="Une semaine.")
    blog.chapters.create(ChapterDraft(title="Deux jours", period="2012-07-15..2012-07-16"))
    blog.publish()
    found = described(blog.paths.site)
    assert found[""]["inLanguage"] == language
    assert found[""]["author"] == [{"@type": "Person", "name": "Ana"}]
    assert "author" not in found[f"2012/07/15/{first.id[9:]}/"]
    assert "coverageEndTime" not in found[""]
    assert found["2012/07/15/"]["datePublished"] == "2012-07-15"
    blog.end()
    blog.publish()
    assert described(blog.paths.site)[""]["coverageEndTime"].startswith("2012-07-16T10:00:00")


def test_pages_are_microformats_too() -> None:
    """Each entry with address, date and content (h-entry), in a list with a name (h-feed)."""
    found = 0
    for path, tree in pages(SAMPLE):
        entries = tree.xpath(
            "//article[contains(@class, 'h-entry') and contains(@class, 'entry ')]"
        )
        for entry in entries:
            assert entry.xpath(".//a[contains(@class, 'u-url')]/@href"), path
            assert entry.xpath(".//time[contains(@class, 'dt-published')]/@datetime"), path
            assert entry.xpath(".//*[contains(@class, 'e-content')]"), path
            found += 1
        is_list = entries and kind_of(path) != "BlogPosting" and not path.startswith("chapters/")
        (main,) = tree.xpath("//main")
        assert (main.get("class") == "h-feed") == bool(is_list), path
        if is_list:
            assert main.xpath(".//h1[contains(@class, 'p-name')]"), path
    assert found > 70


@pytest.mark.slow
def test_the_account_in_the_fediverse_is_named_on_every_page(new_blog: Any) -> None:
    """For Mastodon's link previews; none unless there is one."""
    blog: Blog = new_blog()
    blog.post("Un fait.")
    blog.publish()
    assert "fediverse" not in (blog.paths.site / "index.html").read_text("utf-8")
    settings = blog.paths.root / "liveblog.toml"
    text = settings.read_text("utf-8")
    settings.write_text(f'fediverse = "@ana@mastodon.example"\n{text}', "utf-8")
    blog = Blog(blog.paths.root)
    blog.publish()
    for _, tree in pages(blog.paths.site):
        (account,) = tree.xpath("//meta[@name='fediverse:creator']/@content")
        assert account == "@ana@mastodon.example"
