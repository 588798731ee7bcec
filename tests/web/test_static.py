"""The site over HTTP, as fetchers of feeds and browsers need it: the list of RFC 9110 and 9111."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import brotli
import pytest
from PIL import Image as Picture

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.chapter import ChapterDraft
from liveblog.web import static
from liveblog.web.blog_app import BlogApp
from liveblog.web.clients import ForwardedHeaders

from ..conftest import LiveServer, live_server, run_loop
from ..wire import fetch

FEEDS = ("atom.xml", "rss.xml", "feed.json", "daily/atom.xml", "weekly/rss.xml")
PAGES = ("", "2012/", "live.json", "figures.csv", "sitemap.xml", *FEEDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A blog with a picture, a removed entry, moved and retired paths, served."""
    folder = tmp_path_factory.mktemp("files")
    picture = folder / "port.png"
    Picture.effect_noise((300, 200), 90).save(picture)
    settings = 'gone = ["2011/", "feuille.xml"]\n[redirects]\n"ancien/" = "2012/"\n'
    settings += '"ailleurs" = "https://example.org/x?y=1"\n'
    with live_server(folder / "blog", settings=settings) as running:
        blog = running.blog
        at = blog.moment("2012-07-15 18:04")
        blog.post("Un fait.", at=at, tags=["Damas", "القدس"], images=[Image(picture, "Le port")])
        gone = blog.post("À retirer.", at=at)
        running.published(gone.id)
        blog.remove(gone.id)
        blog.post(" ".join(f"Mot {n}." for n in range(900)), title="Long", at=at)
        running.settled()
        running.notes["gone"] = gone.id
        blog.chapters.create(ChapterDraft(title="ستة أيام", period="2012-07-15"))
        running.settled()
        running.notes["chapter"] = "ستة-ايام"
        assert fetch(running.url, f"chapters/{quote('ستة-ايام')}/").status == 200
        blog.chapters.remove("ستة-ايام")
        running.settled()
        for path in running.blog.paths.site.rglob("*.*"):
            os.utime(path, (time.time() - 60, time.time() - 60))  # a site a minute old
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_every_representation_has_validators_and_a_304_without_a_body(
    server: LiveServer, path: str
) -> None:
    """A 304 repeats ETag, Cache-Control, Vary and Link (RFC 9110 §15.4.5)."""
    first = fetch(server.url, path)
    assert first.status == 200
    assert re.fullmatch(r'"[0-9a-f]{20}"', first["ETag"])
    assert parsedate_to_datetime(first["Last-Modified"]) <= parsedate_to_datetime(first["Date"])
    again = fetch(server.url, path, If_None_Match=first["ETag"])
    assert (again.status, again.body) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Link", "Last-Modified"):
        assert again.headers.get(name) == first.headers.get(name)
    assert "Content-Length" not in again.headers
    by_date = fetch(server.url, path, If_Modified_Since=first["Last-Modified"])
    assert (by_date.status, by_date.body) == (304, b"")


def test_if_none_match_wins_over_if_modified_since(server: LiveServer) -> None:
    """RFC 9110 §13.2.2."""
    first = fetch(server.url, "atom.xml")
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"

    def both(etag: str, date: str) -> int:
        return fetch(server.url, "atom.xml", If_None_Match=etag, If_Modified_Since=date).status

    assert both('"another"', first["Last-Modified"]) == 200
    assert both(first["ETag"], long_ago) == 304
    many = f'"one", W/{first["ETag"]} , "two"'
    assert fetch(server.url, "atom.xml", If_None_Match=many).status == 304
    assert fetch(server.url, "atom.xml", If_None_Match="*").status == 304
    assert fetch(server.url, "atom.xml", If_Modified_Since="yesterday").status == 200


@pytest.mark.parametrize("path", ["", "atom.xml", "feed.json", "live.json"])
def test_each_encoding_has_an_etag_of_its_own(server: LiveServer, path: str) -> None:
    """Gzip and Brotli decode to the plain bytes, and no cache can mix them up."""
    plain = fetch(server.url, path)
    packed = {
        "br": fetch(server.url, path, Accept_Encoding="gzip, deflate, br"),
        "gzip": fetch(server.url, path, Accept_Encoding="gzip"),
    }
    assert {name: answer["Content-Encoding"] for name, answer in packed.items()} == {
        "br": "br",
        "gzip": "gzip",
    }
    assert brotli.decompress(packed["br"].body) == plain.body
    assert gzip.decompress(packed["gzip"].body) == plain.body
    assert len({plain["ETag"], *(answer["ETag"] for answer in packed.values())}) == 3
    assert all("Accept-Encoding" in answer["Vary"] for answer in (plain, *packed.values()))
    for name, answer in packed.items():
        known = fetch(server.url, path, Accept_Encoding=name, If_None_Match=answer["ETag"])
        assert known.status == 304
        # Who holds the packed bytes and asks for the plain ones gets them.
        assert fetch(server.url, path, If_None_Match=answer["ETag"]).status == 200


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", ""), ("identity", ""), ("gzip;q=0, br;q=0", ""), ("br;q=0, *", "gzip"),
        ("*", "br"), ("gzip;q=1.0, br;q=0.5", "gzip"), ("zstd, compress", ""),
        ("identity;q=0", ""),
    ],
)  # fmt: skip
def test_what_is_not_acceptable_is_sent_plain(
    server: LiveServer, accepted: str, chosen: str
) -> None:
    """Never 406."""
    answer = fetch(server.url, "rss.xml", Accept_Encoding=accepted, Accept="image/png")
    assert (answer.status, answer["Content-Encoding"]) == (200, chosen)


@pytest.mark.parametrize("path", PAGES)
def test_head_has_the_headers_of_get_and_no_body(server: LiveServer, path: str) -> None:
    """RFC 9110 §9.3.2."""
    get, head = fetch(server.url, path), fetch(server.url, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in set(get.headers) - {"date"}:
        assert head.headers[name] == get.headers[name], name


def test_media_types_and_charsets(server: LiveServer) -> None:
    """Each document says what it is."""
    kinds = {
        "": "text/html; charset=utf-8",
        "atom.xml": "application/atom+xml; charset=utf-8",
        "rss.xml": "application/rss+xml; charset=utf-8",
        "feed.json": "application/feed+json",
        "live.json": "application/json",
        "figures.csv": "text/csv; charset=utf-8",
        "sitemap.xml": "application/xml; charset=utf-8",
        "2012/07/15/index.txt": "text/plain; charset=utf-8",
        "2012/07/15/index.md": "text/markdown; charset=utf-8",
        "embed.js": "text/javascript; charset=utf-8",
    }
    found = {path: fetch(server.url, path)["Content-Type"] for path in kinds}
    assert found == kinds
    for path in kinds:
        assert fetch(server.url, path)["X-Content-Type-Options"] == "nosniff"


def test_nothing_public_sets_a_cookie_and_unknown_parameters_change_nothing(
    server: LiveServer,
) -> None:
    """No tracking; a campaign's parameters still get the page."""
    for path in PAGES:
        plain = fetch(server.url, path)
        asked = fetch(server.url, f"{path}?utm_source=x&%FF", Cookie="a=b")
        assert "Set-Cookie" not in asked.headers
        assert asked["ETag"] == plain["ETag"]


@pytest.mark.slow
def test_feeds_caches_ttl_and_sy_agree_and_slow_down_at_the_end(tmp_path: Path) -> None:
    """All three say minutes while the coverage lives, and a day once it is over."""
    with live_server(tmp_path / "blog") as running:
        running.blog.post("Un fait.")
        running.settled()
        for minutes, frequency in ((5, ("hourly", 12)), (1440, ("daily", 1))):
            answer = fetch(running.url, "rss.xml")
            text = answer.body.decode()
            assert answer["Cache-Control"] == f"public, max-age={minutes * 60}"
            assert f"<ttl>{minutes}</ttl>" in text
            assert f"<sy:updatePeriod>{frequency[0]}</sy:updatePeriod>" in text
            assert f"<sy:updateFrequency>{frequency[1]}</sy:updateFrequency>" in text
            running.blog.end()
            running.settled()
        assert json.loads(fetch(running.url, "feed.json").body)["expired"] is True


def test_names_with_a_hash_never_expire_and_pages_are_asked_for_each_time(
    server: LiveServer,
) -> None:
    """A deploy or a correction shows at once; style and pictures are fetched once."""
    page = fetch(server.url).body.decode()
    style = re.search(r'href="\./(assets/style\.[0-9a-f]+\.css)"', page)
    picture = re.search(r'src="\./(media/[^"]+)"', page)
    assert style
    assert picture
    for path in (style[1], picture[1]):
        assert fetch(server.url, path)["Cache-Control"].endswith("immutable")
    assert fetch(server.url)["Cache-Control"] == "public, no-cache"


@pytest.mark.slow
def test_who_asks_by_date_alone_misses_neither_two_edits_in_a_second_nor_a_removal(
    server: LiveServer,
) -> None:
    """Last-Modified has whole seconds; each change is later than the one before, all the same."""
    path = server.blog.paths.site / "atom.xml"
    posted = server.blog.post("Première version.")
    server.settled()
    seen = fetch(server.url, "atom.xml")
    dates = [int(path.stat().st_mtime)]
    changes: list[Callable[[], object]] = [
        lambda: server.blog.edit(posted.id, body="Une.", minor=True),
        lambda: server.blog.edit(posted.id, body="Deux.", minor=True),
        lambda: server.blog.remove(posted.id),
    ]
    for change in changes:
        change()
        server.settled()
        after = fetch(server.url, "atom.xml", If_Modified_Since=seen["Last-Modified"])
        assert after.status == 200
        assert after.body != seen.body
        dates.append(int(path.stat().st_mtime))
        seen = after
    assert dates == sorted(set(dates))
    # As soon as the clock is there, the date says so too.
    time.sleep(max(0, dates[-1] + 1.1 - time.time()))
    late = fetch(server.url, "atom.xml")
    assert parsedate_to_datetime(late["Last-Modified"]).timestamp() == dates[-1]


@pytest.mark.slow
def test_etags_are_the_same_after_a_restart_and_in_another_process(server: LiveServer) -> None:
    """They come from the bytes alone."""
    before = {path: fetch(server.url, path)["ETag"] for path in PAGES}
    server.restart()
    assert {path: fetch(server.url, path)["ETag"] for path in PAGES} == before


def test_pictures_come_whole_or_in_ranges(server: LiveServer) -> None:
    """RFC 9110 §14: 206, 416, If-Range."""
    path = re.search(r'src="\./(media/[^"]+)"', fetch(server.url).body.decode())
    assert path
    whole = fetch(server.url, path[1])
    assert (whole.status, whole["Content-Type"]) == (200, "image/png")
    part = fetch(server.url, path[1], Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole.body)}"
    tail = fetch(server.url, path[1], Range="bytes=-5")
    assert (tail.status, tail.body) == (206, whole.body[-5:])
    assert fetch(server.url, path[1], Range=f"bytes={len(whole.body)}-").status == 416
    kept = fetch(server.url, path[1], Range="bytes=0-3", If_Range=whole["ETag"])
    assert kept.status == 206
    assert fetch(server.url, path[1], Range="bytes=0-3", If_Range='"x"').status == 200
    assert fetch(server.url, path[1], If_None_Match=whole["ETag"]).status == 304


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_opened_in_a_browser_is_readable(server: LiveServer, path: str) -> None:
    """A document request gets a page with the same address; a fetcher gets the feed."""
    page = fetch(server.url, path, Sec_Fetch_Dest="document")
    feed = fetch(server.url, path)
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert server.url + path in page.body.decode()
    assert "Sec-Fetch-Dest" in page["Vary"]
    assert "Sec-Fetch-Dest" in feed["Vary"]
    assert page["ETag"] != feed["ETag"]
    known = fetch(server.url, path, Sec_Fetch_Dest="document", If_None_Match=page["ETag"])
    assert known.status == 304
    assert fetch(server.url, path, Sec_Fetch_Dest="empty").body == feed.body


def test_links_in_headers_are_those_in_the_page(server: LiveServer) -> None:
    """Autodiscovery by HTTP: the same feeds, the preferred one first (RFC 8288)."""
    answer = fetch(server.url, "tags/damas/")
    in_page = re.findall(r'<link rel="alternate"[^>]*href="([^"]+)"', answer.body.decode())
    in_header = re.findall(r'<([^>]+)>; rel="alternate"', answer["Link"])
    assert in_header[0] == f"{server.url}tags/damas/atom.xml"
    assert len(in_header) == len(in_page) == len(set(in_header))
    assert answer["Link"].isascii()
    assert f'<{server.url}atom.xml>; rel="self"' in fetch(server.url, "atom.xml")["Link"]


def test_other_sites_may_read_what_is_meant_for_them(server: LiveServer) -> None:
    """CORS for feeds, live.json, figures and the embedding script; not for pages."""
    for path in (*FEEDS, "live.json", "figures.csv", "embed.js"):
        assert (
            fetch(server.url, path, Origin="https://a.example")["Access-Control-Allow-Origin"]
            == "*"
        )
    assert "Access-Control-Allow-Origin" not in fetch(server.url, "").headers


def test_a_folder_without_its_slash_leads_to_it(server: LiveServer) -> None:
    """With the query kept; names in any script."""
    answer = fetch(server.url, "2012/07/15?x=1")
    assert (answer.status, answer["Location"]) == (308, "15/?x=1")
    assert fetch(server.url, "tags/" + quote("القدس") + "/").status == 200


def test_what_moved_redirects_and_what_is_gone_says_so(server: LiveServer) -> None:
    """308 and 410 as configured; 410 for an entry or chapter that was removed."""
    moved = fetch(server.url, "ancien/?a=1")
    assert (moved.status, moved["Location"]) == (308, f"{server.url}2012/?a=1")
    assert fetch(server.url, "ailleurs")["Location"] == "https://example.org/x?y=1"
    assert fetch(server.url, "2011/07/15/").status == 410
    assert fetch(server.url, "feuille.xml").status == 410
    day, letters = server.notes["gone"].split("-")
    removed = fetch(server.url, f"{day[:4]}/{day[4:6]}/{day[6:]}/{letters}/")
    assert removed.status == 410
    assert "supprimée" in removed.body.decode()
    chapter = fetch(server.url, f"chapters/{quote(server.notes['chapter'])}/")
    assert chapter.status == 410
    assert fetch(server.url, "chapters/jamais/").status == 404
    never = fetch(server.url, f"{day[:4]}/{day[4:6]}/{day[6:]}/zzzzzzzzzz/")
    assert never.status == 404
    assert "text/html" in never["Content-Type"]


def test_an_embargoed_entry_is_not_there_rather_than_gone(server: LiveServer) -> None:
    """410 would tell that it exists."""
    held = server.blog.post("Plus tard.", at=server.blog.moment("2031-01-01 10:00"), schedule=True)
    server.settled()
    assert fetch(server.url, f"2031/01/01/{held.id.split('-')[1]}/").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "../liveblog.toml", "%2e%2e/liveblog.toml", "..%2fliveblog.toml", "assets/../../x",
        "assets/%2e%2e/%2e%2e/liveblog.toml", "%2fetc/passwd", "/etc/passwd", ".staging/1",
        "%00", "a%00b", "..%5cliveblog.toml", "%ff%fe", "a" * 5000, "entries/coverage.jsonl",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_site(server: LiveServer, path: str) -> None:
    """Nor to a hidden file; and the server goes on."""
    answer = fetch(server.url, path)
    assert answer.status in (400, 404)
    assert b"root:" not in answer.body
    assert b"timezone" not in answer.body
    assert fetch(server.url).status == 200


def test_a_link_that_leads_out_of_the_site_is_not_followed(server: LiveServer) -> None:
    """Even if somebody put it there."""
    os.symlink("/etc/passwd", server.blog.paths.site / "secret.txt")
    assert fetch(server.url, "secret.txt").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_files_are_only_read(server: LiveServer, method: str) -> None:
    """405 names what is allowed."""
    answer = fetch(server.url, "atom.xml", method)
    assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")


def test_nonsense_on_the_wire_does_no_harm(server: LiveServer) -> None:
    """Whatever is not HTTP is answered with 400 or closed."""
    parts = urlsplit(server.url)
    for data in (b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n"):
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as wire:
            wire.sendall(data)
            assert not wire.recv(100).startswith(b"HTTP/1.1 200")
    assert fetch(server.url).status == 200


def test_a_site_that_another_process_publishes_is_served_at_once(server: LiveServer) -> None:
    """What is held in memory follows the disk."""
    path = server.blog.paths.site / "2012" / "index.html"
    before = fetch(server.url, "2012/")
    path.write_bytes(path.read_bytes() + b"<!-- -->")
    after = fetch(server.url, "2012/")
    assert after.body == before.body + b"<!-- -->"
    assert after["ETag"] != before["ETag"]


def test_the_server_can_be_asked_how_it_is(server: LiveServer) -> None:
    """/healthz says what it knows."""
    port = urlsplit(server.url).port
    answer = fetch(f"http://127.0.0.1:{port}", "/healthz")
    document = json.loads(answer.body)
    assert (answer.status, document["status"]) == (200, "ok")
    assert document["blogs"][0]["problem"] == ""
    assert document["blogs"][0]["published"]


@pytest.mark.slow
def test_blogs_of_several_folders_have_each_their_path(tmp_path: Path) -> None:
    """One process; the path is that of each url; the root lists them."""
    with live_server(tmp_path / "un", path="/un/") as running:
        port = urlsplit(running.url).port
        other = Blog.init(
            tmp_path / "deux", title="Deux", language="fr", url=f"http://127.0.0.1:{port}/deux/"
        )
        other.post("Ailleurs.")
        running.restart(other.paths.root)
        assert b"Ailleurs." in fetch(f"http://127.0.0.1:{port}", "/deux/").body
        assert fetch(running.url).status == 200
        root = fetch(f"http://127.0.0.1:{port}", "/")
        assert b"/un/" in root.body
        assert b"/deux/" in root.body


@pytest.mark.slow
def test_what_another_process_writes_is_served_from_the_next_request_on(
    server: LiveServer,
) -> None:
    """Also over a connection that is kept, for a file that is held ready; and its end is seen."""
    path = server.blog.paths.site / "extra.txt"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def get(**headers: str) -> tuple[int, str, bytes]:
        connection.request("GET", "/extra.txt", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["ETag"] or "", answer.read()

    seen = set()
    for text in ("One.", "Two!", "Three"):  # two of them of one size
        subprocess.run(
            [sys.executable, "-c", "import pathlib, sys; p = pathlib.Path(sys.argv[1]); "
             "t = p.with_name('.new'); t.write_text(sys.argv[2]); t.replace(p)", path, text],
            check=True,
        )  # fmt: skip
        for _ in range(3):
            status, etag, body = get()
            assert (status, body) == (200, text.encode())
            assert get(**{"If-None-Match": etag})[0] == 304
        seen.add(etag)
    assert len(seen) == 3
    path.unlink()
    assert get()[0] == 404
    connection.close()


def test_requests_of_one_connection_are_answered_in_order(server: LiveServer) -> None:
    """Sent at once (RFC 9112 §9.3.2): what lies ready does not overtake what takes longer."""
    fetch(server.url, "atom.xml")
    paths = ["/atom.xml", "/search?q=fait", "/atom.xml", "/nothing", "/healthz", "/atom.xml"]
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" for path in paths)
    asked += "GET /rss.xml HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(asked.encode())
        with wire.makefile("rb") as said:
            heads = []
            while line := said.readline():
                head = [line.decode()]
                while (line := said.readline()) != b"\r\n":
                    head.append(line.decode().lower())
                text = "".join(head)
                heads.append(text)
                length = re.search(r"content-length: (\d+)", text)
                assert length
                said.read(int(length[1]))
    kinds = [re.search(r"content-type: ([^;\r]+)", head) for head in heads]
    assert [kind and kind[1] for kind in kinds] == [
        "application/atom+xml", "text/html", "application/atom+xml", "text/html",
        "application/json", "application/atom+xml", "application/rss+xml",
    ]  # fmt: skip


def test_an_answer_is_the_same_by_every_way(server: LiveServer) -> None:
    """For those who keep their connection and those who close it; with a body nobody asked for."""
    plain = fetch(server.url, "atom.xml")
    ways = [
        fetch(server.url, "atom.xml", Connection="close"),
        fetch(server.url, "atom.xml", body=b"What is this?"),
        fetch(server.url, "atom.xml?x=1", Range="bytes=0-3"),
        fetch(server.url, "%61tom.xml"),
    ]
    for answer in ways:
        assert (answer.status, answer.body) == (200, plain.body)
        for name in set(plain.headers) - {"date"}:
            assert answer.headers[name] == plain.headers[name], name


def test_no_more_is_held_ready_than_there_is_memory_for(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that nobody asked for lately are let go, and read again when they are wanted."""
    monkeypatch.setattr(static, "CACHE_BYTES", 1_000_000)
    site = blog.paths.site
    site.mkdir(exist_ok=True)
    for number in range(30):
        (site / f"{number}.txt").write_bytes(os.urandom(50_000))
    files = BlogApp(blog, ForwardedHeaders(""), lambda: 0).files

    async def ask() -> None:
        for number in range(30):
            assert await files.file(f"{number}.txt")
            assert 100_000 < files.cached_bytes <= 1_000_000 or number == 0
        assert files.cached("29.txt", {})
        assert files.cached("0.txt", {}) is None
        assert await files.file("0.txt")
        assert files.cached("0.txt", {})

    run_loop(ask())


@pytest.mark.parametrize("path", ["", "2012/", "nothing/", "atom.xml"])
def test_pages_of_other_sites_cannot_frame_a_page(server: LiveServer, path: str) -> None:
    """As a header, which alone can say so; embed.js needs no frame, and feeds are no pages."""
    accepted = {"Sec_Fetch_Dest": "document"} if path == "atom.xml" else {}
    answer = fetch(server.url, path, "GET", b"", **accepted)
    assert answer["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    again = fetch(server.url, path, "GET", b"", If_None_Match=answer["ETag"], **accepted)
    assert again.status in (304, 404)
    assert again["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert fetch(server.url, "feed.json")["Content-Security-Policy"] == ""
