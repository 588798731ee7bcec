"""A digest by e-mail: what is written, how it looks, and what becomes of it at a real mail server.

The numbers are those of the promises in ``docs/mail.md``.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import json
import os
import re
import shutil
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from liveblog import Blog, Digest, config
from liveblog.blog import Image
from liveblog.config import MailConfig
from liveblog.delivery import DeliveryError, mail, smtp
from liveblog.digest.selection import LINES_IN_MAIL
from liveblog.digest.text import WIDTH
from liveblog.model import addresses, limits
from liveblog.model.entry import Figure, Framing, Revision, Source, make_id
from liveblog.model.errors import InvalidInput
from liveblog.model.moment import moment_in
from liveblog.model.period import day, week
from liveblog.pages.render import Pages
from liveblog.text.bidi import close_controls
from liveblog.timeline import Day, Entry

from .. import command
from ..command import Done
from ..conftest import Clock, plain, tries
from ..receiver import Receiver, receiving
from ..site.test_publish import picture

ROOT = Path(__file__).parents[2]
ANNA = "anna@example.org"
SUNDAY = date(2012, 7, 15)
NOW = datetime(2012, 7, 16, 4, 30, tzinfo=UTC)
SETTINGS = """
[mail]
server = "localhost"
port = 9
security = "none"
sender = "La rédaction, en direct <direct@example.org>"
to = ["anna@example.org"]
unsubscribe = ["https://example.org/unsubscribe?id=1", "mailto:leave@example.org"]
unsubscribe_one_click = true
"""

NewBlog = Callable[..., Blog]


def mailing(blog: Blog, settings: str = SETTINGS) -> Blog:
    """Return the blog with a table [mail]."""
    path = blog.paths.root / config.FILE_NAME
    path.write_text(path.read_text("utf-8") + settings, "utf-8")
    return Blog(blog.paths.root, clock=blog._clock)


def pages_of(blog: Blog) -> Pages:
    """Return the blog's pages."""
    return Pages(blog.config)


def message_of(blog: Blog, digest: Digest | str, to: str = ANNA) -> EmailMessage:
    """Return a digest's message as the reader's program finds it: written out and read again."""
    digest = blog.digest(digest) if isinstance(digest, str) else digest
    made = mail.compose(digest, pages_of(blog), to, NOW)
    assert made is not None
    read = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    assert read.defects == []
    return read


def text_of(message: EmailMessage) -> str:
    """Return the plain-text part."""
    part = message.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    """Return the HTML part."""
    part = message.get_body(("html",))
    assert part is not None
    html: str = part.get_content()
    return html.replace("\r\n", "\n")


def tree_of(message: EmailMessage) -> Any:
    """Return the HTML part as a tree."""
    return lxml_html.fromstring(html_of(message))


def entry(number: int = 0, body: str = "Un fait.", of: date = SUNDAY, **fields: Any) -> Entry:
    """Make an entry of a day, minutes apart."""
    published = datetime(of.year, of.month, of.day, 6, tzinfo=UTC) + timedelta(minutes=number)
    entry_id = make_id(of, number.to_bytes(8, "big"))
    return Entry(
        (Revision(id=entry_id, rev=1, published=published, updated=published, body=body, **fields),)
    )


def digest_of(
    *entries: Entry, headline: str = "", introduction: str = "", close: str = ""
) -> Digest:
    """Make the digest of a Sunday."""
    framing = Framing(
        period=SUNDAY.isoformat(), headline=headline, introduction=introduction, close=close
    )
    return Digest(day(SUNDAY), framing, (Day(SUNDAY, entries, framing),), ())


@pytest.fixture
def mailed(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A French blog with settings for mail, and a week with every kind of entry."""
    blog = mailing(blog)
    clock.set("2012-07-09T10:00:00+02:00")
    blog.post("Le début.", title="Au matin", key=True,
              figures=[Figure("Morts (OSDH)", 105, "personnes", "OSDH")])  # fmt: skip
    clock.go(minutes=5)
    sources = [Source("OSDH", "https://www.syriahr.com/"), Source("Un témoin")]
    claim = blog.post("Un pont **serait** coupé.", verification="unconfirmed", sources=sources)
    clock.go(minutes=5)
    wrong = blog.post("Faux bruit au port.", title="Un faux titre")
    clock.go(minutes=5)
    blog.post("Un texte sans titre.\n\n> Une citation.\n\n- un\n- deux\n\n```\n.point\n```",
              images=[Image(picture(tmp_path), "Un point gris", "Une légende")])  # fmt: skip
    clock.set("2012-07-10T11:00:00+02:00")
    blog.post("الخبر الأول.", title="خبر", lang="ar", verification="confirmed")
    clock.go(minutes=5)
    blog.post("Le bilan.", figures=[Figure("Morts (OSDH)", 30_128, "personnes", "OSDH")])
    blog.retract(wrong.id, why="La source s’est rétractée.")
    body = "Deux ponts **seraient** coupés : [carte](https://maps.example/x?a=1&b=2)."
    blog.edit(claim.id, body=body, note="Un second pont.")
    blog.frame("2012-07-09", headline="Un lundi", introduction="Le lundi en bref.", close="Nuit.")
    blog.frame("2012-W28", headline="La semaine où tout bascule", introduction="Pour commencer, "
               "ce qui est établi et ce qui ne l’est pas.", close="Pour finir.")  # fmt: skip
    clock.set("2012-07-16T06:30:00+02:00")
    return blog


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """This repository's own blog, with a table [mail]."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "entries", folder / "entries")
    text = (ROOT / config.FILE_NAME).read_text("utf-8").partition("[mail]")[0]
    (folder / config.FILE_NAME).write_text(text + SETTINGS, "utf-8")
    return Blog(folder)


# -- 1: the headers --------------------------------------------------------------------------------


def test_1_the_headers_say_what_it_is_and_from_whom(mailed: Blog) -> None:
    """In the blog's language, and as programs want them."""
    message = message_of(mailed, "2012-W28")
    assert message["Subject"] == "La semaine où tout bascule (9–15 juil.)"
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (
        "La rédaction, en direct",
        "direct@example.org",
    )
    assert message["Date"].datetime == NOW
    assert message["List-Id"] == '"Une semaine" <semaine.example.org>'
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["Precedence"] is None


def test_4_one_message_names_one_address(mailed: Blog) -> None:
    """Nobody sees who else gets it."""
    blog = mailing(mailed, "")
    raw = mail.compose(blog.digest("2012-W28"), pages_of(blog), "bob@example.net", NOW)
    assert raw is not None
    assert raw["To"] == "bob@example.net"
    assert ANNA.encode() not in raw.as_bytes()
    assert raw["Cc"] is None
    assert raw["Bcc"] is None


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("Damas", "Damas (15 juil.)"),
        (
            "Un attentat frappe le cœur de l’appareil de sécurité",
            "Un attentat frappe le cœur de l’appareil de sécurité",
        ),
        (
            "Une " + "phrase sans fin " * 9,
            "Une phrase sans fin phrase sans fin phrase sans fin phrase…",
        ),
        ("x" * 200, "x" * 59 + "…"),
    ],
)
def test_1_the_subject_is_legible_in_60_characters(
    mailed: Blog, headline: str, subject: str
) -> None:
    """The story first; the date is left out before the story is cut, and that at a word."""
    shown = message_of(mailed, digest_of(entry(), headline=headline))["Subject"]
    assert shown == subject
    assert len(shown) <= 60


def test_1_the_subject_names_the_strongest_events_that_fit(mailed: Blog, sample: Blog) -> None:
    """Of several titles those that fit; the date only if there is room for it too."""
    titles = ("Veto à l’ONU", "Attentat à Damas")
    keys = [entry(n, title=title, key=True) for n, title in enumerate(titles)]
    both = message_of(mailed, digest_of(*keys))["Subject"]
    assert both == "Attentat à Damas\u202f; Veto à l’ONU (15 juil.)"
    keys.append(entry(2, title="Un long titre qui occupe presque toute la place ici", key=True))
    last = message_of(mailed, digest_of(*keys))["Subject"]
    assert last == "Un long titre qui occupe presque toute la place ici"
    week = message_of(sample, "2012-W29")["Subject"]
    assert week == "De Damas à Alep, la guerre change d’échelle (16–22 juil.)"


@pytest.mark.parametrize(
    ("entries", "story"),
    [
        ([entry(0, title="Un"), entry(1, title="Deux", key=True)], "Deux"),
        ([entry(0, "Sans titre.")], "Sans titre."),
        ([entry(0, title="Faux", state="retracted"), entry(1, "Vrai.")], "Vrai."),
        ([entry(0, title="Faux", state="retracted")], "Publication retirée"),
    ],
)
def test_1_without_a_headline_the_main_story_is_named(
    mailed: Blog, entries: list[Entry], story: str
) -> None:
    """The first key entry's title, else a title, else first words; nothing that was withdrawn."""
    assert message_of(mailed, digest_of(*entries))["Subject"] == f"{story} (15 juil.)"


def test_1_the_message_id_is_the_same_on_every_try(mailed: Blog) -> None:
    """Also after an edit, at another hour, and when the blog has moved; else it is another."""
    digest = mailed.digest("2012-W28")
    pages = pages_of(mailed)

    def id_of(digest: Digest, to: str = ANNA, now: datetime = NOW, **options: Any) -> str:
        message = mail.compose(digest, options.pop("pages", pages), to, now, **options)
        assert message is not None
        return str(message["Message-ID"])

    later = NOW + timedelta(hours=3)
    moved = msgspec.structs.replace(mailed.config, url="https://elsewhere.example/", title="Autre")
    first = id_of(digest)
    assert re.fullmatch(r"<2012-W28\.[0-9a-f]{24}@example\.org>", first)
    assert id_of(msgspec.structs.replace(digest, days=digest.days[1:]), now=later) == first
    assert id_of(digest, pages=Pages(moved)) == first
    other = msgspec.structs.replace(mailed.config, id="tag:example.org,2012:autre")
    others = {
        id_of(digest, "bob@example.org"),
        id_of(mailed.digest("2012-07-09")),
        id_of(digest, pages=Pages(other)),
        id_of(digest, is_extra=True),
        id_of(digest, is_extra=True, now=later),
    }
    assert len(others | {first}) == 6


def test_1_the_unsubscribe_links_are_those_of_the_settings(mailed: Blog) -> None:
    """RFC 2369 and RFC 8058; also in words at the end of both parts."""
    message = message_of(mailed, "2012-W28")
    assert message["List-Unsubscribe"] == (
        "<https://example.org/unsubscribe?id=1>, <mailto:leave@example.org>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Se désabonner\nhttps://example.org/unsubscribe?id=1" in text_of(message)
    link = tree_of(message).xpath('//a[text()="Se désabonner"]/@href')
    assert link == ["https://example.org/unsubscribe?id=1"]


def test_1_without_unsubscribe_settings_there_is_no_link(blog: Blog) -> None:
    """No header, no word."""
    blog = mailing(blog, SETTINGS.partition("unsubscribe")[0])
    message = message_of(blog, digest_of(entry()))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    assert "désabonner" not in text_of(message) + html_of(message)


def test_1_a_long_address_stays_whole_in_its_header(blog: Blog) -> None:
    """Broken into encoded words, no mail program could read it."""
    href = "https://example.org/leave/" + "0123456789" * 20
    blog = mailing(blog, SETTINGS.partition("unsubscribe")[0] + f'unsubscribe = ["{href}"]\n')
    message = mail.compose(digest_of(entry()), pages_of(blog), ANNA, NOW)
    assert message is not None
    assert f"\r\nList-Unsubscribe: <{href}>\r\n".encode() in message.as_bytes()


@given(text=st.text(max_size=80), title=st.text(min_size=1, max_size=40))
@tries(30, ci=60)
def test_1_no_text_can_add_a_header(text: str, title: str) -> None:
    """Whatever a headline or a title holds, line ends of all kinds included."""
    pages = Pages(
        config.Config(
            title=title + "\r\nBcc: eve@example.org\u2028X-Eve: 1",
            url="https://example.org/",
            id="tag:example.org,2012:x",
            mail=MailConfig(server="localhost", sender="direct@example.org", to=(ANNA,)),
        )
    )
    headline = f"{text}\u2028Bcc: eve@example.org\x85Bcc: eve@example.org\r\nBcc: eve@example.org"
    digest = digest_of(entry(title="a"), headline=headline)
    message = mail.compose(digest, pages, ANNA, NOW)
    assert message is not None
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    names = re.findall(rb"(?m)^([^\s:]+):", head)
    assert sorted(names) == sorted(name.encode() for name in message)
    assert not {b"bcc", b"x-eve"} & {name.lower() for name in names}
    assert len(message) == 10


# -- 2: two parts that tell the same ---------------------------------------------------------------


def test_2_text_comes_first_then_html(mailed: Blog) -> None:
    """As multipart/alternative, and nothing else: no attachment, no picture inside."""
    message = message_of(mailed, "2012-W28")
    assert message.get_content_type() == "multipart/alternative"
    parts = [part.get_content_type() for part in message.iter_parts()]
    assert parts == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in message.iter_parts()] == ["utf-8", "utf-8"]


def test_2_every_server_takes_the_lines(mailed: Blog, sample: Blog) -> None:
    """Seven bits, at most 78 bytes (RFC 5322 §2.1.1) but where an address cannot be broken."""
    for blog, name in ((mailed, "2012-W28"), (sample, "2012-W29")):
        message = mail.compose(blog.digest(name), pages_of(blog), ANNA, NOW)
        assert message is not None
        raw = message.as_bytes()
        assert raw.isascii()
        assert b"\r\n" in raw
        assert raw.count(b"\n") == raw.count(b"\r\n")
        assert max(map(len, raw.split(b"\r\n"))) <= 78


def squeezed(text: str) -> str:
    """Return the letters and digits of a text."""
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize("name", ["mailed", "sample"])
def test_2_both_parts_have_the_same_content(name: str, request: pytest.FixtureRequest) -> None:
    """Each paragraph, title, mark, source, figure, caption and note stands in both."""
    blog: Blog = request.getfixturevalue(name)
    # A day of the sample: its week is cut.
    digest = blog.digest("2012-W28" if name == "mailed" else "2012-07-18")
    message = message_of(blog, digest)
    tree = tree_of(message)
    # The text has no addresses of updates that are shown in a line.
    links = '//a[starts-with(@href, "http")][not(ancestor::ul[@class="lines"])]'
    for address in tree.xpath(links):
        address.tail = f" {address.get('href')} {address.tail or ''}"
    text = squeezed(text_of(message))
    html = squeezed(unescape(plain(lxml_html.tostring(tree, encoding="unicode"))))
    html += squeezed(" ".join(tree.xpath("//img/@alt")))
    say = blog.words.say
    for part in (text, html):
        for one in digest.entries:
            now = one.now
            assert squeezed(blog.words.shown_time(moment_in(now))) in part
            assert addresses.url(blog.config.url, addresses.entry_path(now.id)) in html_of(message)
            is_live = now.state == "live"
            for source in now.sources if is_live else ():
                assert squeezed(source.name) in part
                assert squeezed(source.url) in part
            for figure in now.figures if is_live else ():
                assert squeezed(f"{figure.name}{figure.value}{figure.unit}") in part
            for media in now.media if is_live else ():
                assert squeezed(media.alt) in part
                assert squeezed(media.caption) in part
            for mark, holds in (
                ("Key event", now.key and is_live),
                ("Unconfirmed", now.verification == "unconfirmed" and is_live),
                ("Confirmed", now.verification == "confirmed" and is_live),
                ("This update was retracted.", now.state == "retracted"),
            ):
                assert not holds or squeezed(say(mark)) in part
            for revision in (*one.corrections, *([now] if not is_live else [])):
                assert squeezed(revision.note) in part
            assert (squeezed(now.title) in part) == bool(is_live or not now.title)
        for framing in (digest.framing, *(of.framing for of in digest.days)):
            assert framing is None or squeezed(framing.headline) in part
    # Paragraph by paragraph: what each says is in the other.
    for element in tree.xpath("//div[@role='article']//*[self::p or self::li or self::h1]"):
        is_frame = element.get("class") in ("site", "foot", "claim", "period", "sources")
        assert is_frame or squeezed(element.text_content()) in text, element.text_content()
    # And no word of the text is missing from the HTML, but those that mark in their own way.
    tree.xpath("//body/div")[0].text = ""
    shown = lxml_html.tostring(tree.find("body"), encoding="unicode")
    words = set(re.findall(r"\w+", unescape(shown)))
    missing = set(re.findall(r"\w+", text_of(message))) - words
    unsaid = " ".join([say("Retracted"), say("Corrected"), say("[Picture: %(alt)s]", alt="")])
    assert missing <= {*re.findall(r"\w+", unsaid), *_table_words(text_of(message))}


def _table_words(text: str) -> set[str]:
    """Return the numbers and names in the text's table of figures, whose days are written short."""
    table = text.partition("\nChiffres\n")[2].partition("\n\n")[0]
    return set(re.findall(r"\d+", table))


def test_2_the_text_has_78_columns(mailed: Blog, sample: Blog) -> None:
    """Only what cannot be broken, an address, is longer; links stand as addresses."""
    for blog, name in ((mailed, "2012-W28"), (sample, "2012-W29"), (sample, "2012-07-18")):
        text = text_of(message_of(blog, name))
        for line in text.split("\n"):
            assert len(line) <= WIDTH or re.fullmatch(r"\W*https?://\S+(\u202f;)?", line), line
        assert "<a " not in text
        assert "**" not in text
    assert "coupés" in text_of(message_of(mailed, "2012-W28"))


def test_2_a_dot_at_the_beginning_of_a_line_arrives(mailed: Blog) -> None:
    """It means the end to a mail server (RFC 5321 §4.5.2)."""
    with receiving() as receiver:
        digest = digest_of(entry(body=".\n\n.net\n\n..\n\n```\n.\n..\n```"))
        message = mail.compose(digest, pages_of(mailed), ANNA, NOW)
        assert message is not None
        smtp.send(message, settings_of(receiver))
        assert receiver.raw == [message.as_bytes()]


# -- 3: fit for every mail program -----------------------------------------------------------------


def test_3_a_preheader_goes_on_where_the_subject_ends(mailed: Blog, sample: Blog) -> None:
    """60 to 100 characters, before everything else, unseen in the message."""
    for blog, name in ((mailed, "2012-W28"), (sample, "2012-W29"), (sample, "2012-07-18")):
        shown = tree_of(message_of(blog, name)).xpath("//body/*[1]")[0]
        assert 60 <= len(shown.text_content()) <= 100
        assert "display:none" in shown.get("style")
    assert shown.text_content().endswith("…")
    short = tree_of(message_of(mailed, "2012-07-10")).xpath("//body/*[1]")[0].text_content()
    assert short == "Le bilan. · خبر · Mardi 10 juillet 2012 · Une semaine"  # all there is


LONG = "Une phrase assez longue pour remplir une ligne, et une autre. " * 40


def keys_of(week: Sequence[Day]) -> list[str]:
    """Return the titles of the key events of some days."""
    return [e.now.title for day in week for e in day.entries if e.now.key]


@pytest.mark.slow
@pytest.mark.parametrize("body", [LONG, "جملة طويلة بما يكفي لملء السطر. " * 60])
def test_3_a_long_week_keeps_all_days_and_all_key_events(mailed: Blog, body: str) -> None:
    """Seven days of 300 updates, two of each key events: all are told in both parts."""
    monday = date(2012, 7, 16)
    days = tuple(
        Day(of, tuple(entry(n, body, of, title=f"Titre {of.day}-{n}", key=n in (7, 299))
                      for n in range(300)))
        for of in (monday + timedelta(days=n) for n in range(7))
    )  # fmt: skip
    message = message_of(mailed, Digest(week(monday), None, days, ()))
    assert 50_000 < len(message.as_bytes()) < 102_000
    tree = tree_of(message)
    for part in (" ".join(text_of(message).split()), tree.text_content()):
        assert [title for title in keys_of(days) if title not in part] == []
    links = tree.xpath("//p[@class='stop']/a/@href")
    assert links == [f"{mailed.config.url}2012/07/{day}/" for day in range(16, 23)]
    assert [link for link in links if link not in text_of(message)] == []


@pytest.mark.slow
def test_3_a_long_day_is_shortened_by_importance(mailed: Blog) -> None:
    """Both parts tell the same: key events in full, titles from the whole day, how many more."""
    entries = [
        entry(n, f"{LONG} fin{n}fin", title=f"Titre{n}x", key=n % 50 == 49) for n in range(500)
    ]
    digest = digest_of(*entries, headline="Tout", introduction="Début.", close="Tout à la fin.")
    message = message_of(mailed, digest)
    assert len(message.as_bytes()) < 102_000
    text, html = text_of(message), html_of(message)
    full = [str(n) for n in range(49, 500, 50)]
    page = "https://example.org/semaine/2012/07/15/"
    named = []
    for part in (text, html.partition("<body")[2]):
        assert re.findall(r"fin(\d+)fin", part) == full
        named.append(set(re.findall(r"Titre(\d+)x", part)))
        assert "Début." in part
        assert "Tout à la fin." in part
        assert f"{500 - len(named[0])} autres publications" in part
    assert named[0] == named[1]
    hours = {int(number) // 60 for number in named[0]}
    assert hours == set(range(9))  # not of its evening only
    assert len(named[0]) == len(full) + LINES_IN_MAIL
    assert f"Lire la suite en ligne\n{page}\n" in text
    assert tree_of(message).xpath('//a[text()="Lire la suite en ligne"]/@href') == [page]
    assert message["Subject"] == "Tout (15 juil.)"


def test_3_what_fits_is_not_cut(mailed: Blog, sample: Blog) -> None:
    """And then nothing says that there were more; a day of the sample fits."""
    for blog, name in ((mailed, "2012-W28"), (sample, "2012-07-18")):
        digest = blog.digest(name)
        message = message_of(blog, digest)
        text, html = text_of(message), html_of(message)
        assert "Lire la suite" not in text + html
        assert "Chiffres" in text
        assert "Chiffres" in html
        assert squeezed(digest.close[-40:]) in squeezed(text)
        address = addresses.url(blog.config.url, addresses.period_path(digest.period))
        assert f"Lire en ligne\n{address}\n" in text
        assert set(tree_of(message).xpath('//a[text()="Lire en ligne"]/@href')) == {address}


@pytest.mark.parametrize("introduction", ["Début.", "مقدمة طويلة جدا. " * 1200])
def test_3_an_entry_too_long_for_a_mail_leads_to_the_page(mailed: Blog, introduction: str) -> None:
    """Even if it is the first, or the introduction alone is too long; nothing says "no updates"."""
    first = entry(0, "Un discours en entier. " * 4_300, title="Discours")
    digest = digest_of(first, entry(1), headline="Le discours", introduction=introduction)
    message = message_of(mailed, digest)
    assert len(message.as_bytes()) < 102_000
    text, html = text_of(message), html_of(message)
    assert ("Début." in text) == ("Début." in html) == (introduction == "Début.")
    for part in (text, html):
        assert "Le discours" in part
        assert "Lire la suite en ligne" in part
        assert "Aucune publication" not in part
        assert "Un discours en entier. Un discours en entier." not in part.replace("Discours", "")


def test_3_pictures_are_the_blogs_own_sized_and_described(mailed: Blog, sample: Blog) -> None:
    """By their full address, with alt text, width and height; nothing else is fetched."""
    message = message_of(sample, "2012-W29")
    tree = tree_of(message)
    pictures = tree.xpath("//img")
    assert len(pictures) == 1  # the main one
    for shown in pictures:
        assert shown.get("src").startswith("https://example.org/syrie-2012/media/2012/07/")
        assert len(shown.get("alt")) > 20
        assert (int(shown.get("width")), int(shown.get("height")) > 0) == (560, True)
        assert "max-width:100%" in shown.get("style")
        assert "height:auto" in shown.get("style")
    small = tree_of(message_of(mailed, "2012-W28")).xpath("//img")[0]
    assert int(small.get("width")) < 560
    html = html_of(message)
    assert len(re.findall(r"\b(?:src|background|srcset|data|poster)=", html)) == 1
    assert not re.search(r"url\(|@import|<link|<script|<svg|<iframe|<form|<object", html)


def test_3_style_is_in_the_elements_and_the_night_in_the_head(mailed: Blog) -> None:
    """Programs that drop the style sheet show the same; those that do not, also in the dark."""
    tree = tree_of(message_of(mailed, "2012-W28"))
    (sheet,) = tree.xpath("//head/style/text()")
    assert "@media (prefers-color-scheme: dark)" in sheet
    assert re.sub(r"@media[^{]+\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet).strip() == ""
    assert tree.xpath('//meta[@name="color-scheme"]/@content') == ["light dark"]
    (column,) = tree.xpath("//div[@role='article']")
    assert "max-width:560px" in column.get("style")
    assert "padding:24px 20px" in column.get("style")
    for element in tree.xpath("//body//*[self::a or self::h1 or self::h3 or self::img]"):
        assert element.get("style"), element.tag


def test_3_it_says_its_language_and_direction(mailed: Blog, new_blog: NewBlog) -> None:
    """On the page, and on the text itself, for programs that drop the page."""
    tree = tree_of(message_of(mailed, "2012-W28"))
    assert (tree.get("lang"), tree.get("dir")) == ("fr", "ltr")
    (arabic,) = tree.xpath('//div[@lang="ar"]')
    assert arabic.get("dir") == "rtl"
    assert "الخبر" in arabic.text_content()
    blog = mailing(new_blog("arabic", language="ar", title="أسبوع"))
    message = message_of(blog, digest_of(entry(0, "خبر.", title="عنوان")))
    assert message["Content-Language"] == "ar"
    tree = tree_of(message)
    for element in (tree, *tree.xpath("//body/*[1] | //div[@role='article']")):
        assert (element.get("lang"), element.get("dir")) == ("ar", "rtl")
    assert "15 يوليو" in message["Subject"]
    # That something was withdrawn is said in the blog's language.
    foreign = digest_of(entry(), entry(1, "Gone.", lang="en", state="retracted", note="سبب"))
    assert not tree_of(message_of(blog, foreign)).xpath('//*[@lang="en"]')


def test_3_figures_stand_in_rows_that_a_telephone_can_show(mailed: Blog) -> None:
    """Each day's value beside a bar that only repeats it."""
    (table,) = tree_of(message_of(mailed, "2012-W28")).xpath("//table")
    assert table.xpath("string(caption)") == "Morts (OSDH), personnes"
    rows = [[cell.text_content() for cell in row] for row in table.iter("tr")]
    assert rows == [["9 juil.", "", "105"], ["10 juil.", "", "30\u202f128"]]
    assert table.xpath(".//td[1]/@aria-hidden") == ["true", "true"]


def test_3_hostile_html_is_removed(mailed: Blog) -> None:
    """Neither in texts nor in titles."""
    evil = '<script>alert(1)</script><img src="https://evil.example/p.gif"><b onclick="x()">b</b>'
    digest = digest_of(entry(0, evil, title=evil), headline=evil, introduction=evil)
    html = html_of(message_of(mailed, digest))
    tree = lxml_html.fromstring(html)
    assert not tree.xpath("//script | //body//img | //*[@onclick]")
    assert "&lt;script&gt;" in html


# -- 5: nothing to tell ----------------------------------------------------------------------------


def test_5_a_digest_without_entries_is_not_mailed(blog: Blog, clock: Clock) -> None:
    """Not for an introduction alone, nor for what is removed or embargoed."""
    blog = mailing(blog)
    blog.frame("2012-07-15", headline="Un jour", introduction="Rien encore.")
    gone = blog.post("Un fait.")
    blog.remove(gone.id)
    blog.post("Plus tard.", at=clock.now + timedelta(hours=1), schedule=True)
    assert mail.compose(blog.digest("2012-07-15"), pages_of(blog), ANNA, NOW) is None
    blog.post("Maintenant.")
    assert mail.compose(blog.digest("2012-07-15"), pages_of(blog), ANNA, NOW) is not None


# -- addresses -------------------------------------------------------------------------------------


def test_a_domain_in_letters_goes_as_the_mail_system_writes_it(mailed: Blog) -> None:
    """IDNA 2008: ß is a letter of its own, and not the domain of somebody else."""
    for address, wire in (
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@faß.example", "anna@xn--fa-hia.example"),
        ("anna@مثال.example", "anna@xn--mgbh0fb.example"),
    ):
        message = mail.compose(digest_of(entry()), pages_of(mailed), address, NOW)
        assert message is not None
        assert message["To"] == wire
        assert message.as_bytes().isascii()


@pytest.mark.parametrize(
    "address",
    [
        "", "anna", "@example.org", "anna@", "a b@example.org", "a@b@c.org", "anna@exa\nmple.org",
        "anna@example.org\r\nBcc: eve@example.org", "<anna@example.org>", "a,b@example.org",
        "anna@[127.0.0.1]", "anna@-ü-.example", "anna@ü..example", "a\x00b@example.org",
        "a\u2028b@example.org",
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused(mailed: Blog, address: str) -> None:
    """Before anything is sent, and without its control characters in the message."""
    with pytest.raises(InvalidInput) as refused:
        mail.compose(digest_of(entry()), pages_of(mailed), address, NOW)
    assert refused.value.message.isprintable()


# -- sending ---------------------------------------------------------------------------------------


def settings_of(receiver: Any, **changes: Any) -> MailConfig:
    """Return settings that lead to a mail server on this machine."""
    made = MailConfig(server="localhost", port=receiver.port, security="none",
                      sender="Le direct <direct@example.org>", to=(ANNA,))  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def some_mail(to: str = ANNA, text: str = "Un fait.\n", sender: str = "direct") -> EmailMessage:
    """Return a small message."""
    message = EmailMessage(policy=email.policy.SMTP.clone(utf8=not (to + sender).isascii()))
    message["From"] = f"Le direct <{sender}@example.org>"
    message["To"] = to
    message.set_content(text, cte="quoted-printable")
    return message


def refusal(message: EmailMessage, settings: MailConfig, password: str = "") -> DeliveryError:
    """Return the error with which a message is not delivered."""
    with pytest.raises(DeliveryError) as refused:
        smtp.send(message, settings, password)
    assert refused.value.message.isprintable()
    assert refused.value.hint
    return refused.value


@contextmanager
def scripted(talk: Callable[[socket.socket, Any], None]) -> Iterator[Any]:
    """Run a mail server that does to one connection what *talk* says."""

    class _Server:
        heard: list[bytes] = []  # noqa: RUF012
        port = 0

    server = _Server()
    server.heard = []
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]

        def serve() -> None:
            with listening.accept()[0] as connection, connection.makefile("rb") as lines:

                def hear() -> bytes:
                    line = lines.readline()
                    server.heard.append(line.strip())
                    return line

                server.hear = hear  # type: ignore[attr-defined]
                server.stop = stop  # type: ignore[attr-defined]
                with suppress(OSError):
                    talk(connection, server)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join(10)


def answering(*answers: str) -> Callable[[socket.socket, Any], None]:
    """Say each of the answers: the first at once, the others after a line each."""

    def talk(connection: socket.socket, server: Any) -> None:
        for number, answer in enumerate(answers):
            if number:
                server.hear()
            connection.sendall(answer.encode("latin-1") + b"\r\n")
        while server.hear():
            pass

    return talk


def test_a_message_arrives_as_it_was_made(mailed: Blog) -> None:
    """Byte for byte, at the one address, and the server's answer is handed back."""
    with receiving() as receiver:
        message = mail.compose(mailed.digest("2012-W28"), pages_of(mailed), ANNA, NOW)
        assert message is not None
        assert smtp.send(message, settings_of(receiver)) == "Taken"
    assert receiver.raw == [message.as_bytes()]
    assert receiver.recipients == [ANNA]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """An authority that certifies, and the file of its own certificate."""
    made = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(str(path))
    return made, path


def certified(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    """Return a server's side of encryption."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def knows_anna(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Let in who has the password."""
    is_anna = isinstance(data, LoginPassword) and data.password == b"secret"
    return AuthResult(success=is_anna, handled=is_anna)


@pytest.fixture
def trusted(authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, trusted by this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    return authority[0]


def test_starttls_then_the_login_then_the_message(trusted: trustme.CA) -> None:
    """The password never goes in the clear: the server asks for encryption first."""
    options: dict[str, Any] = {
        "tls_context": certified(trusted), "require_starttls": True, "auth_required": True,
        "authenticator": knows_anna,
    }  # fmt: skip
    with receiving(**options) as receiver:
        settings = settings_of(receiver, security="starttls", username="blog")
        assert smtp.send(some_mail(), settings, "secret") == "Taken"
        assert len(receiver.raw) == 1
        error = refusal(some_mail(), settings, "wrong")
        assert "refused the login of blog: 5.7.8" in error.message
        assert "LIVEBLOG_SMTP_PASSWORD" in error.hint
        assert not error.is_final
        assert error.retry_after >= 900
        error = refusal(some_mail(), settings)
        assert "no password for blog" in error.message
        assert not error.is_final
        error = refusal(some_mail(), settings, "pässwört")
        assert "ASCII" in error.message
        error = refusal(some_mail(), settings_of(receiver, security="starttls"))
        assert "530" in error.message
        assert not error.is_final
    assert len(receiver.raw) == 1


def test_tls_from_the_first_byte(trusted: trustme.CA) -> None:
    """As on port 465."""
    with receiving(ssl_context=certified(trusted)) as receiver:
        assert smtp.send(some_mail(), settings_of(receiver, security="tls")) == "Taken"
    assert len(receiver.raw) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_server_that_cannot_be_trusted_gets_nothing(
    authority: tuple[trustme.CA, Path],
    monkeypatch: pytest.MonkeyPatch,
    security: str,
    is_known: bool,
) -> None:
    """Its certificate is for another name, or nobody known signed it."""
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    name = "other.example" if is_known else "localhost"
    context = certified(authority[0], name)
    kind = "ssl_context" if security == "tls" else "tls_context"
    options: dict[str, Any] = {kind: context}
    with receiving(**options) as receiver:
        error = refusal(some_mail(), settings_of(receiver, security=security))
    assert "cannot be trusted" in error.message
    assert not error.is_final
    assert receiver.raw == []


def test_where_encryption_is_demanded_nothing_goes_in_the_clear() -> None:
    """Not even the name of the user, to a server that does not offer it."""
    talk = answering("220 mail", "250 mail")
    with scripted(talk) as server:
        settings = settings_of(server, security="starttls", username="blog")
        error = refusal(some_mail(), settings, "secret")
    assert "offers no encryption (STARTTLS)" in error.message
    assert not error.is_final
    assert [line[:4] for line in server.heard if line] == [b"ehlo"]


def test_a_server_without_a_login_is_named() -> None:
    """Where a name is configured."""
    with receiving() as receiver:
        error = refusal(some_mail(), settings_of(receiver, username="blog"), "secret")
    assert "offers no login" in error.message
    assert "username" in error.hint


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "is_final"),
    [
        ("450 4.2.1 Mailbox busy", False),
        ("452 4.2.2 Mailbox full", False),
        ("550 5.1.1 No such user", True),
        ("552 5.3.4 Too big", True),
        ("530 5.7.0 Log in first", False),
    ],
)
def test_4xx_is_tried_again_and_5xx_is_not(step: str, answer: str, is_final: bool) -> None:
    """Whichever word it answers; only what a login would put right is not final either."""
    with receiving() as receiver:
        receiver.answer = lambda at, address: answer if at == step else ""
        error = refusal(some_mail(), settings_of(receiver))
    assert answer in error.message
    assert ANNA in error.message
    assert (error.is_final, error.is_unknown) == (is_final, False)


@pytest.mark.parametrize(
    "answers",
    [
        ("554 Go away",),
        ("421 Closing",),
        ("220 mail", "554 Go away", "554 Go away"),
        ("220 mail", "250 mail", "250 OK", "250 OK", "250 What?"),
    ],
)
def test_a_refused_connection_is_not_a_refused_message(
    answers: tuple[str, ...],
) -> None:
    """Its greeting is a refusal, or it is none that speaks SMTP: that can be mended."""
    with scripted(answering(*answers)) as server:
        error = refusal(some_mail(), settings_of(server))
    assert answers[-1].partition(" ")[0] in error.message
    assert (error.is_final, error.is_unknown) == (False, False)


def test_after_a_refused_sender_no_recipient_is_sent() -> None:
    """The server that refused the sender does not learn the recipient's address."""
    with scripted(answering("220 mail", "250 mail", "550 Not you")) as server:
        error = refusal(some_mail(), settings_of(server))
    assert error.is_final
    assert "550 Not you" in error.message
    assert not any(line.startswith(b"rcpt") for line in server.heard)


def test_control_characters_of_a_reply_are_replaced() -> None:
    """No escape sequence, no line break, no end; letters of other languages stay."""
    said = "550 Bo\xc3\xaete pleine\x1b[31m\x07\xff " + "x" * 400
    with scripted(answering("220 mail", "250 mail", "250 OK", said)) as server:
        error = refusal(some_mail(), settings_of(server))
    assert "550 Boîte pleine" in error.message
    assert len(error.message) < 450


def test_a_port_without_a_server_is_an_error() -> None:
    """Tried again."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings = MailConfig(server="localhost", port=closed.getsockname()[1], security="none")
        error = refusal(some_mail(), settings)
    assert "Connection refused" in error.message
    assert (error.is_final, error.is_unknown) == (False, False)


def test_a_server_with_no_such_name() -> None:
    """Tried again: the network may be down."""
    error = refusal(some_mail(), MailConfig(server="mail.invalid", security="tls"))
    assert "mail.invalid" in error.message
    assert not error.is_final


def test_it_waits_for_a_connection_for_ten_seconds_and_for_a_minute_in_all() -> None:
    """No longer, so that others get their turn."""
    assert (smtp.CONNECT_SECONDS, smtp.TOTAL_SECONDS) == (10, 60)


def test_a_server_that_never_greets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is given up."""
    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.2)
    with scripted(lambda connection, server: server.stop.wait(20)) as server:
        error = refusal(some_mail(), settings_of(server))
    assert "timed out" in error.message
    assert (error.is_final, error.is_unknown) == (False, False)


@pytest.mark.slow
def test_a_server_that_talks_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its lines comes in time; the whole does not."""
    monkeypatch.setattr(smtp, "TOTAL_SECONDS", 0.5)

    def talk(connection: socket.socket, server: Any) -> None:
        connection.sendall(b"220 mail\r\n")
        while not server.stop.wait(0.05):
            connection.sendall(b"250-")
            connection.sendall(b"X\r\n")

    with scripted(talk) as server:
        error = refusal(some_mail(), settings_of(server))
    assert "took longer than" in error.message
    assert (error.is_final, error.is_unknown) == (False, False)


def to_data(connection: socket.socket, server: Any) -> None:
    """Talk until the message comes."""
    for answer in (b"220 mail", b"250 mail", b"250 OK", b"250 OK", b"354 Go on"):
        connection.sendall(answer + b"\r\n")
        server.hear()


@pytest.mark.slow
def test_a_server_that_dies_in_the_middle_of_the_message() -> None:
    """It cannot have taken it."""

    def talk(connection: socket.socket, server: Any) -> None:
        to_data(connection, server)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with scripted(talk) as server:
        error = refusal(some_mail(text="Un fait.\n" * 1_500_000), settings_of(server))
    assert (error.is_final, error.is_unknown) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("is_slow", [True, False])
def test_a_server_that_dies_before_its_last_reply(
    is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one case that nobody can tell: it may have taken it, and that is said."""
    if is_slow:
        monkeypatch.setattr(smtp, "TOTAL_SECONDS", 0.5)

    def talk(connection: socket.socket, server: Any) -> None:
        to_data(connection, server)
        while server.hear() != b".\r\n":
            pass
        if is_slow:
            server.stop.wait(20)

    with scripted(talk) as server:
        error = refusal(some_mail(), settings_of(server))
    assert (error.is_final, error.is_unknown) == (False, True)
    assert "may have taken it" in error.message
    assert "Message-ID" in error.hint


def test_a_failing_quit_does_not_undo_a_delivery() -> None:
    """A server that hangs up after its answer did its work."""

    def talk(connection: socket.socket, server: Any) -> None:
        to_data(connection, server)
        while server.hear() != b".\r\n":
            pass
        connection.sendall(b"250 Taken\r\n")

    with scripted(talk) as server:
        assert smtp.send(some_mail(), settings_of(server)) == "Taken"


def test_an_address_in_letters_needs_a_server_that_knows_them(mailed: Blog) -> None:
    """SMTPUTF8 (RFC 6531) where it is offered; else it is refused for good, and says why."""
    message = mail.compose(digest_of(entry()), pages_of(mailed), "zoé@bücher.example", NOW)
    assert message is not None
    with receiving(enable_SMTPUTF8=True) as receiver:
        assert smtp.send(message, settings_of(receiver)) == "Taken"
        assert receiver.recipients == ["zoé@xn--bcher-kva.example"]
        assert "\r\nTo: zoé@xn--bcher-kva.example\r\n".encode() in receiver.raw[0]
        assert smtp.send(some_mail(sender="é"), settings_of(receiver)) == "Taken"
    with receiving(enable_SMTPUTF8=False) as receiver:
        error = refusal(message, settings_of(receiver))
        assert error.is_final
        assert "zoé@xn--bcher-kva.example" in error.message
        assert smtp.send(some_mail(), settings_of(receiver)) == "Taken"


# -- the command -----------------------------------------------------------------------------------


Run = Callable[..., Done]


@pytest.fixture
def run(mailed: Blog) -> Run:
    """Run ``liveblog`` in the folder of the blog."""

    def in_folder(*words: str, **env: str) -> Done:
        environment = os.environ | {"NO_COLOR": "1"} | env
        return command.run(*words, env=environment, cwd=mailed.paths.root)

    return in_folder


def listen(blog: Blog, receiver: Receiver) -> None:
    """Let a blog mail to a receiver."""
    path = blog.paths.root / config.FILE_NAME
    text = path.read_text("utf-8")
    path.write_text(text.replace("port = 9\n", f"port = {receiver.port}\n"), "utf-8")


def test_send_mails_a_digest_and_prints_the_servers_reply(mailed: Blog, run: Run) -> None:
    """To those in the settings, or to somebody else; another time it is another message."""
    with receiving() as receiver:
        listen(mailed, receiver)
        done = run("send", "2012-W28")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{ANNA}: Taken\n")
        done = run("send", "2012-07-09", "--to", "bob@example.org", "--json")
        assert done.returncode == 0
        about = json.loads(done.stdout)
        assert (about["to"], about["answer"], about["problem"]) == (
            "bob@example.org",
            "Taken",
            None,
        )
    week, monday = receiver.messages
    assert receiver.recipients == [ANNA, "bob@example.org"]
    assert week.get_content_type() == "multipart/alternative"
    assert monday["Subject"] == "Un lundi (9 juil.)"
    scheduled = mail.message_id(mailed.config, mailed.digest("2012-W28"), ANNA)
    assert week["Message-ID"] != scheduled


def test_send_goes_on_after_a_refusal_and_fails_in_the_end(mailed: Blog, run: Run) -> None:
    """One wrong address keeps nobody else from their mail."""
    with receiving() as receiver:
        listen(mailed, receiver)
        receiver.answer = lambda step, address: "550 No such user" if address == ANNA else ""
        done = run("send", "2012-W28", "--to", ANNA, "--to", "bob@example.org", "--json")
    assert done.returncode == 1
    assert receiver.recipients == ["bob@example.org"]
    assert "550 No such user" in done.stderr
    assert "Traceback" not in done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["answer"] is None
    assert "550" in first["problem"]
    assert second["answer"] == "Taken"


def test_a_dry_run_shows_and_sends_nothing(run: Run) -> None:
    """Nobody listens at port 9. Exit 1: there is something to send; 0: there is not."""
    done = run("send", "2012-W28", "--dry-run")
    assert done.returncode == 1, done.stderr
    assert f"To: {ANNA}\n" in done.stdout
    assert "Subject: La semaine où tout bascule (9–15 juil.)\n" in done.stdout
    assert re.search(r"^[\d,]+ bytes$", done.stdout, re.MULTILINE)
    done = run("send", "2011-07-15", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing happened in 2011-07-15" in done.stderr
    assert run("send", "2011-07-15").returncode == 1


def test_the_message_can_be_kept_as_a_file(run: Run, tmp_path: Path) -> None:
    """On standard output or in a file, ready for any mail program."""
    shown = run("send", "2012-W28", "--format", "eml")
    assert shown.returncode == 0, shown.stderr
    file = tmp_path / "week.eml"
    assert run("send", "2012-W28", "-o", str(file)).returncode == 0
    kept = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    read = email.message_from_string(shown.stdout, policy=email.policy.default)
    assert kept["Subject"] == read["Subject"]
    assert kept.get_content_type() == "multipart/alternative"
    assert b"\r\n" in file.read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["2012-W28", "--to", "anna"], 2, "'anna' is not a mail address"),
        (["2012-07-09..2012-07-10"], 2, "neither a day nor a week"),
        (["2012-W28", "-o", "no/such/folder/x.eml"], 1, "No such file or directory"),
        (["2012-W28"], 1, "Connection refused"),
    ],
)
def test_a_wrong_call_is_explained(run: Run, words: list[str], code: int, said: str) -> None:
    """With what to do about it; usage and settings are 2, what failed is 1."""
    done = run("send", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_blog_that_sends_no_mail_says_how_to_begin(blog: Blog, run: Run) -> None:
    """Rather than that a key is missing."""
    path = blog.paths.root / config.FILE_NAME
    path.write_text(path.read_text("utf-8").partition("[mail]")[0], "utf-8")
    done = run("send", "2012-07-09")
    assert done.returncode == 2
    assert "[mail]" in done.stderr
    assert "docs/mail.md" in done.stderr


def test_the_password_comes_from_the_environment(
    mailed: Blog, run: Run, authority: tuple[trustme.CA, Path]
) -> None:
    """Over STARTTLS, as configured; without it nothing is tried."""
    options: dict[str, Any] = {
        "tls_context": certified(authority[0]), "auth_required": True, "authenticator": knows_anna,
    }  # fmt: skip
    with receiving(**options) as receiver:
        listen(mailed, receiver)
        path = mailed.paths.root / config.FILE_NAME
        text = path.read_text("utf-8")
        path.write_text(text.replace('security = "none"', 'username = "blog"'), "utf-8")
        trust = {"SSL_CERT_FILE": str(authority[1])}
        done = run("send", "2012-W28", **trust)
        assert done.returncode == 1
        assert "LIVEBLOG_SMTP_PASSWORD" in done.stderr
        done = run("send", "2012-W28", LIVEBLOG_SMTP_PASSWORD="secret", **trust)
        assert (done.returncode, done.stderr) == (0, f"{ANNA}: Taken\n")


def test_the_samples_week_arrives_whole(sample: Blog) -> None:
    """This repository's own week, through a real server, in both parts."""
    with receiving() as receiver:
        message = mail.compose(sample.digest("2012-W29"), pages_of(sample), ANNA, NOW)
        assert message is not None
        smtp.send(message, settings_of(receiver))
    (arrived,) = receiver.messages
    assert arrived.get_content_type() == "multipart/alternative"
    assert arrived["Subject"].startswith("De Damas à Alep, la guerre change d’échelle")
    assert "De Damas à Alep" in text_of(arrived)
    assert "De Damas à Alep" in html_of(arrived)
    assert len(receiver.raw[0]) < 102_000


# -- in a browser ----------------------------------------------------------------------------------


@contextmanager
def opened(browser: Any, blog: Blog, html: str, width: int, scheme: str) -> Iterator[Any]:
    """Show an HTML part as a mail program does: pictures from the blog, nothing else fetched."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=True
    )
    page = context.new_page()
    fetched: list[str] = []

    def answer(route: Any) -> None:
        url = route.request.url
        fetched.append(url)
        path = blog.paths.media / url.partition("/media/")[2]
        if url.startswith(blog.config.url) and path.is_file():
            route.fulfill(path=str(path))
        else:
            route.abort()

    page.route("**/*", answer)
    page.set_content(html, wait_until="load")
    page.fetched = fetched
    yield page
    context.close()


def rendered(blogs: dict[str, tuple[Blog, str]], name: str) -> tuple[Blog, str]:
    """Return a blog and one of its messages as HTML."""
    blog, when = blogs[name]
    return blog, html_of(message_of(blog, when))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("has_sheet", [True, False], ids=["sheet", "no-sheet"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_3_it_reads_well_at_every_width(
    browser: Any,
    sample: Blog,
    new_blog: NewBlog,
    clock: Clock,
    tmp_path: Path,
    scheme: str,
    has_sheet: bool,
    language: str,
) -> None:
    """No sideways scroll from 320 to 900 px, at most 600 px wide, nothing that axe complains of."""
    from axe_playwright_python.sync_playwright import Axe

    blog = sample
    if language == "ar":
        blog = mailing(new_blog("arabic", language="ar", title="أسبوع في دمشق"))
        clock.set("2012-07-17T10:00:00+02:00")
        blog.post(
            "خبر أول طويل بعض الشيء. " * 9 + "https://example.org/" + "x" * 120
            + "\n\n| أ | ب |\n|---|---|\n| 1 | 2 |\n\n> اقتباس\n\n1. واحد\n2. اثنان",
            title="عنوان الخبر الأول", key=True, verification="unconfirmed",
            figures=[Figure("قتلى", 105, "شخصًا")],
            images=[Image(picture(tmp_path), "نقطة", "صورة")],
            sources=[Source("المرصد", "https://www.syriahr.com/")],
        )  # fmt: skip
        clock.go(hours=24)
        blog.post("خبر ثان.", figures=[Figure("قتلى", 2_405, "شخصًا")])
    html = html_of(message_of(blog, "2012-W29"))
    if not has_sheet:
        html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    for width in (320, 360, 600, 900):
        with opened(browser, blog, html, width, scheme if has_sheet else "light") as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            column = page.locator("[role=article]").bounding_box()
            assert column["width"] <= 600
            assert all(url.startswith(blog.config.url + "media/") for url in page.fetched)
            assert page.evaluate(
                "[...document.images].every(i => i.complete && i.naturalWidth > 0"
                " && i.getBoundingClientRect().width <= 560)"
            )
            assert not page.locator("body > div").first.is_visible()
            # A mail stands in a program that has landmarks of its own.
            rules = {name: {"enabled": False} for name in ("region", "landmark-one-main")}
            results = Axe().run(page, options={"rules": rules})
            assert results.violations_count == 0, (width, results.generate_report())
            if language == "ar":
                start = page.locator("h1").evaluate("e => getComputedStyle(e).direction")
                assert start == "rtl"


@pytest.mark.parametrize(
    "title",
    [
        "Harbour strike, day by day: the latest from the docks, the ministry, the unions and sea",
        "Market day @ the old town hall: every vote as it happens from the press gallery up",
        'St. Anne\'s flood; updates \\ from the "town hall" <and> the river board (live)',
        "Grève du port, jour après jour : les dernières nouvelles, du ministère et, de, la mer",
        "港" * 300,
        "a" * 300,
        "\u202eturned",
    ],
)
def test_a_blog_s_title_is_one_sender_whatever_it_holds(
    new_blog: Callable[..., Blog], title: str
) -> None:
    """Its name stays one name behind every folding; what it turned round is turned back."""
    blog = mailing(new_blog(title=title), SETTINGS.replace("La rédaction, en direct", ""))
    blog.post("Un fait.")
    made = mail.compose(blog.digest("2012-07-15"), pages_of(blog), ANNA, NOW)
    assert made is not None
    raw = made.as_bytes()
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998
    field = email.message_from_bytes(raw)["From"]
    ((name, address),) = email.utils.getaddresses([field.replace("\r\n", "")])
    shown = str(make_header(decode_header(name)))
    assert address == "direct@example.org"
    assert shown == close_controls(shown)
    assert len(shown.encode()) <= limits.HEADER_BYTES
    assert shown.rstrip("…") in close_controls(title)
