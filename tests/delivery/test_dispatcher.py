"""What goes out: each thing once, in order, whatever the other side and the machine do."""

from __future__ import annotations

import email
import email.policy
import html
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from lxml import etree

from liveblog import Blog
from liveblog.delivery import DeliveryError, chat, websub
from liveblog.delivery.dispatcher import Dispatcher
from liveblog.delivery.outbox import Outbox
from liveblog.digest import Digest
from liveblog.digest.build import build as real
from liveblog.http_client import private_host_port
from liveblog.model.errors import ConfigError, LiveblogError, StorageError
from liveblog.model.period import Period
from liveblog.scheduler import dispatcher_for
from liveblog.text import bidi
from liveblog.timeline import Timeline

from ..command import Done, run
from ..conftest import Clock, live_server
from ..receiver import Receiver, receiving
from ..test_scheduler import add
from ..waiting import until
from ..wire import fetch
from .conftest import Room

# -- mail ------------------------------------------------------------------------------------------


def mailing(blog: Blog, receiver: Receiver, **environ: str) -> tuple[Blog, Dispatcher]:
    """Return a blog whose mail goes to the receiver, with a first day to send."""
    blog = add(blog, receiver.settings)
    dispatcher = dispatcher_for(blog, environ)
    dispatcher.close()
    blog.post("Un fait.")
    return blog, dispatcher


def closed(blog: Blog, dispatcher: Dispatcher, clock: Clock) -> None:
    """Let the day go by, and close it."""
    clock.set("2012-07-16T08:00:00+02:00")
    assert [of.id for of in dispatcher.close()] == ["2012-07-15", "2012-W28"]


def states(blog: Blog) -> list[tuple[str, str]]:
    """Return each delivery's subject and state."""
    return [(delivery.subject, delivery.state) for delivery in blog.outbox.deliveries()]


def test_what_was_taken_is_not_sent_again(blog: Blog, receiver: Receiver, clock: Clock) -> None:
    """However often deliveries are made, also by another process."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    assert str(dispatcher.send("mail")) == "2 sent"
    assert str(dispatcher.send("mail")) == "0 sent"
    assert str(dispatcher_for(blog).send("mail")) == "0 sent"
    assert len(receiver.raw) == 2


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_temporary_refusal_is_tried_again_after_growing_pauses(
    blog: Blog, receiver: Receiver, clock: Clock, step: str
) -> None:
    """4xx: until it is taken, in order."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    receiver.answer = lambda at, address: "451 Come back later" if at == step else ""
    pauses = []
    for _ in range(4):
        assert dispatcher.send("mail").waiting == 1
        (first, second) = blog.outbox.deliveries("waiting")
        assert second.attempts == 0
        assert "451 Come back later" in first.problem
        pauses.append(first.due - blog.now)
        clock.now = first.due
    assert pauses == sorted(pauses)
    receiver.answer = lambda at, address: ""
    assert str(dispatcher.send("mail")) == "2 sent"
    assert ["2012-07-15" in m["Message-ID"] for m in receiver.messages] == [True, False]


def test_a_permanent_refusal_is_given_up_and_reported(
    blog: Blog, receiver: Receiver, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """5xx: reported with the server's words; retried only when somebody says so."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    receiver.answer = lambda at, address: "550 No such user here" if at == "RCPT" else ""
    assert str(dispatcher.send("mail")) == "0 sent, 2 given up"
    assert "550 No such user here for anna@example.org" in caplog.text
    clock.go(days=9)
    assert str(dispatcher.send("mail")) == "0 sent"
    receiver.answer = lambda at, address: ""
    for delivery in blog.outbox.deliveries("failed"):
        blog.outbox.retry(delivery.key, blog.now)
    assert str(dispatcher.send("mail")) == "2 sent"


def test_a_mail_whose_reply_was_lost_may_arrive_twice_and_is_counted(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """Under the same Message-ID; nothing else is repeated."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    receiver.answer = lambda at, address: "die" if at == "DATA" else ""
    assert dispatcher.send("mail").waiting == 1
    (delivery, _) = blog.outbox.deliveries("waiting")
    assert delivery.uncertain_attempts == 1
    assert "may have taken" in delivery.problem
    receiver.answer = lambda at, address: ""
    clock.now = delivery.due
    dispatcher.send("mail")
    ids = [message["Message-ID"] for message in receiver.messages]
    assert len(ids) == 3
    assert ids[0] == ids[1] != ids[2]


def test_an_hour_without_a_server_delays_and_loses_nothing(blog: Blog, clock: Clock) -> None:
    """All goes out once, in order, when it is back."""
    receiver = Receiver()
    with receiving(receiver):
        pass
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    away = clock.now + timedelta(hours=1)
    while clock.now < away:
        dispatcher.send("mail")
        due = blog.outbox.next_due("mail")
        assert due
        clock.now = max(due, clock.now + timedelta(seconds=1))
    assert {state for _, state in states(blog)} == {"waiting"}
    assert "refused" in blog.outbox.deliveries()[0].problem
    with receiving(receiver):
        assert str(dispatcher.send("mail")) == "2 sent"
    assert clock.now < away + timedelta(minutes=20)
    assert ["2012-07-15" in m["Message-ID"] for m in receiver.messages] == [True, False]


def test_a_removed_address_gets_nothing_any_more(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """What waited for it is dropped, and the list says why."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text().replace("anna@", "bob@"))
    other = Blog(blog.paths.root, clock=clock)
    dispatcher_for(other).send("mail")
    assert receiver.raw == []
    assert {(e.state, e.problem) for e in other.outbox.deliveries()} == {
        ("dropped", "the address is no longer in the settings")
    }


def test_a_disk_that_is_full_when_it_is_recorded_repeats_nothing(
    blog: Blog, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process records the delivery before it sends the next one."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    mark_sent = Outbox.mark_sent

    def full(*_: Any) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(Outbox, "mark_sent", full)
    for _ in range(3):
        with pytest.raises(StorageError):
            dispatcher.send("mail")
    assert len(receiver.raw) == 1
    monkeypatch.setattr(Outbox, "mark_sent", mark_sent)
    assert str(dispatcher.send("mail")) == "1 sent"
    assert len(receiver.raw) == 2
    assert {state for _, state in states(blog)} == {"done"}


# -- hubs ------------------------------------------------------------------------------------------


class Hub:
    """A hub that records its pings and answers with a given status."""

    def __init__(self) -> None:
        self.pings: list[str] = []
        self.answer: tuple[int, dict[str, str]] = (202, {})
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Hub]:
        """Answer requests."""
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, headers = hub.answer
                if status < 300:
                    assert form["hub.mode"] == ["publish"]
                    assert form["hub.url"] == form["hub.topic"]
                    hub.pings += form["hub.topic"]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        port = int(self.url.rsplit(":", 1)[1].strip("/")) if self.url else 0
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A running hub."""
    with Hub().open() as made:
        yield made


BASE = "https://example.org/semaine/"


def pinging(blog: Blog, hub: Hub) -> tuple[Blog, Dispatcher]:
    """Return a published blog with a hub that was pinged."""
    blog = add(blog, f"[websub]\nhubs = ['{hub.url}']\n")
    dispatcher = dispatcher_for(blog)
    blog.post("Un fait.", tags=["Damas"])
    ping_hubs(blog, dispatcher)
    hub.pings.clear()
    return blog, dispatcher


def ping_hubs(blog: Blog, dispatcher: Dispatcher) -> None:
    """Publish, wait for the delay of pings, and send them."""
    blog.publish()
    dispatcher.plan_pings()
    clock: Any = blog._clock
    clock.go(seconds=1)
    dispatcher.send("ping")


@pytest.mark.slow
def test_hubs_are_pinged_for_exactly_the_topics_that_changed(blog: Blog, hub: Hub) -> None:
    """An update changes the live page, the update feeds and those of its tags; nothing else."""
    blog, dispatcher = pinging(blog, hub)
    blog.post("Un autre.", tags=["Alep"])
    ping_hubs(blog, dispatcher)
    feeds = ("atom.xml", "rss.xml", "feed.json")
    assert sorted(hub.pings) == sorted(
        [BASE, *(BASE + name for name in feeds), *(f"{BASE}tags/alep/{name}" for name in feeds)]
    )
    hub.pings.clear()
    ping_hubs(blog, dispatcher)
    assert hub.pings == []


@pytest.mark.slow
def test_a_burst_is_one_ping_a_topic(blog: Blog, hub: Hub) -> None:
    """However many updates there were."""
    blog, dispatcher = pinging(blog, hub)
    for number in range(20):
        blog.post(f"Un fait {number}.")
        blog.publish()
        dispatcher.plan_pings()
    ping_hubs(blog, dispatcher)
    assert hub.pings.count(BASE + "atom.xml") == 1


@pytest.mark.slow
def test_hubs_are_pinged_for_what_another_process_published(blog: Blog, hub: Hub) -> None:
    """Pings depend on the site alone."""
    blog, _ = pinging(blog, hub)
    blog.post("Un autre.")
    Blog(blog.paths.root, clock=blog._clock).publish()
    dispatcher = dispatcher_for(Blog(blog.paths.root, clock=blog._clock))
    ping_hubs(blog, dispatcher)
    assert BASE + "atom.xml" in hub.pings


@pytest.mark.slow
def test_a_failing_hub_is_pinged_again_until_it_answers(blog: Blog, hub: Hub, clock: Clock) -> None:
    """500 for an hour, with Retry-After, which the dispatcher respects."""
    blog, dispatcher = pinging(blog, hub)
    hub.answer = (503, {"Retry-After": "120"})
    blog.post("Un autre.")
    ping_hubs(blog, dispatcher)
    waiting = blog.outbox.deliveries("waiting")
    assert all(e.due >= clock.now + timedelta(seconds=119) for e in waiting)
    away = clock.now + timedelta(hours=1)
    tries = 0
    while clock.now < away:
        due = blog.outbox.next_due("ping")
        assert due
        clock.now = max(due, clock.now + timedelta(seconds=1))
        tries += dispatcher.send("ping").waiting
    assert tries < 40 * len(waiting)
    hub.answer = (202, {})
    clock.go(minutes=20)
    dispatcher.send("ping")
    assert hub.pings.count(BASE + "atom.xml") == 1
    assert blog.outbox.deliveries("waiting", "sending", "failed") == []


@pytest.mark.slow
def test_a_public_hub_that_later_resolves_to_a_private_address_is_not_pinged(
    blog: Blog, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs its name could else have the blog ask servers of the owner's network."""
    blog, dispatcher = pinging(blog, hub)
    blog.outbox.record({f"place of {hub.url}": "public"}, (), blog.now)
    blog.post("Un autre.")
    ping_hubs(blog, dispatcher)
    assert hub.pings == []
    (delivery, *_) = blog.outbox.deliveries("waiting")
    assert "127.0.0.1" in delivery.problem


@pytest.mark.parametrize(
    "inside",
    ["http://127.0.0.1:9/", "http://[::1]:9/", "http://169.254.169.254/", "http://0x7f.1/"],
)
def test_a_hub_cannot_send_us_into_the_private_network(hub: Hub, inside: str) -> None:
    """The hub itself may lie there, for the owner named it; where it redirects to may not."""
    place = private_host_port(hub.url)
    websub.ping(hub.url, BASE, place)
    hub.answer = (307, {"Location": inside})
    with pytest.raises(DeliveryError, match=r"no public address|cannot be found|did not answer"):
        websub.ping(hub.url, BASE, place)


def test_a_hub_that_left_the_settings_is_not_pinged(blog: Blog, hub: Hub) -> None:
    """What waited for it is dropped."""
    blog, dispatcher = pinging(blog, hub)
    blog.post("Un autre.")
    blog.publish()
    dispatcher.plan_pings()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text().replace(hub.url, "").replace("['']", "[]"))
    clock: Any = blog._clock
    clock.go(seconds=1)
    dispatcher_for(Blog(blog.paths.root, clock=clock)).send("ping")
    assert hub.pings == []
    assert blog.outbox.deliveries("waiting") == []


def _is_there(url: str) -> bool:
    return fetch(url).status == 200


@pytest.mark.slow
def test_every_representation_names_the_hub_and_itself(
    new_blog: Callable[..., Blog], tmp_path: Path
) -> None:
    """In the document and in the headers, by the address that the hub will fetch."""
    settings = "[websub]\nhubs = ['https://hub.example/']\n"
    with live_server(tmp_path / "blog", settings=settings) as server:
        server.blog.post("Un fait.", tags=["Damas"])
        server.settled()
        for folder in ("", "daily/", "weekly/", "tags/damas/"):
            until(partial(_is_there, f"{server.url}{folder}atom.xml"))
            for name in ("atom.xml", "rss.xml", "feed.json", *(() if folder else ("",))):
                answer = fetch(server.url, folder + name)
                here = f"{server.url}{folder}{name}"
                assert f'<{here}>; rel="self"' in answer["Link"]
                assert answer["Link"].count('rel="self"') == 1
                assert '<https://hub.example/>; rel="hub"' in answer["Link"]
                if name.endswith(".json"):
                    assert answer.json["hubs"] == [
                        {"type": "WebSub", "url": "https://hub.example/"}
                    ]
                elif name.endswith(".xml"):
                    tree = etree.fromstring(answer.body)
                    links = tree.iter("{http://www.w3.org/2005/Atom}link")
                    by = [(x.get("rel"), x.get("href")) for x in links]
                    assert by.count(("self", here)) == 1
                    assert by.count(("hub", "https://hub.example/")) == 1
                else:
                    text = answer.body.decode()
                    assert '<link rel="hub" href="https://hub.example/">' in text
                    assert f'<link rel="self" href="{here}">' in text


# -- a real hub and a real subscriber --------------------------------------------------------------


class _Tasks:
    """Runs the hub's tasks in threads, as its task queue would in other processes."""

    def task(self, bind: bool = False, **_: Any) -> Callable[..., Any]:
        def wrap(function: Callable[..., Any]) -> Any:
            class Task:
                @staticmethod
                def delay(*given: Any) -> None:
                    own = (None, *given) if bind else given
                    threading.Thread(target=function, args=own, daemon=True).start()

            return Task

        return wrap


@contextmanager
def hub_and_subscriber(folder: Path) -> Iterator[tuple[str, Any, list[tuple[str, bytes, float]]]]:
    """Run Flask-WebSub's hub and subscriber; yield the hub, the subscriber's door, what it got."""
    import flask
    import flask_websub.hub
    import flask_websub.subscriber as subscribing
    from werkzeug.serving import make_server

    hub = flask_websub.hub.Hub(
        flask_websub.hub.SQLite3HubStorage(str(folder / "hub.sqlite")), _Tasks()
    )
    subscriber = subscribing.Subscriber(
        subscribing.SQLite3SubscriberStorage(str(folder / "subscriber.sqlite")),
        subscribing.SQLite3TempSubscriberStorage(str(folder / "temporary.sqlite")),
    )
    app = flask.Flask(__name__)
    app.config["PUBLISH_SUPPORTED"] = True
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    got: list[tuple[str, bytes, float]] = []
    subscriber.add_listener(
        lambda topic, callback, body: got.append((topic, body, time.monotonic()))
    )
    accepted: list[str] = []
    subscriber.add_success_handler(lambda topic, callback, mode: accepted.append(topic))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"

    def subscribe(url: str) -> None:
        with app.test_request_context(base_url=base):
            found = subscribing.discover(url)
            subscriber.subscribe(**found)
        until(lambda: found["topic_url"] in accepted)

    try:
        yield f"{base}/hub", subscribe, got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_subscriber_of_a_real_hub_gets_a_new_update(tmp_path: Path) -> None:
    """From first discovery to delivered content, for Atom, RSS, JSON Feed and the live page."""
    with hub_and_subscriber(tmp_path) as (hub, subscribe, got):
        settings = f"[websub]\nhubs = ['{hub}']\n"
        with live_server(tmp_path / "blog", settings=settings) as server:
            server.blog.post("Un premier fait.")
            server.settled()
            topics = [server.url + name for name in ("atom.xml", "rss.xml", "feed.json", "")]
            for topic in topics:
                subscribe(topic)
            got.clear()
            began = time.monotonic()
            server.blog.post("Une nouvelle que le hub apporte.")
            until(lambda: {t for t, body, _ in got if b"que le hub apporte" in body} >= set(topics))
            took = {t: at - began for t, body, at in got if b"que le hub apporte" in body}
            print({topic.rpartition("/")[2]: f"{seconds:.2f} s" for topic, seconds in took.items()})


# -- chats -----------------------------------------------------------------------------------------


def chatting(blog: Blog, room: Room, what: str) -> tuple[Blog, Dispatcher]:
    """Return a blog that posts to a chat from now on."""
    blog = add(blog, f"[chat.team]\npost = '{what}'\n")
    dispatcher = dispatcher_for(blog, room[1])
    dispatcher.close()
    dispatcher.plan_news()
    return blog, dispatcher


def said(blog: Blog, dispatcher: Dispatcher, room: Room) -> list[str]:
    """Send the chat messages that are due, and return all that the chat received."""
    dispatcher.plan_news()
    dispatcher.send("chat")
    return room[0].texts


def test_key_entries_are_posted_once_with_their_permalink(blog: Blog, room: Room) -> None:
    """Others are not; a correction posts nothing; one that becomes key is posted then."""
    blog, dispatcher = chatting(blog, room, "key")
    entry = blog.post("Les **tirs** ont cessé.", title="Trêve à Alep", key=True)
    other = blog.post("Rien de neuf.")
    link = f"{BASE}2012/07/15/{entry.id[9:]}/"
    text = f"Trêve à Alep\nLes tirs ont cessé.\n{link}"
    assert said(blog, dispatcher, room) == [text]
    blog.edit(entry.id, body="Les tirs reprennent.", note="La trêve n’a pas tenu.")
    assert said(blog, dispatcher, room) == [text]
    blog.edit(other.id, key=True)
    assert len(said(blog, dispatcher, room)) == 2


def test_all_entries_are_posted_if_configured_and_claims_are_marked(blog: Blog, room: Room) -> None:
    """Embargoed ones at their time."""
    blog, dispatcher = chatting(blog, room, "all")
    blog.post("Des chars entrent.", verification="unconfirmed")
    at = blog.now + timedelta(hours=1)
    blog.post("Sous embargo.", at=at, schedule=True)
    (text,) = said(blog, dispatcher, room)
    assert text.startswith("[Non confirmé] Des chars entrent.")
    clock: Any = blog._clock
    clock.now = at
    assert "Sous embargo." in said(blog, dispatcher, room)[1]


def test_an_old_or_withdrawn_entry_is_not_posted(blog: Blog, room: Room) -> None:
    """An import posts nothing; what was retracted before it went does not go."""
    blog, dispatcher = chatting(blog, room, "all")
    blog.post("Il y a longtemps.", at=datetime(2012, 7, 1, 12, tzinfo=UTC))
    entry = blog.post("Une rumeur.")
    dispatcher.plan_news()
    blog.retract(entry.id, why="C’était faux.")
    assert said(blog, dispatcher, room) == []
    assert [e.problem for e in blog.outbox.deliveries()] == ["the entry was withdrawn"]


def test_digests_are_posted_when_they_close(blog: Blog, room: Room, clock: Clock) -> None:
    """The day, and the week."""
    blog, dispatcher = chatting(blog, room, "digests")
    blog.post("Un fait.", title="Trêve à Alep", key=True)
    clock.go(days=1)
    dispatcher.close()
    texts = said(blog, dispatcher, room)
    assert texts[0] == f"Dimanche 15 juillet – Trêve à Alep\n{BASE}2012/07/15/"
    assert texts[1].endswith(f"\n{BASE}2012/W28/")


def test_a_chat_that_fails_is_tried_again_and_its_secret_is_kept(
    blog: Blog, room: Room, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost, and no address stands in the outbox or in the log."""
    blog, dispatcher = chatting(blog, room, "all")
    blog.post("Un fait.")
    room[0].status = 500
    assert said(blog, dispatcher, room) == []
    (delivery,) = blog.outbox.deliveries("waiting")
    assert "The chat 'team'" in delivery.problem
    assert "geheim" not in delivery.problem + caplog.text
    room[0].status = 200
    clock.now = delivery.due
    assert len(said(blog, dispatcher, room)) == 1


def test_a_chat_without_an_address_says_what_to_do(blog: Blog, room: Room) -> None:
    """Which variable, and that Apprise must know what it says."""
    with pytest.raises(DeliveryError, match="LIVEBLOG_CHAT_TEAM"):
        chat.post("team", "Un fait.", BASE, {})
    with pytest.raises(DeliveryError, match="none that Apprise knows"):
        chat.post("team", "Un fait.", BASE, {"LIVEBLOG_CHAT_TEAM": "gopher://x"})


@pytest.mark.parametrize("limit", [30, 60, 140, 500])
def test_a_text_is_cut_to_what_the_service_takes(limit: int) -> None:
    """On a word; the link is whole."""
    text = chat.message("Un fait bien long. " * 50, "https://example.org/1", limit)
    assert len(text) <= limit
    assert text.endswith("https://example.org/1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Il écrit @everyone.", "Il écrit @\u2060everyone."),
        (
            "@maire@ville.example, <@123>, <@&4>",
            "@\u2060maire@ville.example, <@\u2060123>, <@\u2060&4>",
        ),
        ("Écrire à info@ville.example, 3 @ 5", "Écrire à info@ville.example, 3 @ 5"),
    ],
)
def test_a_text_calls_nobody_in_a_chat(text: str, expected: str) -> None:
    """Readers may write names of people and groups into a text; addresses of mail stay."""
    assert chat.message(text, BASE, 500) == f"{expected}\n{BASE}"


TEXT_FOR_CHATS = "Le champ <name> et <br>, a & b, *pas* gras."


@pytest.mark.parametrize(
    ("address", "field", "expected"),
    [
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "text", html.escape(TEXT_FOR_CHATS)),
        ("discord://4174216298/AAAABBBBCCCCDDDDEEEEFFFFGGGG", "content", TEXT_FOR_CHATS),
        ("mastodons://token123@social.example", "status", TEXT_FOR_CHATS),
    ],
)
def test_a_text_is_no_markup_in_a_chat(
    address: str, field: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that takes HTML gets it escaped; the others get the text as it is."""
    sent: list[Any] = []

    class Accepted:
        status_code, content, text = 200, b"{}", "{}"
        headers: ClassVar[dict[str, str]] = {}

    def take(url: str, data: Any = None, **options: Any) -> Accepted:
        raw = data if isinstance(data, str | bytes) else json.dumps(options.get("json") or data)
        sent.append(json.loads(raw))
        return Accepted()

    monkeypatch.setattr("requests.post", take)
    monkeypatch.setattr("requests.request", lambda method, url, **options: take(url, **options))
    chat.post("team", TEXT_FOR_CHATS, BASE, {"LIVEBLOG_CHAT_TEAM": address})
    (message,) = sent
    assert message[field].replace("\r\n", "\n") == f"{expected}\n{BASE}"


def test_a_chat_needs_a_plain_name(blog: Blog) -> None:
    """It becomes part of a variable's name."""
    with pytest.raises(ConfigError, match="small letters"):
        add(blog, "[chat.'Mon équipe']\npost = 'all'\n")


# -- what cannot be rendered, and what must not go ------------------------------------------------


def test_a_mail_that_cannot_be_rendered_is_a_fault_and_the_others_go(
    blog: Blog, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those to the same address, which would wait behind it for days."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)

    def build(timeline: Timeline, wanted: Period) -> Digest:
        if wanted.id == "2012-07-15":
            raise RuntimeError("a template broke")
        return real(timeline, wanted)

    monkeypatch.setattr("liveblog.delivery.dispatcher.build", build)
    dispatcher.send("mail")
    assert states(blog) == [("2012-07-15", "failed"), ("2012-W28", "done")]
    (failed,) = blog.outbox.deliveries("failed")
    assert "RuntimeError" in failed.problem
    monkeypatch.undo()
    blog.outbox.retry(failed.key, clock())
    dispatcher.send("mail")
    assert states(blog) == [("2012-07-15", "done"), ("2012-W28", "done")]


def test_a_chat_message_that_cannot_be_rendered_is_a_fault_and_the_others_go(
    blog: Blog, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any exception of one entry."""
    blog, dispatcher = chatting(blog, room, "all")
    bad = blog.post("Un fait mauvais.")
    blog.post("Un bon fait.")
    original = Dispatcher._entry_text

    def fail_for_one(self: Dispatcher, entry: Any) -> str:
        if entry.id == bad.id:
            raise ValueError("no")
        return original(self, entry)

    monkeypatch.setattr(Dispatcher, "_entry_text", fail_for_one)
    assert [text.split("\n")[0] for text in said(blog, dispatcher, room)] == ["Un bon fait."]
    assert sorted(state for _, state in states(blog)) == ["done", "failed"]


def test_an_entry_that_cannot_be_read_holds_up_no_other(
    blog: Blog, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when news are planned, nor when a day is closed."""
    blog, dispatcher = chatting(blog, room, "all")
    bad = blog.post("Un fait mauvais.")
    blog.post("Un bon fait.")
    original = Timeline.entry

    def entry(self: Timeline, entry_id: str) -> Any:
        if entry_id == bad.id:
            raise LiveblogError("The line is damaged.")
        return original(self, entry_id)

    monkeypatch.setattr(Timeline, "entry", entry)
    assert [text.split("\n")[0] for text in said(blog, dispatcher, room)] == ["Un bon fait."]


def test_a_day_that_cannot_be_read_closes_and_its_mail_is_a_fault(
    blog: Blog, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days and weeks after it are closed and sent all the same."""
    blog, dispatcher = mailing(blog, receiver)
    original = Timeline.day

    def day(self: Timeline, of: Any, *given: Any, **named: Any) -> Any:
        if of.isoformat() == "2012-07-15":
            raise RuntimeError("a bug")
        return original(self, of, *given, **named)

    monkeypatch.setattr(Timeline, "day", day)
    clock.set("2012-07-16T09:00:00+02:00")
    blog.post("Le lendemain.")
    clock.set("2012-07-17T08:00:00+02:00")
    closed_days = [of.id for of in dispatcher.close()]
    assert closed_days == ["2012-07-15", "2012-W28", "2012-07-16"]
    dispatcher.send("mail")
    assert states(blog) == [
        ("2012-07-15", "failed"), ("2012-W28", "failed"), ("2012-07-16", "done")
    ]  # fmt: skip


def test_a_disk_that_cannot_be_read_for_now_is_tried_again(
    blog: Blog, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses grow, and in the end it is given up; other addresses get their mail."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)

    def failing(*_: Any) -> Digest:
        raise StorageError("Input/output error.")

    monkeypatch.setattr("liveblog.delivery.dispatcher.build", failing)
    dispatcher.send("mail")
    clock.go(hours=1)
    dispatcher.send("mail")
    delivery = blog.outbox.deliveries("waiting")[0]
    assert (delivery.subject, delivery.attempts) == ("2012-07-15", 2)
    for _ in range(5):
        clock.go(days=1)
        dispatcher.send("mail")
    assert states(blog)[0] == ("2012-07-15", "failed")


def test_a_removed_entry_is_in_nothing_that_still_waits(
    blog: Blog, receiver: Receiver, room: Room, clock: Clock
) -> None:
    """Mails and messages are made when they are sent, from the journal as it is then."""
    blog = add(blog, f"{receiver.settings}[chat.team]\npost = 'all'\n")
    dispatcher = dispatcher_for(blog, room[1])
    dispatcher.close()
    dispatcher.plan_news()
    blog.post("Un fait.")
    secret = blog.post("Le nom caché.", title="Titre caché", key=True)
    dispatcher.plan_news()
    closed(blog, dispatcher, clock)
    blog.remove(secret.id)
    dispatcher.send("mail")
    dispatcher.send("chat")
    assert len(receiver.raw) == 2
    assert not [raw for raw in receiver.raw if "caché".encode() in _decoded(raw)]
    assert [text.split("\n")[0] for text in room[0].texts] == ["Un fait."]


def _decoded(raw: bytes) -> bytes:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
    return "\n".join([str(message["Subject"]), *parts]).encode()


def test_a_purged_text_is_in_no_byte_of_the_outbox(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """A mail server's refusal may have quoted it."""
    blog, dispatcher = mailing(blog, receiver)
    secret = blog.post("x", title="Titre secret", key=True)
    closed(blog, dispatcher, clock)
    receiver.answer = lambda at, address: "550 'Titre secret'?" if at == "DATA" else ""
    dispatcher.send("mail")
    assert b"Titre secret" in blog.paths.outbox.read_bytes()
    blog.remove(secret.id, purge=True)
    assert b"Titre secret" not in blog.paths.outbox.read_bytes()


def test_a_message_closes_its_directional_controls(blog: Blog, room: Room) -> None:
    """Its link stands below it, the right way round, also where the text was cut."""
    blog, dispatcher = chatting(blog, room, "all")
    blog.post("tourné " * 500, title="\u202eTitre\u2067")
    (text,) = said(blog, dispatcher, room)
    assert text == bidi.close_controls(text)


# -- the whole way ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_server_sends_by_itself(receiver: Receiver, tmp_path: Path) -> None:
    """It posts a key entry and pings the hub; ``/healthz`` shows what is left."""
    with Hub().open() as hub:
        settings = f"[websub]\nhubs = ['{hub.url}']\n{receiver.settings}"
        with live_server(tmp_path / "blog", settings=settings) as server:
            until(lambda: server.health()["blogs"][0]["leads"])
            server.blog.post("Un fait.")
            until(lambda: server.url + "atom.xml" in hub.pings)
            until(lambda: server.health()["blogs"][0]["outbox"] == {"waiting": 0, "failed": 0})


# -- the command line ------------------------------------------------------------------------------


def command(blog: Blog, *arguments: str) -> Done:
    """Run a command of the blog."""
    return run("-C", str(blog.paths.root), *arguments)


def test_the_outbox_is_listed_retried_and_dropped(
    blog: Blog, receiver: Receiver, clock: Clock
) -> None:
    """What waits, what was given up and why."""
    blog, dispatcher = mailing(blog, receiver)
    closed(blog, dispatcher, clock)
    receiver.answer = lambda at, address: "550 No such user" if at == "RCPT" else ""
    dispatcher.send("mail")
    listed = command(blog, "outbox")
    assert "given up" in listed.stdout
    assert "mail 2012-07-15 anna@example.org" in listed.stdout
    assert "550 No such user" in listed.stdout
    assert command(blog, "outbox", "drop", "mail 2012-W28 anna@example.org").returncode == 0
    assert command(blog, "outbox", "retry", "--all").returncode == 0
    assert states(blog) == [("2012-07-15", "waiting"), ("2012-W28", "dropped")]
    assert command(blog, "outbox", "retry").returncode == 2
    wrong = command(blog, "outbox", "retry", "mail 2012-07-15 anna")
    assert wrong.returncode == 1
    assert "Did you mean" in wrong.stderr
    assert "2012-07-15" in command(blog, "outbox", "--all", "--json").stdout
