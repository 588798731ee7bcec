"""Requests to servers outside: what they may reach, how long they may take, how much they may say.

The servers are real sockets on loopback, which the guard refuses unless a place is allowed.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import zlib
from collections.abc import Iterator

import brotli
import pytest

from liveblog import http_client
from liveblog.http_client import Client
from liveblog.model.errors import LiveblogError, Unreachable

from .outside import Outside, outside, says


@pytest.fixture
def server() -> Iterator[Outside]:
    """A server on loopback."""
    with outside() as running:
        yield running


@pytest.fixture
def client(server: Outside) -> Client:
    """A client whose owner allows that one server."""
    return Client(allow={server.place})


# -- what may be reached ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",  # the same in decimal
        "0x7f000001",
        "0177.0.0.1",  # octal
        "０x7f.1",  # full-width
        "①②⑦.⓪.⓪.①",
        "0",
        "0.0.0.0",
        "localhost",
        "LocalHost",
        "localhost.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[::ffff:0:127.0.0.1]",
        "[fe80::1]",
        "[fec0::1]",
        "[fd00::1]",
        "[ff02::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",  # where clouds keep their keys
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_no_spelling_of_an_inner_address_is_reached(server: Outside, host: str) -> None:
    """This machine and its neighbours stay out of reach, however their address is written."""
    server.pages["/"] = says(b"secret")
    with pytest.raises(Unreachable):
        Client().get(f"http://{host}:{server.port}/")
    assert not server.requests


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_public(address: str) -> None:
    """The guard lets through what it is there to let through."""
    assert http_client.is_public(address)


@pytest.mark.parametrize("address", ["", "example.org", "1.2.3", "::ffff:10.0.0.1", "fe80::1%lo"])
def test_what_is_no_public_address_is_none(address: str) -> None:
    """What cannot be read is not public either."""
    assert not http_client.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1",
        "192.0.0.9", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1",
        "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00::1",
        "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fe80::1", "ff02::1",
    ],
)  # fmt: skip
def test_no_special_purpose_address_is_public(address: str) -> None:
    """One of each range in IANA's registries (RFC 6890 and what was added since)."""
    assert not http_client.is_public(address)


def resolver(answers: list[str]) -> http_client.Resolve:
    """Return what resolves every name to some addresses."""
    return lambda host, port: answers


def test_a_place_is_private_if_it_leads_inside_now() -> None:
    """A literal address, this machine, a name of one's own; a mixed answer is none of these."""
    assert http_client.private_host_port("http://127.0.0.1:8000/feed") == "127.0.0.1:8000"
    assert http_client.private_host_port("http://localhost/feed") == "localhost:80"
    inside, outside_ = "10.0.0.7", "93.184.216.34"
    for answers, expected in (
        ([inside], "news.example:443"),
        ([outside_], ""),
        ([outside_, inside], ""),
    ):
        url = "https://news.example/feed"
        assert http_client.private_host_port(url, resolver(answers)) == expected


def test_one_inner_address_among_public_ones_is_one_too_many(server: Outside) -> None:
    """A name with two addresses is refused for the worse one, before anything is sent."""
    client = Client(resolve=lambda host, port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Unreachable, match=r"mixed\.example leads to 127\.0\.0\.1"):
        client.get(f"http://mixed.example:{server.port}/")
    assert not server.requests


def test_a_name_is_looked_up_once_and_that_address_is_used(
    server: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers differently the second time (DNS rebinding) gains nothing."""
    asked: list[str] = []
    monkeypatch.setattr(http_client, "CONNECT_SECONDS", 0.2)

    def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        # A public address first, from where nothing is read.
        return ["127.0.0.1"] if len(asked) > 1 else ["93.184.216.34"]

    with pytest.raises(Unreachable):
        Client(resolve=changing).get(f"http://rebinding.example:{server.port}/")
    assert asked == ["rebinding.example"]
    assert not server.requests


def test_a_resolver_is_the_only_way_to_an_address(server: Outside) -> None:
    """The connection goes to what the look-up said, with the name in the request."""
    server.pages["/x?y=1"] = says(b"here")
    place = f"name.example:{server.port}"
    client = Client(allow={place}, resolve=lambda host, port: ["127.0.0.1"])
    assert client.get(f"http://{place}/x?y=1#part").body == b"here"
    assert f"Host: {place}" in server.requests[0]


def test_only_the_allowed_place_is_allowed(server: Outside) -> None:
    """An owner who allows one port of a machine has not allowed the machine."""
    client = Client(allow={f"127.0.0.1:{server.port + 1}"})
    with pytest.raises(Unreachable, match="no public address"):
        client.get(server.url)


def test_no_proxy_of_the_environment_is_used(
    server: Outside, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would look names up on its own, past the guard."""
    with outside() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        server.pages["/"] = says(b"direct")
        assert client.get(server.url).body == b"direct"
        assert not proxy.requests


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1:70/",
        "data:text/plain,x",
        "example.org",
        "//example.org/",
        "",
        "http://",
        "http://[",
        "http://[::1",
        "http://example.org:port/",
        "http://example.org:99999/",
        "http://user:secret@example.org/",
        "http://" + "a" * 70 + ".example/",
        "http://a" + "\u0301\u0323" * 60_000 + ".example/",
        "http://a..example/",
        "http://exam\x00ple.invalid/",
        "http://exam ple.invalid/",
        "http://example.org\\@127.0.0.1/",
    ],
)
def test_what_is_no_web_address_is_refused_in_words(url: str) -> None:
    """Whatever was typed or linked to: an error of ours, which says what to do next."""
    with pytest.raises(Unreachable) as refused:
        Client(resolve=lambda host, port: []).get(url)
    assert refused.value.hint


def test_a_name_that_does_not_exist_says_so() -> None:
    """The name stands in the message."""
    with pytest.raises(Unreachable, match=r"nowhere\.invalid cannot be found"):
        Client().get("https://nowhere.invalid/")


# -- redirects -------------------------------------------------------------------------------------


def test_redirects_are_followed_and_their_end_is_told(server: Outside, client: Client) -> None:
    """Relative and absolute ones; the answer names the address that it came from."""
    server.pages |= {
        "/a": says(status="302 Found", Location="/b"),
        "/b": says(status="307 Temporary Redirect", Location=f"{server.url}/c"),
        "/c": says(b"here"),
    }
    answer = client.get(f"{server.url}/a")
    assert (answer.status, answer.body, answer.url) == (200, b"here", f"{server.url}/c")
    assert answer.moved == ""


def test_a_move_for_good_is_told(server: Outside, client: Client) -> None:
    """As far as each step on the way is one (301, 308)."""
    server.pages |= {
        "/a": says(status="301 Relocation Permanently", Location="/b"),
        "/b": says(status="308 Permanent Redirect", Location="/c"),
        "/c": says(b"here"),
        "/d": says(status="301 Relocation Permanently", Location="/e"),
        "/e": says(status="302 Found", Location="/c"),
    }
    assert client.get(f"{server.url}/a").moved == f"{server.url}/c"
    assert client.get(f"{server.url}/d").moved == f"{server.url}/e"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{inner}/", "http://[::ffff:127.0.0.1]:{inner}/", "//0x7f.1:{inner}/"],
)
def test_a_redirect_inwards_is_refused(server: Outside, client: Client, target: str) -> None:
    """A public server cannot send us to this machine."""
    with outside() as inner:
        server.pages["/"] = says(status="302 Found", Location=target.format(inner=inner.port))
        with pytest.raises(Unreachable, match="no public address"):
            client.get(server.url)
        assert not inner.requests


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[", "ftp://example.org/", "\x80"])
def test_a_redirect_to_nonsense_is_refused(server: Outside, client: Client, target: str) -> None:
    """Each hop is held to the same rules as the first."""
    said = says(status="302 Found", Location="@").replace(b"@", target.encode("latin-1"))
    server.pages["/"] = said
    with pytest.raises(Unreachable) if target != "\x80" else contextlib.nullcontext():
        assert client.get(server.url).status == 404


def test_a_circle_of_redirects_ends(server: Outside, client: Client) -> None:
    """After three."""
    server.pages["/"] = says(status="302 Found", Location="/")
    with pytest.raises(Unreachable, match="again and again"):
        client.get(server.url)
    assert len(server.requests) == 4


# -- time and size ---------------------------------------------------------------------------------


def _wait_for_the_end(connection: socket.socket) -> None:
    connection.recv(1)


def _drip(connection: socket.socket, begin: bytes) -> None:
    connection.sendall(begin)
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
    ],
    ids=["status", "header", "body", "chunk"],
)
def test_a_slow_drip_is_cut_off(
    server: Outside, client: Client, monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    """Each byte comes in good time, and the whole never would."""
    monkeypatch.setattr(http_client, "TOTAL_SECONDS", 0.3)
    server.pages["/"] = lambda connection: _drip(connection, begin)
    with pytest.raises(Unreachable):
        client.get(server.url)


def test_a_server_that_never_answers_is_cut_off(
    server: Outside, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The total counts from the first word."""
    monkeypatch.setattr(http_client, "TOTAL_SECONDS", 0.2)
    server.pages["/"] = _wait_for_the_end
    with pytest.raises(Unreachable, match="did not answer"):
        client.get(server.url)


def test_many_dead_addresses_take_no_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The total holds for connecting too."""
    monkeypatch.setattr(http_client, "TOTAL_SECONDS", 0.0)
    tried: list[str] = []
    monkeypatch.setattr(
        "httpcore2.SyncBackend.connect_tcp", lambda self, host, *a, **k: tried.append(host)
    )
    client = Client(resolve=lambda host, port: ["93.184.216.34"] * 100)
    with pytest.raises(Unreachable, match="did not answer"):
        client.get("http://many.example/")
    assert not tried


def _endless(head: bytes, part: bytes) -> bytes:
    return head + part * (http_client.MAX_BYTES // len(part) + 2)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x"),
        b"HTTP/1.1 200 OK\r\nX-Endless: ",
    ],
    ids=["until closed", "with a length", "after the end of its gzip", "header"],
)
def test_an_endless_answer_is_cut_off(
    server: Outside, client: Client, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """Ten million bytes are enough, packed or not."""
    monkeypatch.setattr(http_client, "MAX_BYTES", 200_000)
    server.pages["/"] = _endless(head, b"x" * 1000)
    with pytest.raises(Unreachable):
        client.get(server.url)


def test_a_bomb_of_gzip_does_not_unfold(
    server: Outside, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gigabyte that was packed into a megabyte is given up at ten million bytes."""
    longest = 0

    class Watched:
        _inner = zlib.decompressobj(31)

        def decompress(self, data: bytes, limit: int) -> bytes:
            nonlocal longest
            part = self._inner.decompress(data, limit)
            longest = max(longest, len(part))
            return part

    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    server.pages["/"] = says(bomb, Content_Encoding="gzip")
    monkeypatch.setattr(zlib, "decompressobj", lambda _: Watched())
    with pytest.raises(Unreachable, match="more than 10,000,000 bytes"):
        client.get(server.url)
    assert longest <= http_client.MAX_BYTES + 1


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Fifty million bytes, packed into a few."""
    return bytes(brotli.compress(bytes(50_000_000), quality=1))


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(
    server: Outside, client: Client, encoding: str, bomb: bytes
) -> None:
    """So none of their bombs goes off."""
    server.pages["/"] = says(bomb, Content_Encoding=encoding)
    with pytest.raises(Unreachable, match="was not accepted"):
        client.get(server.url)


def test_gzip_is_unpacked(server: Outside, client: Client) -> None:
    """It is asked for, and most feeds come in it."""
    server.pages["/"] = says(gzip.compress(b"words " * 1000), Content_Encoding="GZip")
    assert client.get(server.url).body == b"words " * 1000
    assert "accept-encoding: gzip" in server.requests[0]


@pytest.mark.parametrize(
    "answer",
    [
        says(gzip.compress(b"words " * 1000)[:-12], Content_Encoding="gzip"),
        says(b"no gzip at all", Content_Encoding="gzip"),
        says(b"half", Content_Length="8"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["gzip cut", "no gzip", "cut", "chunk cut", "not HTTP", "nothing"],
)
def test_a_damaged_answer_is_an_error_in_words(
    server: Outside, client: Client, answer: bytes
) -> None:
    """Half an answer is none: it might say less than it meant to."""
    server.pages["/"] = answer
    with pytest.raises(Unreachable) as refused:
        client.get(server.url)
    assert refused.value.hint


def test_a_closed_door_says_so(client: Client, server: Outside) -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 did not answer"):
        Client(allow={f"127.0.0.1:{port}"}).get(f"http://127.0.0.1:{port}/")


# -- what is said ----------------------------------------------------------------------------------


def test_headers_go_and_come(server: Outside, client: Client) -> None:
    """A validator goes back as it came, even if it is not ASCII; a 304 has no body."""
    server.pages["/"] = b'HTTP/1.1 304 Not Modified\r\nETag: "\xe9t\xe9"\r\n\r\n'
    first = client.get(server.url)
    assert (first.status, first.body) == (304, b"")
    client.get(server.url, {"if-none-match": first.headers["etag"]})
    assert 'if-none-match: "été"' in server.requests[1]
    assert "user-agent: liveblog/" in server.requests[1]


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "\u2014"])
def test_a_header_that_cannot_be_sent_is_refused(
    server: Outside, client: Client, value: str
) -> None:
    """What came from outside cannot write a request of its own."""
    with pytest.raises(LiveblogError):
        client.get(server.url, {"if-none-match": value})
    assert not server.requests


def test_a_status_is_an_answer(server: Outside, client: Client) -> None:
    """404 and 500 are for the caller to judge."""
    server.pages["/"] = says(b"sorry", status="503 Service Unavailable", Retry_After="120")
    answer = client.get(server.url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "120")


def test_post_sends_a_body(server: Outside, client: Client) -> None:
    """With its media type; a 307 sends it on, a 303 is an answer."""
    server.pages |= {
        "/a": says(status="307 Temporary Redirect", Location="/b"),
        "/b": says(status="303 See Other", Location="/c"),
    }
    answer = client.post(f"{server.url}/a", b"hub.mode=publish", "text/plain")
    assert (answer.status, server.paths) == (303, ["/a", "/b"])
    assert server.requests[1].endswith("hub.mode=publish")
    assert "content-type: text/plain" in server.requests[1]
