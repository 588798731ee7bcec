"""Markdown folders: posts of Hugo, Jekyll and Pelican read as updates, and nothing else read."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.imports import Item, Picture, Problem, Update, Version
from liveblog.imports.fitting import fit
from liveblog.imports.markdown import read_folder as folder
from liveblog.imports.markdown.dates import moment
from liveblog.imports.markdown.source import FILE_LIMIT
from liveblog.model import limits
from liveblog.model.entry import slug
from liveblog.model.errors import InvalidInput
from liveblog.model.moment import Moment

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2014, 1, 1, tzinfo=UTC)
NOON = datetime(2012, 7, 15, 10, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder that is imported; beside it lies what is not to be read."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "secret.md").write_text("---\ntitle: Secret\ndate: 2012-07-15\n---\nSecret.\n")
    made = tmp_path / "site"
    made.mkdir()
    return made


def put(site: Path, path: str, content: str | bytes) -> None:
    """Put a file into a folder."""
    target = site / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)


def post(body: str = "Un fait.", **fields: str) -> str:
    """Return a post with front matter in YAML, dated Sunday noon by default."""
    lines = [f"{name}: {value}" for name, value in ({"date": "2012-07-15 12:00"} | fields).items()]
    return "\n".join(["---", *lines, "---", "", body, ""])


def items(site: Path) -> list[Item]:
    """Import a folder of a blog in Paris."""
    return list(folder(site, zone=PARIS, now=NOW, language="en"))


def updates(site: Path) -> list[Update]:
    """Return the updates of a folder."""
    return [item for item in items(site) if isinstance(item, Update)]


def problems(site: Path) -> list[Problem]:
    """Return the problems of a folder."""
    return [item for item in items(site) if isinstance(item, Problem)]


def version(site: Path) -> Version:
    """Return the only version of the only update of a folder, which has no problem."""
    (update,) = items(site)
    assert isinstance(update, Update), update
    (only,) = update.versions
    return only


# -- a year of another blog ------------------------------------------------------------------------


class NonEmptyDays:
    """A post of another blog, as its author knows it."""

    def __init__(self, number: int) -> None:
        self.local = datetime(2012, 1, 1, 9, 5, tzinfo=PARIS) + timedelta(days=6 * number)
        self.modified = self.local + timedelta(hours=30) if number % 4 == 0 else None
        self.slug = f"post-{number}"
        self.title = ["Le pont: fermé", 'Dit "non" à tout', "C'est l'été", "دمشق", "2012"][
            number % 5
        ]
        self.category = ["Politique", "Société"][number % 2]
        self.tags = ["Homs", "Conseil de sécurité"][: number % 3]
        self.authors = ["Ana", "Zoé Li"][: 1 + number % 2]
        self.picture = f"image-{number}.png" if number % 3 == 0 else ""
        self.alt = "Le pont [vieux]"
        self.caption = 'De "loin"' if number % 2 else ""
        self.before = (
            f"Un fait **certain**, n° {number}.\n\n```sh\n![x](y.png)\n```\n\n- un\n- deux"
        )
        self.after = "\n\nEt [ailleurs](https://example.org/a_(b)).\n\n---\n\nFin."

    def markdown(self, picture: str = "") -> str:
        return self.before + (f"\n\n{picture}" if picture else "") + self.after

    def image(self, address: str) -> str:
        alt = self.alt.replace("[", "\\[").replace("]", "\\]")
        title = ' "{}"'.format(self.caption.replace('"', '\\"')) if self.caption else ""
        return f"![{alt}]({address}{title})"


YEAR = [NonEmptyDays(number) for number in range(60)]


def quoted(text: str) -> str:
    """Return a text as a scalar of YAML or TOML."""
    return '"{}"'.format(text.replace('"', '\\"'))


def as_hugo(site: Path, told: NonEmptyDays) -> None:
    """Write a post as Hugo keeps it: pages and bundles, YAML and TOML, figures."""
    number = int(told.slug.partition("-")[2])
    is_bundle, is_toml = number % 2 == 0, number % 6 >= 3
    sign = " =" if is_toml else ":"
    lines = [
        f"title{sign} {quoted(told.title)}",
        f"date{sign} {told.local.isoformat()}",
        f"authors{sign} [{', '.join(map(quoted, told.authors))}]",
        f"categories{sign} [{quoted(told.category)}]",
        f"tags{sign} [{', '.join(map(quoted, told.tags))}]",
        f"draft{sign} false",
    ]
    if told.modified:
        lines.append(f"lastmod{sign} {told.modified.isoformat()}")
    fence = "+++" if is_toml else "---"
    address = told.picture if is_bundle else f"/images/{told.picture}"
    caption = told.caption.replace('"', '\\"')
    figure = f'{{{{< figure src="{address}" alt="{told.alt}" caption="{caption}" >}}}}'
    page = "\n".join([fence, *lines, fence, "", told.markdown(figure if told.picture else ""), ""])
    place = f"content/posts/{told.slug}"
    put(site, f"{place}/index.md" if is_bundle else f"{place}.md", page)
    if told.picture:
        home = place if is_bundle else "static/images"
        put(site, f"{home}/{told.picture}", told.picture.encode())


def as_jekyll(site: Path, told: NonEmptyDays) -> None:
    """Write a post as Jekyll keeps it: dates with a space, tags in one line, Liquid."""
    lines = [
        "layout: post",
        f"title: {quoted(told.title)}",
        f"date: {told.local:%Y-%m-%d %H:%M:%S %z}",
        f"author: {', '.join(told.authors)}",
        f"category: {told.category}",
        f"tags: [{', '.join(told.tags)}]",
    ]
    if told.modified:
        lines.append(f"last_modified_at: {told.modified:%Y-%m-%d %H:%M:%S %z}")
    address = f"{{{{ site.baseurl }}}}/assets/{told.picture}"
    if told.caption:
        address = f'{{{{ "/assets/{told.picture}" | relative_url }}}}'
    text = told.markdown(told.image(address) + '{: width="100" }' if told.picture else "")
    put(site, "_config.yml", "baseurl: /blog\n")
    put(site, "_layouts/post.html", "{{ content }}")
    put(
        site,
        f"_posts/{told.local:%Y-%m-%d}-{told.slug}.md",
        "\n".join(["---", *lines, "---", text, ""]),
    )
    if told.picture:
        put(site, f"assets/{told.picture}", told.picture.encode())


def as_pelican(site: Path, told: NonEmptyDays) -> None:
    """Write a post as Pelican keeps it: lines of metadata, local times, ``{static}``."""
    lines = [
        f"Title: {told.title}",
        f"Date: {told.local:%Y-%m-%d %H:%M}",
        f"Authors: {', '.join(told.authors)}",
        f"Category: {told.category}",
        f"Tags: {', '.join(told.tags)}",
        f"Slug: {told.slug}",
        "Status: published",
    ]
    if told.modified:
        lines.append(f"Modified: {told.modified:%Y-%m-%d %H:%M}")
    address = f"{{static}}/images/{told.picture}"
    text = told.markdown(told.image(address) if told.picture else "")
    put(site, f"content/{told.slug}.md", "\n".join([*lines, "", text, ""]))
    if told.picture:
        put(site, f"content/images/{told.picture}", told.picture.encode())


def shown(picture: Picture) -> tuple[str, str, str, bytes]:
    """Return what is to be seen of a picture."""
    return picture.name, picture.alt, picture.caption, picture.read()


@pytest.mark.parametrize("layout", [as_hugo, as_jekyll, as_pelican])
def test_a_year_of_another_blog_is_the_same_in_every_layout(
    layout: Callable[[Path, NonEmptyDays], None], site: Path
) -> None:
    """Each post is imported as its author wrote it, and nothing is reported."""
    for told in YEAR:
        layout(site, told)
    found = items(site)
    assert [item for item in found if isinstance(item, Problem)] == []
    by_instant = {
        update.versions[0].published.instant: update
        for update in found
        if isinstance(update, Update)
    }
    assert len(by_instant) == len(found) == len(YEAR)
    assert len({update.key for update in by_instant.values()}) == len(YEAR)
    for told in YEAR:
        (made,) = by_instant[told.local.astimezone(UTC)].versions
        assert made.updated == (told.modified or told.local)
        assert made.title == told.title
        assert made.author == ", ".join(told.authors)
        assert made.tags == (told.category, *told.tags)
        assert made.body == told.markdown().strip()
        assert [shown(picture) for picture in made.pictures] == (
            [(told.picture, told.alt, told.caption, told.picture.encode())] if told.picture else []
        )


@pytest.mark.parametrize("layout", [as_hugo, as_jekyll, as_pelican])
def test_items_are_in_the_order_of_their_paths(
    layout: Callable[[Path, NonEmptyDays], None], site: Path, tmp_path: Path
) -> None:
    """Whatever order the files were made in; their keys are these paths."""
    other = tmp_path / "other"
    other.mkdir()
    for told in YEAR[:12]:
        layout(site, told)
    for told in reversed(YEAR[:12]):
        layout(other, told)
    keys = [update.key for update in updates(site)]
    assert keys == sorted(keys)
    assert [(item.where, item) for item in problems(site)] == []
    assert keys == [update.key for update in updates(other)]
    assert all((site / key).is_file() for key in keys)


# -- front matter ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Titre\ndate: 2012-07-15 12:00\ntags: [a, b]\n---\nTexte.\n",
        "---\r\ntitle: Titre\r\ndate: 2012-07-15 12:00\r\ntags: [a, b]\r\n---\r\nTexte.\r\n",
        "\ufeff---\ntitle: Titre\ndate: 2012-07-15 12:00\ntags: [a, b]\n---\nTexte.\n",
        "---\nTitle: 'Titre'\nDATE: 2012-07-15T12:00\nTags:\n- a\n- b\n...\n\n\nTexte.",
        "--- \ntitle: >\n  Titre\ndate: 2012-07-15T10:00:00Z # UTC\ntags: a, b\n--- \nTexte.",
        '+++\ntitle = "Titre"\ndate = 2012-07-15T12:00:00\ntags = ["a", "b"]\n+++\nTexte.\n',
        '+++\ntitle = "Titre"\ndate = "2012-07-15 12:00"\ntags = ["a", "b"]\n+++\n\nTexte.\n',
        '{"title": "Titre", "date": "2012-07-15T12:00:00+02:00", "tags": ["a", "b"]}\nTexte.\n',
        "Title: Titre\nDate: 2012-07-15 12:00\nTags: a,\n    b\n\nTexte.\n",
        "title:Titre\ndate:2012-07-15 12:00\ntags:a, b\n\nTexte.",
    ],
)
def test_front_matter_is_read_however_it_is_written(text: str, site: Path) -> None:
    """YAML, TOML, JSON and lines; any case of names; any line ends; a byte order mark."""
    put(site, "a.md", text)
    assert version(site) == Version(
        published=Moment(NOON),
        updated=NOON,
        title="Titre",
        body="Texte.",
        author="",
        tags=("a", "b"),
        lang="",
    )


@pytest.mark.parametrize("title", ["2012", "1.10", "yes", "0x1F", "2012-07-15", "1e3", "12:30:45"])
def test_a_title_is_a_text_whatever_yaml_makes_of_it(title: str, site: Path) -> None:
    """YAML 1.1 reads some words as numbers, dates and truth values; an author writes words."""
    put(site, "a.md", post(title=title, tags=f"[{title}]"))
    made = version(site)
    assert made.title == title
    assert made.tags == (title,)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tags": "[Homs, homs, ' ', Alep]"}, ("Homs", "Alep")),
        ({"tags": "Homs, Alep"}, ("Homs", "Alep")),
        ({"tags": "Conseil de sécurité"}, ("Conseil de sécurité",)),
        ({"categories": "[Politique]", "tags": "[Homs]"}, ("Politique", "Homs")),
        ({"category": "Politique", "tag": "Homs"}, ("Politique", "Homs")),
        ({"tags": ""}, ()),
        ({"tags": "null"}, ()),
    ],
)
def test_tags_and_categories_are_tags(
    fields: dict[str, str], expected: tuple[str, ...], site: Path
) -> None:
    """Each topic once, as it was first written."""
    put(site, "a.md", post(**fields))
    assert fit(version(site))[0].tags == expected


def test_jekyll_parts_tags_by_spaces_and_has_categories_above_its_posts(site: Path) -> None:
    """``tags: a b`` are two; ``news/_posts/`` is a category."""
    put(site, "news/_posts/2012/2012-07-15-a.md", post(tags="Homs Alep", categories="x y"))
    assert version(site).tags == ("news", "x", "y", "Homs", "Alep")


def test_pelican_takes_the_folder_for_the_category(site: Path) -> None:
    """Unless the post names one."""
    put(site, "content/news/a.md", "Date: 2012-07-15 12:00\n\nUn.")
    put(site, "content/news/b.md", "Date: 2012-07-15 12:00\nCategory: Autre\n\nDeux.")
    assert [update.versions[0].tags for update in updates(site)] == [("news",), ("Autre",)]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("author", "Ana", "Ana"),
        ("authors", "[Ana, Zoé Li]", "Ana, Zoé Li"),
        ("authors", "Ana, Zoé Li", "Ana, Zoé Li"),
        ("authors", "Li, Zoé; Ana", "Li, Zoé, Ana"),
        ("author", "{name: Ana, email: a@example.org}", "Ana"),
        ("authors", "[{name: Ana}, {name: Li}]", "Ana, Li"),
        ("author", "", ""),
    ],
)
def test_authors_are_named(field: str, value: str, expected: str, site: Path) -> None:
    """One, several, or with more said of them."""
    put(site, "a.md", post(**{field: value}))
    assert version(site).author == expected


def test_the_language_of_a_post_is_imported(site: Path) -> None:
    """An invalid language is left out and reported."""
    put(site, "a.md", post(lang="pt_BR"))
    assert fit(version(site))[0].lang == "pt-BR"
    put(site, "a.md", post(lang="../x"))
    shortened, changes = fit(version(site))
    assert shortened.lang == ""
    assert "is not a language code" in changes[0]


def test_a_post_without_a_text_has_its_summary(site: Path) -> None:
    """Pelican's posts may be that alone."""
    put(site, "a.md", post("", summary="En bref."))
    assert version(site).body == "En bref."


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("image: /img/a.png", "a.png"),
        ("image: {path: /img/a.png, alt: Un pont}", "a.png"),
        ("cover: {image: img/a.png, alt: Un pont, caption: Loin}", "a.png"),
        ("images: [img/a.png, img/b.png]", "a.png"),
        ("featured_image: img/a.png", "a.png"),
    ],
)
def test_the_picture_of_the_front_matter_is_taken(field: str, name: str, site: Path) -> None:
    """It stands first; without words of its own it has the title's."""
    put(site, "static/img/a.png", b"a")
    put(site, "img/b.png", b"b")
    key, _, value = field.partition(": ")
    put(site, "a.md", post("![B](/img/b.png)\n\nTexte.", title="Titre", **{key: value}))
    made = version(site)
    assert made.body == "Texte."
    assert [picture.name for picture in made.pictures] == [name, "b.png"]
    assert made.pictures[0].alt == ("Un pont" if "alt" in value else "Titre")
    assert made.pictures[0].read() == b"a"


# -- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2012-07-15", "2012/7/15", "July 15, 2012", "15 July 2012"])
def test_a_date_alone_is_a_whole_day(text: str) -> None:
    """A time with it, also midnight, is a time."""
    midnight = datetime(2012, 7, 14, 22, tzinfo=UTC)
    assert moment(text, PARIS) == Moment(midnight, "day")
    assert moment(f"{text} 00:00", PARIS) == Moment(midnight)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-07-15", "2012-07-14T22:00:00"),
        ("2012-7-5", "2012-07-04T22:00:00"),
        ("2012-07-15 12:00", "2012-07-15T10:00:00"),
        ("2012/07/15 12:00", "2012-07-15T10:00:00"),
        ("2012-07-15T12:00:30", "2012-07-15T10:00:30"),
        ("2012-07-15 12:00:30.123456", "2012-07-15T10:00:30"),
        ("2012-07-15 9:04", "2012-07-15T07:04:00"),
        ("2012-07-15T12:00:00Z", "2012-07-15T12:00:00"),
        ("2012-07-15 12:00:00 UTC", "2012-07-15T12:00:00"),
        ("2012-07-15 12:00:00 +0500", "2012-07-15T07:00:00"),
        ("2012-07-15T12:00:00-05:30", "2012-07-15T17:30:00"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-15T02:59:43"),
        ("Sun, 15 Jul 2012 12:00:00 +0000", "2012-07-15T12:00:00"),
        ("15 July 2012 12:00", "2012-07-15T10:00:00"),
        ("July 15, 2012", "2012-07-14T22:00:00"),
        # Both nights of the clock change in Paris.
        ("2012-10-28 02:30", "2012-10-28T00:30:00"),
        ("2012-10-28 03:00", "2012-10-28T02:00:00"),
        ("2012-03-25 01:59:59", "2012-03-25T00:59:59"),
        ("2012-03-25 02:30", "2012-03-25T01:30:00"),
        ("2012-03-25 03:30", "2012-03-25T01:30:00"),
        ("2012-10-28T02:30:00+01:00", "2012-10-28T01:30:00"),
        ("1000-01-04", "1000-01-03T23:50:39"),
        ("9000-12-28 23:59", "9000-12-28T22:59:00"),
    ],
)
def test_dates_are_instants_in_the_blogs_zone(text: str, expected: str) -> None:
    """Of a time shown twice the first; one that is skipped is moved on; offsets are obeyed."""
    assert moment(text, PARIS).instant == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "now", "2012", "2012-07", "2012-13-01", "2012-02-30", "0000-01-01",
        "0999-12-31", "9001-01-01", "9999-12-31", "10000-01-01", "2012-07-15 25:00",
        "2012-07-15 12:60",
        "2012-07-15 12:00 CEST", "2012-07-15 12:00 +99:00", "2012-07-15 5pm", "15 Juillet 2012",
        "2012-07-15T12:00:00+02:00 x", "-2012-07-15", "1342346400", "९९९९-०१-०१x", "\x1b[2J",
        "2012-07-15" + "0" * 100_000, "{{ date }}",
    ],
)  # fmt: skip
def test_what_is_no_date_is_a_problem(text: str, site: Path) -> None:
    """The post is not imported, and the others are."""
    with pytest.raises(InvalidInput, match="is not"):
        moment(text, PARIS)
    if text.isprintable() and text:
        put(site, "a.md", post(date=f"'{text}'"))
        put(site, "b.md", post())
        problem, update = items(site)
        assert isinstance(problem, Problem)
        assert problem.where == "a.md"
        assert "not imported" in problem.what
        assert len(problem.what) < 250
        assert isinstance(update, Update)


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    """Nothing else happens."""
    with contextlib.suppress(InvalidInput):
        assert moment(text, PARIS).instant.tzinfo is UTC


@given(
    st.datetimes(datetime(1001, 1, 1), datetime(9000, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Europe/Paris", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"]),
)
def test_a_date_with_its_offset_is_that_instant(local: datetime, zone: str) -> None:
    """Whatever the zone of the blog, ISO 8601 is exact."""
    at = local.replace(microsecond=0, tzinfo=UTC)
    written = at.strftime("%Y-%m-%d %H:%M:%S +0000").rjust(25, "0")
    for text in (at.isoformat(), written):
        assert moment(text, ZoneInfo(zone)) == Moment(at)


@pytest.mark.parametrize(
    "path", ["_posts/2012-07-15-un-fait.md", "2012-07-15.md", "posts/2012-07-15-a/index.md"]
)
def test_the_date_may_stand_in_the_name(path: str, site: Path) -> None:
    """Of the file, or of its bundle; the front matter's counts first."""
    put(site, path, "---\ntitle: A\n---\nUn fait.")
    assert version(site).published.instant == datetime(2012, 7, 14, 22, tzinfo=UTC)
    put(site, path, post())
    assert version(site).published.instant == NOON


def test_a_post_without_a_date_is_a_problem(site: Path) -> None:
    """As are files without front matter."""
    put(site, "about.md", "---\ntitle: A\n---\nUn.")
    put(site, "README.md", "# Un\n\nDeux.")
    put(site, "empty.md", "")
    put(site, "z.md", post())
    assert [(problem.where, "has no date" in problem.what) for problem in problems(site)] == [
        ("README.md", True),
        ("about.md", True),
        ("empty.md", True),
    ]
    assert len(updates(site)) == 1


@pytest.mark.parametrize("field", ["lastmod", "last_modified_at", "modified", "updated"])
def test_the_last_change_is_taken(field: str, site: Path) -> None:
    """Under each generator's name; one before the post counts as the post."""
    put(site, "a.md", post(**{field: "2012-07-16 12:00"}))
    assert version(site).updated == NOON + timedelta(days=1)
    put(site, "a.md", post(**{field: "2012-07-14"}))
    assert version(site).updated == NOON


@pytest.mark.parametrize("text", ["soon", "0000-00-00", "2031-01-01"])
def test_a_last_change_that_cannot_be_is_left_out_and_reported(text: str, site: Path) -> None:
    """The update comes with its date."""
    put(site, "a.md", post(lastmod=text))
    update, problem = items(site)
    assert isinstance(update, Update)
    assert update.versions[0].updated == NOON
    assert isinstance(problem, Problem)
    assert problem.what.startswith("left out: ")


# -- what is not imported ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields", "why"),
    [
        ("a.md", {"draft": "true"}, "it is a draft"),
        ("a.md", {"draft": "'yes'"}, "it is a draft"),
        ("_drafts/a.md", {}, "it is a draft"),
        ("a.md", {"status": "Draft"}, "it is a draft"),
        ("a.md", {"status": "hidden"}, "its status is 'hidden'"),
        ("a.md", {"published": "false"}, "it says 'published: false'"),
        ("a.md", {"date": "2014-01-02"}, "its date lies in the future"),
        ("a.md", {"publishdate": "2014-01-02"}, "its date lies in the future"),
        ("a.md", {"expirydate": "2013-12-31"}, "it has expired"),
        ("_index.md", {}, "it is the page of a section"),
        ("2014-01-02-a.md", {"date": ""}, "its date lies in the future"),
    ],
)
def test_what_readers_did_not_see_is_reported_and_not_imported(
    path: str, fields: dict[str, str], why: str, site: Path
) -> None:
    """Drafts, what is hidden, what is not yet due or no longer shown."""
    put(site, path, post(**fields))
    put(site, "_posts/z.md" if path.startswith("_drafts") else "z.md", post())
    (problem,) = problems(site)
    assert problem.where == path
    assert problem.what == f"{why}; it is not imported"
    assert problem.hint
    assert len(updates(site)) == 1


@pytest.mark.parametrize("fields", [{"draft": "false"}, {"published": "true"}, {"draft": ""}])
def test_what_says_that_it_is_no_draft_is_brought_in(fields: dict[str, str], site: Path) -> None:
    """And what says nothing."""
    put(site, "a.md", post(**fields))
    assert version(site).body == "Un fait."


@pytest.mark.parametrize(
    ("name", "what"),
    [("a.rst", "reStructuredText"), ("a.adoc", "AsciiDoc"), ("a.html", "HTML"), ("a.org", "Org")],
)
def test_other_kinds_of_text_are_reported(name: str, what: str, site: Path) -> None:
    """So that nobody misses a post; other files are none."""
    put(site, f"content/{name}", "x")
    put(site, "content/z.md", post())
    put(site, "content/data.csv", "1")
    put(site, "layouts/index.html", "x")
    (problem,) = problems(site)
    assert problem.where == f"content/{name}"
    assert what in problem.what


def test_only_the_posts_of_a_site_are_looked_at(site: Path) -> None:
    """Not its README, themes, output or hidden folders."""
    put(site, "content/posts/a.md", post())
    for path in ("README.md", "themes/x/README.md", "public/a.md", "content/.git/a.md"):
        put(site, path, post())
    assert [update.key for update in updates(site)] == ["content/posts/a.md"]
    other = site / "content" / "posts"
    assert [update.key for update in updates(other)] == ["a.md"]


# -- texts -----------------------------------------------------------------------------------------


@pytest.fixture
def pictures(site: Path) -> Path:
    """A folder with some pictures."""
    for path in ("static/a.png", "posts/b.png", "static/c (1).png", "static/big.jpg"):
        put(site, path, path.encode())
    return site


@pytest.mark.parametrize(
    ("text", "body", "found"),
    [
        ("![A](/a.png)", "", [("a.png", "A", "")]),
        ('![A *b*](/a.png "C d")', "", [("a.png", "A *b*", "C d")]),
        ("![A](</c (1).png> 'C')", "", [("c (1).png", "A", "C")]),
        ("![A](/c%20(1).png)", "", [("c (1).png", "A", "")]),
        ("![A](b.png?w=3#x)", "", [("b.png", "A", "")]),
        ("![A](./b.png)", "", [("b.png", "A", "")]),
        ("![A](../static/a.png)", "", [("a.png", "A", "")]),
        ("![A](a.png)", "", [("a.png", "A", "")]),
        ("![A]({static}/../posts/b.png)", "", [("b.png", "A", "")]),
        ("![A]({attach}b.png)", "", [("b.png", "A", "")]),
        ("![A](|filename|/a.png)", "", [("a.png", "A", "")]),
        ("Un ![A](/a.png) deux.", "Un  deux.", [("a.png", "A", "")]),
        ("Un.\n\n![A](/a.png)\n\nDeux.", "Un.\n\nDeux.", [("a.png", "A", "")]),
        ("![A](/a.png)\n![B](b.png)", "", [("a.png", "A", ""), ("b.png", "B", "")]),
        ("![A](/a.png) ![B](/a.png)", "", [("a.png", "A", "")]),
        ("![A][x]\n\n[x]: /a.png 'C'", "[x]: /a.png 'C'", [("a.png", "A", "C")]),
        ("![A]\n\n[a]: </a.png>", "[a]: </a.png>", [("a.png", "A", "")]),
        ("[![A](b.png)](/big.jpg)", "", [("big.jpg", "A", "")]),
        (
            "[![A](b.png)](https://example.org/)",
            "[A](<https://example.org/>)",
            [("b.png", "A", "")],
        ),
        ('<img src="/a.png" alt="A &amp; b">', "", [("a.png", "A & b", "")]),
        ("<IMG class=x alt='A' src=b.png />", "", [("b.png", "A", "")]),
        ('{{< figure src="/a.png" alt="A [b]" caption="C \\"d\\"" >}}', "",
         [("a.png", "A [b]", 'C "d"')]),
        ('{{<figure src="b.png" title="T">}}', "", [("b.png", "T", "T")]),
        ("{{% figure src=b.png alt=`A` %}}", "", [("b.png", "A", "")]),
        ("`![A](/a.png)`", "`![A](/a.png)`", []),
        ("``a ` ![A](/a.png)``", "``a ` ![A](/a.png)``", []),
        ("~~~\n![A](/a.png)\n```\n~~~", "~~~\n![A](/a.png)\n```\n~~~", []),
        ("```\n![A](/a.png)", "```\n![A](/a.png)", []),
        ("a ` b ![A](/a.png) c", "a ` b  c", [("a.png", "A", "")]),
        ("![A]", "![A]", []),
        ("![A] (/a.png)", "![A] (/a.png)", []),
        ("Un.\n\n<!--more-->\n\nDeux.", "Un.\n\n\nDeux.", []),
        ("[A](https://example.org/a.png)", "[A](https://example.org/a.png)", []),
        ("[A](#b) [C](mailto:a@example.org)", "[A](#b) [C](mailto:a@example.org)", []),
        ('{{</* figure src="a.png" */>}}', '{{< figure src="a.png" >}}', []),
        ("{{< highlight go >}}\nx := `a`\n{{< /highlight >}}", "```go\nx := `a`\n```", []),
    ],
)  # fmt: skip
def test_pictures_are_removed_from_the_text_and_imported(
    text: str, body: str, found: list[tuple[str, str, str]], pictures: Path
) -> None:
    """However they are written and wherever they lie; code is left as it is."""
    put(pictures, "posts/post.md", post(text))
    made = version(pictures)
    assert made.body == body
    assert [(p.name, p.alt, p.caption) for p in made.pictures] == found
    for picture in made.pictures:
        assert picture.read().decode().endswith(picture.name)


@pytest.mark.parametrize(
    ("text", "what", "body"),
    [
        ("![Un pont](/none.png)", "the picture is not in the folder: /none.png", "Un pont"),
        (
            "![Un](https://example.org/a.png)",
            "on another server",
            "![Un](https://example.org/a.png)",
        ),
        ("[Un](/about/)", "links to a page of the old blog: /about/", "[Un](/about/)"),
        (
            "[Un]({filename}x.md)",
            "links to a page of the old blog: {filename}x.md",
            "[Un]({filename}x.md)",
        ),
        (
            "[Un][x]\n\n[x]: y.md",
            "links to a page of the old blog: y.md",
            "[Un][x]\n\n[x]: y.md",
        ),
        (
            "{{< tweet 12 >}}",
            "stays in the text unchanged: {{< tweet 12 >}}",
            "{{< tweet 12 >}}",
        ),
        ("{{% n %}}Un.{{% /n %}}", ": {{% n %}}, {{% /n %}}", "{{% n %}}Un.{{% /n %}}"),
        ("{{< figure >}}", ": {{< figure >}}", "{{< figure >}}"),
        ("{{< highlight go >}}\nx", ": {{< highlight go >}}", "{{< highlight go >}}\nx"),
    ],
)
def test_a_part_without_an_equivalent_is_reported(
    text: str, what: str, body: str, pictures: Path
) -> None:
    """The update comes all the same, with the text as it stands."""
    put(pictures, "posts/post.md", post(text))
    update, problem = items(pictures)
    assert isinstance(update, Update)
    assert isinstance(problem, Problem)
    assert what in problem.what
    assert problem.where == "posts/post.md"
    assert problem.hint
    assert update.versions[0].body == body


@pytest.mark.parametrize(
    ("text", "body", "told"),
    [
        ("{{ site.baseurl }}/x", "/x", ""),
        ("![A]({{ site.url }}{{ site.baseurl }}/a.png)", "", ""),
        ("![A]({{ '/a.png' | relative_url }})", "", ""),
        ("![A]({% link a.png %})", "", ""),
        ("![A](/a.png){:.wide}\n{: #id }\nUn.", "Un.", ""),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}", ""),
        ("Un.{% comment %} {{ x }} {% endcomment %}", "Un.", ""),
        ("{%- highlight ruby -%}\nputs 1\n{% endhighlight %}", "```ruby\nputs 1\n```", ""),
        ("{% include a.html %}", "{% include a.html %}", "{% include a.html %}"),
        ("{{ page.title }}", "{{ page.title }}", "{{ page.title }}"),
        ("[A]({% post_url 2012-07-15-a %})", "[A]({% post_url 2012-07-15-a %})", "{% post_url"),
        ("{{< figure src='a.png' >}}", "{{< figure src='a.png' >}}", "{{< figure"),
        ("`{{ x }} {: y}`", "`{{ x }} {: y}`", "{{ x }}"),
        ("{% raw", "{% raw", ""),
    ],
)
def test_liquid_is_read_in_jekylls_posts(text: str, body: str, told: str, site: Path) -> None:
    """Its addresses, raw blocks and listings are converted; other tags stay and are reported."""
    put(site, "a.png", b"a")
    put(site, "_posts/2012-07-15-x.md", post(text))
    update, *doubts = items(site)
    assert isinstance(update, Update)
    assert update.versions[0].body == body
    assert [told in doubt.what for doubt in doubts if isinstance(doubt, Problem)] == (
        [True] if told else []
    )


@pytest.mark.parametrize("text", ["{% a %} {{ b }}", "{{< a >}}"])
def test_templates_of_others_are_words(text: str, site: Path) -> None:
    """Pelican knows neither Liquid nor shortcodes."""
    put(site, "a.md", f"Date: 2012-07-15 12:00\n\n{text}\n")
    assert version(site).body == text


def test_pictures_that_lie_in_a_bundle_unshown_are_reported(site: Path) -> None:
    """A theme may have made a gallery of them."""
    put(site, "content/posts/x/index.md", post("![A](a.png)"))
    put(site, "content/posts/x/a.png", b"a")
    put(site, "content/posts/x/b.jpg", b"b")
    update, problem = items(site)
    assert isinstance(update, Update)
    assert isinstance(problem, Problem)
    assert (
        "is beside the post, but its text does not show it: content/posts/x/b.jpg" in problem.what
    )
    assert "a.png" not in problem.what


def test_many_doubts_of_one_kind_are_one_problem(site: Path) -> None:
    """Which names the first, on one line, and not without end."""
    text = " ".join(f"[x](/page-{n}/)" for n in range(40)) + " [y](/" + "z" * 500 + ")"
    put(site, "a.md", post(text))
    (problem,) = problems(site)
    assert problem.what == (
        "links to a page of the old blog: /page-0/, /page-1/, /page-2/ (and 38 more)"
    )


# -- hostile folders -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "../secret.png",
        "/../secret.png",
        "../../../../../../../../etc/hostname",
        "/etc/hostname",
        "..%2fsecret.png",
        "%2e%2e/secret.png",
        "{static}/../../secret.png",
        "file:../secret.png",
        "link.png",
        "linked/secret.png",
        "circle.png",
        "a%00.png",
        "x" * 5000,
        "pipe.png",
        ".",
        "/",
    ],
)
def test_nothing_outside_the_folder_is_read(target: str, site: Path) -> None:
    """Neither by dots nor by links, encoded or not; what is no file is none."""
    os.symlink("../secret.png", site / "link.png")
    os.symlink("..", site / "linked")
    os.symlink("circle.png", site / "circle.png")
    os.mkfifo(site / "pipe.png")
    put(site, "post.md", post(f"![Un]({target})"))
    (update,) = updates(site)
    assert update.versions[0].pictures == ()
    assert [problem for problem in problems(site) if problem.where == "post.md"]


def test_links_that_lead_out_are_reported_and_not_followed(site: Path) -> None:
    """Of files and of folders; one that stays within is a file like others."""
    put(site, "a.md", post())
    put(site, "media/a.png", b"a")
    os.symlink("../secret.md", site / "out.md")
    os.symlink("..", site / "up")
    os.symlink("nowhere.md", site / "broken.md")
    os.symlink("a.md", site / "within.md")
    assert [update.key for update in updates(site)] == ["a.md", "within.md"]
    assert sorted(problem.where for problem in problems(site)) == ["broken.md", "out.md", "up"]


def test_a_picture_that_becomes_a_link_out_is_not_read(site: Path) -> None:
    """The place is looked at again when it is read."""
    put(site, "a.png", b"a")
    put(site, "post.md", post("![Un](a.png)"))
    (shown_,) = version(site).pictures
    (site / "a.png").unlink()
    os.symlink("../secret.png", site / "a.png")
    with pytest.raises(InvalidInput, match="There is no file"):
        shown_.read()


def test_a_picture_that_is_too_large_is_not_read(site: Path) -> None:
    """Reading it says so; the update comes."""
    put(site, "a.png", b"")
    os.truncate(site / "a.png", 110_000_000)
    put(site, "post.md", post("![Un](a.png)"))
    with pytest.raises(InvalidInput, match="more than 100,000,000 bytes"):
        version(site).pictures[0].read()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"---\ndate: 2012-07-15\n---\n\xff\xfe", "is not UTF-8"),
        ("---\ndate: 2012-07-15\n---\nUn.".encode("utf-16"), "is not UTF-8"),
        (b"---\ndate: 2012-07-15\n---\nUn\0.", r"U+0000"),
        (b"---\ndate: 2012-07-15\ntitle: a\0b\n---\nUn.", "not YAML"),
        (b"---\ndate: 2012-07-15\ntitle: \"a\\0b\"\n---\nUn.", "front matter holds"),
        (b"---\ndate: 2012-07-15\nUn.", "has no end"),
        (b"---\ndate: [2012\n---\nUn.", "not YAML"),
        (b"---\n- a\n---\nUn.", "no fields"),
        (b"---\na: &a [x, x]\nb: [*a, *a]\ndate: 2012-07-15\n---\nUn.", "alias"),
        (b"---\na: " + b"[" * 100_000 + b"\n---\nUn.", "front matter"),
        (b"---\n" + b"".join(b" " * n + b"a:\n" for n in range(60)) + b"---\nUn.", "too deeply"),
        (b"+++\ndate = 2012-02-30\n+++\nUn.", "not TOML"),
        (b"+++\na = " + b"[" * 100_000 + b"\n+++\nUn.", "TOML"),
        (b"+++\na = '" + b"x" * 300_000 + b"'\n+++\nUn.", "too large"),
        (b'{"a": ' + b"[" * 100_000, "not JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"---\ndate: 2012-07-15\n---\n" + b"x" * (limits.BODY_BYTES + 1), "100,001 bytes"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_a_problem(content: bytes, what: str, site: Path) -> None:
    """It is named, and the rest goes on."""
    put(site, "a.md", content)
    put(site, "b.md", post())
    problem, update = items(site)
    assert isinstance(problem, Problem)
    assert what in problem.what
    assert problem.where == "a.md"
    assert problem.hint
    assert isinstance(update, Update)


def test_a_file_without_end_is_a_problem(site: Path) -> None:
    """It is not read at all."""
    put(site, "a.md", "")
    os.truncate(site / "a.md", FILE_LIMIT + 1)
    put(site, "b.md", post())
    problem, _ = items(site)
    assert isinstance(problem, Problem)
    assert "more than 64,000,000 bytes" in problem.what


def test_tags_of_yaml_make_nothing(site: Path) -> None:
    """An object of Python is a text like any other."""
    put(
        site, "a.md", post(title="!!python/object/apply:os.system ['touch x']", tags="!!set {a, b}")
    )
    put(site, "b.md", post(title='!!python/name:os.system ""', author="!!binary YQ=="))
    assert [update.versions[0].title for update in updates(site)] == ["", ""]
    assert updates(site)[1].versions[0].author == "YQ=="


def test_names_that_cannot_be_written_are_reported(site: Path) -> None:
    """Not in UTF-8, or with a control character that would act on a terminal."""
    put(site, "a.md", post())
    (site / os.fsdecode(b"caf\xe9.md")).write_text(post())
    (site / "b\x1b[2J.md").write_text(post())
    (site / "c\n.md").write_text(post())
    assert [update.key for update in updates(site)] == ["a.md"]
    found = problems(site)
    assert len(found) == 3
    assert all(problem.where.isprintable() for problem in found)


def test_names_of_every_script_are_keys(site: Path) -> None:
    """As they are on the disk."""
    for name in (
        "دمشق.md",
        "été.md",
        unicodedata.normalize("NFD", "à.md"),
        "a b.MD",
        "😀.markdown",
    ):
        put(site, name, post())
    assert {update.key for update in updates(site)} == set(os.listdir(site))


@pytest.mark.parametrize(
    "field",
    ["title", "author", "date", "lang", "tags", "image", "status", "lastmod", "other", "liveblog"],
)
@pytest.mark.parametrize("hostile", ['"\\e[2J"', '["\\x9b2J"]', '{"\\0": x}'])
def test_nothing_said_of_a_file_acts_on_a_terminal(field: str, hostile: str, site: Path) -> None:
    """Whatever its front matter escapes, the report is printable and the post is not imported."""
    put(site, "a.md", post(**{field: hostile}))
    (problem,) = items(site)
    assert isinstance(problem, Problem)
    assert "front matter holds the character" in problem.what
    assert problem.what.isprintable()


def test_nothing_said_of_an_export_acts_on_a_terminal(site: Path) -> None:
    """Invalid names in it are reported without their control characters."""
    for number, record in enumerate(
        (
            {"type": "\x1b[2J"},
            {"type": "framing", "period": "\x1b[2J" + "x" * 9999},
            {"type": "framing", "period": "coverage", "rev": "\x1b[2J"},
        )
    ):
        own = json.dumps({"revisions": [record]})
        put(site, f"{number}.md", f"---\nliveblog: {own}\n---\n")
    found = problems(site)
    assert len(found) == 3
    assert all(problem.what.isprintable() and len(problem.what) < 400 for problem in found)


@pytest.mark.parametrize("tags", ["['!!!', Homs]", f"[Homs, {'x' * 201}]"])
def test_what_cannot_be_a_tag_is_left_out_and_reported(tags: str, site: Path) -> None:
    """The update comes with the others."""
    put(site, "a.md", post(tags=tags))
    found, (doubt,) = fit(version(site))
    assert found.tags == ("Homs",)
    assert "is not a tag" in doubt


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "![" * 40_000,
        "[![a](" * 15_000,
        "![a](b \"" * 11_000,
        "`" * 99_000,
        "".join("`" * n + " " for n in range(1, 440)),
        "{{< highlight x >}}" * 5_000,
        "{{< " * 24_000,
        "<img " * 19_000,
        "[a]: " * 19_000,
        "```\n~~~\n" * 12_000,
        "(" * 99_000,
        "![](" + "(" * 99_000,
        "{: " * 33_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["a.md", "_posts/a.md"])
def test_hostile_texts_take_no_time(text: str, path: str, site: Path) -> None:
    """What is written to be slow is read like anything else."""
    put(site, path, post(text.replace("{{<", "{%").replace(">}}", "%}") if "_" in path else text))
    assert len(updates(site)) == 1


texts = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            [
                "---", "+++", "\n", "date: 2012-07-15", "date = 2012-07-15", "tags: [a", "]", "{",
                "}", "{{< figure src=a.png >}}", "{{<", ">}}", "{%", "%}", "{{", "}}", "![", "](",
                ")", "`", "```", "<img", ">", "[x]: y", "title: ", "&a", "*a", '"', "\\", "\t",
            ]
        ),
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(texts, st.booleans())
def test_any_file_is_an_update_or_a_problem(text: str, is_whole: bool) -> None:
    """Nothing is lost in silence, and nothing stops the rest."""
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        head = "---\ndate: 2012-07-15\n---\n" if is_whole else ""
        put(site, "a.md", (head + text).encode(errors="replace"))
        put(site, "b.md", post())
        found = items(site)
        assert {item.where for item in found} == {"a.md", "b.md"}
        for item in found:
            if isinstance(item, Update):
                assert all(slug(tag) for tag in (item.versions[0].tags or ()))


# -- sources that are broken as a whole ------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.write_text("x"), lambda p: p.mkdir()])
def test_a_folder_without_posts_is_refused(make: Callable[[Path], Any], tmp_path: Path) -> None:
    """Before anything is yielded: it is not there, is a file, or is empty."""
    make(tmp_path / "posts")
    with pytest.raises(InvalidInput, match="posts"):
        folder(tmp_path / "posts", zone=PARIS, now=NOW, language="en")


# -- films ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "![The bridge](v.mp4)",
        '<video controls aria-label="The bridge" src="v.mp4"></video>',
        '<video aria-label="The bridge">\n<source src="v.mp4" type="video/mp4">\nOld.\n</video>',
    ],
)
def test_films_of_the_folder_come_as_pictures_do(site: Path, text: str) -> None:
    """Whatever shows them."""
    put(site, "v.mp4", b"film")
    put(site, "a.md", post(f"Before.\n\n{text}\n\nAfter."))
    found = version(site)
    assert [(p.name, p.alt, p.read()) for p in found.pictures] == [("v.mp4", "The bridge", b"film")]
    assert found.body == "Before.\n\nAfter."


def test_a_film_on_another_server_is_a_link_and_one_beside_a_post_is_told(site: Path) -> None:
    """Neither is lost in silence."""
    put(site, "a/v.mp4", b"film")
    put(site, "a/index.md", post('<audio src="https://e.org/a.mp3">Old.</audio>'))
    (found,) = updates(site)
    assert found.versions[0].body == "[https://e.org/a.mp3](<https://e.org/a.mp3>)"
    assert [problem.what for problem in problems(site)] == [
        "is on another server, so readers get a link: https://e.org/a.mp3",
        "is beside the post, but its text does not show it: a/v.mp4",
    ]


# -- languages -------------------------------------------------------------------------------------

HUGO = """
baseURL = "https://e.org/"
defaultContentLanguage = "en"
[languages.en]
{en}
[languages.fr]
{fr}
"""


def languages(site: Path) -> dict[str, tuple[str, list[str]]]:
    """Return the language of each update, and the languages of those that it links to."""
    return {
        update.key: (update.versions[0].lang or "", [one.lang for one in update.translations])
        for update in updates(site)
    }


def test_translations_in_folders_or_by_file_name_have_their_language_and_links(site: Path) -> None:
    """As the configuration of Hugo says, in any of its files and formats."""
    for name in ("en/post/storm.md", "fr/post/storm.md", "en/post/alone.md", "fr/seul.md"):
        put(site, f"content/{name}", post(title=name))
    folders = {"en": 'contentDir = "content/en"', "fr": 'contentDir = "content/fr"'}
    expected = {
        "content/en/post/alone.md": ("", []),
        "content/en/post/storm.md": ("", ["fr"]),
        "content/fr/post/storm.md": ("fr", ["en"]),
        "content/fr/seul.md": ("fr", []),
    }
    put(site, "hugo.toml", HUGO.format(**folders))
    assert languages(site) == expected
    (site / "hugo.toml").unlink()
    place = "languages: {en: {contentDir: content/en}, fr: {contentDir: content/fr}}"
    put(site, "config/_default/config.yaml", f"defaultContentLanguage: en\n{place}\n")
    assert languages(site) == expected
    (told,) = problems(site)
    assert told.what.startswith("2 posts say the same in several languages (en, fr)")


def test_a_language_in_a_file_name(site: Path) -> None:
    """Without a configuration it counts where two posts share the name."""
    for name in ("a.md", "a.fr.md", "b.fr.md", "notes.old.md", "notes.md", "c.de.md", "c.es.md"):
        put(site, f"content/{name}", post())
    found = languages(site)
    assert {where: lang for where, (lang, _) in found.items() if lang} == {
        "content/a.fr.md": "fr",
        "content/c.de.md": "de",
        "content/c.es.md": "es",
    }
    put(site, "config.toml", HUGO.format(en="weight = 1", fr="weight = 2"))
    assert languages(site)["content/b.fr.md"] == ("fr", [])


@pytest.mark.parametrize("shared", ["translationKey: storm", "lang-ref: storm", "slug: storm"])
def test_translations_that_the_front_matter_names(site: Path, shared: str) -> None:
    """As Hugo, plugins of Jekyll, and Pelican write them."""
    name, _, value = shared.partition(": ")
    put(site, "tempete.md", post(lang="fr", **{name: value}))
    put(site, "sturm.md", post(lang="de", **{name: value}))
    put(site, "other.md", post(lang="de"))
    assert languages(site) == {
        "other.md": ("de", []),
        "sturm.md": ("de", ["fr"]),
        "tempete.md": ("fr", ["de"]),
    }


def test_a_translation_that_is_not_imported_is_not_linked(site: Path) -> None:
    """A draft, or a post that cannot be read."""
    put(site, "a.md", post())
    put(site, "a.fr.md", post(draft="true"))
    put(site, "a.de.md", post(date="soon"))
    assert languages(site) == {"a.md": ("", [])}


def test_the_day_is_that_of_the_zone(site: Path) -> None:
    """A date alone is the midnight of the blog's place, also where it is skipped or doubled."""
    for zone, day in (("America/Sao_Paulo", "2012-10-21"), ("Asia/Beirut", "2012-10-28")):
        put(site, "a.md", post(date=day))
        (update,) = folder(site, zone=ZoneInfo(zone), now=NOW, language="en")
        assert isinstance(update, Update)
        local = update.versions[0].published.instant.astimezone(ZoneInfo(zone))
        assert local.date() == date.fromisoformat(day)
