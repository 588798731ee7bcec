"""What an operation of the API is: its call, its answer, its path, scope, body and result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from ...blog import Blog
from ...model.permissions import Scope
from ...tokens import Person
from ..context import BlogContext
from ..newsroom import Newsroom


@dataclass(frozen=True)
class Call:
    """An authorized request, with its decoded body."""

    context: BlogContext
    person: Person | None  #: None if the operation needs no token
    request: Request
    body: Any = None

    @property
    def blog(self) -> Blog:
        """The blog that the request is for."""
        return self.context.blog

    @property
    def newsroom(self) -> Newsroom:
        """The blog and the person, who is known."""
        assert self.person is not None
        return Newsroom(self.context, self.person)


@dataclass(frozen=True)
class Answer:
    """The response of an operation."""

    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0  #: if it is not that of the operation


@dataclass(frozen=True)
class Operation:
    """One operation of the API."""

    method: str
    path: str  #: below ``api/``
    scope: Scope | None  #: that it needs; None for everybody
    call: Callable[[Call], Answer]
    takes: Any = None  #: type of the body; bytes for a picture
    gives: Any = None  #: type of the result
    status: int = 200
    otherwise: int = 0  #: another status, with which it gives nothing
    query: tuple[str, ...] = ()
    is_reading: bool = False  #: whether it changes nothing although its method is not GET
    is_guarded: bool = False  #: whether it needs If-Match
    is_repeatable: bool = False  #: whether it takes an Idempotency-Key

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET" and not self.is_reading

    @property
    def summary(self) -> str:
        """Its description in one line."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]
