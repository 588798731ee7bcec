"""The composer's pages for the texts around digests, and for the end of the coverage."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from ... import digest
from ...model.conflicts import Conflict
from ...model.errors import InvalidInput, LiveblogError
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
    pages = _Pages(site)
    return [
        Route("/compose/digests", site.endpoint("edit", pages.other_day)),
        Route("/compose/digests/{period}", site.endpoint("edit", pages.framing)),
        Route("/compose/digests/{period}", site.endpoint("edit", pages.frame), methods=["POST"]),
        Route("/compose/coverage", site.endpoint("admin", pages.end), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, site: ComposerSite) -> None:
        self._site = site

    def other_day(self, visit: Visit) -> Response:
        period = self._site.blog.period(visit.request.query_params.get("day") or "today")
        return self._site.redirect(f"compose/digests/{period.id}")

    def framing(self, visit: Visit) -> Response:
        found = documents.framing_of(self._site.blog, visit.path("period"))
        return self._framing_page(visit, _texts(found), found.rev)

    def _framing_page(
        self,
        visit: Visit,
        framing: FramingText,
        rev: int,
        problem: Problem | None = None,
        theirs: FramingText | None = None,
    ) -> Response:
        found = documents.framing_of(self._site.blog, visit.path("period"))
        words = self._site.blog.words
        near = [self._site.blog.period(name) for name in ("today", "yesterday", "week")]
        return self._site.page(
            "compose_digest.html",
            visit.newsroom.person,
            problem,
            digest=found,
            framing=framing,
            rev=rev,
            theirs=theirs,
            periods=[(period.id, digest.label(period, words)) for period in near],
            done=visit.request.query_params.get("done", ""),
        )

    def frame(self, visit: Visit) -> Response:
        period, form = visit.path("period"), visit.form
        before = _texts(documents.framing_of(self._site.blog, period))
        texts = read_framing(form, before)
        try:
            sent = {n: getattr(texts, n) for n in texts.__struct_fields__ if form.has(n)}
            if not sent:
                raise InvalidInput(
                    "There is nothing to change.", "Send headline, introduction or close."
                )
            period_id = documents.period_id(self._site.blog, period)
            visit.newsroom.frame(period_id, **sent, expect=visit.expected())
        except Conflict as conflict:
            found = documents.framing_of(self._site.blog, period)
            return self._framing_page(visit, texts, found.rev, errors.of(conflict), _texts(found))
        except (Problem, LiveblogError) as error:
            seen = revision_number(form.one("rev")) or 0
            return self._framing_page(visit, texts, seen, errors.of(error))
        return self._site.redirect(f"compose/digests/{period}?done=1")

    def end(self, visit: Visit) -> Response:
        is_over = {"yes": True, "no": False}.get(visit.form.one("over"))
        if is_over is None:
            raise Problem(422, "incomplete", "The form does not say whether the coverage is over.",
                          "Load the page again and repeat your change.")  # fmt: skip
        visit.newsroom.end(is_over=is_over)
        return self._site.redirect(f"compose/digests/{COVERAGE}?done=1")


def _texts(found: FramingOut) -> FramingText:
    return FramingText(headline=found.headline, introduction=found.introduction, close=found.close)
