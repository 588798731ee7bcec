"""Requests that nobody sane sends: an answer below 500 for each, and no trace of the inside."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveblog.model import addresses

from ..conftest import LiveServer, live_server, tries
from ..wire import fetch

pytestmark = pytest.mark.slow

DIGITS = "9" * 5_000


@dataclass
class Target:
    """A server whose log can be read, with a token for everything and an entry."""

    server: LiveServer
    token: str
    entry: str

    def ask(
        self, method: str, target: bytes, body: bytes = b"", **headers: str | bytes
    ) -> tuple[int, bytes, http.client.HTTPMessage | None]:
        """Send a request as it is; return status, body and headers."""
        named: dict[str, bytes] = {"host": b"localhost", "connection": b"close"}
        for name, value in headers.items():
            data = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
            named[name.lower().replace("_", "-")] = data
        if body:
            named.setdefault("content-length", b"%d" % len(body))
        lines = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in named.items())
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as wire:
            wire.sendall(method.encode() + b" " + target + b" HTTP/1.1\r\n" + lines + b"\r\n")
            with contextlib.suppress(OSError):
                wire.sendall(body)
            response = http.client.HTTPResponse(wire, method=method)
            response.begin()
            is_stream = response.headers["content-type"] == "text/event-stream; charset=utf-8"
            data = b"" if is_stream else response.read()
            found = response.status, data, response.headers
            response.close()
            return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One for the module."""
    folder = tmp_path_factory.mktemp("hostile") / "blog"
    with live_server(folder, path="/semaine/", options=("--metrics",)) as server:
        entry = server.blog.post("Un fait.", tags=["Damas"], author="Ana")
        server.published(entry.id)
        yield Target(server, server.token("Ana", "admin"), entry.id)


def well(found: tuple[int, bytes, Any]) -> bool:
    """Whether an answer is one that a client can understand, and tells nothing of the inside."""
    status, body, _ = found
    assert b"Traceback" not in body
    assert b".py" not in body
    return status < 500


ODD: tuple[tuple[str, str, Any, dict[str, str]], ...] = (
    ("GET", "oembed?maxwidth=" + DIGITS, None, {}),
    ("GET", "oembed?maxwidth=%D9%A3", None, {}),
    ("GET", "oembed?url=http://[::1&maxwidth=-1", None, {}),
    ("GET", "events?after=0-99999999999999999", None, {}),
    ("GET", "events?after=" + "9" * 30 + "-99999999999", None, {}),
    ("GET", "events?after=0-0", None, {}),
    ("GET", "events", None, {"Last_Event_ID": "9-9-9"}),
    ("GET", "api/entries?limit=" + DIGITS, None, {}),
    ("GET", "api/entries?before=%00&limit=1", None, {}),
    ("GET", "api/search?q=%00%22*&offset=" + DIGITS, None, {}),
    ("GET", "search?q=%22%22%22&page=" + DIGITS, None, {}),
    ("GET", "search?q=x&tag=%F0%9F%A6%8A&author=%00", None, {}),
    ("GET", "api/entries/99999999-aaaaaaaaaa", None, {}),
    ("GET", "api/digests/9999-W53", None, {}),
    ("GET", "api/digests/0001-01-01", None, {}),
    ("GET", "api/digests/0000-00-00", None, {}),
    ("GET", "api/digests/9999-12-31..9999-12-31", None, {}),
    ("GET", "api/digests/" + DIGITS, None, {}),
    ("GET", "api/digests/last%20" + DIGITS[:900], None, {}),
    ("PUT", "api/digests/9999-12-31", {"headline": "x"}, {"If_Match": '"0"'}),
    ("PUT", "api/digests/2012-07-15", {"headline": "x"}, {"If_Match": DIGITS}),
    ("PATCH", "api/entries/ID", {"body": "x"}, {"If_Match": DIGITS}),
    ("PATCH", "api/entries/ID", {"body": "x"}, {"If_Match": "W/\"-1\""}),
    ("PATCH", "api/entries/ID", {"body": "x"}, {"If_Match": '"0"'}),
    ("POST", "api/entries", {"body": "x", "published": "9999-12-31T23:59:59-12:00"}, {}),
    ("POST", "api/entries", {"body": "x", "published": "0001-01-01T00:00:00+14:00"}, {}),
    ("POST", "api/preview", {"body": "x", "published": "0001-01-01T00:00:00+14:00"}, {}),
    ("POST", "api/entries",
     {"body": "x", "figures": [{"name": "n", "value": 10**400}]}, {}),
    ("POST", "api/entries", {"body": "x", "sources": [{"name": "n", "url": "http://[::1"}]}, {}),
    ("POST", "api/preview", {"body": "x", "sources": [{"name": "n", "url": "http://[::1"}]}, {}),
    ("POST", "api/entries", {"body": "x"}, {"Idempotency_Key": "\xff" * 5_000}),
    ("GET", "api/uploads/%00", None, {}),
    ("GET", "api/uploads/" + "a" * 5_000, None, {}),
    ("GET", "micropub/media/%00", None, {}),
    ("GET", "micropub/media/" + "a" * 5_000, None, {}),
    ("GET", "compose/media/%00", None, {}),
    ("GET", "compose/media/" + "a" * 5_000, None, {}),
    ("GET", "compose/media/..%2f..%2fliveblog.toml", None, {}),
    ("GET", "compose?url=http://[::1", None, {}),
    ("GET", "compose?url=https://&text=%00&title=%ff", None, {}),
    ("GET", "compose?before=%00", None, {}),
    ("GET", "compose/digests?day=9999-12-31", None, {}),
    ("GET", "compose/digests?day=" + DIGITS, None, {}),
    ("GET", "compose/digests/%00", None, {}),
    ("GET", "compose/entries/%00", None, {}),
    ("GET", "compose/assets/%00", None, {}),
    ("POST", "compose", "body=x&when=0001-01-01T00:00", {}),
    ("POST", "compose", "body=x&when=9999-12-31T23:59", {}),
    ("POST", "compose", "body=x&when=" + DIGITS, {}),
    ("POST", "compose", "body=x&figure_name=n&figure_value=nan", {}),
    ("POST", "compose", "body=x&figure_name=n&figure_value=" + DIGITS, {}),
    ("POST", "compose", "body=x&picture=path:../../x&alt=y", {}),
    ("POST", "compose/entries/ID", "body=x&rev=" + DIGITS, {}),
    ("POST", "compose/entries/ID/pin", "rev=" + DIGITS, {}),
    ("POST", "compose/entries/ID/retract", "why=x&rev=%D9%A3", {}),
    ("POST", "compose/digests/2012-07-15", "headline=x&rev=" + DIGITS, {}),
    ("POST", "compose/digests/2012-07-15", "headline=x&rev=%D9%A3", {}),
    ("POST", "compose/coverage", "", {}),
    ("GET", "micropub?q=source&url=http://[::1", None, {}),
    ("GET", "micropub?q=source&url=BASE9999/99/99/aaaaaaaaaa", None, {}),
    ("POST", "micropub", {"action": ["create"]}, {}),
    ("POST", "micropub", {"action": "update", "url": {"a": 1}, "replace": 5}, {}),
    ("POST", "micropub", {"type": {"a": [1]}, "properties": []}, {}),
    ("POST", "micropub", {"type": ["h-entry"], "properties": {"published": ["0001-01-01"]}}, {}),
    ("POST", "micropub", {"type": ["h-entry"], "properties": {
        "content": [{"html": 5}], "in-reply-to": ["http://[::1"]}}, {}),
    ("POST", "micropub", {"type": ["h-entry"], "properties": {
        "content": ["x"], "photo": [{"value": {"a": 1}, "alt": [1]}]}}, {}),
    ("GET", "%00", None, {}),
    ("GET", "%ff%fe/..%5c..%5c", None, {}),
    ("GET", "2012/07/15/aaaaaaaaaa/", None, {}),
    ("GET", "9999/99/99/aaaaaaaaaa/", None, {}),
    ("GET", "a" * 5_000, None, {}),
    ("GET", "", None, {"If_Modified_Since": "Mon, 99 Jan 99999 99:99:99 GMT"}),
    ("GET", "", None, {"If_Modified_Since": "Thu, 01 Jan 0001 00:00:00 -0000"}),
    ("GET", "", None, {"Accept_Encoding": "br;q=.;, gzip;q=9e999, \xff"}),
    ("GET", "", None, {"Cookie": "\"\\777; =; a=\"", "Range": "bytes=99999999999999999999-"}),
    ("TRACE", "", None, {}),
    ("CONNECT", "", None, {}),
    ("CONNECT", "../healthz", None, {}),
    ("CONNECT", "oembed", None, {}),
    ("DELETE", "events", None, {}),
)  # fmt: skip


@pytest.mark.parametrize("who", ["admin", "nobody"])
@pytest.mark.parametrize(("method", "path", "body", "headers"), ODD)
def test_odd_requests_are_answered(
    target: Target, who: str, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    """Numbers of 5 000 digits, dates beyond the calendar, addresses that are none, NUL."""
    path = path.replace("ID", target.entry).replace("BASE", target.server.url)
    given = dict(headers)
    if who == "admin":
        given["Authorization"] = f"Bearer {target.token}"
    data = b""
    if body is not None:
        is_form = isinstance(body, str)
        data = body.encode() if is_form else json.dumps(body).encode()
        given["Content_Type"] = (
            "application/x-www-form-urlencoded" if is_form else "application/json"
        )
    assert well(target.ask(method, f"/semaine/{path}".encode(), data, **given)), path


@pytest.mark.parametrize("path", ["/semaine", "/", "/semaine/compose/", "/semaine/api/me/",
                                  "/semaine/micropub/", "/semaine/2012", "//evil.example/",
                                  "/semaine//evil.example/", "/semaine/search/"])  # fmt: skip
def test_no_redirect_is_built_from_the_host_header(target: Target, path: str) -> None:
    """Whoever forges one is sent nowhere."""
    for forged in ({"Host": "evil.example"}, {"X_Forwarded_Host": "evil.example"}):
        _, _, headers = target.ask("GET", path.encode(), b"", **forged)
        assert headers is not None
        location = headers["location"] or ""
        assert "evil.example" not in urlsplit(location).netloc


PATHS = (
    "api/me", "api/words", "api/entries", "api/entries/ID", "api/entries/ID/retraction",
    "api/search", "api/uploads", "api/preview", "api/digests/2012-07-15", "api/coverage",
    "api/openapi.json",
    "micropub", "micropub/media", "compose", "compose/entries", "compose/entries/ID",
    "compose/entries/ID/pin", "compose/entries/ID/retract", "compose/entries/ID/remove",
    "compose/digests", "compose/digests/today", "compose/coverage", "compose/sign-in",
    "compose/sign-out", "compose/shell", "compose/sw.js", "oembed", "search", "events", "live.json",
    "", "2012/", "atom.xml", "../../healthz", "../metrics",
)  # fmt: skip
NAMES = st.sampled_from(
    ["q", "url", "before", "limit", "offset", "after", "day", "tag", "author", "page", "maxwidth",
     "body", "title", "rev", "when", "tags", "figure_name", "figure_value", "source_url", "why",
     "over", "headline", "picture", "alt", "token", "access_token", "action", "h", "content",
     "category[]", "photo", "published", "boxes", "key", "lang", "minor"]
)  # fmt: skip
HEADERS = st.sampled_from(
    ["If_Match", "If_None_Match", "If_Modified_Since", "Accept_Encoding", "Cookie", "Origin",
     "Range", "Idempotency_Key", "Last_Event_ID", "Sec_Fetch_Dest", "X_Forwarded_For",
     "X_Forwarded_Proto", "Content_Type", "Expect", "Upgrade"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["http://[::1", "9" * 400, "-1", "nan", "0001-01-01T00:00", "9999-12-31",
                     "\0", "ID", "1", "yes", "null", "1e999", "2012-W54", "a\r\nb"]),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["body", "title", "published", "schedule", "author", "tags", "key", "pinned", "verification",
     "sources", "figures", "pictures", "lang", "note", "minor", "why", "headline", "introduction",
     "over", "type", "properties", "action", "url", "replace", "add", "delete"]
)  # fmt: skip
BODIES = st.one_of(
    st.tuples(st.just("application/json"), st.dictionaries(FIELDS, VALUES, max_size=4)),
    st.tuples(st.just("application/json"), VALUES),
    st.tuples(
        st.just("application/x-www-form-urlencoded"), st.lists(st.tuples(NAMES, TEXTS), max_size=6)
    ),
    st.tuples(st.just("multipart/form-data; boundary=x"), st.binary(max_size=80)),
    st.tuples(st.just("multipart/form-data; boundary=x; charset=punycode"),
              st.lists(st.tuples(NAMES, TEXTS), max_size=4)),
    st.tuples(TEXTS, st.binary(max_size=40)),
)  # fmt: skip


def plain(text: str) -> str:
    """Return a text as a header can hold it."""
    return text.translate({10: None, 13: None, 0: None}).strip()


def written(kind: str, body: Any) -> bytes:
    """Write a body as its type says."""
    if isinstance(body, bytes):
        return body
    if kind == "application/json":
        return json.dumps(body).encode()
    if kind.startswith("multipart"):
        parts = [
            b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (name.encode(), text.encode("utf-8", "surrogatepass"))
            for name, text in body
        ]
        return b"".join(parts) + b"--x--\r\n"
    pairs = (f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}" for name, text in body)
    return "&".join(pairs).encode()


@settings(tries(250, ci=1000), suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]),
    path=st.sampled_from(PATHS),
    more=st.one_of(st.just(""), TEXTS),
    query=st.lists(st.tuples(NAMES, TEXTS), max_size=3),
    headers=st.dictionaries(HEADERS, TEXTS, max_size=3),
    content=st.one_of(st.none(), BODIES),
    is_admin=st.booleans(),
)
def test_no_request_is_a_500(
    target: Target,
    method: str,
    path: str,
    more: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    content: tuple[str, Any] | None,
    is_admin: bool,
) -> None:
    """Any path, query, header and body, on every route, with a token for everything or none."""
    where = path.replace("ID", target.entry)
    where += quote(more.encode("utf-8", "surrogatepass"), safe="/")
    asked = "&".join(f"{n}={quote(t.encode('utf-8', 'surrogatepass'))}" for n, t in query)
    given = {
        name: text.translate({10: None, 13: None, 0: None}).strip()
        for name, text in headers.items()
    }
    if is_admin:
        given["Authorization"] = f"Bearer {target.token}"
    body = b""
    if content is not None:
        given["Content_Type"] = plain(content[0])
        body = written(*content)
    address = f"/semaine/{where}?{asked}".encode("ascii", "replace")
    assert well(target.ask(method, address, body, **given))


def test_hostile_requests_stopped_nothing(target: Target) -> None:
    """After all of those the blog is published, and its page is as it should be."""
    found = target.server.blog.post("Encore là.")
    target.server.published(found.id)
    assert target.server.health()["status"] == "ok"
    path = addresses.url("", addresses.entry_path(found.id))
    assert fetch(target.server.url, path).status == 200
