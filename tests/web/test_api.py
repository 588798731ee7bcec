"""The API: every operation over real HTTP, what it refuses, and the document that describes it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from PIL import Image as Picture
from starlette.responses import Response

from liveblog.model.quotes import quote
from liveblog.tokens import Person
from liveblog.web.api.handlers import OPERATIONS
from liveblog.web.auth import Authenticator
from liveblog.web.request_input import UPLOAD_LIMIT

from ..conftest import LiveServer, live_server
from ..wire import Answer, fetch

NOW_AND_THEN = "2026-01-05T10:00:00Z"


class Client:
    """Somebody with a token."""

    def __init__(self, server: LiveServer, name: str, scope: str) -> None:
        self.server = server
        self.token = server.token(name, scope)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Make a request; what is not bytes is sent as JSON."""
        if isinstance(body, bytes):
            data = body
        else:
            data = b"" if body is None else json.dumps(body).encode()
            headers.setdefault("Content_Type", "application/json")
        headers.setdefault("Authorization", f"Bearer {self.token}")
        return fetch(self.server.url, f"api/{path}", method, data, **headers)

    def post(self, body: str = "Un fait.", **more: object) -> Any:
        """Post an update; return it."""
        answer = self("POST", "entries", {"body": body, **more})
        assert answer.status == 201, answer.body
        return answer.json


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the module."""
    with live_server(tmp_path_factory.mktemp("api") / "blog", path="/semaine/") as running:
        yield running


@pytest.fixture(scope="module")
def ana(server: LiveServer) -> Client:
    """Ana may everything."""
    return Client(server, "Ana", "admin")


@pytest.fixture(scope="module")
def bilal(server: LiveServer) -> Client:
    """Bilal may post."""
    return Client(server, "Bilal", "post")


@pytest.fixture(scope="module")
def chloe(server: LiveServer) -> Client:
    """Chloé may edit."""
    return Client(server, "Chloé", "edit")


def cookie_of(server: LiveServer, person: Person) -> str:
    """Sign somebody in; return the cookie."""
    auth = Authenticator(server.blog.tokens, server.blog.config, urlsplit(server.url).path, now)
    response = Response()
    auth.sign_in(response, person)
    return response.headers["set-cookie"].partition(";")[0]


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def picture(size: tuple[int, int] = (60, 40), kind: str = "JPEG", **options: Any) -> bytes:
    """Draw a picture."""
    out = io.BytesIO()
    Picture.effect_noise(size, 90).convert("RGB").save(out, kind, **options)
    return out.getvalue()


# -- what it does ----------------------------------------------------------------------------------


def test_a_post_is_an_entry_on_the_site_signed_by_who_posted_it(
    server: LiveServer, bilal: Client
) -> None:
    """With everything that the command line can give it."""
    answer = bilal(
        "POST",
        "entries",
        {
            "body": "Le pont est **rouvert**.",
            "title": "Le pont",
            "tags": ["Damas"],
            "key": True,
            "verification": "confirmed",
            "sources": [{"name": "SANA", "url": "https://example.org/sana"}],
            "figures": [{"name": "Blessés", "value": 3, "unit": "personnes"}],
            "lang": "fr-CA",
        },
    )
    entry = answer.json
    assert answer.status == 201
    assert answer["Location"] == f"/semaine/api/entries/{entry['id']}"
    assert answer["ETag"] == '"1"'
    assert (entry["author"], entry["rev"], entry["state"]) == ("Bilal", 1, "live")
    assert "<strong>rouvert</strong>" in entry["html"]
    server.published(entry["id"])
    page = fetch(server.url, entry["url"].removeprefix(server.url))
    assert "Le pont est <strong>rouvert</strong>" in page.body.decode()


def test_an_instant_is_taken_with_its_zone_and_the_future_needs_schedule(ana: Client) -> None:
    """So that a typo never hides an update."""
    posted = ana.post(published="2012-07-15T18:04:00+02:00")
    assert posted["published"] == "2012-07-15T16:04:00Z"
    future = (ana.server.blog.now + timedelta(days=2)).isoformat()
    refused = ana("POST", "entries", {"body": "Demain.", "published": future})
    assert refused.status == 422
    assert "schedule" in refused.json["hint"]
    held = ana.post("Demain.", published=future, schedule=True)
    assert held["waiting"] is True
    naive = ana("POST", "entries", {"body": "x", "published": "2012-07-15T18:04:00"})
    assert naive.status == 422


def test_a_date_alone_is_a_whole_day(ana: Client) -> None:
    """And another entry can be placed after it, or be given a time later."""
    first = ana.post("Tout le jour.", published="2012-07-16")
    assert (first["precision"], first["published"]) == ("day", "2012-07-15T22:00:00Z")
    second = ana.post("Ensuite.", after=first["id"])
    assert (second["precision"], second["id"][:8]) == ("day", "20120716")
    assert first["order"] < second["order"]
    timed = ana(
        "PATCH", f"entries/{first['id']}", {"published": "2012-07-16T10:00:00Z"}, If_Match='"1"'
    )
    assert (timed.json["precision"], timed.json["written_time"]) == ("instant", "")
    wrong = ana("POST", "entries", {"body": "x", "published": "hier"})
    assert wrong.status == 422
    assert "2012-07-15 for a whole day" in wrong.json["hint"]


def test_a_request_sent_twice_posts_once(server: LiveServer, ana: Client, bilal: Client) -> None:
    """A double tap, a retry after a lost answer; the key is each person's own."""
    one = ana("POST", "entries", {"body": "Une fois."}, Idempotency_Key="abc")
    two = ana("POST", "entries", {"body": "Une fois."}, Idempotency_Key="abc")
    other = bilal("POST", "entries", {"body": "Une fois."}, Idempotency_Key="abc")
    assert one.json["id"] == two.json["id"] != other.json["id"]


def test_a_change_says_which_revision_it_saw(ana: Client) -> None:
    """Without it 428; with an old one 412 and the other's text; with the right one it is taken."""
    entry = ana.post("Version une.")
    path = f"entries/{entry['id']}"
    assert ana("PATCH", path, {"body": "Deux."}).status == 428
    taken = ana("PATCH", path, {"body": "Deux.", "note": "Précision."}, If_Match='"1"')
    assert (taken.status, taken["ETag"], taken.json["body"]) == (200, '"2"', "Deux.")
    stale = ana("PATCH", path, {"body": "Trois."}, If_Match='"1"')
    assert (stale.status, stale.json["code"]) == (412, "conflict")
    assert stale.json["theirs"]["body"] == "Deux."
    assert ana("PATCH", path, {"body": "x"}, If_Match='"abc"').status == 412
    read = ana("GET", path)
    assert [r["body"] for r in read.json["revisions"]] == ["Version une.", "Deux."]
    assert read.json["revisions"][1]["note"] == "Précision."


def test_what_is_not_given_stays_as_it_is(ana: Client) -> None:
    """A merge patch (RFC 7396)."""
    entry = ana.post("Texte.", title="Titre", tags=["a"], key=True)
    path = f"entries/{entry['id']}"
    pinned = ana("PATCH", path, {"pinned": True}, If_Match='"1"').json
    assert (pinned["title"], pinned["tags"], pinned["key"], pinned["pinned"]) == (
        "Titre", ["a"], True, True,
    )  # fmt: skip
    assert ana("PATCH", path, {"pinned": True}, If_Match='"2"').status == 422  # nothing changes


def test_a_retraction_says_why_and_a_removal_takes_it_away(server: LiveServer, ana: Client) -> None:
    """One leaves a notice, the other nothing."""
    entry = ana.post("Faux.")
    path = f"entries/{entry['id']}"
    assert ana("POST", f"{path}/retraction", {"why": ""}, If_Match='"1"').status == 422
    told = ana("POST", f"{path}/retraction", {"why": "La photo date de 2010."}, If_Match='"1"')
    assert told.json["state"] == "retracted"
    assert "La photo date de 2010." in told.json["html"]
    assert ana("DELETE", path).status == 204
    assert ana("GET", path).status == 410
    server.settled()
    assert fetch(server.url, entry["url"].removeprefix(server.url)).status == 410


@pytest.mark.parametrize("query", ["", "?purge=true"])
def test_a_removal_that_says_which_revision_it_saw_is_of_that_one(ana: Client, query: str) -> None:
    """It need not say; asked again after a lost answer, it is done already."""
    path = f"entries/{ana.post('Un fait.')['id']}"
    for given in ('"0"', '"2"', '"abc"'):
        refused = ana("DELETE", path + query, If_Match=given)
        assert (refused.status, refused.json["code"]) == (412, "conflict")
    assert ana("GET", path).json["rev"] == 1
    assert ana("DELETE", path + query, If_Match='"1"').status == 204
    assert ana("DELETE", path + query, If_Match='"1"').status == 204
    assert ana("GET", path).status == 410


def test_a_picture_is_uploaded_then_shown_and_loses_its_metadata(
    server: LiveServer, bilal: Client
) -> None:
    """Place and camera never touch the disk."""
    exif = Picture.Exif()
    exif[0x010F] = "SecretCamera"
    data = picture(exif=exif.tobytes())
    assert b"SecretCamera" in data
    up = bilal("POST", "uploads", data, Content_Type="image/jpeg")
    assert up.status == 201
    seen = fetch(server.url, up.json["url"].removeprefix("/semaine/"),
                 Authorization=f"Bearer {bilal.token}")  # fmt: skip
    assert (seen.status, seen["Content-Type"]) == (200, "image/jpeg")
    assert fetch(server.url, up.json["url"].removeprefix("/semaine/")).status == 401
    given = {"upload": up.json["name"], "alt": "Le port au matin"}
    assert bilal("POST", "entries", {"pictures": [given | {"alt": ""}]}).status == 422
    entry = bilal.post("Le port.", pictures=[given])
    assert entry["pictures"][0]["alt"] == "Le port au matin"
    # Another text beside it, and then none.
    path = f"entries/{entry['id']}"
    kept = [{"path": entry["pictures"][0]["path"], "alt": "Le port à midi"}]
    changed = bilal("PATCH", path, {"pictures": kept}, If_Match='"1"').json
    assert changed["pictures"][0]["alt"] == "Le port à midi"
    assert bilal("PATCH", path, {"pictures": []}, If_Match='"2"').json["pictures"] == []
    server.settled()  # so that no file goes while it is looked at
    for file in server.blog.paths.root.rglob("*"):
        assert not file.is_file() or b"SecretCamera" not in file.read_bytes()


def test_a_preview_is_what_readers_would_see_and_keeps_nothing(
    server: LiveServer, bilal: Client
) -> None:
    """By the same renderer."""
    before = server.blog.journal.end()
    shown = bilal("POST", "preview", {"body": "**Gras** <script>alert(1)</script>", "key": True})
    assert "<strong>Gras</strong>" in shown.json["html"]
    assert "<script" not in shown.json["html"]
    assert bilal("POST", "preview", {"body": ""}).json["html"]
    assert bilal("POST", "preview", {"body": "é" * 50_001}).status == 422
    assert server.blog.journal.end() == before


def test_the_newsroom_sees_what_waits_and_reads_on_in_pieces(ana: Client) -> None:
    """Newest first; each entry once, whatever the size of the pieces."""
    for number in range(7):
        ana.post(f"Suite {number}.")
    far = (ana.server.blog.now + timedelta(days=9)).isoformat()
    ana.post("Plus tard.", published=far, schedule=True)
    whole = ana("GET", "entries?limit=100").json
    assert whole["before"] == ""
    ids = [entry["id"] for entry in whole["entries"]]
    assert whole["entries"][0]["waiting"] is True
    pieces: list[str] = []
    before = ""
    while True:
        piece = ana("GET", f"entries?limit=3&before={before}").json
        pieces += [entry["id"] for entry in piece["entries"]]
        before = piece["before"]
        if not before:
            break
    assert pieces == ids
    assert ana("GET", "entries?limit=x").status == 422


def test_digests_have_their_headline_introduction_and_close(
    server: LiveServer, ana: Client, chloe: Client
) -> None:
    """Of a day, a week, and of the live page; guarded like entries."""
    for period, name in (("2012-07-15", "Dimanche 15 juillet 2012"), ("2012-W29", "Semaine")):
        empty = chloe("GET", f"digests/{period}")
        assert (empty["ETag"], empty.json["rev"]) == ('"0"', 0)
        assert name in empty.json["name"]
        text = {"headline": "Un titre", "introduction": "Avant.", "close": "Après."}
        written = chloe("PUT", f"digests/{period}", text, If_Match='"0"')
        assert (written.status, written["ETag"]) == (200, '"1"')
        assert chloe("PUT", f"digests/{period}", text, If_Match='"0"').status == 412
    top = chloe("PUT", "digests/coverage", {"headline": "La semaine"}, If_Match='"0"')
    assert top.json["headline"] == "La semaine"
    server.settled()
    assert "La semaine" in fetch(server.url).body.decode()
    assert ana("GET", "digests/nonsense").status == 422


def test_the_coverage_ends_and_goes_on(server: LiveServer, ana: Client, chloe: Client) -> None:
    """The page says so; only an admin may."""
    assert chloe("PUT", "coverage", {"over": True}).status == 403
    assert ana("PUT", "coverage", {"over": True}).json["ended"]
    server.settled()
    assert "Direct terminé" in fetch(server.url).body.decode()
    assert ana("PUT", "coverage", {"over": False}).json["ended"] is None
    assert ana("PUT", "coverage", {"over": False}).status == 422


def test_words_that_were_used_are_suggested(ana: Client) -> None:
    """Tags, figures, authors."""
    ana.post("x", tags=["Alep"], figures=[{"name": "Réfugiés", "value": 5}])
    words = ana("GET", "words").json
    assert "Alep" in words["tags"]
    assert "Réfugiés" in words["figures"]
    assert "Ana" in words["authors"]


def test_me_says_who_and_where(bilal: Client) -> None:
    """What the composer needs first."""
    me = bilal("GET", "me").json
    assert (me["name"], me["scope"], me["timezone"]) == ("Bilal", "post", "Europe/Paris")


# -- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [operation for operation in OPERATIONS if operation.scope],
    ids=lambda o: f"{o.method} {o.path}",
)
def test_nobody_gets_in_without_a_token(server: LiveServer, operation: Any) -> None:
    """401, with the scheme to use (RFC 6750 §3)."""
    path = "api/" + re.sub(r"{\w+}", "2012-07-15", operation.path)
    answer = fetch(server.url, path, operation.method)
    assert answer.status == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == 401
    assert answer.json["hint"]


def test_a_scope_too_small_is_403_and_changes_nothing(
    server: LiveServer, ana: Client, bilal: Client, chloe: Client
) -> None:
    """Post: one's own; edit: all; admin: removals."""
    entry = ana.post("D’Ana.")
    path = f"entries/{entry['id']}"
    before = server.blog.journal.end()
    for refused in (
        bilal("PATCH", path, {"body": "x"}, If_Match='"1"'),
        bilal("POST", f"{path}/retraction", {"why": "x"}, If_Match='"1"'),
        bilal("DELETE", path),
        chloe("DELETE", path),
        bilal("POST", "entries", {"body": "x", "author": "Ana"}),
        bilal("PUT", "digests/2012-07-15", {"headline": "x"}, If_Match='"1"'),
    ):
        assert (refused.status, refused.json["code"]) == (403, "insufficient_scope")
    assert server.blog.journal.end() == before
    assert chloe("PATCH", path, {"body": "Relu."}, If_Match='"1"').status == 200
    assert chloe.post("Signé.", author="Agence")["author"] == "Agence"


def test_ones_own_fresh_update_can_be_undone(server: LiveServer, bilal: Client) -> None:
    """Within a minute."""
    entry = bilal.post("Oups.")
    assert bilal("DELETE", f"entries/{entry['id']}").status == 204
    old = server.blog.post("Ancien.", author="Bilal", at=server.blog.now)
    assert bilal("DELETE", f"entries/{old.id}").status == 204


@pytest.mark.slow
def test_the_eleventh_wrong_token_of_an_address_has_to_wait_and_a_right_one_never(
    tmp_path: Any,
) -> None:
    """429 with Retry-After for whoever guesses; a newsroom behind the same address writes on."""
    with live_server(tmp_path / "blog") as running:
        good = running.token()
        for _ in range(10):
            wrong = fetch(running.url, "api/me", Authorization="Bearer lb_wrong")
            assert (wrong.status, wrong.json["code"]) == (401, "invalid_token")
        late = fetch(running.url, "api/me", Authorization="Bearer lb_wrong")
        assert late.status == 429
        assert 0 < int(late["Retry-After"]) <= 300
        assert fetch(running.url, "api/me", Authorization=f"Bearer {good}").status == 200
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        body = f"h=entry&content=Oui.&access_token={good}".encode()
        assert fetch(running.url, "micropub", "POST", body, **form).status in (201, 202)


def test_a_revoked_token_is_out_at_once(server: LiveServer) -> None:
    """No cache holds it."""
    dora = Client(server, "Dora", "post")
    assert dora("GET", "me").status == 200
    server.blog.tokens.revoke("Dora")
    assert dora("GET", "me").status == 401


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example", "[::1", "@"])
def test_a_forged_host_is_refused(server: LiveServer, ana: Client, host: str) -> None:
    """DNS rebinding and poisoned links have no way in."""
    assert ana("POST", "entries", {"body": "x"}, Host=host).status in (400, 421)


def test_a_cookie_is_taken_from_our_own_pages_only(server: LiveServer) -> None:
    """A form on another site cannot write with it; a forged one is nobody."""
    server.token("Eva", "post")
    eva = next(p for p in server.blog.tokens.all() if p.name == "Eva")
    cookie = cookie_of(server, eva)
    data = json.dumps({"body": "Par le cookie."}).encode()
    own = server.url.partition("/semaine/")[0]

    def post(**headers: str) -> int:
        named = {"Content_Type": "application/json", **headers}
        return fetch(server.url, "api/entries", "POST", data, **named).status

    assert post(Cookie=cookie, Origin=own) == 201
    assert post(Cookie=cookie, Sec_Fetch_Site="same-origin") == 201
    assert post(Cookie=cookie, Origin="https://evil.example") == 403
    assert post(Cookie=cookie, Origin=own.replace("http:", "https:")) == 403
    assert post(Cookie=cookie, Origin=f"{own}0") == 403
    assert post(Cookie=cookie, Origin="") == 403
    assert post(Cookie=cookie, Origin="null") == 403
    assert post(Cookie=cookie, Sec_Fetch_Site="cross-site") == 403
    assert post(Cookie=cookie) == 403
    assert post(Cookie=cookie[:-2] + "xx", Origin=own) == 401
    assert fetch(server.url, "api/me", Cookie=cookie).status == 200


# -- what it refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b'{"body": 5}', 422),
        (b'{"bodi": "x"}', 422),
        (b'{"body": ""}', 422),
        (b'{"body": "a\\u0000b"}', 422),
        (b'{"body": "x", "tags": ["!"]}', 422),
        (b'{"body": "x", "sources": [{"name": "n", "url": "javascript:alert(1)"}]}', 422),
        (b'{"body": "x", "figures": [{"name": "n", "value": "many"}]}', 422),
        (b'{"body": "x", "verification": "perhaps"}', 422),
        (b'{"body": "x", "lang": "<b>"}', 422),
        (b'{"body": "x", "pictures": [{"upload": "../../secret", "alt": "x"}]}', 422),
        (b'{"body": "x", "pictures": [{"path": "2012/x.png", "alt": "x"}]}', 422),
        (b'{"body": "' + b"x" * 100_001 + b'"}', 422),
        (b'{"body": "' + b"x" * 1_000_001 + b'"}', 413),
    ],
)
def test_a_body_that_cannot_be_taken_changes_nothing(
    server: LiveServer, ana: Client, body: bytes, status: int
) -> None:
    """The problem says what is wrong."""
    before = server.blog.journal.end()
    answer = ana("POST", "entries", body, Content_Type="application/json")
    assert answer.status == status
    assert answer.json["detail"]
    assert server.blog.journal.end() == before


def test_a_body_of_another_type_is_not_read(ana: Client) -> None:
    """A form cannot pass for JSON."""
    assert ana("POST", "entries", b"body=x", Content_Type="text/plain").status == 415
    assert ana("POST", "entries", b"body=x",
               Content_Type="application/x-www-form-urlencoded").status == 415  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a<script>alert(1)</script>",
        b"%PDF-1.4",
        b"\xff\xd8\xff\xe0 not a picture",
        b"",
    ],
)
def test_what_is_no_picture_is_refused(server: LiveServer, ana: Client, data: bytes) -> None:
    """An SVG, a lie about the type, nothing at all."""
    answer = ana("POST", "uploads", data, Content_Type="image/jpeg")
    assert answer.status == 422
    assert not list(server.blog.paths.uploads.glob("*.svg"))


@pytest.mark.slow
def test_a_picture_bomb_is_refused(ana: Client) -> None:
    """A small file of 400 million pixels; a body over the limit."""
    out = io.BytesIO()
    Picture.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 1_000_000
    assert ana("POST", "uploads", out.getvalue(), Content_Type="image/png").status == 422
    declared = ana("POST", "uploads", b"x", Content_Length=str(UPLOAD_LIMIT + 1))
    assert declared.status == 413


def test_an_entry_that_is_not_there_is_404(ana: Client) -> None:
    """And what is no id at all, 422."""
    assert ana("GET", "entries/20120715-zzzzzzzzzz").status == 404
    assert ana("GET", "entries/nonsense").status == 422
    assert ana("GET", "nothing").status == 404
    assert ana("DELETE", "me").status == 405


# -- the document ----------------------------------------------------------------------------------


def test_the_document_describes_every_route_and_no_other(server: LiveServer) -> None:
    """OpenAPI 3.1, with a schema for whatever is taken or given."""
    document = fetch(server.url, "api/openapi.json").json
    described = {
        (method.upper(), path.removeprefix("/"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described == {(o.method, o.path) for o in OPERATIONS}
    text = json.dumps(document)
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert "401" in operation["responses"] or operation["security"] == []


@pytest.mark.slow
def test_a_removal_names_what_quoted_it_and_can_be_taken_back(
    server: LiveServer, ana: Client
) -> None:
    """The entry and its quotes are shown again; so is a chapter that was removed."""
    entry = ana.post("Un fait cité.")
    body = {
        "title": "Cité",
        "period": "today",
        "introduction": quote("Un fait cité.", "Ana", entry["id"]),
    }
    assert ana("POST", "chapters", body).status == 201
    removed = ana("DELETE", f"entries/{entry['id']}")
    assert (removed.status, removed.json) == (200, {"quoted_by": ["chapters/cite"]})
    assert "Un fait" not in ana("GET", "chapters/cite").json["introduction"]
    restored = ana("POST", f"entries/{entry['id']}/restoration")
    assert (restored.status, restored.json["state"]) == (200, "live")
    assert "Un fait" in ana("GET", "chapters/cite").json["introduction"]
    assert ana("DELETE", "chapters/cite").status == 204
    assert ana("GET", "chapters/cite").status == 404
    assert ana("POST", "chapters/cite/restoration").json["state"] == "live"
    assert ana("POST", f"entries/{entry['id']}/restoration").status == 422
    assert ana("DELETE", f"entries/{ana.post('Un autre.')['id']}").status == 204


def test_answers_are_what_the_document_says(server: LiveServer, ana: Client) -> None:
    """Real requests, held against the schemas; problems too."""
    document = fetch(server.url, "api/openapi.json").json
    entry = ana.post("Pour le schéma.", tags=["a"], sources=[{"name": "S"}])
    path = f"entries/{entry['id']}"
    requests: list[tuple[str, str, str, object, dict[str, str]]] = [
        ("GET", "me", "me", None, {}),
        ("GET", "search", "search?q=schema", None, {}),
        ("GET", "search", "search?q=schema&limit=x", None, {}),
        ("GET", "words", "words", None, {}),
        ("GET", "entries", "entries", None, {}),
        ("POST", "entries", "entries", {"body": "x"}, {}),
        ("POST", "entries", "entries", {"bodi": "x"}, {}),
        ("GET", "entries/{id}", path, None, {}),
        ("PATCH", "entries/{id}", path, {"body": "y"}, {"If_Match": '"1"'}),
        ("PATCH", "entries/{id}", path, {"body": "z"}, {"If_Match": '"1"'}),
        ("PATCH", "entries/{id}", path, {"body": "z"}, {}),
        ("POST", "entries/{id}/retraction", f"{path}/retraction", {"why": "z"},
         {"If_Match": '"2"'}),
        ("DELETE", "entries/{id}", path, None, {}),
        ("GET", "entries/{id}", path, None, {}),
        ("POST", "entries/{id}/restoration", f"{path}/restoration", None, {}),
        ("POST", "entries/{id}/restoration", f"{path}/restoration", None, {}),
        ("POST", "uploads", "uploads", picture(), {"Content_Type": "image/jpeg"}),
        ("POST", "uploads", "uploads", b"x", {"Content_Type": "image/jpeg"}),
        ("POST", "preview", "preview", {"body": "x"}, {}),
        ("GET", "digests/{period}", "digests/2012-07-16", None, {}),
        ("PUT", "digests/{period}", "digests/2012-07-16", {"headline": "h"}, {"If_Match": '"0"'}),
        ("POST", "chapters", "chapters", {"title": "Un jour", "period": "today"}, {}),
        ("POST", "chapters", "chapters", {"title": "Un jour", "period": "today"}, {}),
        ("POST", "chapters", "chapters", {"title": "Un jour", "perod": "today"}, {}),
        ("GET", "chapters", "chapters", None, {}),
        ("GET", "chapters/{slug}", "chapters/un-jour", None, {}),
        ("GET", "chapters/{slug}", "chapters/absent", None, {}),
        ("PATCH", "chapters/{slug}", "chapters/un-jour", {"close": "y"}, {"If_Match": '"1"'}),
        ("PATCH", "chapters/{slug}", "chapters/un-jour", {"close": "z"}, {"If_Match": '"1"'}),
        ("PATCH", "chapters/{slug}", "chapters/un-jour", {"close": "z"}, {}),
        ("POST", "chapters/{slug}/retraction", "chapters/un-jour/retraction", {"why": "z"},
         {"If_Match": '"2"'}),
        ("DELETE", "chapters/{slug}", "chapters/un-jour", None, {}),
        ("GET", "chapters/{slug}", "chapters/un-jour", None, {}),
        ("POST", "chapters/{slug}/restoration", "chapters/un-jour/restoration", None, {}),
        ("PUT", "coverage", "coverage", {"over": True}, {}),
        ("PUT", "coverage", "coverage", {"over": False}, {}),
    ]  # fmt: skip
    seen = set()
    for method, template, actual, body, headers in requests:
        answer = ana(method, actual, body, **headers)
        described = document["paths"][f"/{template}"][method.lower()]["responses"]
        assert str(answer.status) in described, (method, template, answer.status, answer.body)
        seen.add((method, template))
        content = described[str(answer.status)].get("content")
        if content is None:
            assert answer.body == b""
            continue
        ((kind, described_as),) = content.items()
        assert answer["Content-Type"] == kind
        schema = {**described_as["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)
    assert seen == {(o.method, o.path) for o in OPERATIONS}


def test_a_retry_with_a_picture_keeps_it_once(server: LiveServer, ana: Client) -> None:
    """The same request makes the same entry and the same files."""
    name = ana("POST", "uploads", picture(), Content_Type="image/jpeg").json["name"]
    body = {"pictures": [{"upload": name, "alt": "Le port"}]}
    before = len(list(server.blog.paths.media.rglob("*.jpg")))
    ids = {ana("POST", "entries", body, Idempotency_Key="photo").json["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(list(server.blog.paths.media.rglob("*.jpg"))) == before + 1


def test_what_somebody_else_removed_is_not_ones_own_to_bring_back(
    server: LiveServer, ana: Client, bilal: Client
) -> None:
    """An admin's removal stands, through Micropub too."""
    entry = bilal.post("De Bilal.")
    assert ana("DELETE", f"entries/{entry['id']}").status == 204
    data = f"action=undelete&url={entry['url']}".encode()
    answer = fetch(
        server.url, "micropub", "POST", data, Authorization=f"Bearer {bilal.token}",
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert answer.status == 403
