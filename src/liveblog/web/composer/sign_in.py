"""Signing in to the composer with a token, and out again."""

from __future__ import annotations

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...model.errors import LiveblogError
from .. import errors
from ..errors import Problem
from .forms import Form, form_of
from .site import ComposerSite, shared_query

SIGN_IN_LIMIT = 10_000
"""Bytes of the form with the token."""


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of both forms."""
    forms = _Forms(site)
    return [
        Route("/compose/sign-in", forms.sign_in, methods=["POST"]),
        Route("/compose/sign-out", forms.sign_out, methods=["POST"]),
    ]


class _Forms:
    def __init__(self, site: ComposerSite) -> None:
        self._site = site

    async def sign_in(self, request: Request) -> Response:
        auth = self._site.context.auth
        form = Form()
        try:
            auth.check_host(request)
            auth.check_origin(request)
            form = await form_of(request, SIGN_IN_LIMIT)
            person = await run_sync(auth.by_token, request, form.one("token").strip())
            query = shared_query(form.one("shared"))
            response = self._site.redirect("compose" + (f"?{query}" if query else ""))
            await self._site.context.writers.run(auth.sign_in, response, person)
            return response
        except (Problem, LiveblogError) as error:
            problem, shared = errors.of(error), shared_query(form.one("shared"))
            return await run_sync(
                lambda: self._site.page("sign_in.html", None, problem, shared=shared)
            )

    async def sign_out(self, request: Request) -> Response:
        auth = self._site.context.auth
        response = self._site.redirect("compose")
        try:
            auth.check_host(request)
            auth.check_origin(request)
            await self._site.context.writers.run(auth.sign_out, response, request)
        except (Problem, LiveblogError) as error:
            return await run_sync(self._site.page, "problem.html", None, errors.of(error))
        return response
