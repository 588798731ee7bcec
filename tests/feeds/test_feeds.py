"""Atom, RSS and JSON Feed by their standards, on what a rich blog publishes."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html

from liveblog import Blog
from liveblog.blog import Image
from liveblog.feeds import Enclosure, Feed, Item, Origin, documents
from liveblog.feeds.model import safe
from liveblog.model import addresses
from liveblog.model.entry import Figure, Source

from ..conftest import Clock, begun, copied, site_bytes
from ..site.test_publish import picture

DATA = Path(__file__).parent / "data"
A = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def parse(data: bytes) -> Any:
    """Parse XML; the tests look into it freely."""
    return etree.fromstring(data)


@pytest.fixture(scope="module")
def grammar() -> Any:
    """The grammar of RFC 4287."""
    return etree.RelaxNG(etree.parse(DATA / "atom.rng"))


@pytest.fixture(scope="module")
def schema() -> Any:
    """JSON Feed 1.1, strictly."""
    return jsonschema.Draft202012Validator(json.loads((DATA / "jsonfeed-1.1.json").read_text()))


def tell(blog: Blog, clock: Clock, folder: Path) -> dict[str, str]:
    """Post whatever an entry can be, over nine days; return ids by a short name."""
    image = picture(folder)
    ids = {}
    clock.set("2012-07-15T18:04:00+02:00")
    ids["rich"] = blog.post(
        "Un *fait* & un autre <b>gras</b> 🕊 « été ».[^1]\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "![ailleurs](https://elsewhere.example/x.png) [page](about/us.html) https://nu.example/\n\n"
        "[^1]: Une note.",
        title='Titre & <suite> "cité"', tags=["Réfugiés", "دمشق", "ONU & co"], key=True,
        images=[Image(image, "Un point", "Légende"), Image(image, "Le même")],
        sources=[Source("OSDH", "https://www.syriahr.com/?a=1&b=2"), Source("Un témoin")],
        figures=[Figure("Morts (OSDH)", 105, "personnes", "OSDH")],
    ).id  # fmt: skip
    clock.go(hours=1)
    ids["plain"] = blog.post("Sans titre.", author="Ana & Zoé", lang="en").id
    ids["claim"] = blog.post("On dit.", verification="unconfirmed", tags=["ONU & co"]).id
    clock.go(days=1)
    ids["wrong"] = blog.post(
        "FAUX", title="FAUX", tags=["ONU & co"], images=[Image(image, "FAUX")]
    ).id
    clock.go(hours=1)
    blog.retract(ids["wrong"], why="Erreur de notre part.")
    clock.go(days=7)
    ids["last"] = blog.post("La suite.", tags=["Réfugiés"]).id
    blog.edit(ids["plain"], body="Sans titre, corrigé.", note="Une précision.")
    blog.frame("2012-07-15", headline="Un & <deux>", introduction="*Début*.", close="Fin.")
    blog.frame("2012-W28", headline="La semaine")
    blog.publish()
    return ids


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Blog, dict[str, str]]:
    """A rich French blog, published."""
    folder, clock = tmp_path_factory.mktemp("feeds"), Clock()
    blog = begun(folder / "blog", clock)
    return blog, tell(blog, clock, folder)


@pytest.fixture
def told(
    original: tuple[Blog, dict[str, str]], clock: Clock, tmp_path: Path
) -> tuple[Blog, dict[str, str]]:
    """A rich French blog, published, to be changed at will."""
    blog, ids = original
    return copied(blog, tmp_path / "blog", clock), ids


def feeds(blog: Blog, name: str) -> dict[str, bytes]:
    """Return each file of that name on the site, by its path."""
    return {p: data for p, data in site_bytes(blog.paths.site).items() if p.endswith(name)}


# -- Atom: RFC 4287 ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "ar", "en", "de", "es"])
def test_every_atom_feed_keeps_to_the_grammar(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, grammar: Any, language: str
) -> None:
    """Updates, days, weeks and tags; in every language; and of an empty blog."""
    blog = new_blog(language=language)
    blog.publish()
    assert len(feeds(blog, "atom.xml")) == 3
    for data in feeds(blog, "atom.xml").values():
        grammar.assertValid(parse(data))
    tell(blog, clock, tmp_path)
    found = feeds(blog, "atom.xml")
    assert len(found) == 8
    for path, data in found.items():
        assert grammar.validate(parse(data)), (path, grammar.error_log)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<id>", b"<id>x</id><id>"),
        (b"<updated>", b"<updated>yesterday</updated><updated>"),
        (b"</title>", b"</title><title>two</title>"),
        (b'rel="self"', b'rel=""'),
        (b'type="html"', b'type="xhtml"'),
        (b"<feed ", b'<feed made="up" '),
        (b"<author>", b"<writer/><author>"),
    ],
)
def test_the_grammar_bites(
    told: tuple[Blog, Any], grammar: Any, before: bytes, after: bytes
) -> None:
    """A feed that breaks a rule is refused."""
    data = feeds(told[0], "atom.xml")["atom.xml"]
    assert before in data
    assert not grammar.validate(parse(data.replace(before, after, 1)))


def test_what_the_grammar_cannot_say(told: tuple[Blog, Any]) -> None:
    """Author, alternate and self links, unique ids, metadata before the first entry."""
    blog, _ = told
    for path, data in feeds(blog, "atom.xml").items():
        root = parse(data)
        folder = path.removesuffix("atom.xml")
        links = [(e.get("rel"), e.get("type")) for e in root.findall(f"{A}link")]
        assert len(set(links)) == len(links)
        own = [e.get("href") for e in root.findall(f"{A}link") if e.get("rel") == "self"]
        from urllib.parse import quote

        assert own == [f"{blog.config.url}{quote(folder)}atom.xml"]
        assert root.findtext(f"{A}author/{A}name")
        ids = [e.text for e in root.iter(f"{A}id") if e.getparent().tag != f"{A}source"]
        assert len(set(ids)) == len(ids)
        assert all(i.startswith("tag:example.org,2012-07-15:semaine") for i in ids)
        tags = [child.tag for child in root]
        first = tags.index(f"{A}entry") if f"{A}entry" in tags else len(tags)
        assert set(tags[first:]) <= {f"{A}entry"}
        assert root.findtext(f"{A}updated") == max(
            e.findtext(f"{A}updated") for e in root.findall(f"{A}entry")
        )
        for entry in root.findall(f"{A}entry"):
            alternates = [e for e in entry.findall(f"{A}link") if e.get("rel") == "alternate"]
            assert len(alternates) == 1
            assert entry.find(f"{A}content").get("type") == "html"
            assert entry.findtext(f"{A}title")


def entry_of(blog: Blog, entry_id: str, path: str = "atom.xml") -> Any:
    """Return an entry's element in a feed, or None."""
    root = parse(feeds(blog, "atom.xml")[path])
    return next(
        (
            e
            for e in root.findall(f"{A}entry")
            if (e.findtext(f"{A}id") or "").endswith(f"/{entry_id}")
        ),
        None,
    )


def test_enclosures_are_true(told: tuple[Blog, dict[str, str]]) -> None:
    """Each with rel, type, title, and the length of the file that lies there."""
    blog, ids = told
    links = [
        e for e in entry_of(blog, ids["rich"]).findall(f"{A}link") if e.get("rel") == "enclosure"
    ]
    assert [e.get("title") for e in links] == ["Un point", "Le même"]
    for link in links:
        file = blog.paths.site / link.get("href").removeprefix(blog.config.url)
        assert link.get("type") == "image/png"
        assert int(link.get("length")) == file.stat().st_size
    assert entry_of(blog, ids["rich"]).find(f"{A}link").get("rel") == "alternate"


def test_an_entry_in_another_language_says_so(told: tuple[Blog, dict[str, str]]) -> None:
    """xml:lang on the feed, and on entries that differ."""
    blog, ids = told
    root = parse(feeds(blog, "atom.xml")["atom.xml"])
    assert root.get(LANG) == "fr"
    assert entry_of(blog, ids["plain"]).get(LANG) == "en"
    assert entry_of(blog, ids["rich"]).get(LANG) is None


def test_an_entry_copied_into_a_tags_feed_names_its_source(
    told: tuple[Blog, dict[str, str]],
) -> None:
    """RFC 4287 §4.2.11: id, title and updated of the feed it comes from."""
    blog, ids = told
    source = entry_of(blog, ids["last"], "tags/refugies/atom.xml").find(f"{A}source")
    assert source.findtext(f"{A}id") == blog.config.id
    assert source.findtext(f"{A}title") == "Une semaine"
    assert source.findtext(f"{A}updated")
    assert entry_of(blog, ids["last"]).find(f"{A}source") is None


def test_ids_never_change(told: tuple[Blog, dict[str, str]], clock: Clock) -> None:
    """Whatever else does: address, title, text, day."""
    blog, ids = told
    before = {e.text for e in parse(feeds(blog, "atom.xml")["atom.xml"]).iter(f"{A}id")}
    path = blog.paths.root / "liveblog.toml"
    path.write_text(
        path.read_text().replace("https://example.org/semaine/", "https://other.example/x/")
        .replace("Une semaine", "Un autre nom")
    )  # fmt: skip
    moved = Blog(blog.paths.root, clock=clock)
    moved.edit(ids["rich"], title="Autre", body="Autre", at=clock.now)
    moved.publish()
    after = {e.text for e in parse(feeds(moved, "atom.xml")["atom.xml"]).iter(f"{A}id")}
    assert after == before


def test_updated_moves_for_significant_edits_only(
    told: tuple[Blog, dict[str, str]], clock: Clock
) -> None:
    """A minor edit changes the text under the same date."""
    blog, ids = told

    def updated() -> str:
        blog.publish()
        text: str = entry_of(blog, ids["last"]).findtext(f"{A}updated")
        return text

    before = updated()
    clock.go(minutes=5)
    blog.edit(ids["last"], body="Une coquille.", minor=True)
    assert updated() == before
    clock.go(minutes=5)
    blog.edit(ids["last"], body="Du neuf.")
    assert updated() > before


def test_a_correction_of_an_old_entry_comes_back(blog: Blog, clock: Clock) -> None:
    """Into all three update feeds, though newer entries had pushed it out."""
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + "\n[feeds]\nentries = 5\n")
    blog = Blog(blog.paths.root, clock=clock)
    old = blog.post("Ancien.", tags=["a"])
    for _ in range(12):
        clock.go(hours=9)
        blog.post("Plus récent.", tags=["a"])
    blog.publish()
    assert entry_of(blog, old.id) is None
    clock.go(hours=1)
    blog.edit(old.id, body="Ancien, corrigé.", note="Le lieu était faux.")
    blog.publish()
    entry = entry_of(blog, old.id)
    assert "Le lieu était faux." in entry.findtext(f"{A}content")
    for name in ("rss.xml", "feed.json"):
        assert old.id in site_bytes(blog.paths.site)[name].decode()
    root = parse(feeds(blog, "atom.xml")["atom.xml"])
    assert len(root.findall(f"{A}entry")) == 5


def test_a_retraction_replaces_the_content_under_the_same_id(
    told: tuple[Blog, dict[str, str]],
) -> None:
    """The notice and its reason; no enclosure, no source, nothing of the text."""
    blog, ids = told
    entry = entry_of(blog, ids["wrong"])
    assert "Erreur de notre part." in entry.findtext(f"{A}content")
    assert "FAUX" not in etree.tostring(entry, encoding="unicode")
    assert [e.get("rel") for e in entry.findall(f"{A}link")] == ["alternate"]


# -- digests as entries ------------------------------------------------------------------------


def test_days_and_weeks_enter_their_feeds_once_closed(blog: Blog, clock: Clock) -> None:
    """Never the current one; the newest first; ids of their own; dated when they were over."""
    clock.set("2012-07-15T18:04:00+02:00")
    blog.post("Dimanche.")
    blog.publish()
    assert [len(_entries(blog, f"{k}/atom.xml")) for k in ("daily", "weekly")] == [0, 0]
    clock.set("2012-07-15T23:59:59+02:00")
    blog.publish()
    assert _entries(blog, "daily/atom.xml") == []
    clock.set("2012-07-16T00:00:00+02:00")
    blog.publish()
    clock.go(hours=9)
    blog.post("Lundi.")
    clock.go(days=1)
    blog.publish()
    titles = [e.findtext(f"{A}title") for e in _entries(blog, "daily/atom.xml")]
    assert titles == ["Lundi 16 juillet", "Dimanche 15 juillet"]
    sunday = _entries(blog, "daily/atom.xml")[1]
    assert sunday.findtext(f"{A}id").endswith(":semaine/digest/2012-07-15")
    assert sunday.findtext(f"{A}published") == "2012-07-15T22:00:00+00:00"
    weeks = _entries(blog, "weekly/atom.xml")
    assert [e.findtext(f"{A}id").rpartition("/")[2] for e in weeks] == ["2012-W28"]
    assert "Dimanche." in weeks[0].findtext(f"{A}content")
    # Both are made of entries of the main feed, and name it (RFC 4287 §4.2.11).
    for entry in (sunday, weeks[0]):
        source = entry.find(f"{A}source")
        assert source.findtext(f"{A}id") == blog.config.id
        assert source.findtext(f"{A}title") == blog.config.title
        assert source.findtext(f"{A}updated") == entry.findtext(f"{A}updated")
        assert source.find(f"{A}link").get("href") == f"{blog.config.url}atom.xml"
    item = parse(site_bytes(blog.paths.site)["daily/rss.xml"]).find("channel/item")
    assert item.find("source").get("url") == f"{blog.config.url}rss.xml"


def _entries(blog: Blog, path: str) -> Any:
    return parse(site_bytes(blog.paths.site)[path]).findall(f"{A}entry")


def test_a_correction_updates_a_closed_day_under_its_id(
    told: tuple[Blog, dict[str, str]], clock: Clock
) -> None:
    """Its date of publication stays; ``updated`` moves."""
    blog, ids = told

    def sunday() -> Any:
        found = _entries(blog, "daily/atom.xml")
        return next(e for e in found if e.findtext(f"{A}id").endswith("2012-07-15"))

    before = sunday()
    clock.go(hours=1)
    blog.edit(ids["claim"], body="On disait.", note="Précision.")
    blog.publish()
    after = sunday()
    assert after.findtext(f"{A}published") == before.findtext(f"{A}published")
    assert after.findtext(f"{A}updated") > before.findtext(f"{A}updated")
    assert "On disait." in after.findtext(f"{A}content")


# -- RSS 2.0 and the Board's profile -----------------------------------------------------------


def test_rss_keeps_to_the_profile(told: tuple[Blog, Any]) -> None:
    """Required elements, one self link, guids, dates, order, at most one enclosure."""
    blog, _ = told
    site = site_bytes(blog.paths.site)
    found = feeds(blog, "rss.xml")
    assert len(found) == 8
    for path, data in found.items():
        assert not re.search(rb"ns\d+:|xmlns:(at|fh)=(?!.*<(at|fh):)", data, re.DOTALL)
        channel = parse(data).find("channel")
        for name in ("title", "link", "description", "language", "lastBuildDate", "ttl"):
            assert channel.findtext(name), (path, name)
        assert channel.findtext("link").startswith(blog.config.url)
        own = channel.findall(f"{A}link")
        mine = [e for e in own if e.get("rel") == "self"]
        assert [e.get("type") for e in mine] == ["application/rss+xml"]
        assert mine[0].get("href") == addresses.url(blog.config.url, path)
        assert channel.find("managingEditor") is None
        newest = []
        for item in channel.findall("item"):
            assert item.find("guid").get("isPermaLink") == "false"
            order = [child.tag for child in item]
            assert order.index("description") < order.index(CONTENT)
            assert item.findtext(f"{DC}creator")
            assert item.find("author") is None
            assert re.fullmatch(
                r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", item.findtext("pubDate")
            )
            assert len(item.findall("enclosure")) <= 1
            for enclosure in item.findall("enclosure"):
                name = enclosure.get("url").removeprefix(blog.config.url)
                assert int(enclosure.get("length")) == len(site[name])
            newest.append(datetime.fromisoformat(item.findtext(f"{A}updated")))
        assert parsedate_to_datetime(channel.findtext("lastBuildDate")) == max(newest)


def test_rss_titles_are_plain_text_with_numeric_references(
    told: tuple[Blog, dict[str, str]],
) -> None:
    """``&`` and ``<`` so that readers that take titles for HTML show them too."""
    data = feeds(told[0], "rss.xml")["rss.xml"].decode()
    assert '<title>Titre &#x26; &#x3C;suite&gt; "cité"</title>' in data


def test_hints_agree_and_slow_down_when_it_is_over(told: tuple[Blog, Any]) -> None:
    """ttl and sy: in minutes and per hour; once a day after the end."""
    blog, _ = told

    def hints() -> tuple[str, ...]:
        channel = parse(feeds(blog, "rss.xml")["rss.xml"]).find("channel")
        names = ("ttl", f"{SY}updatePeriod", f"{SY}updateFrequency")
        return tuple(channel.findtext(name) for name in names)

    assert hints() == ("5", "hourly", "12")
    blog.end()
    blog.publish()
    assert hints() == ("1440", "daily", "1")


# -- JSON Feed 1.1 -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_json_feed_keeps_to_the_schema(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, schema: Any, language: str
) -> None:
    """Updates, days, weeks and tags, full and empty, live and over."""
    blog = new_blog(language=language)
    blog.publish()
    for data in feeds(blog, "feed.json").values():
        schema.validate(json.loads(data))
    tell(blog, clock, tmp_path)
    blog.end()
    blog.publish()
    found = feeds(blog, "feed.json")
    assert len(found) == 8
    for path, data in found.items():
        document = json.loads(data)
        schema.validate(document)
        assert next(iter(document)) == "version"
        assert document.get("expired", False) is ("2012/07/" not in path)
        assert document["feed_url"].endswith("/feed.json"), path


def test_the_schema_bites(schema: Any, told: tuple[Blog, Any]) -> None:
    """An unknown or missing member is refused."""
    document = json.loads(feeds(told[0], "feed.json")["feed.json"])
    assert not schema.is_valid(document | {"made_up": 1})
    assert not schema.is_valid({k: v for k, v in document.items() if k != "version"})
    document["items"][0].pop("content_html")
    assert not schema.is_valid(document)


def test_json_items_carry_everything(told: tuple[Blog, dict[str, str]]) -> None:
    """Modified dates, authors, tags, attachments with sizes; no title where there was none."""
    blog, ids = told
    document = json.loads(feeds(blog, "feed.json")["feed.json"])
    items = {item["id"].rpartition("/")[2]: item for item in document["items"]}
    rich = items[ids["rich"]]
    assert rich["title"] == 'Titre & <suite> "cité"'
    assert rich["tags"] == ["Réfugiés", "دمشق", "ONU & co"]
    assert [a["size_in_bytes"] for a in rich["attachments"]] == [
        m.size for m in blog.timeline.entry(ids["rich"]).now.media
    ]
    plain = items[ids["plain"]]
    assert "title" not in plain
    assert plain["authors"] == [{"name": "Ana & Zoé"}]
    assert plain["language"] == "en"
    assert plain["date_modified"] > plain["date_published"]


# -- all three ---------------------------------------------------------------------------------


def contents(blog: Blog) -> list[str]:
    """Return the HTML of every item of every feed."""
    found = []
    for data in feeds(blog, "atom.xml").values():
        found += [e.text for e in parse(data).iter(f"{A}content")]
    for data in feeds(blog, "rss.xml").values():
        found += [e.text for e in parse(data).iter(CONTENT)]
    for data in feeds(blog, "feed.json").values():
        found += [item["content_html"] for item in json.loads(data)["items"]]
    return found


def test_every_address_in_a_feed_is_absolute(told: tuple[Blog, Any]) -> None:
    """Links, pictures, footnotes: a reader shows them far from the site."""
    found = contents(told[0])
    assert len(found) > 30
    for content in found:
        tree: Any = lxml_html.fragment_fromstring(content, create_parent="div")
        for element in tree.iter("a", "img"):
            address = element.get("href") or element.get("src")
            assert (address or "").startswith("https://"), lxml_html.tostring(element)
    assert any(f"{told[0].config.url}about/us.html" in content for content in found)


def test_contents_survive_feedparsers_sanitiser(told: tuple[Blog, Any]) -> None:
    """No word of an entry or a digest is lost to a reader that cleans what it gets."""
    import feedparser

    def words(html: str) -> list[str]:
        text: str = lxml_html.fragment_fromstring(html, create_parent="div").text_content()
        return text.split()

    for path in ("atom.xml", "daily/atom.xml", "weekly/atom.xml"):
        data = feeds(told[0], "atom.xml")[path]
        given_ = [e.text for e in parse(data).iter(f"{A}content")]
        kept = [e.content[0].value for e in feedparser.parse(data).entries]
        assert [words(k) for k in kept] == [words(g) for g in given_]


def test_an_embargoed_entry_is_in_no_feed_before_its_time(blog: Blog, clock: Clock) -> None:
    """And in each at its time, dated by its release."""
    blog.post("Ouvert.")
    at = datetime(2012, 7, 17, 6, 0, tzinfo=UTC)
    held = blog.post("SECRET", at=at, schedule=True, tags=["Ouvert"])
    clock.set("2012-07-17T05:59:59Z")
    blog.publish()
    assert not any("SECRET" in content for content in contents(blog))
    clock.set("2012-07-17T06:00:00Z")
    blog.publish()
    assert entry_of(blog, held.id).findtext(f"{A}updated") == "2012-07-17T06:00:00+00:00"
    assert sum("SECRET" in content for content in contents(blog)) == 6


def test_pages_lead_to_their_feeds(told: tuple[Blog, dict[str, str]]) -> None:
    """Autodiscovery: each page names feeds that exist, with distinct titles, its own first."""
    blog, ids = told
    site = site_bytes(blog.paths.site)
    for path in ("", "2012/07/15/", "2012/W28/", "tags/onu＆co/", f"2012/07/15/{ids['rich'][9:]}/"):
        page: Any = lxml_html.fromstring(site[f"{path}index.html"])
        types = {"application/atom+xml", "application/rss+xml", "application/feed+json"}
        links = [e for e in page.iter("link") if e.get("type") in types]
        assert len(links) >= 9
        assert {e.get("rel") for e in links} == {"alternate"}
        titles = [e.get("title") for e in links]
        assert len(set(titles)) == len(titles)
        for link in links:
            assert unquote(link.get("href")).removeprefix(blog.config.url) in site
        first = unquote(links[0].get("href")).removeprefix(blog.config.url)
        assert first == (f"{path}atom.xml" if path.startswith("tags/") else "atom.xml")


INSTANT = datetime(2012, 7, 15, 16, 4, tzinfo=UTC)


def one(text: str) -> Feed:
    """Return a feed whose every text is the same."""
    item = Item(
        id="tag:x,2012:1", url="https://x.example/1/", title=text, content=text, summary=text,
        published=INSTANT, updated=INSTANT, author=text, tags=(text,), via=((text, "https://y/"),),
    )  # fmt: skip
    return Feed(
        id="tag:x,2012:f", title=text or "x", subtitle=text, home_url="https://x.example/",
        folder_url="https://x.example/", language="en", author=text or "x", updated=INSTANT,
        items=(item,),
    )  # fmt: skip


@given(text=st.text(st.characters(), max_size=60).map(lambda t: f"a{t}z"))
def test_no_character_breaks_a_feed(text: str) -> None:
    """Controls, NUL, lone surrogates, noncharacters: what XML cannot carry is left out."""
    title = parse(dict(documents(one(text)))["atom.xml"]).findtext(f"{A}entry/{A}title")
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    assert title is not None
    assert title.replace("\r", "") == kept.replace("\r", "")
    parse(dict(documents(one(text)))["rss.xml"])
    json.loads(dict(documents(one(text)))["feed.json"])


def test_bytes_are_the_same_in_another_process(told: tuple[Blog, Any], clock: Clock) -> None:
    """Whatever its hash seed, zone and locale; feeds and pages."""
    blog, _ = told
    before = site_bytes(blog.paths.site)
    script = (
        "import sys, shutil; from datetime import datetime; from liveblog import Blog;"
        "b = Blog(sys.argv[1], clock=lambda: datetime.fromisoformat(sys.argv[2]));"
        "shutil.rmtree(b.paths.site); shutil.rmtree(b.paths.derived); b.publish()"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(blog.paths.root), clock.now.isoformat()],
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        check=True,
    )
    assert site_bytes(blog.paths.site) == before


@pytest.mark.parametrize(
    ("zone", "inside", "outside", "day", "closed"),
    [
        # A day of 23 hours, one of 25, and a zone of three quarters of an hour.
        ("Europe/Paris", "2012-03-25T21:59:00Z", "2012-03-25T22:00:00Z", "2012-03-25",
         "2012-03-25T22:00:00+00:00"),
        ("Europe/Paris", "2012-10-28T22:59:00Z", "2012-10-28T23:00:00Z", "2012-10-28",
         "2012-10-28T23:00:00+00:00"),
        ("Asia/Kathmandu", "2012-07-15T18:14:00Z", "2012-07-15T18:15:00Z", "2012-07-15",
         "2012-07-15T18:15:00+00:00"),
    ],
)  # fmt: skip
def test_days_end_with_the_blogs_clock(
    new_blog: Callable[..., Blog], clock: Clock, zone: str, inside: str, outside: str, day: str,
    closed: str,
) -> None:  # fmt: skip
    """On both nights of a clock change, and far from whole hours: to the minute, in every feed."""
    clock.set("2012-01-01T00:00:00Z")
    blog = new_blog(timezone=zone)
    for text in (inside, outside):
        clock.set(text)
        blog.post(f"Posté à {text}.")
    blog.publish()
    (entry,) = _entries(blog, "daily/atom.xml")
    assert entry.findtext(f"{A}id").endswith(f"/digest/{day}")
    assert entry.findtext(f"{A}published") == closed
    assert inside in entry.findtext(f"{A}content")
    assert outside not in entry.findtext(f"{A}content")
    dates = [e.findtext(f"{A}published") for e in _entries(blog, "atom.xml")]
    assert dates == [text.replace("Z", "+00:00") for text in (outside, inside)]


def test_a_week_across_the_years_end_is_one_entry(blog: Blog, clock: Clock) -> None:
    """The last day of 2012 belongs to 2013-W01: one page, one entry, closed on Sunday night."""
    for text in ("2012-12-31T10:00:00Z", "2013-01-06T22:30:00Z"):
        clock.set(text)
        blog.post(f"Posté à {text}.")
    blog.publish()
    assert _entries(blog, "weekly/atom.xml") == []
    clock.set("2013-01-06T23:00:00Z")
    blog.publish()
    (entry,) = _entries(blog, "weekly/atom.xml")
    assert entry.find(f"{A}link").get("href").endswith("/2013/W01/")
    assert entry.findtext(f"{A}title").startswith("Semaine du 31 décembre 2012 au 6 janvier 2013")
    assert entry.findtext(f"{A}published") == "2013-01-06T23:00:00+00:00"
    content = entry.findtext(f"{A}content")
    assert content.index("2012-12-31") < content.index("2013-01-06")
    assert "2013/W01/index.html" in site_bytes(blog.paths.site)


# -- any texts -----------------------------------------------------------------------------------

_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
_some = st.text("a<>&\"'\n\t\r é\ue000\ue001[]()|.*", max_size=12) | _text
_when = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_url = st.sampled_from(["https://example.org/?a=1&b=<2>", "https://example.org/%22"])


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Draw an item of any shape."""
    return Item(
        id=draw(st.uuids()).urn,
        url=draw(_url),
        title=draw(_some),
        content=draw(_some),
        summary=draw(_some),
        published=draw(_when),
        updated=draw(_when),
        author=draw(_some),
        tags=tuple(draw(st.lists(_some.map("t{}".format), max_size=3))),
        language=draw(st.sampled_from(["", "ar", "en-GB"])),
        enclosures=tuple(
            Enclosure(draw(_url), "image/png", draw(st.integers(1, 10**7)), draw(_some))
            for _ in range(draw(st.integers(0, 2)))
        ),
        via=tuple(draw(st.lists(st.tuples(_some, _url), max_size=2))),
        origin=draw(st.sampled_from([None, Origin("urn:<", "a & b", "https://example.org/")])),
    )


@given(item=items())
def test_each_format_carries_whatever_the_texts_hold(item: Item) -> None:
    """Atom and RSS are well-formed, and readers get the texts as they are."""
    feed = Feed("urn:x", "x", "", "https://x/", "https://x/", "en", "", item.updated, (item,))
    (item,) = safe(feed).items
    made = dict(documents(feed))
    entry = etree.fromstring(made["atom.xml"]).find(f"{A}entry")
    assert entry is not None
    assert entry.findtext(f"{A}title") == (item.title or "…")
    assert (entry.findtext(f"{A}content") or "") == item.content
    assert [c.get("term") for c in entry.findall(f"{A}category")] == list(item.tags)
    rss = etree.fromstring(made["rss.xml"]).find("channel/item")
    assert rss is not None
    assert rss.findtext("title") == (item.title or "…")
    # RSS takes a description for HTML: what a reader shows is the plain summary.
    shown = html.unescape(rss.findtext("description") or "")
    assert shown == (item.summary or item.title or "…")
    assert "<" not in (rss.findtext("description") or "")
    (document,) = msgspec.json.decode(made["feed.json"])["items"]
    assert document["content_html"] == item.content
