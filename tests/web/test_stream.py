"""The event stream: whoever writes, every reader is told, and nobody misses anything."""

from __future__ import annotations

import fcntl
import http.client
import json
import random
import re
import resource
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image as Picture

from liveblog.blog import Image

from ..conftest import LiveServer, live_server
from ..waiting import until
from ..wire import fetch

pytestmark = pytest.mark.slow


class Stream:
    """A reader of events, as a browser would be."""

    def __init__(self, server: LiveServer, after: str = "", *, by_query: bool = False) -> None:
        parts = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        path = f"{parts.path}events" + (f"?after={after}" if by_query else "")
        headers = {"Last-Event-ID": after} if after and not by_query else {}
        self._connection.request("GET", path, headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.place = after

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        kind, data = "", ""
        for raw in self._response:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                data = value
            elif name == "id":
                self.place = value
            elif not line and kind:
                yield kind, json.loads(data)
                kind = data = ""

    def until_hello(self) -> list[tuple[str, Any]]:
        """Return what comes before the greeting: what was missed."""
        found = []
        for kind, data in self:
            if kind == "hello":
                break
            found.append((kind, data))
        return found

    def entries(self, number: int) -> list[Any]:
        """Return the next entries (or removals), so many of them."""
        found: list[Any] = []
        for kind, data in self:
            if kind in ("entry", "removed"):
                found.append(data)
            if len(found) == number:
                break
        return found

    def close(self) -> None:
        """Leave."""
        self._response.close()
        self._connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the module."""
    with live_server(tmp_path_factory.mktemp("events") / "blog") as running:
        running.blog.post("Avant tout.")
        running.settled()
        yield running


def names(events: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return each event's kind and the entry it is about."""
    return [(kind, data.get("id", "")) for kind, data in events if kind != "page"]


def test_the_stream_says_what_it_is(server: LiveServer) -> None:
    """Nothing on the way may keep or hold it; other sites may read it."""
    stream = Stream(server)
    assert stream.status == 200
    assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["Cache-Control"] == "no-store"
    assert stream.headers["X-Accel-Buffering"] == "no"
    assert stream.headers["Access-Control-Allow-Origin"] == "*"
    assert stream.until_hello() == []
    assert stream.place == server.health()["blogs"][0]["place"]
    stream.close()


def test_an_update_of_another_process_is_told(server: LiveServer) -> None:
    """With its HTML; whoever follows its link finds its page; -s shows how soon."""
    stream = Stream(server)
    stream.until_hello()
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "liveblog", "-C", str(server.blog.paths.root), "post", "D’ici."],
        check=True,
        capture_output=True,
    )
    posted = time.monotonic()
    (entry,) = stream.entries(1)
    print(f"told {time.monotonic() - posted:.3f} s after a post that took {posted - began:.3f} s")
    assert "D’ici." in entry["html"]
    assert fetch(server.url, entry["url"].removeprefix(server.url)).status == 200
    stream.close()


@contextmanager
def another_publishes(server: LiveServer) -> Iterator[None]:
    """Hold up the server's publications."""
    server.settled()
    with (server.blog.paths.derived / "publish.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_an_update_is_told_before_it_is_published_and_its_page_is_waited_for(
    server: LiveServer, tmp_path: Path
) -> None:
    """Readers are told from the journal; a page, tag or picture that is to come is no 404."""
    picture = tmp_path / "pont.png"
    Picture.new("RGB", (20, 10)).save(picture)
    stream = Stream(server)
    stream.until_hello()
    with ThreadPoolExecutor() as others:
        with another_publishes(server):
            server.blog.post("Tout de suite.", tags=["Soudain"], images=[Image(picture, "Pont")])
            (entry,) = stream.entries(1)
            (source,) = re.findall(r'src="./(media/[^"]+)"', entry["html"])
            assert not (server.blog.paths.site / source).exists()
            paths = [entry["url"].removeprefix(server.url), "tags/soudain/", source, "live.json"]
            asked = [others.submit(fetch, server.url, path) for path in paths]
            newcomer = Stream(server)
            # It has read the site, which does not show the update.
            assert names(newcomer.until_hello()) == [("entry", entry["id"])]
            newcomer.close()
            time.sleep(0.2)
            assert not any(answer.done() for answer in asked)
        assert [answer.result().status for answer in asked] == [200, 200, 200, 200]
        assert entry["id"] in asked[-1].result().body.decode()
    stream.close()


def test_what_cannot_be_published_is_waited_for_no_longer_than_two_seconds(
    server: LiveServer,
) -> None:
    """Then it is not there, as ever."""
    stream = Stream(server)
    stream.until_hello()
    with another_publishes(server):
        server.blog.post("Plus tard.")
        (entry,) = stream.entries(1)
        began = time.monotonic()
        assert fetch(server.url, entry["url"].removeprefix(server.url)).status == 404
        assert time.monotonic() - began > 1.5
    server.settled()
    assert fetch(server.url, entry["url"].removeprefix(server.url)).status == 200
    stream.close()


def test_who_leaves_before_the_page_was_told_is_told_of_it(server: LiveServer) -> None:
    """An entry and what stands beside it, such as the key events, are told one after the other."""
    stream = Stream(server)
    stream.until_hello()
    with another_publishes(server):
        server.blog.post("Un fait marquant.", key=True)
        stream.entries(1)
        stream.close()
    server.settled()
    back = Stream(server, after=stream.place)
    ((kind, page),) = back.until_hello()
    assert kind == "page"
    assert "Un fait marquant." in page["parts"]["keys"]["html"]
    back.close()


def test_corrections_retractions_and_removals_are_told(server: LiveServer) -> None:
    """Each as the page needs it."""
    stream = Stream(server)
    stream.until_hello()
    blog = server.blog
    posted = blog.post("Un.")
    assert stream.entries(1)[0]["rev"] == 1
    blog.edit(posted.id, body="Deux.", note="Précision.")
    (changed,) = stream.entries(1)
    assert (changed["rev"], "Précision." in changed["html"]) == (2, True)
    blog.retract(posted.id, why="Faux.")
    (changed,) = stream.entries(1)
    assert (changed["state"], "Faux." in changed["html"]) == ("retracted", True)
    blog.remove(posted.id)
    assert stream.entries(1) == [{"id": posted.id}]
    stream.close()


def test_the_rest_of_the_page_is_told_when_it_changes(server: LiveServer) -> None:
    """Key events, headline, end of the coverage."""
    stream = Stream(server)
    stream.until_hello()

    def is_told(part: str, text: str) -> bool:
        """Wait until a part of the page holds a text; the stream ends after a while."""
        pages = (data for kind, data in stream if kind == "page")
        return any(text in page["parts"].get(part, {}).get("html", "") for page in pages)

    def is_in_state(state: str) -> bool:
        return any(kind == "page" and data["state"] == state for kind, data in stream)

    server.blog.post("Un temps fort.", key=True)
    assert is_told("keys", "Un temps fort.")
    server.blog.frame("coverage", headline="Un nouveau titre")
    assert is_told("head", "Un nouveau titre")
    server.blog.end()
    assert is_in_state("over")
    server.blog.resume()
    assert is_in_state("live")
    stream.close()


@pytest.mark.parametrize("by_query", [False, True])
def test_who_comes_back_is_told_exactly_what_it_missed(server: LiveServer, by_query: bool) -> None:
    """By Last-Event-ID or in the address; each entry as it stands, once; nothing else."""
    stream = Stream(server)
    stream.until_hello()
    begun = stream.place
    seen = server.blog.post("Vu.")
    assert stream.entries(1)[0]["id"] == seen.id
    if stream.place == begun:
        next(iter(stream))  # the rest of the page changed too; the place comes with the last
    stream.close()
    one = server.blog.post("Manqué un.")
    two = server.blog.post("Manqué deux.")
    server.blog.edit(one.id, body="Manqué un, corrigé.", note="Corrigé.")
    gone = server.blog.post("Manqué et retiré.")
    server.settled()
    server.blog.remove(gone.id)
    server.settled()
    again = Stream(server, stream.place, by_query=by_query)
    missed = again.until_hello()
    assert names(missed) == [("entry", two.id), ("entry", one.id), ("removed", gone.id)]
    assert missed[1][1]["rev"] == 2
    assert missed[-1][0] == "page"
    # From there on nothing is told twice.
    third = Stream(server, again.place)
    assert names(third.until_hello()) == []
    again.close()
    third.close()


@pytest.mark.parametrize("kill", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_place_holds_through_a_restart(server: LiveServer, kill: bool) -> None:
    """What is posted while no server runs is told to those who come back."""
    stream = Stream(server)
    stream.until_hello()
    server.stop(kill=kill)
    posted = [server.blog.post(f"Sans serveur {n}.").id for n in range(3)]
    server.start()
    again = Stream(server, stream.place)
    assert names(again.until_hello()) == [("entry", i) for i in posted]
    stream.close()
    again.close()


def test_an_embargoed_entry_is_told_at_its_instant_and_not_before(server: LiveServer) -> None:
    """To those who listen, and to those who come back later."""
    stream = Stream(server)
    stream.until_hello()
    place = stream.place
    at = server.blog.now + timedelta(seconds=2)
    held = server.blog.post("Sous embargo.", at=at, schedule=True)
    open_one = server.blog.post("Tout de suite.")
    assert stream.entries(1)[0]["id"] == open_one.id
    early = Stream(server, place)
    assert names(early.until_hello()) == [("entry", open_one.id)]
    before = early.place
    early.close()
    (told,) = stream.entries(1)
    assert told["id"] == held.id
    assert time.time() >= held.published.timestamp()
    server.settled()
    late = Stream(server, before)
    assert names(late.until_hello()) == [("entry", held.id)]
    late.close()
    stream.close()


def test_who_missed_too_much_is_told_to_load_the_page_again(server: LiveServer) -> None:
    """Hundreds of updates are a page, not a stream."""
    stream = Stream(server)
    stream.until_hello()
    stream.close()
    for number in range(201):
        server.blog.post(f"Beaucoup {number}.")
    server.settled()
    again = Stream(server, stream.place)
    assert [kind for kind, _ in again.until_hello()] == ["reload"]
    again.close()


@pytest.mark.parametrize("place", ["yesterday", "1", "-", "9" * 80, "1-2-3", "0-0", "é"])
def test_a_place_of_another_world_does_no_harm(server: LiveServer, place: str) -> None:
    """The stream begins, and the server goes on."""
    stream = Stream(server, quote(place), by_query=True)
    assert stream.status == 200
    kinds = {kind for kind, _ in stream.until_hello()}
    assert kinds <= {"reload"}
    stream.close()


def test_the_server_stops_at_once_with_readers_connected(server: LiveServer) -> None:
    """On SIGTERM; their streams end, none has to be cut; -s shows how soon."""
    # What came of itself, such as a release, is told before what is posted now, and its page too.
    server.blog.post("Un dernier fait.")
    server.settled()
    streams = [Stream(server) for _ in range(20)]
    for stream in streams:
        stream.until_hello()
    print(f"stopped within {server.stop():.3f} s")
    assert [event for stream in streams for event in stream] == []
    for stream in streams:
        stream.close()
    server.start()


def test_a_stream_needs_nothing_but_its_connection(server: LiveServer) -> None:
    """It ends with it: no chunks, so the oldest proxy can pass it on; HEAD does not wait for it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(b"GET /events HTTP/1.0\r\n\r\n")
        data = b""
        while b"hello" not in data:
            data += wire.recv(4096)
        head, _, body = data.partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert b"connection: close" in head.lower()
        assert b"\r\ndate: " in head.lower()
        assert body.startswith(b"retry: 2000\n\nevent: hello\n")
    answer = fetch(server.url, "events", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer["Content-Type"].startswith("text/event-stream")


def test_a_stream_begins_after_what_was_asked_before_it(server: LiveServer) -> None:
    """Over the same connection, at once: nothing that was still to be sent is lost."""
    page = fetch(server.url)
    asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(asked * 50 + asked.replace(b"/ ", b"/events ", 1))
        data = b""
        while b"event: hello" not in data:
            data += wire.recv(1 << 16)
    assert data.count(page.body) == 50


def test_who_reads_slowly_is_told_everything_in_order(server: LiveServer) -> None:
    """What its connection does not take at once is kept for it, and goes on where it stopped."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(10)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        data = b""
        while b"hello" not in data:
            data += slow.recv(4096)
        posted = [server.blog.post(f"{number} " + "y" * 30_000).id for number in range(20)]
        server.settled()
        while data.count(b"event: entry\n") < len(posted) or not data.endswith(b"\n\n\r\n"):
            data += slow.recv(4096)
    events = re.findall(rb"event: entry\ndata: (.*)\n", data)
    assert [json.loads(event)["id"] for event in events] == posted


def test_streams_are_bounded_for_an_address_and_in_all(tmp_path: Path) -> None:
    """503 with Retry-After; who leaves makes room."""
    limits = "[server]\nstreams_per_address = 3\nstreams = 100\n"
    with live_server(tmp_path / "blog", settings=limits) as running:
        streams = [Stream(running) for _ in range(4)]
        assert [stream.status for stream in streams] == [200, 200, 200, 503]
        assert streams[3].headers["Retry-After"]
        assert running.health()["blogs"][0]["readers"] == 3
        streams[0].close()
        until(lambda: running.health()["blogs"][0]["readers"] <= 2)
        again = Stream(running)
        assert again.status == 200
        for stream in (*streams, again):
            stream.close()


def test_streams_take_the_files_that_the_system_permits_and_leave_some(tmp_path: Path) -> None:
    """64 are the server's own, three quarters of the rest are for streams; then 503."""
    limits = "[server]\nstreams_per_address = 1000\n"
    with live_server(tmp_path / "blog", settings=limits) as running:
        running.stop()
        running.file_limits = (128, 400)
        running.start()
        streams = [Stream(running) for _ in range(600)]
        assert [stream.status for stream in streams] == [200] * 252 + [503] * 348
        assert streams[-1].headers["Retry-After"]
        running.blog.post("On continue.")
        running.settled()
        assert b"On continue." in urllib.request.urlopen(running.url, timeout=5).read()
        for stream in streams:
            stream.close()


def test_who_never_reads_is_cut_and_holds_up_nobody(tmp_path: Path) -> None:
    """Its memory is bounded; the others are told as ever."""
    with live_server(tmp_path / "blog") as running:
        deaf = socket.create_connection(("127.0.0.1", running.port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        listening = Stream(running)
        listening.until_hello()
        text = "x" * 20_000
        heard: list[Any] = []
        thread = threading.Thread(target=lambda: heard.extend(listening.entries(300)))
        thread.start()
        for number in range(300):
            running.blog.post(f"{number} {text}")
            if number % 10 == 0:
                running.settled()
        thread.join(60)
        assert len(heard) == 300
        until(lambda: running.health()["blogs"][0]["readers"] == 1, 40)
        assert running.health()["blogs"][0]["dropped"] == 1
        deaf.close()
        listening.close()


def test_through_kills_and_restarts_a_reader_ends_with_what_is_in_the_journal(
    tmp_path: Path,
) -> None:
    """Whatever is cut and when: coming back with the last place, nothing is missing or doubled."""
    chance = random.Random(7)
    with live_server(tmp_path / "blog") as running:
        blog = running.blog
        held: dict[str, int] = {}
        twice: list[str] = []
        leaving = threading.Event()

        def read() -> None:
            place = ""
            while not leaving.is_set():
                try:
                    stream = Stream(running, place)
                    for kind, data in stream:
                        if kind == "entry":
                            if held.get(data["id"], 0) >= data["rev"]:
                                twice.append(data["id"])
                            held[data["id"]] = data["rev"]
                        elif kind == "removed":
                            held.pop(data["id"], None)
                        place = stream.place
                        if chance.random() < 0.02:
                            break
                    stream.close()
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)

        began = running.blog.post("Début.").id
        running.settled()
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        until(lambda: running.health()["blogs"][0]["readers"])
        ids = [began]
        for number in range(60):
            act = chance.random()
            if act < 0.7:
                ids.append(blog.post(f"Fait {number}.").id)
            elif act < 0.9:
                blog.edit(chance.choice(ids), body=f"Corrigé {number}.", note="Corrigé.")
            else:
                running.stop(kill=chance.random() < 0.7)
                ids.append(blog.post(f"Sans serveur {number}.").id)
                running.start()
            time.sleep(chance.random() * 0.05)
        running.settled()
        expected = {i: blog.timeline.entry(i).now.rev for i in ids}
        until(lambda: {began: expected[began], **held} == expected)
        leaving.set()


def test_a_thousand_readers_and_a_post_a_second_for_a_minute(tmp_path: Path) -> None:
    """Nobody misses one, and the server's memory is flat."""
    number, seconds = 1000, 60
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    limits = "[server]\nstreams_per_address = 2000\n"
    with live_server(tmp_path / "blog", settings=limits) as running:
        wires = []
        for _ in range(number):
            wire = socket.create_connection(("127.0.0.1", running.port))
            wire.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            wire.setblocking(False)
            wires.append(wire)
        until(lambda: running.health()["blogs"][0]["readers"] == number, 30)
        counts = dict.fromkeys(wires, 0)
        tails = dict.fromkeys(wires, b"")
        memory = []
        poll = select.epoll()
        by_number = {wire.fileno(): wire for wire in wires}
        for wire in wires:
            poll.register(wire, select.EPOLLIN)

        def drain(until: float) -> None:
            while (left := until - time.monotonic()) > 0:
                for ready, _ in poll.poll(left):
                    wire = by_number[ready]
                    data = tails[wire] + wire.recv(1 << 20)
                    counts[wire] += data.count(b"event: entry\n")
                    tails[wire] = data[-12:] if b"event: entry\n" not in data[-12:] else b""

        began = time.monotonic()
        for second in range(seconds):
            running.blog.post(f"Seconde {second}.", tags=["charge"])
            drain(began + second + 1)
            memory.append(_memory(running))
        drain(time.monotonic() + 2)
        assert set(counts.values()) == {seconds}
        # Flat: the last third takes no more than the first, but for the journal's own growth.
        first, last = max(memory[: seconds // 3]), max(memory[-seconds // 3 :])
        print(f"{number} readers: {first / 1e6:.0f} MB, later {last / 1e6:.0f} MB")
        assert last < first * 1.1
        for wire in wires:
            wire.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _memory(running: LiveServer) -> int:
    assert running.process is not None
    status = Path(f"/proc/{running.process.pid}/statm").read_text()
    return int(status.split()[1]) * resource.getpagesize()
