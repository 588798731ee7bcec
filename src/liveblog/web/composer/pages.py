"""The composer: pages to write with, which need no script, and are better with one.

Every form is answered by the same handlers as the API (``api``); here their answers become pages.
What is refused comes back as the page it came from, with the text kept and the reason in words.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import msgspec
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from ... import digest
from ...model import addresses
from ...model.conflicts import Conflict
from ...model.entry import MEDIA_PATH, Source
from ...model.errors import LiveblogError
from ...model.period import COVERAGE
from ...tokens import Person, Scope
from .. import errors
from ..api import handlers
from ..auth import require
from ..errors import Problem
from ..static import IMMUTABLE, TYPES
from . import history
from .assets import ComposerAssets
from .forms import Around, Fields, Form, form_of

if TYPE_CHECKING:
    from ..context import BlogContext

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
SIGN_IN_LIMIT = 10_000  #: bytes of the form with the token
SHARED = ("title", "text", "url")  #: what other apps hand over


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is let in, and the form that came with it."""

    request: Request
    person: Person
    form: Form

    def path(self, name: str) -> str:
        """Return a part of the path."""
        text: str = self.request.path_params[name]
        return text


Answer = Callable[[Visit], Response]


def routes(context: BlogContext) -> list[Route]:
    """Return the composer's pages."""
    return _Composer(context).routes()


class _Composer:
    """The composer of one blog."""

    def __init__(self, context: BlogContext) -> None:
        self._context = context
        self._blog = context.blog
        self._root = context.path
        self._shell = ComposerAssets(context.blog, context.path)

    def routes(self) -> list[Route]:
        """Return where each page and form is."""
        return [
            Route("/compose", self._for("post", self._compose)),
            Route("/compose/", self._without_slash),
            Route("/compose", self._for("post", self._post), methods=["POST"]),
            Route("/compose/entries", self._for("post", self._entries)),
            Route("/compose/entries/{id}", self._for("post", self._entry)),
            *(
                Route(f"/compose/entries/{{id}}{path}", self._for("post", answer), methods=["POST"])
                for path, answer in (
                    ("", self._edit),
                    ("/pin", lambda visit: self._pin(visit, True)),
                    ("/unpin", lambda visit: self._pin(visit, False)),
                    ("/retract", self._retract),
                    ("/remove", self._remove),
                )
            ),
            Route("/compose/media/{path:path}", self._for("post", self._picture)),
            Route("/compose/digests", self._for("edit", self._other_day)),
            Route("/compose/digests/{period}", self._for("edit", self._framing)),
            Route("/compose/digests/{period}", self._for("edit", self._frame), methods=["POST"]),
            Route("/compose/coverage", self._for("admin", self._end), methods=["POST"]),
            Route("/compose/sign-in", self._sign_in, methods=["POST"]),
            Route("/compose/sign-out", self._sign_out, methods=["POST"]),
            Route("/compose/shell", self._empty),
            Route("/compose/sw.js", self._worker),
            Route("/compose/manifest.webmanifest", self._manifest),
            Route("/compose/assets/{name}", self._asset),
        ]

    # -- who comes in -------------------------------------------------------------------------

    def _for(self, scope: Scope, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Let in who is signed in and has the scope, then answer outside the event loop."""

        async def endpoint(request: Request) -> Response:
            person = None
            try:
                person = await run_sync(self._context.auth.person, request)
                if person is None:
                    return await run_sync(self._signed_out, request)
                require(person, scope)
                if request.method != "POST":
                    return await run_sync(answer, Visit(request, person, Form()))
                form = await form_of(request)
                return await self._context.writers.run(answer, Visit(request, person, form))
            except (Problem, LiveblogError, HTTPException) as error:
                problem = errors.of(error)
                return await run_sync(self._page, "problem.html", person, problem)

        return endpoint

    def _signed_out(self, request: Request) -> Response:
        if request.method == "GET":
            return self._page("sign_in.html", None, shared=_shared(request.url.query))
        problem = Problem(401, "unauthorized", "This needs a token.")
        return self._page("sign_in.html", None, problem, shared="")

    async def _sign_in(self, request: Request) -> Response:
        auth = self._context.auth
        form = Form()
        try:
            auth.check_host(request)
            auth.check_origin(request)
            form = await form_of(request, SIGN_IN_LIMIT)
            person = await run_sync(auth.by_token, request, form.one("token").strip())
            query = _shared(form.one("shared"))
            response = self._to("compose" + (f"?{query}" if query else ""))
            await self._context.writers.run(auth.sign_in, response, person)
            return response
        except (Problem, LiveblogError) as error:
            problem, shared = errors.of(error), _shared(form.one("shared"))
            return await run_sync(lambda: self._page("sign_in.html", None, problem, shared=shared))

    async def _sign_out(self, request: Request) -> Response:
        auth = self._context.auth
        response = self._to("compose")
        try:
            auth.check_host(request)
            auth.check_origin(request)
            await self._context.writers.run(auth.sign_out, response, request)
        except (Problem, LiveblogError) as error:
            return await run_sync(self._page, "problem.html", None, errors.of(error))
        return response

    async def _without_slash(self, _: Request) -> Response:
        return self._to("compose")

    # -- writing ------------------------------------------------------------------------------

    def _compose(self, visit: Visit) -> Response:
        given = {name: visit.request.query_params.get(name, "") for name in SHARED}
        sources = _source_of(given["url"])
        fields = Fields(title=given["title"], body=given["text"], sources=sources)
        return self._composer(visit, fields, secrets.token_urlsafe(16))

    def _post(self, visit: Visit) -> Response:
        fields, key = Fields(), visit.form.one("key_of_draft") or secrets.token_urlsafe(16)
        try:
            fields = Fields.read(visit.form)
            fields = self._with_file(visit, fields)
            _check(fields)
            call = self._call(visit, fields.post(self._blog.config.zone), key=key)
            made = handlers.post(call).body
        except (Problem, LiveblogError) as error:
            return self._composer(visit, fields, key, errors.of(error))
        return self._to(f"compose?done={made.id}")

    def _composer(
        self, visit: Visit, fields: Fields, key: str, problem: Problem | None = None
    ) -> Response:
        return self._page(
            "compose.html",
            visit.person,
            problem,
            fields=fields,
            key_of_draft=key,
            done=visit.request.query_params.get("done", ""),
            **self._listed(visit),
        )

    def _entries(self, visit: Visit) -> Response:
        return self._page("fragments/newsroom_entries.html", visit.person, **self._listed(visit))

    def _listed(self, visit: Visit) -> dict[str, Any]:
        found = handlers.entries(self._call(visit)).body
        return {"entries": [self._shown(out) for out in found.entries], "before": found.before}

    def _shown(self, out: handlers.EntryOut) -> handlers.EntryOut:
        """Take the pictures from the newsroom: the site has them only once it is published."""
        old, new = f'src="{self._root}media/', f'src="{self._root}compose/media/'
        return msgspec.structs.replace(out, html=out.html.replace(old, new))

    def _picture(self, visit: Visit) -> Response:
        path = visit.path("path")
        if not MEDIA_PATH.fullmatch(path):
            raise HTTPException(404)
        folder = self._blog.paths.media.resolve()
        file = (folder / path).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            raise HTTPException(404)
        headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
        return FileResponse(file, headers=headers)

    # -- changing -----------------------------------------------------------------------------

    def _entry(self, visit: Visit) -> Response:
        found = handlers.entry(self._call(visit, id=visit.path("id"))).body
        now = self._blog.timeline.entry(found.id).now
        return self._entry_page(visit, Fields.of(now, self._blog.config.zone), found.rev)

    def _entry_page(
        self,
        visit: Visit,
        fields: Fields,
        rev: int,
        problem: Problem | None = None,
        theirs: Fields | None = None,
    ) -> Response:
        found = handlers.entry(self._call(visit, id=visit.path("id"))).body
        entry = self._blog.timeline.entry(found.id)
        return self._page(
            "compose_entry.html",
            visit.person,
            problem,
            out=self._shown(found),
            fields=fields,
            rev=rev,
            theirs=theirs,
            note=visit.form.one("note"),
            minor=visit.form.one("minor"),
            steps=history.steps(entry),
            difference=history.differences(theirs.body, fields.body) if theirs else (),
        )

    def _pin(self, visit: Visit, is_pinned: bool) -> Response:
        change = handlers.Changes(pinned=is_pinned, minor=True)
        return self._try(
            visit, lambda: handlers.change(self._call(visit, change, id=visit.path("id")))
        )

    def _edit(self, visit: Visit) -> Response:
        form, zone = visit.form, self._blog.config.zone
        entry = self._blog.timeline.entry(visit.path("id"))
        rev = form.one("rev")
        seen = next((r for r in entry.revisions if str(r.rev) == rev), entry.now)
        before = fields = Fields.of(seen, zone)
        try:
            if not form.has("body"):
                raise Problem(
                    422,
                    "incomplete",
                    "The form has no text field 'body', so it was not sent whole.",
                    "Load the page again and repeat your change.",
                )
            fields = self._with_file(visit, Fields.read(form, before))
            _check(fields)
            change = fields.change(
                before, zone, self._blog.now, note=form.one("note"), minor=bool(form.one("minor"))
            )
            handlers.change(self._call(visit, change, id=entry.id))
        except Conflict as conflict:
            now = self._blog.timeline.entry(entry.id).now
            theirs = Fields.of(now, zone)
            merged = fields.merged(before, theirs)
            return self._entry_page(visit, merged, now.rev, errors.of(conflict), theirs)
        except (Problem, LiveblogError) as error:
            return self._entry_page(visit, fields, seen.rev, errors.of(error))
        return self._to(f"compose?done={entry.id}")

    def _retract(self, visit: Visit) -> Response:
        why = handlers.Retraction(why=visit.form.one("why"))
        return self._try(
            visit, lambda: handlers.retract(self._call(visit, why, id=visit.path("id")))
        )

    def _remove(self, visit: Visit) -> Response:
        return self._try(visit, lambda: handlers.remove(self._call(visit, id=visit.path("id"))))

    def _try(self, visit: Visit, do: Callable[[], handlers.Answer]) -> Response:
        """Do something to an entry; if that is refused, show its page with the reason."""
        try:
            do()
        except (Problem, LiveblogError) as error:
            now = self._blog.timeline.entry(visit.path("id")).now
            fields = Fields.of(now, self._blog.config.zone)
            return self._entry_page(visit, fields, now.rev, errors.of(error))
        return self._to("compose")

    # -- framing ------------------------------------------------------------------------------

    def _other_day(self, visit: Visit) -> Response:
        period = self._blog.period(visit.request.query_params.get("day") or "today")
        return self._to(f"compose/digests/{period.id}")

    def _framing(self, visit: Visit) -> Response:
        found = handlers.framing(self._call(visit, period=visit.path("period"))).body
        around = Around(found.headline, found.introduction, found.close)
        return self._framing_page(visit, around, found.rev)

    def _framing_page(
        self,
        visit: Visit,
        around: Around,
        rev: int,
        problem: Problem | None = None,
        theirs: Around | None = None,
    ) -> Response:
        found = handlers.framing(self._call(visit, period=visit.path("period"))).body
        words = self._blog.words
        near = [self._blog.period(name) for name in ("today", "yesterday", "week")]
        return self._page(
            "compose_digest.html",
            visit.person,
            problem,
            out=found,
            around=around,
            rev=rev,
            theirs=theirs,
            stops=[(of.id, digest.label(of, words)) for of in near],
            done=visit.request.query_params.get("done", ""),
        )

    def _frame(self, visit: Visit) -> Response:
        period, rev = visit.path("period"), visit.form.one("rev")
        found = handlers.framing(self._call(visit, period=period)).body
        around = Around.read(visit.form, Around(found.headline, found.introduction, found.close))
        try:
            asked = {name for name, _ in visit.form.texts}
            text = handlers.FramingText(**{k: v for k, v in vars(around).items() if k in asked})
            handlers.frame(self._call(visit, text, period=period))
        except Conflict as conflict:
            found = handlers.framing(self._call(visit, period=period)).body
            theirs = Around(found.headline, found.introduction, found.close)
            return self._framing_page(visit, around, found.rev, errors.of(conflict), theirs)
        except (Problem, LiveblogError) as error:
            seen = handlers.revision_number(rev) or 0
            return self._framing_page(visit, around, seen, errors.of(error))
        return self._to(f"compose/digests/{period}?done=1")

    def _end(self, visit: Visit) -> Response:
        over = {"yes": True, "no": False}.get(visit.form.one("over"))
        if over is None:
            raise Problem(422, "incomplete", "The form does not say whether the coverage is over.",
                          "Load the page again and repeat your change.")  # fmt: skip
        handlers.end(self._call(visit, handlers.End(over=over)))
        return self._to(f"compose/digests/{COVERAGE}?done=1")

    # -- what it is made of -------------------------------------------------------------------

    async def _empty(self, _: Request) -> Response:
        return await run_sync(self._shell_page)

    def _shell_page(self) -> Response:
        """Return the composer with nobody in it: what opens without a network."""
        return self._page("compose.html", None, fields=Fields(), key_of_draft="", done="",
                          entries=(), before="")  # fmt: skip

    async def _worker(self, _: Request) -> Response:
        def made() -> bytes:
            return self._shell.worker(bytes(self._shell_page().body))

        headers = {
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
            "service-worker-allowed": f"{self._root}compose",
        }
        return Response(await run_sync(made), 200, headers, TYPES[".js"])

    async def _manifest(self, _: Request) -> Response:
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        data = await run_sync(self._shell.manifest)
        return Response(data, 200, headers, TYPES[".webmanifest"])

    async def _asset(self, request: Request) -> Response:
        return await run_sync(self._asset_response, request)

    def _asset_response(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._shell.file(name)
        if data is None:
            raise HTTPException(404)
        headers = {
            "cache-control": IMMUTABLE,
            "x-content-type-options": "nosniff",
            "vary": "Accept-Encoding",
        }
        ending = "." + name.rpartition(".")[2]
        if ending != ".png" and "gzip" in request.headers.get("accept-encoding", ""):
            data, headers["content-encoding"] = self._shell.packed(name), "gzip"
        return Response(data, 200, headers, TYPES[ending])

    # -- inside -------------------------------------------------------------------------------

    def _call(self, visit: Visit, body: Any = None, *, key: str = "", **path: str) -> handlers.Call:
        """Make of a form what the API's handlers take: its hidden fields stand for headers."""
        given = visit.request.scope["headers"]
        headers = [h for h in given if h[0] not in (b"if-match", b"idempotency-key")]
        if key:
            headers.append((b"idempotency-key", key.encode()))
        if rev := visit.form.one("rev"):
            headers.append((b"if-match", rev.encode("latin-1", "replace")))
        request = Request({**visit.request.scope, "headers": headers})
        return handlers.Call(self._context, visit.person, request, body, path)

    def _with_file(self, visit: Visit, fields: Fields) -> Fields:
        """Take in the picture that came with the form; it stays even if the rest is refused."""
        if not visit.form.picture:
            return fields
        name = self._blog.upload(visit.form.picture, "The picture")
        new = handlers.Picture(upload=name, alt=visit.form.one("file_alt").strip(),
                          caption=visit.form.one("file_caption").strip())  # fmt: skip
        return replace(fields, pictures=(*fields.pictures, new))

    def _page(
        self, template: str, person: Person | None, problem: Problem | None = None, **values: Any
    ) -> Response:
        html = self._blog.publisher.pages.newsroom(
            template,
            self._root,
            person=person,
            problem=problem,
            files=self._shell.names,
            now=self._blog.now,
            **values,
        )
        headers = {**HEADERS, **(problem.headers if problem else {})}
        return Response(html, problem.status if problem else 200, headers, "text/html")

    def _to(self, path: str) -> Response:
        return RedirectResponse(self._root + path, 303, HEADERS)


def _source_of(url: str) -> tuple[Source, ...]:
    """Return an address that another app handed over as a source; nothing if it is none."""
    host = addresses.host(addresses.web_address(url))
    return (Source(host, url),) if host else ()


def _check(fields: Fields) -> None:
    """Refuse what is wrong most often, in words that the page says in the blog's language."""
    if not (fields.body.strip() or fields.title or fields.pictures):
        raise Problem(422, "empty", "The update is empty.")
    if any(not picture.alt for picture in fields.pictures):
        raise Problem(422, "no_alt", "A picture has no alternative text.")


def _shared(query: str) -> str:
    """Return the part of a query that another app handed over; nothing else is passed on."""
    try:
        given = parse_qs(query, max_num_fields=100)
    except ValueError:
        given = {}
    return urlencode({name: given[name][0] for name in SHARED if name in given})
