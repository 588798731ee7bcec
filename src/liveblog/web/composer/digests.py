"""The composer's pages for the texts around digests, and for the end of the coverage."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import asdict, replace
from starlette.responses import Response
from starlette.routing import Route

from ... import digest
from ...model.conflicts import Conflict
from ...model.errors import LiveblogError
from ...model.period import COVERAGE
from .. import errors
from ..api import documents
from ..api.schema import FramingOut, FramingText
from ..errors import Problem
from ..newsroom import revision_number
from .forms import read_framing
from .site import ComposerSite, Visit


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of the pages and of their forms."""
    return [
        Route("/compose/digests", site.endpoint("edit", other_day)),
        Route("/compose/digests/{period}", site.endpoint("edit", framing)),
        Route("/compose/digests/{period}", site.endpoint("edit", frame), methods=["POST"]),
        Route("/compose/coverage", site.endpoint("admin", end), methods=["POST"]),
    ]


def other_day(visit: Visit) -> Response:
    """Redirect to the page of the day that was chosen."""
    period = visit.blog.period(visit.request.query_params.get("day") or "today")
    return visit.site.redirect(f"compose/digests/{period.id}")


def framing(visit: Visit) -> Response:
    """Show the texts around a digest, with their form."""
    return _framing_page(visit, FramingText())


def _framing_page(visit: Visit, sent: FramingText, error: Exception | None = None) -> Response:
    """Return the page of a period's texts; what was *sent* and refused stays in the form."""
    blog = visit.blog
    found = documents.framing_of(blog, visit.path("period"))
    stored = _texts(found)
    given = {name: text for name, text in asdict(sent).items() if text is not UNSET}
    is_shown_anew = error is None or isinstance(error, Conflict)
    near = [blog.period(name) for name in ("today", "yesterday", "week")]
    return visit.page(
        "compose_digest.html",
        errors.of(error) if error else None,
        digest=found,
        framing=replace(stored, **given),
        rev=found.rev if is_shown_anew else revision_number(visit.form.one("rev")) or 0,
        theirs=stored if isinstance(error, Conflict) else None,
        periods=[(period.id, digest.label(period, blog.words)) for period in near],
        done=visit.request.query_params.get("done", ""),
    )


def frame(visit: Visit) -> Response:
    """Write the texts around a digest."""
    period, texts = visit.path("period"), read_framing(visit.form)
    try:
        visit.form.need("headline")
        period_id = documents.period_id(visit.blog, period)
        visit.newsroom.frame(period_id, texts, expect=visit.expected())
    except (Problem, LiveblogError) as error:
        return _framing_page(visit, texts, error)
    return visit.site.redirect(f"compose/digests/{period}?done=1")


def end(visit: Visit) -> Response:
    """End the coverage, or resume it."""
    is_over = {"yes": True, "no": False}.get(visit.form.one("over"))
    if is_over is None:
        raise Problem(422, "incomplete", "The form does not say whether the coverage is over.",
                      "Load the page again and repeat your change.")  # fmt: skip
    visit.newsroom.end(is_over=is_over)
    return visit.site.redirect(f"compose/digests/{COVERAGE}?done=1")


def _texts(found: FramingOut) -> FramingText:
    return FramingText(headline=found.headline, introduction=found.introduction, close=found.close)
