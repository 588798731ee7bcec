"""The composer's forms to sign in with a token, and to sign out."""

from __future__ import annotations

from functools import partial

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
    return [
        Route("/compose/sign-in", partial(sign_in, site), methods=["POST"]),
        Route("/compose/sign-out", partial(sign_out, site), methods=["POST"]),
    ]


async def sign_in(site: ComposerSite, request: Request) -> Response:
    """Open a session for the holder of a token."""
    auth = site.context.auth
    form = Form()
    try:
        auth.check_host(request)
        auth.check_origin(request)
        form = await form_of(request, SIGN_IN_LIMIT)
        person = await run_sync(auth.by_token, request, token_in(form.one("token")))
        query = shared_query(form.one("shared"))
        response = site.redirect("compose" + (f"?{query}" if query else ""))
        await site.context.writers.run(auth.sign_in, response, person)
        return response
    except (Problem, LiveblogError) as error:
        problem, shared = errors.of(error), shared_query(form.one("shared"))
        return await run_sync(lambda: site.page("sign_in.html", None, problem, shared=shared))


def token_in(text: str) -> str:
    """Return the token that somebody pasted: alone, or in the link that signs in with it."""
    return text.strip().rpartition("#token=")[2]


async def sign_out(site: ComposerSite, request: Request) -> Response:
    """End the session."""
    auth = site.context.auth
    response = site.redirect("compose")
    try:
        auth.check_host(request)
        auth.check_origin(request)
        await site.context.writers.run(auth.sign_out, response, request)
    except (Problem, LiveblogError) as error:
        return await run_sync(site.page, "problem.html", None, errors.of(error))
    return response
