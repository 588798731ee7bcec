"""Who may do what: every route that needs a token, asked by everybody, about every kind of entry.

The table in ``docs/server.md`` is made of the answers; ``python -m tests.web.test_permissions``
writes it anew.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from liveblog import Blog, ChapterDraft
from liveblog.model import addresses
from liveblog.model.permissions import SCOPES, UNDO_SECONDS, Action, Scope, may
from liveblog.web.blog_app import BlogApp
from liveblog.web.clients import ForwardedHeaders

from ..conftest import Clock, LiveServer, live_server
from ..wire import fetch

DOCUMENT = Path(__file__).parents[2] / "docs" / "server.md"
BEGIN, END = "<!-- permissions: begin -->\n", "<!-- permissions: end -->\n"

KINDS = ("own, fresh", "own, old", "of another, fresh", "of another, old")
PICTURE = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@dataclass(frozen=True)
class Request:
    """A request; ``ID`` and ``URL`` stand for an entry, ``SLUG`` for a chapter."""

    method: str
    path: str
    body: bytes = b""
    kind: str = "application/json"
    about: str = ""  #: the state of the entry: "live" or "removed"; nothing if there is none
    note: str = ""  #: what tells it from another request to the same route


def form(**fields: str) -> bytes:
    """Write a form."""
    return urlencode(fields).encode()


FORM = "application/x-www-form-urlencoded"
REQUESTS = (
    Request("GET", "api/me"),
    Request("GET", "api/words"),
    Request("GET", "api/entries"),
    Request("POST", "api/entries", b'{"body": "x"}'),
    Request("POST", "api/entries", b'{"body": "x", "author": "Agence"}', note="for another"),
    Request("GET", "api/entries/ID", about="live"),
    Request("PATCH", "api/entries/ID", b'{"body": "y"}', about="live"),
    Request("DELETE", "api/entries/ID", about="live"),
    Request("DELETE", "api/entries/ID?purge=true", about="live"),
    Request("POST", "api/entries/ID/retraction", b'{"why": "z"}', about="live"),
    Request("POST", "api/entries/ID/restoration", about="removed"),
    Request("POST", "api/uploads", PICTURE, "image/gif"),
    Request("GET", "api/uploads/NAME"),
    Request("POST", "api/preview", b'{"body": "x"}'),
    Request("GET", "api/digests/2012-07-15"),
    Request("PUT", "api/digests/2012-07-15", b'{"headline": "x"}'),
    Request("GET", "api/chapters"),
    Request("POST", "api/chapters", b'{"title": "x", "period": "today"}'),
    Request("GET", "api/chapters/SLUG"),
    Request("PATCH", "api/chapters/SLUG", b'{"close": "y"}'),
    Request("DELETE", "api/chapters/SLUG"),
    Request("POST", "api/chapters/SLUG/retraction", b'{"why": "z"}'),
    Request("POST", "api/chapters/SLUG/restoration"),
    Request("PUT", "api/coverage", b'{"over": true}'),
    Request("GET", "micropub?q=config"),
    Request("POST", "micropub", b'{"type": ["h-entry"], "properties": {"content": ["x"]}}',
            note="create"),
    Request("POST", "micropub", b'{"action": "update", "url": "URL", "add": {"category": ["y"]}}',
            about="live", note="update"),
    Request("POST", "micropub", b'{"action": "delete", "url": "URL"}', about="live", note="delete"),
    Request("POST", "micropub", b'{"action": "undelete", "url": "URL"}', about="removed",
            note="undelete"),
    Request("POST", "micropub/media",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.gif"\r\n\r\n'
            + PICTURE + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    Request("GET", "compose"),
    Request("POST", "compose", form(body="x"), FORM),
    Request("GET", "compose/entries"),
    Request("GET", "compose/entries/ID", about="live"),
    Request("POST", "compose/entries/ID", form(body="y", rev="1"), FORM, about="live"),
    Request("POST", "compose/entries/ID/pin", form(rev="1"), FORM, about="live"),
    Request("POST", "compose/entries/ID/unpin", form(rev="1"), FORM, about="live"),
    Request("POST", "compose/entries/ID/retract", form(rev="1", why="z"), FORM, about="live"),
    Request("POST", "compose/entries/ID/remove", form(sure="yes"), FORM, about="live"),
    Request("GET", "compose/media/2012/07/15/aaaaaaaaaa-bbbbbbbbbb.png"),
    Request("GET", "compose/digests"),
    Request("GET", "compose/digests/2012-07-15"),
    Request("POST", "compose/digests/2012-07-15", form(headline="x", rev="0"), FORM),
    Request("GET", "compose/chapters"),
    Request("GET", "compose/chapter"),
    Request("POST", "compose/chapter", form(title="x", start="2012-07-15", end="2012-07-15"), FORM),
    Request("GET", "compose/chapters/SLUG"),
    Request("POST", "compose/chapters/SLUG", form(introduction="y", rev="1"), FORM),
    Request("POST", "compose/chapters/SLUG/retract", form(rev="1", why="z"), FORM),
    Request("POST", "compose/chapters/SLUG/remove", form(rev="1", sure="yes"), FORM),
    Request("POST", "compose/chapters/SLUG/restore", form(rev="2"), FORM),
    Request("POST", "compose/coverage", form(over="yes"), FORM),
)  # fmt: skip

OPEN = {
    "/api/openapi.json", "/api/search", "/micropub/media/{name}", "/compose/", "/compose/sign-in",
    "/compose/sign-out", "/compose/shell", "/compose/sw.js", "/compose/manifest.webmanifest",
    "/compose/assets/{name}", "/oembed", "/search", "/search/",
}  # fmt: skip
"""Routes that need no token. Who is not signed in can do nothing by ``sign-out``."""


class Newsroom:
    """A server with a person for each scope, and entries as they are wanted."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self._tokens = {scope: server.token(scope.title(), scope) for scope in SCOPES}
        self._stamp = datetime.now(UTC) - timedelta(seconds=UNDO_SECONDS + 600)
        self._old: dict[tuple[str, str], list[str]] = {}
        self._chapters = 0

    def prepare(self, requests: Mapping[tuple[str, str], int]) -> None:
        """Post, some time ago, as many entries by an author and of a state as will be needed."""
        blog = Blog(self.server.blog.paths.root, clock=self._clock)
        for key, count in requests.items():
            self._old[key] = [self._made(blog, *key) for _ in range(count)]

    def _clock(self) -> datetime:
        self._stamp += timedelta(milliseconds=10)
        return self._stamp

    def _made(self, blog: Blog, author: str, state: str) -> str:
        entry = blog.post("Un fait.", author=author)
        if state == "removed":
            blog.remove(entry.id, author=author)
        return entry.id

    def entry(self, author: str, state: str, *, is_fresh: bool) -> str:
        """Return the id of an entry that nobody else was given."""
        if is_fresh:
            return self._made(self.server.blog, author, state)
        return self._old[author, state].pop()

    def status(self, request: Request, scope: str, kind: str = "") -> int:
        """Ask as somebody; return what the server answers."""
        body, path = request.body, request.path
        if kind:
            author = scope.title() if kind.startswith("own") else "Quelqu’un"
            entry = self.entry(author, request.about, is_fresh=kind.endswith("fresh"))
            url = addresses.url(self.server.url, addresses.entry_path(entry))
            path = path.replace("ID", entry)
            body = body.replace(b"URL", url.encode())
        if "SLUG" in path:
            path = path.replace("SLUG", self._chapter(is_removed="restore" in path))
        headers = {"Content_Type": request.kind, "If_Match": '"1"', "Origin": "http://x.example"}
        if "digests" in path or "coverage" in path:
            headers["If_Match"] = f'"{self._framing_revision(path)}"'
            body = re.sub(rb"rev=\d+", b"rev=%d" % self._framing_revision(path), body)
        if scope in SCOPES:
            headers["Authorization"] = f"Bearer {self._tokens[scope]}"
        elif scope == "wrong":
            headers["Authorization"] = "Bearer lb_wrong"
        return fetch(self.server.url, path, request.method, body, **headers).status

    def _chapter(self, *, is_removed: bool) -> str:
        """Return the name of a chapter that nobody else was given."""
        blog = self.server.blog
        self._chapters += 1
        draft = ChapterDraft(title=f"Chapitre {self._chapters}", period=blog.period("today").id)
        slug = blog.chapters.create(draft).slug
        if is_removed:
            blog.chapters.remove(slug)
        return slug

    def _framing_revision(self, path: str) -> int:
        period = "coverage" if "coverage" in path else "2012-07-15"
        found = self.server.blog.timeline.framing(period)
        return found.rev if found else 0


def answered(status: int) -> str:
    """Return an answer as the table shows it."""
    if status in (401, 403, 429):
        return "no"
    # What is allowed may still find nothing (404) or have nothing to do (422).
    assert status < 400 or status in (404, 422), status
    return "yes"


def rows(newsroom: Newsroom) -> Iterator[tuple[Request, str, list[str]]]:
    """Ask everything; yield each request, the entry that it is about, and the answers by scope."""
    for request in REQUESTS:
        kinds = KINDS if request.about else ("",)
        found = {
            kind: [answered(newsroom.status(request, scope, kind)) for scope in SCOPES]
            for kind in kinds
        }
        for kind, answers in found.items():
            yield request, kind, answers


def table(newsroom: Newsroom) -> str:
    """Return the table of permissions in Markdown, rows that are alike in one."""
    lines = ["| request | entry | post | edit | admin |", "|---|---|---|---|---|"]
    gathered: dict[Request, dict[tuple[str, ...], list[str]]] = {}
    for request, kind, answers in rows(newsroom):
        gathered.setdefault(request, {}).setdefault(tuple(answers), []).append(kind)
    for request, by_answers in gathered.items():
        name = f"`{request.method} {request.path}`" + (f" {request.note}" if request.note else "")
        for cells, kinds in by_answers.items():
            about = shortened(kinds)
            if request.about == "removed":  # by whoever it is of
                about = about.replace("own", "removed by oneself").replace("of", "removed by")
            lines.append(f"| {name} | {about} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def shortened(kinds: list[str]) -> str:
    """Name several kinds of entries in few words."""
    if len(kinds) == len(KINDS):
        return "any"
    text = "; ".join(kinds)
    for whose in ("own", "of another"):
        text = text.replace(f"{whose}, fresh; {whose}, old", whose)
    return text


def in_document(text: str) -> str:
    """Return the table that stands in the document."""
    return text.partition(BEGIN)[2].partition(END)[0]


def open_newsroom(server: LiveServer) -> Newsroom:
    """Prepare everything that the table needs."""
    newsroom = Newsroom(server)
    counts: dict[tuple[str, str], int] = {}
    for request in REQUESTS:
        for scope in SCOPES if request.about else ():
            for author in (scope.title(), "Quelqu’un"):
                key = (author, request.about)
                counts[key] = counts.get(key, 0) + 1
    newsroom.prepare(counts)
    return newsroom


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A server with everybody."""
    with live_server(tmp_path_factory.mktemp("permissions") / "blog", path="/semaine/") as server:
        yield open_newsroom(server)


@pytest.mark.slow
def test_the_document_says_what_the_server_does(newsroom: Newsroom) -> None:
    """Every route, scope, own or another's entry, fresh or old, by real requests."""
    made = table(newsroom)
    assert in_document(DOCUMENT.read_text("utf-8")) == made, (
        "docs/server.md is out of date: run 'python -m tests.web.test_permissions'."
    )


def test_every_route_is_in_the_table(blog: Blog) -> None:
    """Or needs no token, and is named as such."""
    asked = "\n".join(f"{r.method} /{r.path.partition('?')[0]}" for r in REQUESTS)
    routes = [
        route
        for route in BlogApp(blog, ForwardedHeaders(""), lambda: 0).router.routes
        if isinstance(route, Route)
    ]
    missing = {
        route.path
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
        if not re.findall(rf"(?m)^{method} {re.sub('{[^}]*}', '[^ ]+', route.path)}$", asked)
    }
    assert missing == OPEN


@pytest.mark.parametrize("scope", ["none", "wrong"])
def test_without_a_valid_token_nothing_is_allowed(newsroom: Newsroom, scope: str) -> None:
    """A page of the composer is the form to sign in; everything else is refused unread."""
    for request in REQUESTS:
        status = newsroom.status(request, scope)
        is_page = request.method == "GET" and request.path.startswith("compose")
        allowed = {401, 429} | ({200} if is_page and scope == "none" else set())
        assert status in allowed, request


class Somebody:
    """A name and a scope."""

    def __init__(self, name: str, scope: Scope) -> None:
        self.name = name
        self.scope = scope


def test_an_author_undoes_within_a_minute_and_no_longer(blog: Blog, clock: Clock) -> None:
    """To the second; nor what somebody else signed in between; nor as another."""
    entry = blog.post("Oups.", author="Ana")
    ana, bob = Somebody("Ana", "post"), Somebody("Bob", "edit")
    revisions = blog.timeline.entry(entry.id).revisions
    last = clock() + timedelta(seconds=UNDO_SECONDS - 1)
    assert may(ana, "remove", revisions, last)
    assert not may(bob, "remove", revisions, last)
    assert not may(ana, "remove", revisions, last + timedelta(seconds=1))
    blog.edit(entry.id, body="Relu.", author="Bob")
    for person in (ana, bob):  # nor does an editor make it theirs by signing it
        assert not may(person, "remove", blog.timeline.entry(entry.id).revisions, last)


def test_who_removed_an_entry_restores_it_and_no_other(blog: Blog) -> None:
    """A source may be at risk: an author does not bring back what an admin took away."""
    entry = blog.post("Un nom.", author="Ana")
    blog.remove(entry.id, author="Chef")
    revisions = blog.timeline.entry(entry.id).revisions
    assert not may(Somebody("Ana", "edit"), "restore", revisions)
    assert may(Somebody("Chef", "post"), "restore", revisions)
    assert may(Somebody("Dora", "admin"), "restore", revisions)
    actions: tuple[Action, ...] = ("edit", "retract", "remove", "purge")
    assert not any(may(Somebody("Ana", "post"), action, revisions) for action in actions)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, live_server(Path(folder) / "blog") as started:
        text = DOCUMENT.read_text("utf-8")
        made = table(open_newsroom(started))
        before, _, rest = text.partition(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}{made}{END}{rest.partition(END)[2]}", "utf-8")
