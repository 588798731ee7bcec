"""The composer's pages for the texts around digests, and for the end of the coverage."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import asdict, replace
from starlette.responses import Response
from starlette.routing import Route

from ...blog import Blog
from ...digest.build import build
from ...digest.importance import main_titles
from ...model.conflicts import Conflict
from ...model.errors import LiveblogError
from ...model.period import COVERAGE, Period, local_day
from ...text.locale import Words
from .. import errors
from ..api import documents
from ..api.schema import FramingOut, FramingText
from ..errors import Problem
from ..newsroom import revision_number
from .forms import read_framing
from .quotable import Quotable, quotable, quotation_for
from .site import ComposerSite, Visit

REVIEW_DAYS = 2
"""Number of days of a week in which the week before is offered first."""


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of the pages and of their forms."""
    return [
        Route("/compose/digests", site.endpoint("edit", other_day)),
        Route("/compose/digests/{period}", site.endpoint("edit", framing)),
        Route("/compose/digests/{period}", site.endpoint("edit", frame), methods=["POST"]),
        Route("/compose/coverage", site.endpoint("admin", end), methods=["POST"]),
    ]


def other_day(visit: Visit) -> Response:
    """Redirect to the page of the day that was chosen, or else of the period to write about."""
    chosen = visit.request.query_params.get("day")
    period = visit.blog.period(chosen) if chosen else periods_to_frame(visit.blog)[0]
    return visit.site.redirect(f"compose/digests/{period.id}")


def periods_to_frame(blog: Blog) -> list[Period]:
    """Return the periods to choose from, the one to write about first.

    That is today, but in the first two days of a week the week that is just over.
    """
    names = ["today", "yesterday", "week", "last-week"]
    if (local_day(blog.now, blog.config.zone) - blog.period("week").start).days < REVIEW_DAYS:
        names = ["last-week", "today", "yesterday", "week"]
    return [blog.period(name) for name in names]


def framing(visit: Visit) -> Response:
    """Show the texts around a digest, with their form."""
    return _framing_page(visit, FramingText())


def _framing_page(
    visit: Visit, sent: FramingText, error: Exception | None = None, *, is_draft: bool = False
) -> Response:
    """Return the page of a period's texts; what was *sent* and refused stays in the form.

    *is_draft*: it was not to be written yet.
    """
    blog = visit.blog
    found = documents.framing_of(blog, visit.path("period"))
    stored = _texts(found)
    given = {name: text for name, text in asdict(sent).items() if text is not UNSET}
    is_shown_anew = (error is None and not is_draft) or isinstance(error, Conflict)
    entries, more, automatic = _material(visit, found.period)
    return visit.page(
        "compose_digest.html",
        errors.of(error) if error else None,
        digest=found,
        framing=replace(stored, **given),
        rev=found.rev if is_shown_anew else revision_number(visit.form.one("rev")) or 0,
        theirs=stored if isinstance(error, Conflict) else None,
        periods=[(period.id, _short_name(period, blog.words)) for period in periods_to_frame(blog)],
        start="" if found.period == COVERAGE else blog.period(found.period).start.isoformat(),
        entries=entries,
        more=more,
        automatic=automatic,
        quoted=visit.form.one("do").partition(" ")[2],
        done=visit.request.query_params.get("done", ""),
    )


def frame(visit: Visit) -> Response:
    """Write the texts around a digest."""
    period, texts = visit.path("period"), read_framing(visit.form)
    try:
        if action := visit.form.one("do"):
            return _framing_page(visit, _with_quote(visit, texts, action), is_draft=True)
        visit.form.need("headline")
        period_id = documents.period_id(visit.blog, period)
        visit.newsroom.frame(period_id, texts, expect=visit.expected())
    except (Problem, LiveblogError) as error:
        return _framing_page(visit, texts, error)
    return visit.site.redirect(f"compose/digests/{period}?done=1")


def _short_name(period: Period, words: Words) -> str:
    """Return the name of a day or week without its year."""
    if period.kind == "week":
        return words.week(period.start, period.end, year=False)
    return words.day(period.start)


def _material(visit: Visit, period_id: str) -> tuple[list[Quotable], int, str]:
    """Return the updates that the texts can quote, how many more there are, and the headline.

    The headline is the one that the period has if nobody writes one.
    """
    blog = visit.blog
    if period_id == COVERAGE:
        return [], 0, blog.config.title
    period = blog.period(period_id)
    entries, more = quotable(visit, period.days())
    titles = main_titles(build(blog.timeline, period).entries)
    return entries, more, blog.words.shown(blog.words.semicolon.join(titles))


def _with_quote(visit: Visit, texts: FramingText, action: str) -> FramingText:
    """Return the texts with an update quoted at the end of one of them."""
    name, text = quotation_for(visit, action)
    if not name:
        return texts
    written = getattr(texts, name) or ""
    return replace(texts, **{name: "\n\n".join(filter(None, (written, text)))})


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
