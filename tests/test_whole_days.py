"""An entry of a whole day: no page, feed, mail, export or command shows a clock time for it."""

from __future__ import annotations

import json
import re
import zipfile
from calendar import timegm
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import msgspec
import pytest
from lxml import html as lxml_html
from playwright.sync_api import expect

from liveblog import Blog
from liveblog.delivery.mail import compose
from liveblog.digest.build import build_chapter
from liveblog.imports import Update, Version
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure, Source
from liveblog.model.moment import Moment, moment_of
from liveblog.pages.data import FeedDocument
from liveblog.site.documents import live_entry
from liveblog.text.locale import Words

from .command import run
from .conftest import Clock, begun, coverage_digest, serving

ZONES = (
    "Pacific/Pago_Pago",  # UTC-11
    "America/Sao_Paulo",  # on 21 October 2012 the clocks skip midnight
    "UTC",
    "Europe/Paris",
    "Asia/Kathmandu",  # UTC+5:45
    "Pacific/Chatham",  # UTC+12:45
    "Pacific/Kiritimati",  # UTC+14
)
LANGUAGES = ("en", "fr", "ar", "es", "de")
KINDS = [(LANGUAGES[number % 5], zone) for number, zone in enumerate(ZONES)]
DAY = date(2012, 10, 21)

DIGIT = "[0-9\u0660-\u0669]"
SPACE = "[ \u00a0\u202f]?"
CLOCK_TIME = re.compile(
    rf"(?<!{DIGIT})(?:{DIGIT}{{1,2}}{SPACE}[:٫٬]{SPACE}{DIGIT}{{2}}(?!{DIGIT})"  # 0:00, ٠٠:٠٠
    rf"|(?<!\w){DIGIT}{{1,2}}{SPACE}[hH](?:{SPACE}{DIGIT}{{2}})?(?![a-zA-Z{DIGIT[1:-1]}])"  # 0 h 00
    # 12 PM; in German, "4 am 21. Oktober" is a number and a date.
    rf"|(?<!\w){DIGIT}{{1,2}}{SPACE}(?:[AaPp]\.?{SPACE}[Mm]\b(?!\s\d+\.)|[صم](?!\w)|Uhr|o.clock))"
    "|midnight|minuit|medianoche|Mitternacht|منتصف الليل"
)
"""A time of day, in any of the five languages."""

MACHINE_INSTANTS = {
    "atom.xml": r"<(updated|published)>[^<]*<|<at:deleted-entry [^>]*>",
    "rss.xml": r"<(pubDate|lastBuildDate|atom:updated)>[^<]*<|<at:deleted-entry [^>]*>",
    "feed.json": r'"date_(published|modified|removed)": "[^"]*"',
    "live.json": r'^(.*"page":\{[^{}]*)"updated":"[^"]*"',  # of the live page
    "records.jsonl": r'"(recorded|updated|published)":"[^"]*"',  # of a book
    "package.opf": r'<meta property="dcterms:modified">[^<]*<',
    ".jsonl": r'"(recorded|updated|published)":"[^"]*"',
    ".md of an export": r"(?m)^(recorded|updated|published|date|lastmod): .*$"
    r'|"(recorded|updated|published)":"[^"]*"',
    "message": r"(?m)^(Date|Message-ID): .*$",
    "digest --json": r'"(recorded|updated|published)":"[^"]*"',
}
"""The only fields in which an instant is written for programs, by the file that has them."""


def clock_times(text: str, machine: str = "") -> list[str]:
    """Return the clock times in a text, without those in the fields *machine* (a pattern)."""
    text = unescape(re.sub(machine, "", text) if machine else text)
    return [
        text[max(found.start() - 40, 0) : found.end() + 20] for found in CLOCK_TIME.finditer(text)
    ]


def told(blog: Blog, clock: Clock) -> Blog:
    """Tell days without a clock, in every form that an entry can have, and publish them."""
    first = blog.post("The bridge is closed.", at=DAY, title="The bridge", key=True, pinned=True,
                      tags=["Bridge"], figures=[Figure("Closed lanes", 4)],
                      sources=[Source("Town hall", "https://example.org/hall")])  # fmt: skip
    blog.post("No title here.", at=DAY, tags=["Bridge"])
    blog.post("A key event without a title.", at=DAY + timedelta(days=1), key=True,
              figures=[Figure("Closed lanes", 3)])  # fmt: skip
    blog.post("Placed.", at=blog.moment_after(first.id), title="Placed after the first")
    wrong = blog.post("This is wrong.", at=DAY + timedelta(days=2), title="Wrong")
    blog.retract(wrong.id, why="It was not so.")
    clock.go(minutes=7, seconds=3)
    blog.edit(first.id, body="The bridge is open again.", note="It is not closed any more.")
    gone = blog.post("Gone.", at=DAY + timedelta(days=3))
    blog.post("Last.", at=DAY + timedelta(days=3), figures=[Figure("Closed lanes", 0)])
    told_chapters(blog)
    blog.publish()
    blog.remove(gone.id)
    blog.frame(DAY.isoformat(), headline="The bridge opens", introduction="A long week.")
    blog.publish()
    return blog


def told_chapters(blog: Blog) -> None:
    """Write a chapter that quotes an entry and is corrected, and one that is retracted."""
    (first, *_) = blog.timeline.day(DAY).entries
    quote = f"> The bridge is closed.\n>\n> — [Anna](entry:{first.id})"
    period = f"{DAY}..{DAY + timedelta(days=3)}"
    chapter = ChapterDraft(title="The bridge", period=period, introduction=quote, close="An end.")
    blog.chapters.create(chapter)
    blog.chapters.edit("the-bridge", ChapterDraft(close="No end."), note="It goes on.")
    blog.chapters.create(ChapterDraft(title="Wrong", period=period, introduction="Wrong."))
    blog.chapters.retract("wrong", why="It was not so.")


def with_mail(blog: Blog) -> Blog:
    """Return a blog with a sender of mails."""
    with (blog.paths.root / "liveblog.toml").open("a", encoding="utf-8") as file:
        file.write('\n[mail]\nserver = "localhost"\nsender = "Anna <anna@example.org>"\n')
    return Blog(blog.paths.root, clock=lambda: blog.now)


def site_texts(blog: Blog) -> Iterator[tuple[str, str, str]]:
    """Yield each file of the site but those of the theme: path, text, its machine fields."""
    for path in sorted(blog.paths.site.rglob("*")):
        name = str(path.relative_to(blog.paths.site))
        is_text = path.is_file() and path.suffix not in (".png", ".js", ".css", ".svg")
        if is_text and not name.startswith(("assets/", ".")):
            yield name, path.read_text("utf-8"), MACHINE_INSTANTS.get(path.name, "")


def other_texts(blog: Blog, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield what mails, exports, commands and the server's own pages show."""
    pages = blog.publisher.pages
    week = blog.period(f"{DAY.isocalendar().year}-W{DAY.isocalendar().week:02}").id
    chapter = build_chapter(blog.timeline, blog.timeline.chapter("the-bridge").now)
    days = {when: blog.digest(when) for when in (DAY.isoformat(), week)}
    for when, digest in {**days, "chapter": chapter}.items():
        message = compose(digest, pages, "a@example.org", blog.now)
        assert message is not None
        yield (
            f"mail {when}",
            "".join(f"{n}: {v}\n" for n, v in message.items()),
            MACHINE_INSTANTS["message"],
        )
        for part in message.iter_parts():
            yield f"mail {when} {part.get_content_type()}", part.get_content(), ""
    for entry in blog.timeline.newest_first():
        yield f"stream {entry.id}", json.dumps(live_entry(entry, pages), ensure_ascii=False), ""
    found = blog.search("bridge")
    assert found.hits
    yield (
        "search page",
        pages.search("/", asked="bridge", found=found, first=1, before="", after="").decode(),
        "",
    )
    for name in ("feed.json", "daily/feed.json"):
        document = msgspec.json.decode((blog.paths.site / name).read_bytes(), type=FeedDocument)
        yield f"page of {name}", pages.feed(name, document).decode(), ""
    root = str(blog.paths.root)
    shown = next(e.id for e in blog.timeline.newest_first() if e.corrections)
    export = ("export", "--format")
    for command in (
        ("log",), ("log", DAY.isoformat()), ("show", shown),
        ("show", shown, "--history"), ("search", "bridge"), ("chapter", "list"),
        ("digest", "the-bridge"), ("digest", "the-bridge", "--format", "markdown"),
        (*export, "html", "the-bridge"),
        ("digest", week), ("digest", DAY.isoformat()), ("digest", week, "--format", "markdown"),
        (*export, "html", DAY.isoformat()), (*export, "html", week), (*export, "html"),
    ):  # fmt: skip
        done = run("-C", root, *command)
        assert done.returncode == 0, done.stderr
        yield " ".join(command), done.stdout + done.stderr, ""
    done = run("-C", root, "digest", week, "--json")
    yield "digest --json", done.stdout, MACHINE_INSTANTS["digest --json"]
    done = run("-C", root, *export, "jsonl")
    yield "export jsonl", done.stdout, MACHINE_INSTANTS[".jsonl"]
    book_file = folder / "book.epub"
    assert run("-C", root, *export, "epub", "-o", str(book_file)).returncode == 0
    with zipfile.ZipFile(book_file) as book:
        for name in book.namelist():
            if not name.endswith((".png", ".css")):
                machine = MACHINE_INSTANTS.get(name.rpartition("/")[2], "")
                yield f"epub {name}", book.read(name).decode(), machine
    assert run("-C", root, *export, "markdown", "-o", str(folder / "md")).returncode == 0
    for path in sorted((folder / "md").rglob("*.md")):
        yield f"export {path.name}", path.read_text("utf-8"), MACHINE_INSTANTS[".md of an export"]
    done = run("-C", root, "post", "One more.", "--at", f"{DAY}")
    assert done.returncode == 0, done.stderr
    yield "post", done.stdout + done.stderr, ""


@pytest.mark.parametrize(
    ("language", "zone"),
    [
        pytest.param(*kind, marks=[pytest.mark.slow] if number > 1 else [])
        for number, kind in enumerate(KINDS)
    ],
)
def test_no_output_of_whole_days_shows_a_clock_time(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, language: str, zone: str
) -> None:
    """Site, feeds, mails, exports, search and commands, in five languages, from −11 to +14."""
    clock.set("2012-10-26T09:41:00Z")
    blog = told(new_blog(language=language, timezone=zone, title="Bridge", author="Anna"), clock)
    blog = with_mail(blog)
    files = [*site_texts(blog), *other_texts(blog, tmp_path)]
    assert len(files) > 60
    shown = {name: times for name, text, machine in files if (times := clock_times(text, machine))}
    assert not shown


@pytest.mark.parametrize(
    "text",
    ["0 h 00", "0h00", "00:00", "12:00 AM", "12 h", "12 PM", "12 Uhr", "٠٠:٠٠", "12:00 ص",
     "١٢:٠٠ م", "12 a. m."],
)  # fmt: skip
def test_the_search_for_clock_times_finds_them(text: str) -> None:
    """In every form that a language has."""
    assert clock_times(f"On Sunday, {text}, the bridge.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_search_for_clock_times_finds_what_the_blog_writes(language: str) -> None:
    """At midnight and noon, and at an hour with two digits."""
    words = Words(language, ZoneInfo("Europe/Paris"))
    for hour in (0, 9, 12, 18):
        assert clock_times(words.time(datetime(2012, 7, 15, hour, 4, tzinfo=UTC)))


@pytest.mark.parametrize("zone", ZONES)
def test_a_whole_day_has_the_same_date_in_every_document(
    new_blog: Callable[..., Blog], clock: Clock, zone: str
) -> None:
    """Its date alone for people and structured data; noon of the blog's zone in feeds."""
    clock.set("2012-10-26T09:41:00Z")
    blog = new_blog(language="en", timezone=zone)
    entry = blog.post("The bridge is closed.", at=DAY, title="The bridge", key=True)
    blog.publish()
    site = blog.paths.site
    source = (site / entry_path(entry.id) / "index.html").read_text("utf-8")
    page = lxml_html.fromstring(source)
    assert {t.get("datetime") for t in page.iter("time")} == {DAY.isoformat()}
    assert page.xpath("//meta[@property='article:published_time']/@content") == [DAY.isoformat()]
    (script,) = re.findall(r"<script type=.application/ld\+json.>(.*?)</script>", source)
    data = json.loads(script)
    assert data["datePublished"] == DAY.isoformat()
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=ZoneInfo(zone))
    for name in ("atom.xml", "rss.xml"):
        (item,) = feedparser.parse((site / name).read_bytes()).entries
        assert timegm(item.published_parsed) == noon.timestamp(), name
    (item,) = json.loads((site / "feed.json").read_bytes())["items"]
    assert datetime.fromisoformat(item["date_published"]) == noon
    assert item["_liveblog"] == {"precision": "day", "day": DAY.isoformat()}
    live = json.loads((site / "live.json").read_bytes())
    assert live["entries"][0]["published"] == DAY.isoformat()


def test_an_imported_day_is_noon_in_both_dates_of_a_feed(blog: Blog, clock: Clock) -> None:
    """Many readers show when an entry was updated, and would name the day before."""
    clock.set("2012-10-26T09:41:00Z")
    version = Version(published=moment_of(DAY, blog.config.zone), body="The bridge is closed.")
    blog.import_items([Update("1", "line 1", (version,))], source="page")
    blog.publish()
    (item,) = feedparser.parse((blog.paths.site / "atom.xml").read_bytes()).entries
    noon = datetime(DAY.year, DAY.month, DAY.day, 10, tzinfo=UTC)  # in Paris
    dates = (item.published_parsed, item.updated_parsed)
    assert {timegm(date) for date in dates} == {noon.timestamp()}


def entry_path(entry_id: str) -> str:
    """Return the folder of an entry's page."""
    day, _, letters = entry_id.partition("-")
    return f"{day[:4]}/{day[4:6]}/{day[6:]}/{letters}"


def shown_times(page: lxml_html.HtmlElement, within: str) -> list[lxml_html.HtmlElement]:
    """Return the times of a page in elements of a class."""
    found: list[lxml_html.HtmlElement] = page.xpath(
        f"//*[contains(concat(' ', @class, ' '), ' {within} ')]//time"
    )
    return found


def test_a_vague_time_is_shown_as_it_was_written(blog: Blog, clock: Clock) -> None:
    """Around its words stands the instant, by which it is sorted; no clock time stands beside."""
    clock.set("2012-07-16T09:41:00Z")
    at = datetime(2012, 7, 15, 11, tzinfo=UTC)
    entry = blog.post("Le pont ferme.", at=Moment(at, written_time="vers 13 h"), title="Le pont",
                      key=True, pinned=True)  # fmt: skip
    blog.publish()
    blog = with_mail(blog)
    page = lxml_html.fromstring((blog.paths.site / "index.html").read_bytes())
    (shown,) = shown_times(page, "when")
    assert (shown.get("datetime"), shown.text) == ("2012-07-15T11:00:00Z", "vers 13\u00a0h")
    assert "vers 13\u00a0h" in shown.get("title")
    assert shown_times(page, "keys")[0].text == "15 juil. vers 13\u00a0h"
    assert shown_times(page, "pinned")[0].text == "dimanche 15 juillet 2012, vers 13\u00a0h"
    (rows,) = [json.loads((blog.paths.site / "2012/07/search.json").read_bytes())["entries"]]
    shown_there = ["2012-07-15T11:00:00Z", "dimanche 15 juillet 2012, vers 13\u00a0h"]
    assert rows[0][1:3] == shown_there
    root = str(blog.paths.root)
    assert "13:00" not in run("-C", root, "log").stdout
    assert "vers 13 h" in run("-C", root, "show", entry.id).stdout.replace("\u00a0", " ")
    for words in (("digest", "2012-07-15"), ("digest", "2012-07-15", "--format", "markdown")):
        assert "vers 13\u00a0h" in run("-C", root, *words).stdout
    message = compose(coverage_digest(blog), blog.publisher.pages, "a@example.org", blog.now)
    assert message is not None
    assert all("vers 13\u00a0h" in unescape(part.get_content()) for part in message.iter_parts())


def test_the_time_as_written_is_a_text_that_no_page_takes_for_markup(blog: Blog) -> None:
    """It comes from an author or an import."""
    at = datetime(2012, 7, 15, 11, tzinfo=UTC)
    blog.post("Le pont ferme.", at=Moment(at, written_time="<b>midi</b> [x](y)"))
    blog.publish()
    assert "<b>midi" not in (blog.paths.site / "index.html").read_text("utf-8")
    markdown = run(
        "-C", str(blog.paths.root), "digest", "2012-07-15", "--format", "markdown"
    ).stdout
    assert "[x](y)" not in markdown


def test_the_page_says_the_day_of_a_change_of_a_whole_day(blog: Blog, clock: Clock) -> None:
    """Not when in that day it was changed; a change of another entry is said with its time."""
    clock.set("2012-07-16T09:41:00Z")
    blog.post("Le pont ferme.", at=date(2012, 7, 15))
    blog.publish()
    page = lxml_html.fromstring((blog.paths.site / "index.html").read_bytes())
    (updated,) = shown_times(page, "updated")
    assert (updated.get("datetime"), updated.text) == ("2012-07-16", "lundi 16 juillet 2012")
    clock.go(minutes=1)
    blog.post("Le pont rouvre.")
    blog.publish()
    page = lxml_html.fromstring((blog.paths.site / "index.html").read_bytes())
    (updated,) = shown_times(page, "updated")
    assert updated.get("datetime") == "2012-07-16T09:42:00Z"


@pytest.mark.slow
def test_a_browser_in_any_zone_shows_the_day_and_no_time(
    browser: Any, tmp_path: Path, clock: Clock
) -> None:
    """Neither a relative time nor the blog's zone stands on the page; the search shows the day."""
    clock.now = datetime.now(UTC)
    today = clock.now.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    (tmp_path / "feeds").mkdir()
    with serving(tmp_path / "feeds") as url:
        blog = begun(tmp_path, clock, url=url, timezone="Pacific/Kiritimati")
        blog.post("Le pont est fermé.", at=today, title="Le pont", key=True)
        blog.post("Le pont rouvre.", at=today)
        blog.publish()
        context = browser.new_context(timezone_id="Pacific/Pago_Pago", locale="fr-FR")
        page = context.new_page()
        for path in ("", f"{today:%Y/%m/%d}/", "search/?q=pont"):
            page.goto(url + path)
            expect(page.get_by_text("Le pont rouvre.").first).to_be_visible()
            assert page.locator(".ago, .zone.elsewhere").count() == 0
            assert not clock_times(page.locator("body").inner_text())
        expect(page.locator(".hits time").first).to_have_text(blog.words.date_in_text(today))
        context.close()
