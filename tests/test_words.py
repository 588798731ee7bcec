"""Every page, mail, feed and form in five languages: typography, and no word of another language.

One blog for each language has something of everything; what readers and authors see of it is
collected, whatever it is written in.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from lxml import html as lxml_html
from msgspec.structs import replace
from PIL import Image as Picture

from liveblog.delivery import mail
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure, Source
from liveblog.pages.render import Pages
from liveblog.pictures import Image
from liveblog.text.typography import spaces_that_break

from .conftest import LiveServer, live_server, site_bytes
from .wire import fetch

pytestmark = pytest.mark.slow

PARIS = ZoneInfo("Europe/Paris")
TEXTS = {
    "ar": ("المدينة: الجسر مغلق؟", "الجسر مغلق منذ الصباح، والطريق أيضًا.", "قتلى", "شخص"),
    "de": ("Die Brücke: „offen“ um 18:04 Uhr", "Es sind 5 % mehr, z. B. hier.", "Tote",
           "Menschen"),
    "en": ("The bridge: open again", "It is open again, at last.", "Dead", "people"),
    "es": ("El puente: ¿abierto?", "Son 5 % más, a las 6:04 p. m. ya.", "Muertos", "personas"),
    "fr": ("Le pont : « rouvert » ; enfin !", "À 15 h 18 : « oui », soit 30 000 € ou 5 % !",
           "Morts", "personnes"),
}  # fmt: skip
"""A title, a text, the name of a figure and its unit, as an author types them."""

ENGLISH = re.compile(
    r"\b(?:the|and|this|that|with|from|your|you|updates?|newest|oldest|retracted|corrected"
    r"|unconfirmed|read|unsubscribe|published|please|there|was|were|has|its|at|by|of)\b",
    re.IGNORECASE,
)
"""Words of our messages that are none of another language, except those in :data:`OWN`."""

OWN = {"de": {"was", "at"}, "es": {"has"}, "fr": {"at", "has"}, "ar": set[str]()}
SIGNS = re.compile("[\u0600-\u06ff] ?[,;?]")
UNREAD = {"script", "style", "code", "pre", "textarea", "template", "svg"}
NO_TEXTS = {"url", "id", "path", "state", "tags"}  #: names, by which programs compare
READ = ("title", "alt", "aria-label", "placeholder", "data-out", "data-reload", "data-copied")


def _parsed(source: str) -> Any:
    return lxml_html.fromstring(source)


def words_in_html(source: str) -> Iterator[str]:
    """Yield the texts of a page and of the attributes that people see or hear."""
    root = _parsed(source)
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        if node.tag not in UNREAD and node.text:
            yield node.text
        if node.tag not in {"html", "head"} and node.tail and node.getparent().tag not in UNREAD:
            yield node.tail
        yield from (node.get(name) for name in READ if node.get(name) and node.tag != "link")
        kind = node.get("name", node.get("property", ""))
        if node.tag == "meta" and kind.endswith("description"):
            yield node.get("content", "")
    for holder in root.xpath("//body[@data-words]"):
        yield from words_in_json(json.loads(holder.get("data-words")))


def words_in_xml(data: bytes) -> Iterator[str]:
    """Yield the texts of a feed, also those of the HTML in it."""
    root = etree.fromstring(data)
    etree.strip_elements(root, "category", with_tail=False)  # names, by which programs compare
    for text in map(str, root.itertext()):
        yield from words_in_html(f"<div>{text}</div>") if "<" in text else [text]


def words_in_json(value: Any) -> Iterator[str]:
    """Yield the texts of plain data, also those of the HTML in it."""
    if isinstance(value, dict):
        value = [part for name, part in value.items() if name not in NO_TEXTS]
    if isinstance(value, list):
        for part in value:
            yield from words_in_json(part)
    elif isinstance(value, str):
        yield from words_in_html(f"<div>{value}</div>") if "<" in value else [value]


def words_of_site(files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the texts of a site, each with the file that it is in."""
    for name, data in files.items():
        ending = name.rpartition(".")[2]
        if name.startswith(("assets/", "sitemap")) or name == "opensearch.xml":
            continue
        if ending == "html":
            found = words_in_html(data.decode())
        elif ending == "xml":
            found = words_in_xml(data)
        elif name.endswith("search.json"):
            rows = json.loads(data)["entries"]
            found = (text for _, _, *row in rows for text in row if isinstance(text, str))
        elif ending == "json" and name != "oembed.json":
            found = words_in_json(json.loads(data))
        elif ending == "txt" and name != "robots.txt":
            found = iter(data.decode().split("\n"))
        else:
            continue
        yield from ((name, text) for text in found)


def words_of_mail(message: EmailMessage) -> Iterator[str]:
    """Yield the subject and the texts of both parts."""
    yield message["Subject"]
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        yield from words_in_html(text) if kind == "html" else text.split("\n")


def faults_of(text: str, language: str) -> Iterator[str]:
    """Yield what is wrong with a text that readers see."""
    text = re.sub(r"\S+://\S+|\S+@\S+|The Old Reader|lb_", "", text)  # addresses
    code = language.partition("-")[0]
    yield from (f"breaks: {place!r}" for place in spaces_that_break(text.strip(), code))
    if code == "fr" and re.match(r"\s*[;:!?»]\s", text) and "\u202f" not in text[:2]:
        yield f"begins with a sign: {text!r}"
    if code == "ar" and SIGNS.search(text):
        yield f"Latin sign: {text!r}"
    if code != "en":
        english = {word.lower() for word in ENGLISH.findall(text)} - OWN[code]
        if english:
            yield f"English: {text!r}"


def fill(server: LiveServer, language: str) -> None:
    """Post something of everything, within a week that is over and on this day."""
    title, text, name, unit = TEXTS[language]
    blog = server.blog
    picture = io.BytesIO()
    Picture.new("RGB", (64, 48), "navy").save(picture, "PNG")
    today = blog.now.astimezone(PARIS).date()
    monday = today - timedelta(days=today.weekday() + 7)
    photo = Path(blog.paths.root) / "photo.png"
    photo.write_bytes(picture.getvalue())
    at = partial(datetime, monday.year, monday.month, monday.day, tzinfo=PARIS)
    numbers = (Figure(name, 1234, unit), Figure(f"{name} 2", -3, unit, "AFP"))
    sources = (Source("AFP"), Source("La Côte, 22", "https://example.org/a"))
    full = blog.post(
        f"{text}\n\n- {title}\n- {text}",
        title=title, key=True, tags=(title, "Port"), figures=numbers, sources=sources,
        images=[Image(photo, title, text)], at=at(1, 4),
    )  # fmt: skip
    blog.edit(full.id, body=f"{text} {text}", note=text)
    blog.post(text, title=title, verification="unconfirmed", at=at(13, 4), figures=numbers)
    blog.post(text, verification="confirmed", pinned=True, at=at(18, 4))
    blog.retract(blog.post(text, title=title, at=at(19, 4)).id, why=text)
    blog.post(text, title=title, at=monday + timedelta(days=1))
    blog.post(text, title=title, key=True)
    blog.post(text, title=title, at=blog.now + timedelta(days=1), schedule=True)
    blog.frame(monday.isoformat(), headline=title, introduction=text, close=text)
    period = f"{monday}..{monday + timedelta(days=1)}"
    draft = ChapterDraft(title=title, period=period, introduction=text, close=text)
    chapter = blog.chapters.create(draft, slug="a")
    blog.chapters.edit(chapter.slug, ChapterDraft(introduction=f"{text} {text}"), note=text)
    blog.chapters.create(draft, slug="b")
    blog.chapters.retract("b", why=text)
    server.settled()


COMPOSER = (
    "compose", "compose/digests/today", "compose/chapters", "compose/chapter", "compose/chapters/a",
    "compose/chapters/b", "compose/nothing", "search?q=2",
)  # fmt: skip
WRONG = (
    {"body": ""}, {"body": "1", "figure_value": "3"}, {"body": "1", "figure_name": "1"},
    {"body": "1", "tags": "!!!"}, {"body": "1", "source_name": "1", "source_url": "ftp://1"},
    {"body": "1", "day": "2026-02-31"}, {"body": "1", "lang": "1"}, {"body": "1" * 300_000},
    {"body": "1", "title": "1" * 400}, {"body": "1", "after": "20120715-7k3m9qx2tb"},
    {"body": "1", "figure_name": "1", "figure_value": "1e99"}, {"body": "\x07"},
)  # fmt: skip
"""Forms that are refused, each for a reason of its own."""


def words_of_composer(server: LiveServer) -> Iterator[tuple[str, str]]:
    """Yield the texts of the composer's pages, also of those that refuse a form."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    parts = urlsplit(server.url)
    form["Origin"] = f"{parts.scheme}://{parts.netloc}"
    refused = fetch(server.url, "compose/sign-in", "POST", b"token=lb_1", **form)
    yield from (("sign-in", text) for text in words_in_html(refused.body.decode()))
    token = urlencode({"token": server.token()}).encode()
    cookie = fetch(server.url, "compose/sign-in", "POST", token, **form)["Set-Cookie"]
    cookie = cookie.partition(";")[0]
    entries = [f"compose/entries/{e.id}" for e in server.blog.timeline.newest_first()]
    for path in (*COMPOSER, *entries):
        page = fetch(server.url, path, Cookie=cookie).body.decode()
        yield from ((path, text) for text in words_in_html(page))
    for fields in WRONG:
        answer = fetch(
            server.url, "compose", "POST", urlencode(fields).encode(), **form, Cookie=cookie
        )
        assert answer.status >= 400, fields
        yield from ((str(fields)[:60], text) for text in words_in_html(answer.body.decode()))


@pytest.fixture(scope="module", params=["ar", "de", "en", "es", "fr"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """Serve a blog with something of everything, in each language."""
    language = request.param
    with live_server(
        tmp_path_factory.mktemp(language) / "blog",
        language=language,
        title=f"{TEXTS[language][0]} 2",
    ) as server:
        fill(server, language)
        yield server


def test_what_the_site_says(told: LiveServer) -> None:
    """Pages, feeds, live data, search files and texts."""
    found = words_of_site(site_bytes(told.blog.paths.site))
    language = told.blog.config.language
    faults = {(name, fault) for name, text in found for fault in faults_of(text, language)}
    assert not faults, "\n".join(map(str, sorted(faults)))


def test_what_mails_say(told: LiveServer) -> None:
    """Of a day, a week and a chapter: subjects, plain text and HTML."""
    blog = told.blog
    sender = replace(blog.config.mail, sender="Ana <a@example.org>")
    pages = Pages(replace(blog.config, mail=sender))
    week = blog.now.astimezone(PARIS).date() - timedelta(days=7)
    for period in ("last-week", f"{week - timedelta(days=week.weekday())}", "a"):
        message = mail.compose(blog.digest(period), pages, "a@example.org", blog.now)
        assert message is not None
        faults = [f for t in words_of_mail(message) for f in faults_of(t, blog.config.language)]
        assert not faults, "\n".join([period, *faults])


def test_what_the_composer_says(told: LiveServer) -> None:
    """Its pages, what scripts say, and each refusal."""
    language = told.blog.config.language
    found = words_of_composer(told)
    faults = {(name, fault) for name, text in found for fault in faults_of(text, language)}
    assert not faults, "\n".join(map(str, sorted(faults)))


def test_no_title_says_a_thing_twice(told: LiveServer) -> None:
    """Neither in the bar of the browser nor above the text."""
    for name, data in site_bytes(told.blog.paths.site).items():
        if name.endswith(".html"):
            (title,) = _parsed(data.decode()).xpath("//title/text()")
            parts = title.split(" – ")
            assert len(set(parts)) == len(parts), name


def test_forms_give_back_what_was_written(told: LiveServer) -> None:
    """Typography is for readers: a text that is saved again stays as its author typed it."""
    title, text, name, unit = TEXTS[told.blog.config.language]
    [entry] = [e for e in told.blog.timeline.newest_first() if e.now.sources]
    origin = told.url.rstrip("/")
    token = urlencode({"token": told.token("Bea")}).encode()
    kind = "application/x-www-form-urlencoded"
    signed = fetch(told.url, "compose/sign-in", "POST", token, Origin=origin, Content_Type=kind)
    cookie = signed["Set-Cookie"].partition(";")[0]
    page = fetch(told.url, f"compose/entries/{entry.id}", Cookie=cookie).body.decode()
    form = _parsed(page).get_element_by_id("edit")
    values = {
        field.name: field.value
        for field in form.xpath(".//input[@name][not(ancestor::template)]|.//textarea")
    }
    assert values["title"] == title
    assert values["body"].strip() == f"{text} {text}"
    assert values["alt"] == title
    assert values["caption"] == text
    names = form.xpath(".//input[@name='figure_name']/@value")
    assert names[:2] == [name, f"{name} 2"]
    assert form.xpath(".//input[@name='figure_unit']/@value")[0] == unit


def test_the_browser_asks_in_the_language_of_the_blog(told: LiveServer, browser: Any) -> None:
    """Its own messages would be in its own; a corrected field is let through."""
    language = told.blog.config.language
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{told.url}compose")
    asked = "field => (field.form.requestSubmit(), field.validationMessage)"
    messages = [page.locator("#token").evaluate(asked)]
    page.locator("#token").fill(told.token("Carla"))
    page.locator("#sign-in button").click()
    page.locator("#body").fill("1")
    page.locator("details.more > summary").first.click()
    for name, wrong in (("lang", "1"), ("source_url", "1")):
        field = page.locator(f"[name={name}]").first
        field.fill(wrong)
        messages.append(field.evaluate(asked))
        field.fill("")
        assert field.evaluate("field => field.validity.valid")
    assert len(set(messages)) == 3
    for message in messages:
        assert message
        assert list(faults_of(message, language)) == []
    page.locator("#suggestions button").nth(0).click()
    page.locator("#suggestions button").nth(1).click()
    assert told.blog.words.comma in page.locator("#tags").input_value()
    wide = "() => document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    context.close()
