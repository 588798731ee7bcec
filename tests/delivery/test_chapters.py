"""Chapters by mail and chat: each once, when it is published, and never one that was withdrawn."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog
from liveblog.delivery import mail
from liveblog.delivery.dispatcher import Dispatcher
from liveblog.digest.build import build_chapter
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure
from liveblog.pictures import Image
from liveblog.scheduler import Schedule, dispatcher_for

from ..conftest import Clock, live_server
from ..receiver import Receiver
from ..site.test_publish import picture
from ..test_scheduler import add
from ..waiting import until
from .conftest import Room
from .test_dispatcher import command
from .test_mail import ANNA, html_of, mailing, opened, pages_of, text_of, tree_of

pytestmark = pytest.mark.slow

BASE = "https://example.org/semaine/"
SLUG = "la-bataille"
ADDRESS = f"{BASE}chapters/{SLUG}/"


def tell(blog: Blog) -> None:
    """Post an entry of each day from 9 to 12 July 2012."""
    for number in range(9, 13):
        blog.post(f"Le fait du {number}.", title=f"Titre {number}", at=date(2012, 7, number))


def write(blog: Blog, folder: Path | None = None, **fields: object) -> None:
    """Write a chapter over these days, with a picture if there is a folder for it."""
    values: dict[str, object] = {
        "title": "La bataille d’Alep",
        "period": "2012-07-09..2012-07-12",
        "introduction": "Avant *tout*, le contexte.",
        "close": "Et pour finir.",
        "authors": ("Zoé", "Ana"),
    }
    draft = ChapterDraft(**values | fields)  # type: ignore[arg-type]
    image = Image(picture(folder), "Une rue", "La rue d’Alep") if folder else None
    blog.chapters.create(draft, slug=SLUG, image=image, schedule=True)


def sending(blog: Blog, receiver: Receiver, settings: str = "") -> tuple[Blog, Dispatcher]:
    """Return a blog whose mail goes to the receiver, and that has begun to send chapters."""
    blog = add(blog, receiver.settings + settings)
    dispatcher = dispatcher_for(blog, {})
    tell(blog)
    publish(blog, dispatcher)
    clock: Any = blog._clock
    clock.go(minutes=1)
    return blog, dispatcher


def publish(blog: Blog, dispatcher: Dispatcher) -> None:
    """Publish the site, and plan and send what follows from it."""
    blog.publish()
    dispatcher.plan_chapters()
    dispatcher.send("mail")
    dispatcher.send("chat")


def subjects(receiver: Receiver) -> list[str]:
    """Return the subjects of the mails that arrived."""
    return [str(message["Subject"]) for message in receiver.messages]


# -- when it is sent -------------------------------------------------------------------------------


def test_a_chapter_is_mailed_once(blog: Blog, receiver: Receiver, clock: Clock) -> None:
    """Not again after a correction, after a restart, or after a correction of its entries."""
    blog, dispatcher = sending(blog, receiver)
    write(blog)
    publish(blog, dispatcher)
    publish(blog, dispatcher)
    assert subjects(receiver) == ["La bataille d’Alep"]
    clock.go(minutes=5)
    blog.chapters.edit(SLUG, ChapterDraft(introduction="Autrement."), note="Un nom était faux.")
    blog.edit(next(iter(blog.timeline.newest_first())).id, body="Corrigé.")
    publish(blog, dispatcher_for(blog, {}))
    clock.go(days=40)
    publish(blog, dispatcher_for(blog, {}))
    assert len(receiver.raw) == 1


def test_chapters_from_before_the_first_call_are_not_sent(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """A blog that begins to send mail does not send its past."""
    tell(blog)
    write(blog)
    blog.frame("2012-07-09..2012-07-11", headline="Une suite de jours")
    clock.go(minutes=1)
    blog = add(blog, receiver.settings)
    dispatcher = dispatcher_for(blog, {})
    for _ in range(3):
        publish(blog, dispatcher)
        clock.go(minutes=1)
    assert receiver.raw == []


def test_a_scheduled_chapter_is_sent_when_it_is_released(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """Not before, also if the machine was off at that time and for days after."""
    blog, dispatcher = sending(blog, receiver)
    dispatcher.close()
    write(blog, published=blog.now + timedelta(hours=2))
    publish(blog, dispatcher)
    clock.go(hours=1)
    publish(blog, dispatcher)
    assert receiver.raw == []
    clock.go(days=4)
    publish(blog, dispatcher_for(blog, {}))
    assert subjects(receiver) == ["La bataille d’Alep"]


@pytest.mark.parametrize("end", ["retracted", "removed"])
def test_a_chapter_that_was_withdrawn_is_not_sent(
    blog: Blog, receiver: Receiver, clock: Clock, end: str
) -> None:
    """Neither before it was planned nor while it waits."""
    blog, dispatcher = sending(blog, receiver)

    def withdraw() -> None:
        clock.go(minutes=1)
        if end == "retracted":
            blog.chapters.retract(SLUG, why="La source s’est rétractée.")
        else:
            blog.chapters.remove(SLUG)

    write(blog)
    blog.publish()
    dispatcher.plan_chapters()
    withdraw()
    publish(blog, dispatcher)
    assert receiver.raw == []
    assert [d.problem for d in blog.outbox.deliveries()] == ["the chapter was withdrawn"]


def test_a_chapter_that_was_postponed_while_it_waited_is_sent_later(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """To each address once, also if one of them had got it before."""
    settings = receiver.settings.replace(f"'{ANNA}'", f"'{ANNA}', 'zoe@example.org'")
    blog = add(blog, settings)
    dispatcher = dispatcher_for(blog, {})
    tell(blog)
    publish(blog, dispatcher)
    write(blog)
    refuses = True
    receiver.answer = lambda at, address: (
        "450 Later" if refuses and at == "RCPT" and "zoe" in address else ""
    )
    publish(blog, dispatcher)
    assert len(receiver.raw) == 1
    later = ChapterDraft(published=blog.now + timedelta(days=9))
    blog.chapters.edit(SLUG, later, schedule=True)
    refuses = False
    clock.go(days=1)
    publish(blog, dispatcher)
    assert len(receiver.raw) == 1
    clock.go(days=8, minutes=1)
    publish(blog, dispatcher)
    publish(blog, dispatcher)
    assert [str(message["To"]) for message in receiver.messages] == [ANNA, "zoe@example.org"]


def test_an_imported_chapter_of_long_ago_is_not_sent(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """Its date says that it is no news."""
    blog, dispatcher = sending(blog, receiver)
    clock.go(days=3)
    write(blog, published=blog.now - timedelta(days=2))
    publish(blog, dispatcher)
    assert receiver.raw == []


def test_the_settings_say_whether_chapters_are_mailed(
    blog: Blog, receiver: Receiver, room: Room, clock: Clock
) -> None:
    """``chapters = false`` sends none; a chat that wants digests gets chapters."""
    chat = "[chat.team]\npost = 'digests'\n"
    blog = add(blog, f"{receiver.settings}chapters = false\n{chat}")
    dispatcher = dispatcher_for(blog, room[1])
    tell(blog)
    publish(blog, dispatcher)
    clock.go(minutes=1)
    write(blog)
    publish(blog, dispatcher)
    publish(blog, dispatcher)
    assert receiver.raw == []
    assert room[0].texts == [f"La bataille d’Alep\nAvant tout, le contexte.\n{ADDRESS}"]


def test_the_schedule_sends_a_chapter_at_its_time(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """``liveblog schedule --once``, before and after."""
    blog = add(blog, receiver.settings)
    tell(blog)
    schedule = Schedule(blog, environ={})
    assert schedule.lead()
    schedule.once()
    write(blog, published=blog.now + timedelta(minutes=10))
    schedule.once()
    assert receiver.raw == []
    clock.go(minutes=11)
    schedule.once()
    schedule.once()
    assert subjects(receiver) == ["La bataille d’Alep"]
    schedule.resign()


def test_a_purged_chapter_is_in_no_byte_of_the_blog(blog: Blog, receiver: Receiver) -> None:
    """A mail server's refusal may have quoted its title; a search may have found it."""
    blog, dispatcher = sending(blog, receiver)
    write(blog, title="Titre secret")
    receiver.answer = lambda at, address: "550 'Titre secret'?" if at == "DATA" else ""
    publish(blog, dispatcher)
    assert blog.search("secret").total == 1
    assert b"Titre secret" in blog.paths.outbox.read_bytes()
    blog.chapters.remove(SLUG, purge=True)
    assert b"Titre secret" not in blog.paths.outbox.read_bytes()
    blog.publish()
    files = [path for path in blog.paths.root.rglob("*") if path.is_file()]
    assert [path for path in files if b"Titre secret" in path.read_bytes()] == []


def test_a_running_server_sends_chapters_by_itself(receiver: Receiver, tmp_path: Path) -> None:
    """One that is written now, and one that is released while it runs."""
    with live_server(tmp_path / "blog", settings=receiver.settings) as server:
        until(lambda: server.health()["blogs"][0]["leads"])
        server.blog.post("Un fait.")
        until(lambda: server.blog.outbox.fact("chapters") != "")
        soon = datetime.now(UTC) + timedelta(seconds=3)
        now, later = (
            ChapterDraft(title=title, period=server.blog.digest("today").period.id, published=at)
            for title, at in (("Maintenant", None), ("Bientôt", soon))
        )
        server.blog.chapters.create(later, schedule=True)
        server.blog.chapters.create(now)
        until(lambda: subjects(receiver) == ["Maintenant", "Bientôt"], seconds=20)


# -- what is sent ----------------------------------------------------------------------------------


def message(blog: Blog) -> EmailMessage:
    """Return the mail of the chapter, written out and read again."""
    digest = build_chapter(blog.timeline, blog.timeline.chapter(SLUG).now)
    made = mail.compose(digest, pages_of(blog), ANNA, blog.now)
    assert made is not None
    read = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    assert read.defects == []
    return read


def test_the_mail_tells_the_whole_chapter(blog: Blog, tmp_path: Path) -> None:
    """Title, period, authors, picture, introduction, days, figures and close, in both parts."""
    blog = mailing(blog)
    tell(blog)
    blog.post("Le bilan.", at=date(2012, 7, 12), figures=[Figure("Morts", 105)])
    write(blog, tmp_path)
    made = message(blog)
    assert made["Subject"] == "La bataille d’Alep"
    assert made["List-Id"]
    assert made["List-Unsubscribe"]
    image = blog.timeline.chapter(SLUG).now.picture
    assert image
    order = ["Du 9 au 12 juillet 2012", "La bataille d’Alep", "Par Zoé, Ana", "La rue d’Alep",
             "le contexte", "Lundi 9 juillet", "Le fait du 9.", "Jeudi 12 juillet",
             "Le fait du 12.", "Chiffres", "Et pour finir."]  # fmt: skip
    for part in (text_of(made), html_of(made).partition("<body")[2]):
        text = part.replace("\u2068", "").replace("\u2069", "").replace("&#x27;", "'")
        where = text.find("Du 9 au 12")
        for expected in order[1:]:
            assert expected in text[where:], (expected, text)
        body = text[text.find("le contexte") :]
        places = [body.rfind(expected) for expected in order[4:]]
        assert places == sorted(places)
        assert f"{BASE}media/{image.path}" in text
        assert ADDRESS in text
        assert "00:00" not in text
        assert "0\u202fh" not in text


def test_a_picture_has_a_size_that_fits(blog: Blog, tmp_path: Path) -> None:
    """For mail programs without style sheets."""
    from PIL import Image as Pillow

    wide = tmp_path / "wide.png"
    Pillow.new("RGB", (1120, 400), "red").save(wide)
    blog = mailing(blog)
    tell(blog)
    write(blog)
    blog.chapters.edit(SLUG, ChapterDraft(), image=Image(wide, "Large"))
    html = html_of(message(blog))
    assert 'alt="Large" width="560" height="200"' in html


def test_the_message_id_is_that_of_the_chapter(blog: Blog, clock: Clock) -> None:
    """The same on each attempt and after an edit, in ASCII, and another than that of the range."""
    blog = mailing(blog)
    tell(blog)
    write(blog)
    first = message(blog)["Message-ID"]
    clock.go(hours=1)
    blog.chapters.edit(SLUG, ChapterDraft(title="Autre titre"))
    assert message(blog)["Message-ID"] == first
    assert first.isascii()
    digest = blog.digest("2012-07-09..2012-07-12")
    assert mail.message_id(blog.config, digest, ANNA) != first


def test_a_long_chapter_is_cut_and_leads_to_its_page(blog: Blog) -> None:
    """The texts that find room are in it, and the first words of many others."""
    blog = mailing(blog)
    for number in range(60):
        blog.post(f"Texte {number}. " + "Une longue phrase. " * 100, at=date(2012, 7, 9))
    write(blog)
    made = message(blog)
    assert len(made.as_bytes()) <= mail.MAX_BYTES
    for part in (text_of(made), html_of(made)):
        assert sum(f"Texte {number}." in part for number in range(60)) > 30
        assert "Lire la suite en ligne" in part
        assert "Et pour finir." in part


def test_a_chapter_of_an_empty_period_has_its_texts(blog: Blog) -> None:
    """If its entries were removed, the introduction and the close are still sent."""
    blog = mailing(blog)
    tell(blog)
    write(blog)
    for entry in list(blog.timeline.newest_first()):
        blog.remove(entry.id)
    made = message(blog)
    assert "le contexte" in text_of(made)
    assert "Et pour finir." in html_of(made)


NewBlog = Callable[..., Blog]


@pytest.mark.parametrize("language", ["en", "fr", "ar", "es", "de"])
def test_hostile_texts_stay_texts(new_blog: NewBlog, language: str) -> None:
    """A title with markup, authors with control characters, an introduction with a script."""
    blog = mailing(new_blog(language=language))
    tell(blog)
    write(blog, title="A <b>& \u202eB", authors=("x\u2067 <i>",),
          introduction="<script>alert(1)</script>Text")  # fmt: skip
    made = message(blog)
    tree = tree_of(made)
    assert not tree.xpath("//script | //b | //i")
    assert tree.findtext(".//h1").startswith("A <b>&")
    assert "\n" not in str(made["Subject"])


# -- the command line ------------------------------------------------------------------------------


def test_send_and_export_take_the_name_of_a_chapter(
    blog: Blog, receiver: Receiver, tmp_path: Path
) -> None:
    """A mail by hand, one file, a book."""
    blog = add(blog, receiver.settings)
    tell(blog)
    write(blog, published=blog.now)
    done = command(blog, "send", SLUG)
    assert (done.returncode, done.stderr) == (0, f"{ANNA}: Taken\n")
    assert subjects(receiver) == ["La bataille d’Alep"]
    for form in ("html", "epub"):
        path = tmp_path / f"chapter.{form}"
        done = command(blog, "export", SLUG, "--format", form, "-o", str(path))
        assert (done.returncode, done.stderr) == (0, f"Wrote {path}.\n")
        assert path.stat().st_size > 1000


def test_send_explains_what_it_does_not_send(blog: Blog, receiver: Receiver) -> None:
    """A retracted chapter, one that is held back, and a range that is no chapter."""
    blog = add(blog, receiver.settings)
    tell(blog)
    write(blog)
    blog.chapters.retract(SLUG, why="Faux.")
    done = command(blog, "send", SLUG)
    assert done.returncode == 1
    assert f"'{SLUG}' was retracted" in done.stderr
    later = ChapterDraft(
        title="Plus tard", period="2012-07-09", published=datetime(2999, 1, 1, tzinfo=UTC)
    )
    blog.chapters.create(later, slug="plus-tard", schedule=True)
    done = command(blog, "send", "plus-tard")
    assert done.returncode == 2
    assert "is held back until 2999-01-01" in done.stderr
    done = command(blog, "send", "2012-07-09..2012-07-11")
    assert done.returncode == 2
    assert "liveblog chapter list" in done.stderr
    assert receiver.raw == []


# -- in a browser ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_it_reads_well_at_every_width(
    browser: Any, new_blog: NewBlog, tmp_path: Path, scheme: str, language: str
) -> None:
    """No sideways scroll, a picture that fits, and nothing that axe complains of."""
    from axe_playwright_python.sync_playwright import Axe

    blog = mailing(new_blog(language=language))
    tell(blog)
    write(blog, tmp_path, introduction="أسبوع طويل. " * 9 + "https://example.org/" + "x" * 120)
    html = html_of(message(blog))
    for width in (320, 360, 600, 900):
        with opened(browser, blog, html, width, scheme) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(
                "[...document.images].every(i => i.complete && i.naturalWidth > 0"
                " && i.getBoundingClientRect().width <= 560)"
            )
            rules = {name: {"enabled": False} for name in ("region", "landmark-one-main")}
            results = Axe().run(page, options={"rules": rules})
            assert results.violations_count == 0, (width, results.generate_report())
