"""What the composer's pages share: authenticated requests (Visit), rendering, redirects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ... import films
from ...blog import Blog
from ...model.errors import LiveblogError
from ...model.permissions import Scope
from ...tokens import Person
from .. import errors
from ..auth import require, unauthorized
from ..context import BlogContext
from ..errors import Problem
from ..newsroom import Newsroom, expected_revision
from .assets import ComposerAssets
from .forms import Form, form_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; "
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
SHARED = ("title", "text", "url")
"""Query parameters by which another app shares something with the composer."""


@dataclass(frozen=True)
class Visit:
    """An authorized request to the composer, and its form."""

    request: Request
    form: Form
    newsroom: Newsroom
    site: ComposerSite

    @property
    def blog(self) -> Blog:
        """The blog of this composer."""
        return self.site.blog

    def page(self, template: str, problem: Problem | None = None, **values: Any) -> Response:
        """Return a page for this person; see :meth:`ComposerSite.page`."""
        return self.site.page(template, self.newsroom.person, problem, **values)

    def path(self, name: str) -> str:
        """Return a part of the path."""
        text: str = self.request.path_params[name]
        return text

    def expected(self) -> int:
        """Return the revision that the form was made from.

        Raises :class:`Problem` (412, 428).
        """
        return expected_revision(self.form.one("rev") or None)


Answer = Callable[[Visit], Response]


class ComposerSite:
    """The composer of one blog: authorizes requests, and renders pages."""

    def __init__(self, context: BlogContext) -> None:
        self.context = context
        self.blog = context.blog
        self._keeps_films = films.is_available()
        self.root = context.path
        self.assets = ComposerAssets(context.blog, context.path)

    def endpoint(self, scope: Scope, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that needs a scope, and calls *answer* in a worker thread."""

        async def endpoint(request: Request) -> Response:
            person = None
            try:
                person = await run_sync(self.context.auth.person, request)
                if person is None:
                    return await run_sync(self._signed_out, request)
                require(person, scope)
                newsroom = Newsroom(self.context, person)
                if request.method != "POST":
                    return await run_sync(answer, Visit(request, Form(), newsroom, self))
                form = await form_of(request)
                visit = Visit(request, form, newsroom, self)
                return await self.context.writers.run(answer, visit)
            except (Problem, LiveblogError, HTTPException) as error:
                problem = errors.of(error)
                return await run_sync(self.page, "problem.html", person, problem)

        return endpoint

    def _signed_out(self, request: Request) -> Response:
        if request.method == "GET":
            return self.page("sign_in.html", None, shared=shared_query(request.url.query))
        return self.page("sign_in.html", None, unauthorized(), shared="")

    def page(
        self, template: str, person: Person | None, problem: Problem | None = None, **values: Any
    ) -> Response:
        """Return a page, with the status of the *problem* if there is one."""
        html = self.blog.publisher.pages.newsroom(
            template,
            self.root,
            person=person,
            problem=problem,
            files=self.assets.names,
            now=self.blog.now,
            keeps_films=self._keeps_films,
            **values,
        )
        headers = {**HEADERS, **(problem.headers if problem else {})}
        return Response(html, problem.status if problem else 200, headers, "text/html")

    def redirect(self, path: str) -> Response:
        """Redirect to a path below the blog's own."""
        return RedirectResponse(self.root + path, 303, HEADERS)


def shared_query(query: str) -> str:
    """Return the part of a query by which another app shares something; drop the rest."""
    try:
        given = parse_qs(query, max_num_fields=100)
    except ValueError:
        given = {}
    return urlencode({name: given[name][0] for name in SHARED if name in given})
