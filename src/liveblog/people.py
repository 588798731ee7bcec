"""People: who may write, known by tokens of which only the hash is kept.

A token is 32 random bytes, so a plain SHA-256 of it cannot be guessed back. It is shown once. A
browser that signed in with it holds a signed cookie instead. The only door to itsdangerous.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec
from itsdangerous import BadSignature, TimestampSigner

from .entry import Instant, clean_text
from .errors import ConfigError, InvalidInput, NotFound, StorageError, did_you_mean
from .storage.atomic import replace_file

Scope = Literal["post", "edit", "admin"]
"""``post``: new updates, and one's own; ``edit``: those of others, and digests; ``admin``: removals
and the end of the coverage. Each includes those before it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
SESSION_SECONDS = 30 * 24 * 3600


class Person(msgspec.Struct, frozen=True):
    """Somebody who holds a token."""

    name: str  #: signs what they post
    scope: Scope
    hash: str  #: SHA-256 of the token, in hexadecimal
    created: Instant

    def may(self, scope: Scope) -> bool:
        """Whether this scope is theirs."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class People:
    """The people of one blog, kept in ``.liveblog/tokens.json``."""

    def __init__(self, derived: Path) -> None:
        """Keep hashed tokens, and the secret that signs cookies, in a folder."""
        self._folder = derived
        self._path = derived / "tokens.json"

    def new(self, name: str, scope: Scope, now: datetime) -> str:
        """Add somebody and return their token, which nobody can read again.

        Raises :class:`~liveblog.errors.InvalidInput` for a name that is empty or taken.
        """
        name = clean_text(name, "name")
        if not name or "\n" in name or len(name) > 200:
            raise InvalidInput("A person needs a name of one line.", "It signs their updates.")
        token = f"lb_{secrets.token_urlsafe(32)}"
        with self._alone():
            people = self.all()
            if any(person.name == name for person in people):
                raise InvalidInput(
                    f"{name} has a token already.",
                    f"Withdraw it first with 'liveblog token revoke \"{name}\"'.",
                )
            self._write([*people, Person(name, scope, _hash(token), now)])
        return token

    def revoke(self, name: str) -> None:
        """Withdraw somebody's token; whoever signed in with it is out at once."""
        with self._alone():
            people = self.all()
            kept = [person for person in people if person.name != name]
            if len(kept) == len(people):
                known = [person.name for person in people]
                raise NotFound(f"{name} has no token.", did_you_mean(name, known))
            self._write(kept)

    def all(self) -> list[Person]:
        """Return everybody who holds a token, in the order in which they came."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[Person])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError.of(error, "read", self._path) from error
        except msgspec.MsgspecError as error:
            raise ConfigError(
                f"{self._path} is damaged: {error}.", "Delete it and issue the tokens again."
            ) from None

    def by_token(self, token: str) -> Person | None:
        """Return whose token this is. Every hash is compared, each in constant time."""
        return self._find(_hash(token))

    def _find(self, mark: str) -> Person | None:
        found = None
        for person in self.all():
            if hmac.compare_digest(person.hash, mark):
                found = person
        return found

    # -- sessions -----------------------------------------------------------------------------

    def session(self, person: Person) -> str:
        """Return the value of a cookie that stands for a person."""
        return self._signer().sign(person.hash).decode()

    def by_session(self, cookie: str) -> Person | None:
        """Return whom a cookie stands for; none if it was forged, is old, or the token is gone."""
        try:
            mark = self._signer().unsign(cookie, max_age=SESSION_SECONDS).decode()
        except (BadSignature, UnicodeError):
            return None
        return self._find(mark)

    def _signer(self) -> TimestampSigner:
        path = self._folder / "secret"
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            with self._alone():
                if not path.exists():
                    replace_file(path, secrets.token_hex(32).encode(), mode=0o600)
            secret = path.read_bytes()
        return TimestampSigner(secret, salt="liveblog.session", digest_method=hashlib.sha256)

    # -- the file -----------------------------------------------------------------------------

    def _write(self, people: list[Person]) -> None:
        try:
            replace_file(self._path, msgspec.json.encode(people) + b"\n", mode=0o600)
        except OSError as error:
            raise StorageError.of(error, "write", self._path) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._folder / "people.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError.of(error, "write to", self._folder) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Attempts:
    """How often an address may fail before it has to wait."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        """Allow *limit* failures within *seconds*; *clock* is monotonic."""
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def wait(self, address: str) -> float:
        """Return how many seconds an address has to wait; 0 if it may try."""
        recent = self._recent(address)
        if len(recent) < self._limit:
            return 0
        return recent[0] + self._seconds - self._clock()

    def failed(self, address: str) -> None:
        """Count a failure."""
        if len(self._failures) >= 10_000:  # who has not tried for longest is forgotten
            del self._failures[next(iter(self._failures))]
        recent = self._recent(address)
        self._failures.pop(address, None)
        self._failures[address] = [*recent, self._clock()][-self._limit :]

    def _recent(self, address: str) -> list[float]:
        since = self._clock() - self._seconds
        return [at for at in self._failures.get(address, ()) if at > since]
