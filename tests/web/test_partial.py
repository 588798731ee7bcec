"""A request that leaves fields out empties none of them; an empty number is no zero."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.responses import Response

from liveblog import Blog
from liveblog.blog import Uploaded
from liveblog.model.entry import Figure, Revision, Source
from liveblog.web.auth import Authenticator
from liveblog.web.clients import network_of

from ..conftest import LiveServer, live_server
from ..wire import Answer, fetch
from .test_api import picture

FORM = "application/x-www-form-urlencoded"


class Newsroom:
    """A server and somebody who may everything."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.token = server.token("Ana", "admin")

    @property
    def blog(self) -> Blog:
        """The blog as it is on disk."""
        return self.server.blog

    def whole(self) -> Revision:
        """Post an update of which every field says something."""
        upload = self.blog.upload(picture())
        return self.blog.post(
            "Le corps.",
            title="Le titre",
            at=self.blog.moment("2012-07-15 18:04"),
            author="Une autre",
            tags=["Damas", "Alep"],
            key=True,
            pinned=True,
            verification="confirmed",
            sources=[Source("SANA", "https://example.org/sana")],
            figures=[Figure("Blessés", 3, "personnes", "la Croix-Rouge")],
            images=[Uploaded(upload, "Le port", "Vu du nord")],
            lang="fr-CA",
        )

    def now(self, entry: Revision) -> dict[str, Any]:
        """Return what an entry says, but for what every revision changes."""
        found = self.blog.timeline.entry(entry.id).now
        changing = ("rev", "recorded", "updated", "note", "idempotency_key")
        names = [name for name in found.__struct_fields__ if name not in changing]
        return {name: getattr(found, name) for name in names}

    def form(self, path: str, fields: dict[str, str] | list[tuple[str, str]]) -> Answer:
        """Send a form."""
        return self.send("POST", path, urlencode(fields).encode(), FORM)

    def json(self, method: str, path: str, body: object, rev: int = 1) -> Answer:
        """Send JSON."""
        return self.send(method, path, json.dumps(body).encode(), "application/json", rev)

    def send(self, method: str, path: str, body: bytes, kind: str, rev: int = 1) -> Answer:
        """Send a request."""
        headers = {"Authorization": f"Bearer {self.token}", "Content_Type": kind}
        return fetch(self.server.url, path, method, body, If_Match=f'"{rev}"', **headers)


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """One for the module."""
    with live_server(tmp_path_factory.mktemp("partial") / "blog") as server:
        yield Newsroom(server)


@pytest.mark.parametrize("more", [{}, {"do": "pin"}, {"title": "x"}, {"minor": "yes"},
                                  {"boxes": "key pinned"}, {"note": "x", "tags": ""}])  # fmt: skip
def test_a_form_that_was_not_sent_whole_is_refused(
    newsroom: Newsroom, more: dict[str, str]
) -> None:
    """As a browser that knows no second argument of FormData sent it."""
    entry = newsroom.whole()
    before = newsroom.now(entry)
    answer = newsroom.form(f"compose/entries/{entry.id}", {"rev": "1"} | more)
    assert answer.status == 422
    assert newsroom.now(entry) == before


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"body": "Neuf."}, {"body": "Neuf."}),
        ({"body": "Neuf.", "title": ""}, {"body": "Neuf.", "title": ""}),
        ({"body": "Neuf.", "tags": "Homs"}, {"body": "Neuf.", "tags": ("Homs",)}),
        ({"body": "Neuf.", "boxes": "key"}, {"body": "Neuf.", "key": False}),
        ({"body": "Neuf.", "boxes": "verification confirmed pinned"},
         {"body": "Neuf.", "pinned": False, "verification": ""}),
        ({"body": "Neuf.", "boxes": "verification confirmed", "verification": "unconfirmed"},
         {"body": "Neuf.", "verification": "unconfirmed"}),
        ({"body": "Neuf.", "source_name": ""}, {"body": "Neuf.", "sources": ()}),
        ({"body": "Neuf.", "figure_name": "Morts", "figure_value": "0"},
         {"body": "Neuf.", "figures": (Figure("Morts", 0),)}),
        ({"body": "Neuf.", "lang": ""}, {"body": "Neuf.", "lang": ""}),
    ],
)  # fmt: skip
def test_a_form_changes_what_it_shows_and_nothing_else(
    newsroom: Newsroom, fields: dict[str, str], changed: dict[str, Any]
) -> None:
    """Boxes that are not ticked, and lists that are empty, count where the form has them."""
    entry = newsroom.whole()
    before = newsroom.now(entry)
    answer = newsroom.form(f"compose/entries/{entry.id}", {"rev": "1"} | fields)
    assert answer.status == 303, answer.body.decode()
    assert newsroom.now(entry) == before | changed


@pytest.mark.parametrize(("path", "pinned"), [("pin", True), ("unpin", False)])
def test_pinning_changes_nothing_else(newsroom: Newsroom, path: str, pinned: bool) -> None:
    """Its address says what is done, not a field of the form."""
    entry = newsroom.whole()
    if pinned:
        newsroom.blog.edit(entry.id, pinned=False)
    before = newsroom.now(entry)
    rev = newsroom.blog.timeline.entry(entry.id).now.rev
    assert newsroom.form(f"compose/entries/{entry.id}/{path}", {"rev": str(rev)}).status == 303
    assert newsroom.now(entry) == before | {"pinned": pinned}
    assert newsroom.form(f"compose/entries/{entry.id}/{path}", {}).status == 428


@pytest.mark.parametrize("path", ["retract", "do"])
def test_an_action_without_what_it_needs_is_refused(newsroom: Newsroom, path: str) -> None:
    """A retraction has a reason; what is no action is not found."""
    entry = newsroom.whole()
    before = newsroom.now(entry)
    answer = newsroom.form(f"compose/entries/{entry.id}/{path}", {"rev": "1"})
    assert answer.status == (422 if path == "retract" else 404)
    assert newsroom.now(entry) == before


def test_a_patch_changes_what_it_names(newsroom: Newsroom) -> None:
    """RFC 7396; nothing named is nothing to do, and null empties nothing."""
    entry = newsroom.whole()
    before = newsroom.now(entry)
    path = f"api/entries/{entry.id}"
    for body in ({}, {"tags": None}, {"figures": [{"name": "Morts"}]},
                 {"figures": [{"name": "Morts", "value": None}]},
                 {"figures": [{"name": "Morts", "value": ""}]}):  # fmt: skip
        assert newsroom.json("PATCH", path, body).status == 422
    assert newsroom.now(entry) == before
    assert newsroom.json("PATCH", path, {"title": "Neuf"}).status == 200
    assert newsroom.now(entry) == before | {"title": "Neuf"}


def test_a_micropub_update_changes_what_it_names(newsroom: Newsroom) -> None:
    """What Micropub has no property for stays above all."""
    entry = newsroom.whole()
    before = newsroom.now(entry)
    day = entry.id[:8]
    url = f"{newsroom.server.url}{day[:4]}/{day[4:6]}/{day[6:]}/{entry.id[9:]}/"
    update: dict[str, Any] = {"action": "update", "url": url}
    assert newsroom.json("POST", "micropub", update).status == 400
    assert newsroom.form("micropub", {"action": "update", "url": url}).status == 400
    assert newsroom.now(entry) == before
    named = update | {"replace": {"content": ["Neuf."]}}
    assert newsroom.json("POST", "micropub", named).status == 204
    assert newsroom.now(entry) == before | {"body": "Neuf."}
    named = update | {"delete": ["category"], "add": {"name": []}}
    assert newsroom.json("POST", "micropub", named).status == 204
    assert newsroom.now(entry) == before | {"body": "Neuf.", "tags": ()}


@pytest.mark.parametrize("door", ["form", "api"])
def test_a_digest_keeps_what_is_not_named(newsroom: Newsroom, door: str) -> None:
    """A form or a request with the headline alone; with nothing, it is refused."""
    period = "2012-07-15" if door == "form" else "2012-07-16"
    newsroom.blog.frame(period, headline="Titre", introduction="Début.", close="Fin.")

    def send(fields: dict[str, str], rev: int) -> int:
        if door == "api":
            return newsroom.json("PUT", f"api/digests/{period}", fields, rev).status
        return newsroom.form(f"compose/digests/{period}", {"rev": str(rev)} | fields).status

    assert send({}, 1) == 422
    assert send({"headline": "Neuf"}, 1) in (200, 303)
    found = newsroom.blog.timeline.framing(period)
    assert found is not None
    assert (found.rev, found.headline, found.introduction, found.close) == (
        2, "Neuf", "Début.", "Fin.",
    )  # fmt: skip


def test_the_coverage_neither_ends_nor_resumes_by_a_form_that_does_not_say(
    newsroom: Newsroom,
) -> None:
    """Nor by a request of the API."""
    newsroom.blog.end()
    assert newsroom.form("compose/coverage", {}).status == 422
    assert newsroom.form("compose/coverage", {"over": "perhaps"}).status == 422
    assert newsroom.json("PUT", "api/coverage", {}).status == 422
    found = newsroom.blog.timeline.framing("coverage")
    assert found is not None
    assert found.ended
    assert newsroom.form("compose/coverage", {"over": "no"}).status == 303


@pytest.mark.parametrize("value", ["", " ", "1_000", "nan", "inf", "1e99", "douze", "٣٤x"])
def test_what_is_no_number_is_refused(newsroom: Newsroom, value: str) -> None:
    """A figure with a name and no number is not published as zero."""
    end = newsroom.blog.journal.end()
    fields = {"body": "x", "figure_name": "Blessés", "figure_value": value}
    assert newsroom.form("compose", fields).status == 422
    given = {"body": "x", "figures": [{"name": "Blessés", "value": value}]}
    assert newsroom.json("POST", "api/entries", given).status == 422
    if not value:
        assert newsroom.form("compose", {"body": "x", "figure_name": "Blessés"}).status == 422
    assert newsroom.blog.journal.end() == end


@pytest.mark.parametrize(
    ("url", "name", "path"),
    [
        ("https://example.org/a/b/", "__Host-", "/"),
        ("http://example.org/a/b/", "", "/a/b/"),
    ],
)
def test_a_session_cookie_is_secure_by_the_url_of_the_blog(
    new_blog: Any, url: str, name: str, path: str
) -> None:
    """Whatever a proxy says; and no two blogs of one host share a name."""
    blog = new_blog(url=url)
    ana = blog.tokens.by_token(blog.tokens.new("Ana", "post", blog.now))
    cookies = set()
    for of in ("/a/b/", "/a-b/", "/a_b/", "/"):
        response = Response()
        Authenticator(blog.tokens, blog.config, of, lambda: blog.now).sign_in(response, ana)
        cookie = response.headers["set-cookie"]
        cookies.add(cookie.partition("=")[0])
        assert cookie.startswith(f"{name}liveblog-")
        assert ("; Secure" in cookie) == (name != "")
        assert f"Path={path if name else of};" in cookie + ";"
        assert "Domain" not in cookie
        assert "HttpOnly" in cookie
    assert len(cookies) == 4


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_client(address: str, network: str) -> None:
    """Whoever has one address of a /64 has them all."""
    assert network_of(address) == network
