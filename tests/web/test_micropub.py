"""Micropub: the server tests that micropub.rocks publishes, by their numbers, over real HTTP.

And what they leave out: hostile input, other people's entries, what never may be stored or fetched.
"""

from __future__ import annotations

import io
import json
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from PIL import Image as Picture

from liveblog.blog import Blog
from liveblog.model.errors import InvalidInput

from ..conftest import LiveServer, live_server
from ..wire import Answer, fetch

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"


class App:
    """A Micropub client with somebody's token."""

    def __init__(self, server: LiveServer, name: str, scope: str = "post") -> None:
        self.server = server
        self.token = server.token(name, scope)

    def send(self, data: bytes, kind: str, path: str = "micropub", **headers: str) -> Answer:
        """Send a body as it is."""
        headers.setdefault("Authorization", f"Bearer {self.token}")
        named = {name: value for name, value in headers.items() if value}
        return fetch(self.server.url, path, "POST", data, Content_Type=kind, **named)

    def form(self, *fields: tuple[str, str], **headers: str) -> Answer:
        """Send a form."""
        return self.send(urlencode(fields).encode(), FORM, **headers)

    def json(self, document: object, **headers: str) -> Answer:
        """Send JSON."""
        return self.send(json.dumps(document).encode(), "application/json", **headers)

    def multipart(self, *parts: tuple[str, str | bytes], path: str = "micropub") -> Answer:
        """Send a form with files."""
        out = b""
        for name, value in parts:
            disposition = f'form-data; name="{name}"'
            if isinstance(value, bytes):
                disposition += '; filename="photo.jpg"\r\nContent-Type: image/jpeg'
            data = value if isinstance(value, bytes) else value.encode()
            out += f"--b\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n"
        return self.send(out + b"--b--\r\n", "multipart/form-data; boundary=b", path)

    def query(self, **parameters: str) -> Answer:
        """Ask."""
        asked = urlencode(parameters).replace("properties_", "properties%5B%5D")
        return fetch(self.server.url, f"micropub?{asked}", Authorization=f"Bearer {self.token}")

    def post(self, **properties: list[Any]) -> str:
        """Create an entry; return its permalink."""
        answer = self.json({"type": ["h-entry"], "properties": properties})
        assert answer.status == 201, answer.body
        return answer["Location"]

    def source(self, url: str) -> dict[str, list[Any]]:
        """Return an entry's properties."""
        found: dict[str, list[Any]] = self.query(q="source", url=url).json["properties"]
        return found

    def page(self, url: str) -> Answer:
        """Get a page of the blog."""
        return fetch(self.server.url, url.removeprefix(self.server.url))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the module."""
    with live_server(tmp_path_factory.mktemp("micropub") / "blog", path="/semaine/") as running:
        yield running


@pytest.fixture(scope="module")
def app(server: LiveServer) -> App:
    """Ana's app."""
    return App(server, "Ana")


def photo(kind: str = "JPEG", **options: Any) -> bytes:
    """Draw a photo."""
    out = io.BytesIO()
    Picture.effect_noise((40, 30), 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def created(app: App, answer: Answer) -> dict[str, list[Any]]:
    """Check that an entry was made and can be read; return its properties."""
    assert answer.status == 201, answer.body
    url = answer["Location"]
    assert url.startswith(app.server.url)
    assert app.page(url).status == 200
    return app.source(url)


# -- 100: creating by a form -----------------------------------------------------------------------


def test_100_create_an_h_entry_post(app: App) -> None:
    """Form-encoded."""
    found = created(app, app.form(("h", "entry"), ("content", "Micropub test 100.")))
    assert found["content"] == ["Micropub test 100."]
    assert found["author"] == ["Ana"]


def test_101_create_with_multiple_categories(app: App) -> None:
    """Form-encoded, with brackets."""
    answer = app.form(("h", "entry"), ("content", "101."), ("category[]", "a"), ("category[]", "b"))
    assert created(app, answer)["category"] == ["a", "b"]


def test_104_create_with_a_photo_referenced_by_url(app: App) -> None:
    """Elsewhere, so it becomes a link: no reader's browser is sent there unasked."""
    answer = app.form(
        ("h", "entry"), ("content", "104."), ("photo", "https://example.org/sunset.jpg")
    )
    assert "https://example.org/sunset.jpg" in created(app, answer)["content"][0]
    page = app.page(answer["Location"]).body.decode()
    assert 'href="https://example.org/sunset.jpg"' in page
    assert '<img src="https://example.org' not in page


def test_107_create_with_one_category(app: App) -> None:
    """Without brackets."""
    answer = app.form(("h", "entry"), ("content", "107."), ("category", "seule"))
    assert created(app, answer)["category"] == ["seule"]


# -- 200: creating by JSON -------------------------------------------------------------------------


def test_200_create_an_h_entry_post(app: App) -> None:
    """JSON."""
    answer = app.json({"type": ["h-entry"], "properties": {"content": ["200."]}})
    assert created(app, answer)["content"] == ["200."]


def test_201_create_with_multiple_categories(app: App) -> None:
    """JSON."""
    properties = {"content": ["201."], "category": ["x", "y"]}
    answer = app.json({"type": ["h-entry"], "properties": properties})
    assert created(app, answer)["category"] == ["x", "y"]


def test_202_create_with_html_content(app: App) -> None:
    """Tags work, links stay, script does not."""
    html = '<p>Du <b>gras</b>, <a href="https://example.org/">un lien</a>.</p><script>x()</script>'
    answer = app.json({"type": ["h-entry"], "properties": {"content": [{"html": html}]}})
    created(app, answer)
    article = app.page(answer["Location"]).body.decode().partition("<article")[2]
    assert "<b>gras</b>" in article
    assert 'href="https://example.org/"' in article
    assert "<script>x()" not in article


def test_203_create_with_a_photo_by_url(app: App) -> None:
    """JSON; one of our own media endpoint is shown."""
    url = app.multipart(("file", photo()), path="micropub/media")["Location"]
    properties = {"content": ["203."], "photo": [url]}
    found = created(app, app.json({"type": ["h-entry"], "properties": properties}))
    assert found["photo"][0]["value"].startswith(f"{app.server.url}media/")
    assert found["photo"][0]["alt"] == "Photo sans description"


def test_204_create_with_a_nested_object(app: App) -> None:
    """A place is taken with the rest, and nowhere kept: it could endanger a source."""
    place = {"type": ["h-geo"], "properties": {"latitude": [33.5138], "longitude": [36.2765]}}
    properties = {"content": ["204."], "checkin": [place], "location": ["geo:33.5138,36.2765"]}
    created(app, app.json({"type": ["h-entry"], "properties": properties}))
    for path in app.server.blog.paths.entries.rglob("*.jsonl"):
        assert b"33.5138" not in path.read_bytes()


def test_205_create_with_a_photo_and_its_alternative_text(app: App) -> None:
    """JSON, as an object with value and alt."""
    url = app.multipart(("file", photo("PNG")), path="micropub/media")["Location"]
    properties = {"content": ["205."], "photo": [{"value": url, "alt": "Le port"}]}
    answer = app.json({"type": ["h-entry"], "properties": properties})
    assert created(app, answer)["photo"][0]["alt"] == "Le port"
    assert 'alt="Le port"' in app.page(answer["Location"]).body.decode()


def test_206_create_with_multiple_photos_by_url(app: App) -> None:
    """JSON; each where it belongs."""
    urls = [app.multipart(("file", photo()), path="micropub/media")["Location"] for _ in range(2)]
    properties = {"content": ["206."], "photo": [*urls, "https://example.org/c.jpg"]}
    found = created(app, app.json({"type": ["h-entry"], "properties": properties}))
    assert len(found["photo"]) == 2
    assert "https://example.org/c.jpg" in found["content"][0]


# -- 300: creating with files ----------------------------------------------------------------------


def test_300_create_with_a_photo(app: App) -> None:
    """Multipart; its metadata does not reach the disk."""
    exif = Picture.Exif()
    exif[0x010F] = "SecretCamera"
    data = photo(exif=exif.tobytes())
    found = created(app, app.multipart(("h", "entry"), ("content", "300."), ("photo", data)))
    assert len(found["photo"]) == 1
    app.server.settled()
    for path in app.server.blog.paths.root.rglob("*"):
        assert not path.is_file() or b"SecretCamera" not in path.read_bytes()


def test_301_create_with_two_photos(app: App) -> None:
    """Multipart, with brackets."""
    answer = app.multipart(("h", "entry"), ("photo[]", photo()), ("photo[]", photo("PNG")))
    assert len(created(app, answer)["photo"]) == 2


# -- 400: updating ---------------------------------------------------------------------------------


def update(app: App, url: str, **operation: Any) -> None:
    """Update an entry."""
    answer = app.json({"action": "update", "url": url, **operation})
    assert answer.status in (200, 201, 204), answer.body


def test_400_replace_a_property(app: App) -> None:
    """The rest stays."""
    url = app.post(content=["Avant."], category=["a"])
    update(app, url, replace={"content": ["Après."]})
    found = app.source(url)
    assert (found["content"], found["category"]) == (["Après."], ["a"])


def test_401_add_a_value_to_an_existing_property(app: App) -> None:
    """Behind what is there."""
    url = app.post(content=["401."], category=["a"])
    update(app, url, add={"category": ["b"]})
    assert app.source(url)["category"] == ["a", "b"]


def test_402_add_a_value_to_a_non_existent_property(app: App) -> None:
    """It is made."""
    url = app.post(content=["402."])
    update(app, url, add={"category": ["a", "b"]})
    assert app.source(url)["category"] == ["a", "b"]


def test_403_remove_a_value_from_a_property(app: App) -> None:
    """The others stay."""
    url = app.post(content=["403."], category=["a", "b"])
    update(app, url, delete={"category": ["a"]})
    assert app.source(url)["category"] == ["b"]


def test_404_remove_a_property(app: App) -> None:
    """All of its values."""
    url = app.post(content=["404."], category=["a", "b"])
    update(app, url, delete=["category"])
    assert "category" not in app.source(url)


@pytest.mark.parametrize("operation", ["replace", "add", "delete"])
def test_405_reject_an_operation_that_is_no_array(app: App, operation: str) -> None:
    """400, and nothing changes."""
    url = app.post(content=["405."], category=["a"])
    answer = app.json({"action": "update", "url": url, operation: {"category": "b"}})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert app.source(url)["category"] == ["a"]


# -- 500: deleting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["form", "json"])
def test_500_to_503_delete_and_undelete(app: App, shape: str) -> None:
    """500 and 502 by a form, 501 and 503 by JSON: gone from the site, and back as it was."""
    url = app.post(content=[f"Va et vient, {shape}."], category=["a"])

    def act(action: str) -> None:
        answer = (
            app.form(("action", action), ("url", url))
            if shape == "form"
            else app.json({"action": action, "url": url})
        )
        assert answer.status == 204, answer.body
        app.server.settled()

    act("delete")
    assert app.page(url).status == 410
    assert f"Va et vient, {shape}." not in app.page("").body.decode()
    act("undelete")
    assert f"Va et vient, {shape}." in app.page(url).body.decode()
    assert f"Va et vient, {shape}." in app.page("live.json").body.decode()
    assert app.source(url)["category"] == ["a"]
    assert app.json({"action": "undelete", "url": url}).status == 400


# -- 600: asking -----------------------------------------------------------------------------------


def test_600_configuration(app: App) -> None:
    """With the media endpoint."""
    answer = app.query(q="config")
    assert answer.status == 200
    assert answer.json["media-endpoint"] == f"{app.server.url}micropub/media"
    assert isinstance(answer.json["syndicate-to"], list)


def test_601_syndication_targets(app: App) -> None:
    """There are none."""
    assert app.query(q="syndicate-to").json == {"syndicate-to": []}


def test_602_source_with_all_properties(app: App) -> None:
    """As it was posted."""
    url = app.post(content=["602."], category=["a", "b"], name=["Titre"])
    document = app.query(q="source", url=url).json
    assert document["type"] == ["h-entry"]
    found = document["properties"]
    assert (found["content"], found["category"], found["name"]) == (["602."], ["a", "b"], ["Titre"])


def test_603_source_with_specific_properties(app: App) -> None:
    """Those and no others; with and without brackets."""
    url = app.post(content=["603."], category=["a"])
    for name in ("properties[]", "properties"):
        asked = f"micropub?q=source&{quote(name)}=content&url={quote(url, safe='')}"
        answer = fetch(app.server.url, asked, Authorization=f"Bearer {app.token}")
        assert answer.json == {"properties": {"content": ["603."]}}


# -- 700: the media endpoint -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "kind", "media_type"),
    [(700, "JPEG", "image/jpeg"), (701, "PNG", "image/png"), (702, "GIF", "image/gif")],
)
def test_700_to_702_upload(app: App, number: int, kind: str, media_type: str) -> None:
    """201 with an address where it can be seen."""
    answer = app.multipart(("file", photo(kind)), path="micropub/media")
    assert answer.status == 201
    seen = app.page(answer["Location"])
    assert (seen.status, seen["Content-Type"]) == (200, media_type)
    assert len(seen.body) > 0


# -- 800: tokens -----------------------------------------------------------------------------------


def test_800_a_token_in_the_header(app: App) -> None:
    """RFC 6750 §2.1."""
    assert app.form(("h", "entry"), ("content", "800.")).status == 201


def test_801_a_token_in_the_body(app: App) -> None:
    """RFC 6750 §2.2."""
    fields = ("h", "entry"), ("content", "801."), ("access_token", app.token)
    assert app.form(*fields, Authorization="").status == 201
    parts = ("h", "entry"), ("content", "801 bis."), ("access_token", app.token)
    data = urlencode(parts).encode()
    assert fetch(app.server.url, "micropub", "POST", data, Content_Type=FORM).status == 201


def test_802_the_token_is_not_stored(app: App) -> None:
    """Nowhere in the blog's folder."""
    app.form(("h", "entry"), ("content", "802."), ("access_token", app.token), Authorization="")
    app.server.settled()
    for path in app.server.blog.paths.root.rglob("*"):
        assert not path.is_file() or app.token.encode() not in path.read_bytes(), path


def test_803_without_a_token_401(app: App) -> None:
    """For every door."""
    answer = app.form(("h", "entry"), ("content", "803."), Authorization="")
    assert (answer.status, answer.json["error"]) == (401, "unauthorized")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert fetch(app.server.url, "micropub?q=config").status == 401
    media = fetch(
        app.server.url, "micropub/media", "POST", b"--b--\r\n",
        Content_Type="multipart/form-data; boundary=b",
    )  # fmt: skip
    assert media.status == 401


def test_804_a_token_without_the_scope_403(app: App, server: LiveServer) -> None:
    """Somebody else's entry is not one's own to change."""
    url = App(server, "Bilal").post(content=["De Bilal."])
    for document in (
        {"action": "update", "url": url, "replace": {"content": ["x"]}},
        {"action": "delete", "url": url},
    ):
        answer = app.json(document)
        assert (answer.status, answer.json["error"]) == (403, "insufficient_scope")
    chloe = App(server, "Chloé", "edit")
    update(chloe, url, replace={"content": ["Relu."]})
    assert chloe.source(url)["author"] == ["Bilal"]


def test_805_two_tokens_at_once_400(app: App) -> None:
    """RFC 6750 §2."""
    answer = app.form(("h", "entry"), ("content", "805."), ("access_token", "another"))
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_one_token_may_come_in_header_and_form(app: App) -> None:
    """Quill and apps that share its code send it in both."""
    token = ("access_token", app.token)
    assert created(app, app.form(("h", "entry"), ("content", "Une note."), token))
    data = (("h", "entry"), ("content", "Une photo."), ("photo", photo()), token)
    assert len(created(app, app.multipart(*data))["photo"]) == 1


def test_a_film_or_recording_on_another_site_becomes_a_link(app: App) -> None:
    """As a photo there does, whatever the app calls it."""
    film, sound = "https://films.example/v.mp4", "https://films.example/a.mp3"
    properties = {"content": ["Vu."], "video": [film], "audio": [{"value": sound, "alt": "Le son"}]}
    found = created(app, app.json({"type": ["h-entry"], "properties": properties}))
    assert found["content"] == [f"Vu.\n\n<{film}>\n\n[Le son](<{sound}>)"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("file", None, "The file in 'file' cannot be stored"),
        ("video", b"x\n", "is not a picture"),
        ("audio[]", b"ID3" + bytes(99), "The audio is"),
        ("video[value]", b"\0\0\0\x18ftypmp42", "The video is"),
    ],
)
def test_a_file_that_cannot_be_stored_is_refused(
    app: App, name: str, data: bytes | None, why: str
) -> None:
    """With the reason, and nothing is posted: 201 would promise that it is there."""
    before = app.query(q="source").json
    answer = app.multipart(("h", "entry"), ("content", "Film."), (name, data or photo()))
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert why in answer.json["error_description"]
    assert app.query(q="source").json == before


def test_a_film_and_a_recording_are_stored(app: App) -> None:
    """Sent in the form or uploaded before; an update of other properties keeps them."""
    from ..film_samples import sample

    film, sound = sample(), sample("mp3", "", "libmp3lame")
    found = created(app, app.multipart(("h", "entry"), ("video", film), ("audio[]", sound)))
    ((video,), (audio,)) = found["video"], found["audio"]
    assert (video["value"][-4:], audio["value"][-4:]) == (".mp4", ".mp3")
    assert video["alt"] == "Vidéo sans description"
    assert "photo" not in found
    url = found["url"][0]
    assert app.json({"action": "update", "url": url, "add": {"category": ["Pont"]}}).status < 300
    assert app.source(url)["video"] == found["video"]
    media = app.multipart(("file", film), path="micropub/media").headers["location"]
    properties = {"content": ["Vu."], "video": [{"value": media, "alt": "Le pont"}]}
    found = created(app, app.json({"type": ["h-entry"], "properties": properties}))
    assert found["video"][0]["alt"] == "Le pont"


# -- what they leave out ---------------------------------------------------------------------------


def test_the_live_page_names_the_endpoint(app: App) -> None:
    """For discovery, in the page and in the header."""
    answer = app.page("")
    assert re.search(rf'<link rel="micropub" href="{app.server.url}micropub">',
                     answer.body.decode())  # fmt: skip
    assert f'<{app.server.url}micropub>; rel="micropub"' in answer["Link"]


def test_a_future_post_is_held_until_then_and_answered_202(app: App, server: LiveServer) -> None:
    """Accepted, not there yet."""
    properties = {"content": ["Plus tard."], "published": ["2031-01-01T10:00:00Z"]}
    answer = app.json({"type": ["h-entry"], "properties": properties})
    assert answer.status == 202
    assert app.page(answer["Location"]).status == 404


def test_a_date_alone_is_a_whole_day(app: App, server: LiveServer) -> None:
    """It comes back as a date, and an edit of the text leaves the entry where it was placed."""
    url = app.post(content=["Tout le jour."], published=["2012-07-15"])
    asked = f"micropub?q=source&properties=published&url={quote(url, safe='')}"
    answer = fetch(server.url, asked, Authorization=f"Bearer {app.token}")
    assert answer.json == {"properties": {"published": ["2012-07-15"]}}
    day, letters = re.findall(r"(\d{4}/\d\d/\d\d)/(\w{10})/$", url)[0]
    entry_id = f"{day.replace('/', '')}-{letters}"
    server.blog.edit(entry_id, at=server.blog.moment_after(entry_id))
    app.json({"action": "update", "url": url, "replace": {"content": ["Toute la journée."]}})
    now = server.blog.timeline.entry(entry_id).now
    assert (now.body, now.precision, now.published.microsecond) == ("Toute la journée.", "day", 1)


def test_what_is_cited_becomes_a_source(app: App, server: LiveServer) -> None:
    """A reply, a bookmark."""
    url = app.post(**{"content": ["Vu."], "bookmark-of": ["https://example.org/article"]})
    day, letters = re.findall(r"(\d{4}/\d\d/\d\d)/(\w{10})/$", url)[0]
    entry = server.blog.timeline.entry(day.replace("/", "") + "-" + letters).now
    assert [(s.name, s.url) for s in entry.sources] == [
        ("example.org", "https://example.org/article")
    ]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": ["h-entry"]},
        {"type": ["h-event"], "properties": {"content": ["x"]}},
        {"type": ["h-entry"], "properties": {"content": "x"}},
        {"type": ["h-entry"], "properties": [1]},
        {"type": ["h-entry"], "properties": {"content": ["a\0b"]}},
        {"type": ["h-entry"], "properties": {"content": ["x"], "photo": ["file:///etc/passwd"]}},
        {"type": ["h-entry"], "properties": {"content": ["x"], "photo": [5]}},
        {"type": ["h-entry"], "properties": {"content": ["x"], "published": ["soon"]}},
        {"type": ["h-entry"], "properties": {"content": ["x"], "post-status": ["draft"]}},
        {"action": "explode", "url": "x"},
        {"action": "delete"},
        {"action": "delete", "url": "https://evil.example/2012/07/15/7k3m9qx2tb/"},
        {"action": "update", "url": 5, "replace": {}},
    ],
)
def test_what_cannot_be_taken_is_400_and_changes_nothing(app: App, document: object) -> None:
    """With what is wrong in words."""
    before = app.server.blog.journal.end()
    answer = app.json(document)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"]
    assert app.server.blog.journal.end() == before


def test_broken_bodies_are_refused(app: App) -> None:
    """Not JSON, not a form, too large, no picture."""
    assert app.send(b"{", "application/json").status == 400
    assert app.send(b"x", "text/plain").status == 400
    assert app.send(b"x", "multipart/form-data; boundary=b").status == 400
    assert app.send(b"x", FORM, Content_Length="99999999").status == 413
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"GIF89a<script>"):
        assert app.multipart(("file", data), path="micropub/media").status == 400


def test_no_address_that_an_app_sends_is_fetched(app: App) -> None:
    """The server is nobody's way into a network."""
    calls = []

    class Trap(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            calls.append(self.client_address)

    with socketserver.TCPServer(("127.0.0.1", 0), Trap) as trap:
        thread = threading.Thread(target=trap.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{trap.server_address[1]}/photo.jpg"
        app.post(**{"content": ["x"], "photo": [url], "in-reply-to": [url]})
        app.server.settled()
        trap.shutdown()
        thread.join()
    assert calls == []


def test_an_entry_that_was_removed_for_good_cannot_be_restored(blog: Blog) -> None:
    """Its text is gone; nor is one that is there."""
    entry = blog.post("Un.")
    with pytest.raises(InvalidInput, match="never gone"):
        blog.restore(entry.id)
    blog.remove(entry.id)
    assert blog.restore(entry.id).body == "Un."
    blog.remove(entry.id, purge=True)
    with pytest.raises(InvalidInput, match="for good"):
        blog.restore(entry.id)


def test_a_retracted_entry_comes_back_retracted(blog: Blog) -> None:
    """Taking it away and bringing it back is no way around a retraction."""
    entry = blog.post("Faux.")
    blog.retract(entry.id, why="Démenti.")
    blog.remove(entry.id)
    back = blog.restore(entry.id)
    assert (back.state, back.note, back.body) == ("retracted", "Démenti.", "Faux.")


def test_a_form_may_name_the_parts_of_a_property(app: App) -> None:
    """As PHP has taught the web to: ``content[html]``, ``category[0]``, ``photo[alt]``."""
    answer = app.form(
        ("content[html]", "<p>Du <i>biais</i>.</p>"),
        ("category[0]", "a"),
        ("category[1]", "b"),
        ("photo[value]", "https://example.org/a.jpg"),
        ("photo[alt]", "Le port"),
        ("mp-slug", "rien"),
        ("x[y][z]", "rien"),
    )
    found = created(app, answer)
    assert found["category"] == ["a", "b"]
    assert "[Le port](<https://example.org/a.jpg>)" in found["content"][0]
    assert "<i>biais</i>" in app.page(answer["Location"]).body.decode()


def test_html_is_not_read_as_markdown(app: App) -> None:
    """Asterisks stay asterisks, and an indented line after an empty one is no code."""
    html = "<p>2*3*4</p>\n\n    <p>Une <b>suite</b>.</p>\n<pre>a\n\nb</pre>"
    url = app.post(content=[{"html": html}])
    article = app.page(url).body.decode().partition("<article")[2]
    assert "2*3*4" in article
    assert "Une <b>suite</b>." in article
    assert "<pre>a\n\nb</pre>" in article


def test_the_alternative_text_of_a_photo_may_come_beside_it(app: App) -> None:
    """In ``mp-photo-alt``, in the order of the photos; one that has its own keeps it."""
    answer = app.multipart(
        ("photo[]", photo()),
        ("photo[]", photo("PNG")),
        ("mp-photo-alt[]", "Le port"),
        ("mp-photo-alt[]", ""),
        ("mp-photo-alt[]", "De trop"),
    )
    found = created(app, answer)["photo"]
    assert [p["alt"] for p in found] == ["Le port", "Photo sans description"]


def test_a_request_sent_twice_posts_once(app: App) -> None:
    """With an Idempotency-Key, as in the API."""
    document = {"type": ["h-entry"], "properties": {"content": ["Une fois."]}}
    one, two = (app.json(document, Idempotency_Key="abc") for _ in range(2))
    assert one["Location"] == two["Location"]


@pytest.mark.parametrize("visibility", ["private", "unlisted", "Private", {"value": "private"}])
def test_what_is_not_meant_for_everybody_is_refused(app: App, visibility: object) -> None:
    """Rather than shown."""
    properties = {"content": ["Entre nous."], "visibility": [visibility]}
    answer = app.json({"type": ["h-entry"], "properties": properties})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    app.server.settled()
    assert "Entre nous." not in app.page("").body.decode()


@pytest.mark.parametrize(
    "operation",
    [
        {},
        {"replace": {"post-status": ["draft"]}},
        {"replace": {"visibility": ["private"]}},
        {"replace": {"photo": [5]}},
        {"replace": {"published": [{}]}},
        {"delete": ["content", "name"]},
        {"add": {"name": ["Un autre titre"]}},
        {"add": {"in-reply-to": ["http://[::1"]}},
        {"delete": "category"},
    ],
)
def test_an_update_that_cannot_be_is_400_and_changes_nothing(
    app: App, operation: dict[str, Any]
) -> None:
    """Nothing is dropped without a word."""
    url = app.post(content=["x"], name=["Titre"])
    before = app.server.blog.journal.end()
    answer = app.json({"action": "update", "url": url, **operation})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert app.server.blog.journal.end() == before


@pytest.mark.parametrize(
    "properties",
    [
        {"content": ["x"], "photo": ["http://a.b"] * 60_000},
        {"content": ["x"], "in-reply-to": ["http://a" + "\u0301\u0323" * 80_000]},
        {"content": ["x"], "category": ["a" + "\u0301\u0323" * 80_000]},
        {"content": ["x"], "name": ["\u0301\u0323" * 80_000]},
    ],
)
def test_a_megabyte_of_values_is_refused_in_no_time(app: App, properties: Any) -> None:
    """Many of them, or long ones: the time grows with the size and no faster."""
    began = time.monotonic()
    answer = app.json({"type": ["h-entry"], "properties": properties})
    assert answer.status == 400
    assert time.monotonic() - began < 10


def test_many_values_are_deleted_in_no_time(app: App) -> None:
    """As many as a request can name; also objects, and what is no text."""
    url = app.post(content=["Avant."], category=["a", "b"])
    many = {"category": [f"{n}" for n in range(50_000)]}
    gone = {"category": [f"x{n}" for n in range(50_000)]}
    began = time.monotonic()
    assert app.json({"action": "update", "url": url, "replace": many, "delete": gone}).status == 400
    assert time.monotonic() - began < 10
    odd: list[Any] = ["a", 5, None, ["a"], {"value": ["b"]}]
    document = {"action": "update", "url": url, "delete": {"category": odd}}
    assert app.json(document).status == 204
    assert app.source(url)["category"] == ["b"]


def test_photos_are_added_and_removed_by_their_address(app: App) -> None:
    """One that lies elsewhere becomes a link here too."""
    url = created(app, app.multipart(("content", "x"), ("photo", photo())))["url"][0]
    more = app.multipart(("file", photo("PNG")), path="micropub/media")["Location"]
    update(app, url, add={"photo": [{"value": more, "alt": "Le pont"}]})
    first, second = app.source(url)["photo"]
    assert second["alt"] == "Le pont"
    update(app, url, delete={"photo": [first["value"]]})
    assert app.source(url)["photo"] == [second]
    update(app, url, add={"photo": ["https://example.org/c.jpg"]})
    assert app.source(url)["photo"] == [second]
    assert app.source(url)["content"] == ["x\n\n<https://example.org/c.jpg>"]


def test_added_content_is_a_paragraph_more_and_what_is_alike_no_revision(app: App) -> None:
    """White space apart."""
    url = app.post(content=["Un."])
    update(app, url, add={"content": ["Deux."]})
    assert app.source(url)["content"] == ["Un.\n\nDeux."]
    before = app.server.blog.journal.end()
    update(app, url, replace={"content": ["Un.\n\nDeux.  \n"]})
    assert app.server.blog.journal.end() == before


def test_what_is_cited_may_be_an_object_of_any_shape(app: App, server: LiveServer) -> None:
    """An h-cite gives its address; what gives none is ignored."""
    cites: list[Any] = [
        {"type": ["h-cite"], "properties": {"url": ["https://example.org/a"], "name": ["A"]}},
        {"type": ["h-cite"], "value": "https://example.com/b"},
        {"properties": "x"},
        {"properties": [1]},
        {"properties": {"url": 5}},
        {"properties": {"url": [{}]}},
        7,
    ]
    url = app.post(**{"content": ["x"], "in-reply-to": cites})
    update(app, url, add={"like-of": ["https://example.net/c", "https://example.org/a"]})
    letters = url.rstrip("/").rpartition("/")[2]
    entry = next(e for e in server.blog.timeline.newest_first() if e.id.endswith(letters))
    assert [s.url for s in entry.now.sources] == [
        "https://example.org/a",
        "https://example.com/b",
        "https://example.net/c",
    ]


def test_a_photos_address_cannot_break_out_of_its_link(app: App) -> None:
    """It is encoded."""
    url = app.post(content=["x"], photo=["https://example.org/a b>\n\n# Titre"])
    assert app.source(url)["content"] == ["x\n\n<https://example.org/a%20b%3E%0A%0A#%20Titre>"]


def test_nothing_is_read_for_who_shows_no_token(app: App) -> None:
    """But a form that may carry it: what is refused unread cannot fill the memory."""
    for kind in ("multipart/form-data; boundary=b", "application/json"):
        for path in ("micropub", "micropub/media"):
            answer = app.send(b"not even that", kind, path, Authorization="")
            assert (answer.status, answer.json["error"]) == (401, "unauthorized")


def test_nested_without_end_is_refused(app: App) -> None:
    """Not an error of the server."""
    deep = b"[" * 100_000 + b"]" * 100_000
    answer = app.send(b'{"type":["h-entry"],"properties":' + deep + b"}", "application/json")
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_the_newest_are_listed_without_an_address(app: App) -> None:
    """So that an app can offer them."""
    url = app.post(content=["La dernière."])
    items = app.query(q="source").json["items"]
    assert items[0]["properties"]["url"] == [url]
    assert len(items) <= 20


def test_an_upload_that_is_not_there_is_404(app: App) -> None:
    """Nor does its name lead out of the folder."""
    for name in ("nope.jpg", ".hidden", "..%2ftokens.json", "%2e%2e%2ftokens.json"):
        assert app.page(f"micropub/media/{name}").status == 404
