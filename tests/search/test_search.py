"""Search: what is found, for whom and when; in the index, on the command line, over HTTP."""

from __future__ import annotations

import json
import re
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from liveblog import Blog
from liveblog.blog import Image
from liveblog.journal import Reading
from liveblog.model.entry import Figure, Source
from liveblog.model.errors import InvalidInput, StorageError
from liveblog.search import index
from liveblog.search.words import SNIPPET, excerpt, normalize, parse_query
from liveblog.text.plain import highlight
from liveblog.web import search_limit
from liveblog.web.errors import Problem

from .. import command
from ..command import Done
from ..conftest import Clock, LiveServer, live_server, serving, site_bytes
from ..pages.test_browser import DESK, PHONE, page_of
from ..site.test_publish import picture
from ..wire import fetch


def ids(blog: Blog, words: str, **options: Any) -> list[str]:
    """Return the ids of what is found."""
    return [hit.id for hit in blog.search(words, **options).hits]


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Les combats gagnent Alep.", "  alep "),
        ("Trois quartiers évacués.", "evacues"),
        ("TROIS QUARTIERS ÉVACUÉS", "Evacue\u0301s"),
        ("Au cœur de la ville", "coeur"),
        ("La straße", "STRASSE"),
        ("L’eau manque.", "eau"),
        ("L’eau manque.", "l'eau"),
        ("قال مُحَمَّدٌ إنّ", "محمد"),
        ("قال محمد", "مُحَمَّد"),
        ("أُعلن في القـــاهرة", "اعلن القاهره"),
        ("عدد القتلى ١٢٨", "128"),
        ("Мост открыт", "МОСТ"),
        ("Co\u00adopé\u00adra\u00adtion", "cooperation"),
        ("**Deux** [ponts](https://example.org/) coupés", "deux ponts"),
        ("Vers 18h04", "18h04"),
    ],
)
def test_case_accents_and_vowel_signs_do_not_count(blog: Blog, text: str, asked: str) -> None:
    """In every script; nor does Markdown."""
    post = blog.post(text)
    assert ids(blog, asked) == [post.id]
    assert any(is_hit for is_hit, _ in blog.search(asked).hits[0].snippet)


def test_sqlite_alone_would_not_fold_arabic() -> None:
    """Why texts are folded before they are indexed."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 2')")
    db.execute("INSERT INTO t VALUES ('مُحَمَّد')")
    assert db.execute("SELECT count(*) FROM t WHERE t MATCH '\"محمد\"'").fetchone() == (0,)
    db.close()


def test_every_word_must_be_there_in_any_order(blog: Blog) -> None:
    """In title, tags and text together."""
    post = blog.post("Le port est fermé.", title="Tartous", tags=["Mer noire"])
    assert ids(blog, "fermé tartous noire") == [post.id]
    assert ids(blog, "fermé tartous rouge") == []


def test_the_last_word_may_be_a_beginning_and_no_other(blog: Blog) -> None:
    """As somebody types it; quotes close it, one letter is too little."""
    post = blog.post("Les habitants quittent Damas.")
    assert ids(blog, "habitants dam") == [post.id]
    assert ids(blog, "dam habitants") == []
    assert ids(blog, '"dam"') == []
    assert ids(blog, "d") == []


@pytest.mark.parametrize(
    "quoted", ['"le pont"', "« le pont »", "“le pont”", "„le pont“", '"le pont']
)
def test_quotes_make_a_phrase(blog: Blog, quoted: str) -> None:
    """Of any kind; its words stand one after the other."""
    post = blog.post("Le pont est coupé.")
    blog.post("Pont après pont, le fleuve.")
    assert ids(blog, quoted) == [post.id]


def test_all_that_readers_see_of_an_entry_is_found(blog: Blog, tmp_path: Path) -> None:
    """Title, text, tags, figures, sources, pictures, corrections; its signature is no word."""
    post = blog.post(
        "corps", title="titre", tags=["sujet"], author="Signataire",
        figures=[Figure("chiffre", 7)], sources=[Source("origine", "https://example.org/adresse")],
        images=[Image(picture(tmp_path), "image", "legende")],
    )  # fmt: skip
    blog.edit(post.id, body="corps neuf", note="rectificatif")
    for word in ("titre", "corps", "neuf", "sujet", "chiffre", "origine", "image", "legende",
                 "rectificatif"):  # fmt: skip
        assert ids(blog, word) == [post.id], word
    for word in ("signataire", "adresse"):
        assert ids(blog, word) == [], word


# -- who may see what, and when --------------------------------------------------------------------


def test_an_embargoed_entry_is_found_from_its_instant_on(blog: Blog, clock: Clock) -> None:
    """Not one second before, though nothing is appended in between."""
    held = blog.post("Secret.", at=clock.now + timedelta(hours=2), schedule=True)
    assert ids(blog, "secret") == []
    clock.go(seconds=7199)
    assert ids(blog, "secret") == []
    clock.go(seconds=1)
    assert ids(blog, "secret") == [held.id]
    clock.go(seconds=-1)
    assert ids(blog, "secret") == []


def test_the_newest_revision_counts(blog: Blog) -> None:
    """What an edit took out is found no more."""
    post = blog.post("Deux ponts.")
    assert ids(blog, "deux") == [post.id]
    blog.edit(post.id, body="Trois ponts.")
    assert ids(blog, "deux") == []
    assert ids(blog, "trois") == [post.id]


def test_a_removed_entry_goes_at_once_and_comes_back_with_it(blog: Blog) -> None:
    """Whoever removed it, in whatever process."""
    post = blog.post("Un nom.")
    assert ids(blog, "nom") == [post.id]
    Blog(blog.paths.root).remove(post.id)
    assert ids(blog, "nom") == []
    blog.restore(post.id)
    assert ids(blog, "nom") == [post.id]


def test_a_retracted_entry_is_found_by_its_reason_only(blog: Blog) -> None:
    """As its place on the site says no more than that."""
    post = blog.post("Faux bruit.", title="Rumeur", tags=["Alep"])
    blog.retract(post.id, why="La source s’est rétractée.")
    for words in ("bruit", "rumeur", "alep"):
        assert ids(blog, words) == []
    (hit,) = blog.search("source").hits
    assert (hit.id, hit.state, hit.name, hit.title) == (post.id, "retracted", "", ())
    assert ids(blog, "source", tag="Alep") == []


def test_what_was_purged_leaves_no_trace_in_the_index(blog: Blog) -> None:
    """Not a word of it in any file of what is derived."""
    post = blog.post("Introuvable-XYZZY.", title="Zanzibarbare")
    blog.search("xyzzy")
    blog.remove(post.id, purge=True)
    blog.search("xyzzy")
    for name, data in site_bytes(blog.paths.derived).items():
        assert b"xyzzy" not in data.lower(), name
        assert b"zanzibarbare" not in data.lower(), name


def test_an_entry_told_in_another_day_is_found_there(blog: Blog, clock: Clock) -> None:
    """Its permalink stays."""
    post = blog.post("Le convoi.")
    blog.edit(post.id, at=clock.now - timedelta(days=3))
    (hit,) = blog.search("convoi").hits
    assert (hit.id, hit.day.isoformat()) == (post.id, "2012-07-12")


# -- order, limits, filters ------------------------------------------------------------------------


def test_what_it_is_about_stands_before_what_is_mentioned(blog: Blog, clock: Clock) -> None:
    """A word in the title outweighs one in the text, though the text is newer."""
    blog.post("Rien de neuf à l’est. " * 3)
    titled = blog.post("Les combats continuent.", title="Alep")
    clock.go(hours=1)
    mentioned = blog.post("Un convoi est parti vers le nord, vers Alep, dans la nuit.")
    assert ids(blog, "alep") == [titled.id, mentioned.id]


def test_of_two_like_ones_the_newer_stands_first(blog: Blog, clock: Clock) -> None:
    """Over years too."""
    posts = []
    for _ in range(4):
        posts.append(blog.post("Le pont est rouvert.").id)
        clock.go(days=200)
    assert ids(blog, "pont") == posts[::-1]


def test_tags_and_authors_narrow_it_down(blog: Blog) -> None:
    """By slug: whatever their case and accents."""
    one = blog.post("Un fait.", tags=["Réfugiés"], author="Chloé")
    two = blog.post("Un fait.", tags=["Alep"], author="Ana")
    assert set(ids(blog, "fait")) == {one.id, two.id}
    assert ids(blog, "fait", tag="refugies") == [one.id]
    assert ids(blog, "fait", author="chloe") == [one.id]
    assert ids(blog, "fait", tag="alep", author="Chloé") == []
    assert ids(blog, "fait", tag="inconnu") == []
    with pytest.raises(InvalidInput, match="not a tag"):
        blog.search("fait", tag="!!")


def test_of_very_many_the_newest_are_put_in_order(
    blog: Blog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a common word takes no longer in a large blog; that there are more is said."""
    monkeypatch.setattr(index, "CANDIDATES", 5)
    posts = []
    for _ in range(8):
        posts.append(blog.post("Un fait.").id)
        clock.go(days=1)
    found = blog.search("fait")
    assert ([hit.id for hit in found.hits], found.total, found.is_more) == (posts[:2:-1], 5, True)
    assert blog.search("fait", limit=2).total == 5
    assert ids(blog, "fait", limit=2, offset=2) == posts[5:3:-1]
    assert ids(blog, "fait", offset=100) == []


def test_many_entries_of_one_second_are_all_found(blog: Blog) -> None:
    """Though a row's number is its second."""
    posts = {blog.post(f"Un fait {n}.").id for n in range(300)}
    assert set(ids(blog, "fait", limit=1000)) == posts


def test_a_hit_says_what_it_is(blog: Blog) -> None:
    """Title or first words, instant, day, tags, signature."""
    blog.post("Le **port** est fermé depuis l’aube.", tags=["Mer"], author="Ana")
    (hit,) = blog.search("port").hits
    assert (hit.name, hit.title) == ("Le port est fermé depuis l’aube.", ())
    assert (hit.published, hit.day.isoformat()) == (blog.now, "2012-07-15")
    assert (hit.tags, hit.author, hit.state) == (("Mer",), "Ana", "live")
    assert hit.snippet == ((False, "Le "), (True, "port"), (False, " est fermé depuis l’aube."))


# -- snippets --------------------------------------------------------------------------------------


def test_a_snippet_is_safe_html(blog: Blog) -> None:
    """Whatever somebody wrote, only our marks are markup."""
    blog.post("`<script>alert(1)</script>` & <b onclick=x>gras</b> `\"'`", title="<i>Titre</i>")
    (hit,) = blog.search("alert").hits
    html = highlight(hit.snippet)
    assert re.findall(r"<[^>]*>", html) == ["<mark>", "</mark>"]
    assert "&lt;script&gt;<mark>alert</mark>(1)" in html
    assert "&amp;" in html
    assert highlight(hit.title) == "&lt;i&gt;Titre&lt;/i&gt;"


def test_a_snippet_shows_the_place_with_most_of_the_words() -> None:
    """Cut at words, with dots where something is left out."""
    text = "loin " * 100 + "un pont. " + "rien " * 100 + "un pont et un fleuve. " + "fin " * 100
    shown = excerpt(text, parse_query("pont fleuve"))
    words = [word for is_hit, word in shown if is_hit]
    assert words == ["pont", "fleuve"]
    whole = "".join(word for _, word in shown)
    assert whole.startswith("… rien")
    assert whole.endswith("fin …")
    assert len(whole) <= SNIPPET + 4


@given(
    st.text(alphabet="aéôœ بُتـ١.,’-\n" + string.ascii_letters, max_size=400), st.text(max_size=40)
)
def test_pieces_are_the_text_and_hits_are_what_was_asked(text: str, asked: str) -> None:
    """Nothing is added to a short text; each hit folds to one of the parse_query."""
    wanted = parse_query(asked)
    found = excerpt(text, wanted, limit=len(text))
    assert "".join(piece for _, piece in found) == text
    for is_hit, piece in found:
        if is_hit:
            folded = re.findall(r"[^\W_]+", normalize(piece))
            assert any(phrase.starts(folded, 0) for phrase in wanted)


# -- hostile queries -------------------------------------------------------------------------------

HOSTILE = [
    "", " ", "\0", "a\0b", "-", "---", "«»", '"', '""', '"""', "'", "(", ")", "*", "a*", "*a",
    "NEAR(a b)", "a AND", "OR", "NOT a", "title:x", "labels : t", "{a}:b", "^a", "a + b", "a:b:c",
    "x' OR 1=1 --", "\ud800", "\uffff", "🚒", "🚒 pont", "a" * 10_000, "a " * 5_000, '"' * 10_000,
    "(" * 10_000, "\u0301" * 10_000, "%", "_", "\\", ";DROP TABLE entries", "\U0001e900",
]  # fmt: skip


@pytest.mark.parametrize("asked", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_never_raise(blog: Blog, asked: str) -> None:
    """FTS5's syntax, quotes, control characters, very long ones."""
    blog.post("Le pont AND x.")
    blog.search(asked)
    blog.search("pont", author=asked)
    assert len(ids(blog, "pont")) == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.text(max_size=60))
def test_no_query_raises(blog: Blog, asked: str) -> None:
    """Any text at all."""
    if not blog.timeline.days():
        blog.post("Le pont.")
    blog.search(asked)


def test_nothing_to_look_for_finds_nothing(blog: Blog) -> None:
    """Only punctuation is no words; it is told apart from words that are nowhere."""
    blog.post("… !")
    assert blog.search(" … !").is_empty
    assert not blog.search("pont").is_empty


# -- the index is derived --------------------------------------------------------------------------


def damage_nothing(path: Path) -> None:
    """Leave it."""


def damage_all(path: Path) -> None:
    """Put something else there."""
    path.write_bytes(b"This is no database.\n" * 500)


def damage_middle(path: Path) -> None:
    """Break pages within."""
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(bytes(data))


def damage_end(path: Path) -> None:
    """Cut it short."""
    path.write_bytes(path.read_bytes()[:5000])


def damage_version(path: Path) -> None:
    """Make it one of another version."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()


def damage_table(path: Path) -> None:
    """Take a table away."""
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE entries")
    db.close()


def damage_rows(path: Path) -> None:
    """Take the rows away that words lead to."""
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET day = 'never'")
    db.close()


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, damage_all, damage_middle, damage_end, damage_version, damage_table, damage_rows,
     damage_nothing],
)  # fmt: skip
def test_an_index_that_cannot_be_used_is_made_again(
    blog: Blog, damage: Callable[[Path], None]
) -> None:
    """Deleted, damaged or of another version: the answer is the same, before a post and after."""
    posts = {blog.post(f"Un fait {n}.").id for n in range(40)}
    blog.search("fait")
    damage(blog.paths.derived / "search.sqlite")
    assert set(ids(Blog(blog.paths.root), "fait", limit=100)) == posts
    damage(blog.paths.derived / "search.sqlite")
    posts.add(blog.post("Un fait de plus.").id)
    assert set(ids(blog, "fait", limit=100)) == posts


def test_a_machine_that_refuses_is_said_so(blog: Blog) -> None:
    """The index is not deleted for that."""
    blog.post("Un fait.")
    (blog.paths.derived / "search.sqlite").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"search\.sqlite"):
        blog.search("fait")


def test_only_days_that_changed_are_read(
    blog: Blog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are; none for a second search."""
    for _ in range(20):
        blog.post("Un fait.")
        clock.go(days=1)
    blog.search("fait")
    read: list[str] = []
    journal = type(blog.journal)
    reading = journal.read

    def watched(self: Any, name: str) -> Reading:
        read.append(name)
        return reading(self, name)

    monkeypatch.setattr(journal, "read", watched)
    blog.search("fait")
    assert read == []
    post = blog.post("Un autre.")
    read.clear()
    assert ids(blog, "autre") == [post.id]
    assert read == [clock.now.strftime("%Y-%m-%d")]
    read.clear()
    assert ids(Blog(blog.paths.root, clock=clock), "autre") == [post.id]
    assert read == []


def test_a_file_that_was_taken_away_takes_its_entries_along(blog: Blog) -> None:
    """A restored backup counts, whatever the index remembers."""
    post = blog.post("Un fait.")
    assert ids(blog, "fait") == [post.id]
    (blog.paths.entries / "2012/07/2012-07-15.jsonl").unlink()
    assert ids(Blog(blog.paths.root), "fait") == []


WORDS = ("alep", "Damas", "évacués", "le", "pont", "pontage")
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(("post", "post", "post", "hold", "edit", "retract", "remove", "wait")),
        st.integers(0, 30),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    ),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(actions=ACTIONS, asked=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2))
def test_search_finds_what_reading_everything_finds(
    tmp_path_factory: pytest.TempPathFactory, actions: list[Any], asked: list[str]
) -> None:
    """After any story, an index kept up to date step by step agrees with the timeline."""
    clock = Clock()
    blog = Blog.init(tmp_path_factory.mktemp("story"), title="x", clock=clock)
    posted: list[str] = []
    for action, number, text in actions:
        clock.go(minutes=1)
        if action == "post":
            posted.append(blog.post(text).id)
        elif action == "hold":
            at = clock.now + timedelta(hours=number)
            posted.append(blog.post(text, at=at, schedule=True).id)
        elif action == "wait":
            clock.go(hours=number)
        elif posted:
            target = posted[number % len(posted)]
            try:
                if action == "edit":
                    blog.edit(target, body=text)
                elif action == "retract":
                    blog.retract(target, why="raison")
                else:
                    blog.remove(target)
            except InvalidInput:
                pass  # as it stands already
        blog.search("le")
    *whole, last = map(normalize, asked)
    expected = {
        entry.id
        for entry in blog.timeline.newest_first()
        if entry.now.state == "live"
        and set(whole) <= set(normalize(entry.now.body).split())
        and any(word.startswith(last) for word in normalize(entry.now.body).split())
    }
    assert set(ids(blog, " ".join(asked), limit=100)) == expected


def test_many_may_search_while_others_post(blog: Blog) -> None:
    """Threads that find no index make one, and none gets in another's way."""
    for number in range(30):
        blog.post(f"Un fait {number}.")
    problems: list[BaseException] = []
    counts: list[int] = []

    def ask() -> None:
        try:
            own = Blog(blog.paths.root)
            counts.extend(own.search("fait", limit=100).total for _ in range(5))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for number in range(10):
        blog.post(f"Un fait de plus {number}.")
    for thread in threads:
        thread.join()
    assert problems == []
    assert min(counts) >= 30
    assert blog.search("fait").total == 40


# -- the command line ------------------------------------------------------------------------------


def test_the_command_prints_hits_and_counts(blog: Blog) -> None:
    """For people on lines, for programs as JSON; messages on standard error."""
    one = blog.post("Le pont est rouvert.", title="Le pont", tags=["Homs"])
    two = blog.post("Un pont coupé.")

    def run(*words: str) -> Done:
        return command.run("-C", str(blog.paths.root), *words)

    done = run("search", "pont", "le")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"2012-07-15 18:04  {one.id}  Le pont",
        "    Le pont est rouvert.",
    ]
    assert run("search", "pont", "--tag", "homs").stdout.count(one.id) == 1
    document = json.loads(run("search", "pont", "--limit", "1", "--json").stdout)
    assert (document["total"], document["more"], len(document["hits"])) == (2, False, 1)
    (hit,) = document["hits"]
    assert hit["url"] == f"https://example.org/semaine/2012/07/15/{one.id[9:]}/"
    assert hit["snippet"] == "Le <mark>pont</mark> est rouvert."
    limited = run("search", "pont", "--limit", "1")
    assert "2 updates" in limited.stderr
    nothing = run("search", "fleuve")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "No updates.\n")
    assert two.id in run("search", "coupe").stdout
    assert run("search").returncode == 2
    assert run("search", "pont", "--tag", "!").returncode == 2


# -- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with fifty bridges."""
    with live_server(tmp_path_factory.mktemp("search") / "blog", path="/semaine/") as running:
        for number in range(50):
            at = running.blog.moment(f"2012-07-{10 + number // 10} 12:{number % 10:02}")
            running.blog.post(f"Le pont {number} <b>tient</b>.", tags=["Homs"], at=at)
        running.blog.post("Évacués d’Alep.", title="<script>alert(1)</script>", at=at)
        running.settled()
        yield running


def test_a_page_shows_hits_without_a_script(server: LiveServer) -> None:
    """In the blog's language, marked, counted, and for no search engine's index."""
    answer = fetch(server.url, "search/?q=evacues")
    assert answer.status == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "same-origin"
    html = answer.body.decode()
    assert '<html lang="fr"' in html
    assert '<meta name="robots" content="noindex">' in html
    assert '<form class="search" role="search" action="/semaine/search/">' in html
    assert "1 publication" in html
    assert "<mark>Évacués</mark> d’Alep." in html
    assert "search." not in re.sub(
        r"opensearch\.", "", " ".join(re.findall(r"<script[^>]*>", html))
    )


def test_what_is_asked_and_found_is_escaped(server: LiveServer) -> None:
    """In title, field and links."""
    asked = quote('"><script>alert(2)</script> alep')
    for path in (f"search/?q={asked}&tag={asked}&author={asked}", "search/?q=alep"):
        html = fetch(server.url, path).body.decode()
        assert "<script>alert" not in html
        assert "alert" in html


def test_both_addresses_answer_and_a_304_spares_the_bytes(server: LiveServer) -> None:
    """``search`` and ``search/``; an ETag of the bytes; asked for again each time."""
    first = fetch(server.url, "search?q=pont")
    assert first.status == 200
    assert first.body == fetch(server.url, "search/?q=pont").body
    assert first["Cache-Control"] == "public, no-cache"
    again = fetch(server.url, "search?q=pont", If_None_Match=first["ETag"])
    assert (again.status, again.body, again["ETag"]) == (304, b"", first["ETag"])
    head = fetch(server.url, "search?q=pont", "HEAD")
    assert (head.status, head.body, head["ETag"]) == (200, b"", first["ETag"])
    assert fetch(server.url, "search?q=pont", "POST").status == 405


def test_hits_come_in_pages(server: LiveServer) -> None:
    """Twenty each, all of them once; a page that is not there is empty, nonsense is the first."""
    seen: list[str] = []
    path = "search/?q=pont&tag=homs"
    while path:
        html = fetch(server.url, path).body.decode()
        assert "50 publications" in html
        seen += re.findall(r'<h2><a href="/semaine/(\d{4}/\d\d/\d\d/\w{10})/"', html)
        following = re.search(r'<a rel="next" href="/semaine/([^"]*)"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 50
    assert fetch(server.url, "search/?q=pont&page=x").status == 200
    assert fetch(server.url, "search/?q=pont&page=-9").status == 200
    assert fetch(server.url, "search/?q=pont&page=99999999999999").status == 200


def test_an_empty_question_shows_the_form(server: LiveServer) -> None:
    """And no count."""
    html = fetch(server.url, "search/").body.decode()
    assert 'role="search"' in html
    assert "Aucune" not in html


@pytest.mark.parametrize("asked", HOSTILE[1:], ids=range(1, len(HOSTILE)))
def test_hostile_queries_get_an_answer(server: LiveServer, asked: str) -> None:
    """Over HTTP too."""
    text = quote(asked[:3000].encode("utf-8", "surrogatepass"))
    assert fetch(server.url, f"search/?q={text}", X_Forwarded_For="203.0.113.7").status == 200


def test_the_api_answers_anybody(server: LiveServer) -> None:
    """As JSON, to pages of other sites too."""
    answer = fetch(server.url, "api/search?q=evacues")
    assert (answer.status, answer["Access-Control-Allow-Origin"]) == (200, "*")
    assert answer.json["total"] == 1
    (hit,) = answer.json["hits"]
    assert hit["url"].startswith(server.url)
    assert hit["snippet"] == "<mark>Évacués</mark> d’Alep."
    two = fetch(server.url, "api/search?q=pont&limit=2&offset=1&tag=homs").json
    assert (two["total"], two["more"], len(two["hits"])) == (50, False, 2)
    assert fetch(server.url, "api/search?q=pont&limit=x").status == 422
    described = fetch(server.url, "api/openapi.json").json["paths"]["/search"]["get"]
    assert described["security"] == []
    assert "401" not in described["responses"]


def test_what_is_posted_and_removed_is_found_and_not(server: LiveServer) -> None:
    """By the running server, at once."""
    post = server.blog.post("Un hippocampe.")
    assert fetch(server.url, "api/search?q=hippocampe").json["total"] == 1
    server.blog.remove(post.id)
    assert fetch(server.url, "api/search?q=hippocampe").json["total"] == 0


def test_an_address_that_asks_too_much_has_to_wait(server: LiveServer) -> None:
    """429 with Retry-After, as a page and as JSON; others are answered."""
    address = "203.0.113.9"
    answers = [fetch(server.url, "search/?q=pont", X_Forwarded_For=address)
               for _ in range(search_limit.PER_MINUTE + 1)]  # fmt: skip
    assert {answer.status for answer in answers[:-1]} == {200}
    assert answers[-1].status == 429
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Veuillez réessayer" in answers[-1].body.decode()
    refused = fetch(server.url, "api/search?q=pont", X_Forwarded_For=address)
    assert (refused.status, refused.json["code"]) == (429, "too_many_searches")
    other = fetch(server.url, "search/?q=pont", X_Forwarded_For="203.0.113.10")
    assert other.status == 200


def test_only_so_many_search_at_the_same_time() -> None:
    """The next is told to come back; when one is done there is room."""
    limit = search_limit.SearchLimit()
    inside = [limit.search("203.0.113.1") for _ in range(search_limit.CONCURRENT)]
    for one in inside:
        one.__enter__()
    with pytest.raises(Problem) as refused, limit.search("203.0.113.1"):
        pass
    assert (refused.value.status, refused.value.headers["retry-after"]) == (503, "5")
    inside.pop().__exit__(None, None, None)
    with limit.search("203.0.113.1"):
        pass


def test_browsers_can_add_the_blog_as_a_search_engine(server: LiveServer) -> None:
    """OpenSearch 1.1, found by itself; its address leads to the page."""
    html = fetch(server.url).body.decode()
    link = re.search(r'<link rel="search" type="([^"]*)" title="([^"]*)" href="([^"]*)"', html)
    assert link
    assert link[1] == "application/opensearchdescription+xml"
    tree = ElementTree.fromstring(fetch(server.url, "opensearch.xml").body)
    space = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    assert tree.findtext("o:ShortName", "", space) == "Une semaine"
    address = tree.find("o:Url", space)
    assert address is not None
    template = address.attrib["template"]
    assert template == f"{server.url}search/?q={{searchTerms}}"
    found = fetch(template.replace("{searchTerms}", "pont").partition("?")[0], "?q=pont")
    assert "50 publications" in found.body.decode()


# -- on a static host ------------------------------------------------------------------------------


def published(blog: Blog, name: str) -> list[Any]:
    """Return the rows of a file that the page searches."""
    path = blog.paths.site / name
    rows: list[Any] = json.loads(path.read_bytes())["entries"] if path.exists() else []
    return rows


def test_a_post_touches_the_small_file_only(blog: Blog, clock: Clock) -> None:
    """Closed days stand in their month's; a day moves there when it closes."""
    one = blog.post("Un fait.")
    blog.publish()
    assert [row[0] for row in published(blog, "search.json")] == [one.id]
    assert published(blog, "2012/07/search.json") == []
    clock.go(days=1)
    blog.publish()
    assert published(blog, "search.json") == []
    assert [row[0] for row in published(blog, "2012/07/search.json")] == [one.id]
    two = blog.post("Un autre.")
    written = blog.publish().written
    assert "search.json" in written
    assert "2012/07/search.json" not in written
    assert [row[0] for row in published(blog, "search.json")] == [two.id]
    blog.edit(one.id, body="Un fait, corrigé.", note="Corrigé.")
    written = blog.publish().written
    assert "2012/07/search.json" in written
    assert "search.json" not in written


def test_a_late_closing_day_waits_for_it(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """Though nothing changes between midnight and then."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + '[schedule]\nday_closes = "06:00"\n')
    blog = Blog(blog.paths.root, clock=clock)
    post = blog.post("Un fait.")
    clock.set("2012-07-16T05:00:00+02:00")
    blog.publish()
    assert [row[0] for row in published(blog, "search.json")] == [post.id]
    clock.set("2012-07-16T07:00:00+02:00")
    blog.publish()
    assert published(blog, "search.json") == []
    assert [row[0] for row in published(blog, "2012/07/search.json")] == [post.id]


def test_what_readers_may_not_see_is_not_published_for_search(blog: Blog, clock: Clock) -> None:
    """Embargoed, retracted, removed; the last of a month takes its file away."""
    kept = blog.post("Un fait.")
    retracted, removed = blog.post("Faux."), blog.post("Un nom.")
    held = blog.post("Secret.", at=clock.now + timedelta(hours=1), schedule=True)
    blog.retract(retracted.id, why="Faux.")
    blog.publish()
    blog.remove(removed.id)
    blog.publish()
    assert [row[0] for row in published(blog, "search.json")] == [kept.id]
    clock.go(hours=1)
    blog.publish()
    assert [row[0] for row in published(blog, "search.json")] == [kept.id, held.id]
    clock.go(days=2)
    blog.publish()
    for entry_id in (kept.id, held.id, retracted.id):
        blog.remove(entry_id)
    assert "2012/07/search.json" in blog.publish().deleted


@pytest.mark.slow
def test_step_by_step_comes_to_the_same_as_at_once(blog: Blog, clock: Clock) -> None:
    """Over the end of a month, published each day, then from nothing."""
    for _ in range(30):
        blog.post("Un fait.", tags=["Homs"])
        blog.publish()
        clock.go(hours=19)
        blog.publish()
    step_by_step = site_bytes(blog.paths.site)
    blog.publish(full=True)
    assert site_bytes(blog.paths.site) == step_by_step
    assert len(published(blog, "2012/07/search.json")) > 10
    assert len(published(blog, "2012/08/search.json")) > 3


def test_a_busy_month_tells_fewer_words_of_each(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So its file stays small."""
    from liveblog.site import documents

    monkeypatch.setattr(documents, "SEARCHED_IN_FILE", 2_000)
    for _ in range(20):
        blog.post("Des mots encore et encore. " * 40)
    blog.publish()
    rows = published(blog, "search.json")
    assert max(len(row[4]) for row in rows) <= 100
    assert (blog.paths.site / "search.json").stat().st_size < 5_000


def test_the_script_is_small() -> None:
    """Less than 4 kB as it is written."""
    script = Path(index.__file__).parents[1] / "theme" / "static" / "search.js"
    assert script.stat().st_size < 4096


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Blog]]:
    """A published blog on a host that only serves files, over two months."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "feeds").mkdir()
    with serving(folder / "feeds") as url:
        clock = Clock("2012-06-28T10:00:00Z")
        blog = Blog.init(
            folder,
            title="Une semaine",
            language="fr",
            timezone="Europe/Paris",
            url=url,
            clock=clock,
        )
        for number in range(12):
            blog.post(f"Le pont {number} <i>tient</i> & tiendra.", tags=["Homs"])
            blog.post("Trois quartiers évacués vers l’eau.", title=f"Alep <b>{number}</b>")
            blog.post("قال مُحَمَّدٌ إنّ الجسر مفتوح", lang="ar")
            clock.go(hours=12)
        blog.publish()
        yield url, blog


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("evacues", 12),
        *(
            pytest.param(*row, marks=pytest.mark.slow)
            for row in (
                ("alep 11", 1), ('"le pont"', 12), ('"pont le"', 0), ("homs", 12), ("quart", 12),
                ("quart évacués", 0), ("l'eau", 12), ("محمد", 12), ("<b>", 12), ("pont 1", 1),
            )
        ),
    ],
)  # fmt: skip
def test_a_script_searches_where_no_server_answers(
    browser: Any, static: Any, asked: str, count: int
) -> None:
    """It finds what the server would, and marks it."""
    url, blog = static
    assert blog.search(asked).total == count
    with page_of(browser) as page:
        page.goto(f"{url}search/?q={quote(asked)}")
        text = {0: "Aucun résultat.", 1: "1 publication"}.get(count, f"{count} publications")
        expect(page.locator("#count")).to_have_text(text)
        expect(page.locator(".hits li")).to_have_count(count)
        if count:
            assert page.locator(".hits li").first.locator("mark").count() >= 1 or asked == "homs"
            page.locator(".hits a").first.click()
            expect(page.locator("article.entry")).to_have_count(1)


@pytest.mark.slow
def test_files_are_fetched_when_they_are_needed(browser: Any, static: Any) -> None:
    """The newest first, until there is enough; further back on demand; none before a search."""
    url, _ = static
    with page_of(browser, viewport=DESK) as page:
        page.goto(f"{url}search/")
        expect(page.locator("#q")).to_be_focused()
        assert not [name for name in page.requests if name.endswith(".json")]
        page.locator("#q").fill("le")
        page.locator("form[role=search] button").click()
        expect(page.locator("#count")).to_have_text("12 publications")
        fetched = [name.removeprefix(url) for name in page.requests if name.endswith(".json")]
        assert fetched == ["search.json", "2012/07/search.json", "2012/06/search.json"]
        assert page.locator("#further").is_hidden()


@pytest.mark.slow
def test_without_a_script_the_archive_is_offered(browser: Any, static: Any) -> None:
    """On a host that cannot answer, that is what is honest."""
    url, _ = static
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(f"{url}search/")
        assert "JavaScript" in page.locator("main").inner_text()
        page.locator('main a[href$="/2012/"]').click()
        expect(page.locator("h1")).to_have_text("2012")


@pytest.mark.slow
def test_the_servers_page_works_without_a_script(browser: Any, server: LiveServer) -> None:
    """From the link in the header to a hit, with forms and links alone."""
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(server.url)
        page.locator("a.find").click()
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("evacues alep")
        page.keyboard.press("Enter")
        expect(page.locator("mark")).to_have_text(["Évacués", "Alep"])
        page.locator(".hits a").click()
        expect(page.locator("article.entry")).to_contain_text("Évacués d’Alep.")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, server: LiveServer, static: Any, scheme: str) -> None:
    """With hits, without, and on a static host; nothing scrolls sideways at 320 px."""
    from axe_playwright_python.sync_playwright import Axe

    url, _ = static
    for address in (
        f"{server.url}search/?q=pont",
        f"{server.url}search/?q=fleuve&tag=x",
        f"{url}search/?q=pont",
    ):
        for size in (PHONE, DESK, {"width": 320, "height": 700}):
            with page_of(browser, color_scheme=scheme, viewport=size) as page:
                page.goto(address)
                expect(page.locator("main .facts").first).not_to_be_empty()
                assert Axe().run(page).response["violations"] == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
