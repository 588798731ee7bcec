"""Tokens and sessions of those who may write through the server; only hashes are stored.

A token is 32 random bytes, so that it cannot be found from its SHA-256. It is shown once. A browser
that signed in with it holds the id of a session instead, of which only the hash is stored too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from .model.entry import Instant, clean_text
from .model.errors import (
    ConfigError,
    InvalidInput,
    NotFound,
    StorageError,
    did_you_mean,
    storage_errors,
)
from .model.limits import NAME
from .model.permissions import Scope
from .storage.atomic import make_folder, replace_file
from .storage.locks import Lock

SESSION_SECONDS = 30 * 24 * 3600
"""Seconds after which a session ends."""

SESSIONS = 1000
"""Maximum number of open sessions of a blog; the oldest end when there are more."""


class Person(msgspec.Struct, frozen=True):
    """The holder of a token."""

    name: str  #: signs what they post
    scope: Scope
    hash: str  #: SHA-256 of the token, in hexadecimal
    created: Instant


class Session(msgspec.Struct, frozen=True):
    """A browser that is signed in."""

    id: str  #: SHA-256 of what its cookie holds
    person: str  #: the hash of the token that it signed in with
    created: Instant


Stored = TypeVar("Stored", Person, Session)


class Tokens:
    """The token holders of one blog (``.liveblog/tokens.json``) and their sessions."""

    def __init__(self, derived: Path) -> None:
        """Store hashed tokens and hashed session ids in the folder *derived*."""
        self._folder = derived
        self._path = derived / "tokens.json"
        self._sessions = derived / "sessions.json"

    def new(self, name: str, scope: Scope, now: datetime) -> str:
        """Add a person and return their token, which cannot be read again.

        Raises :class:`InvalidInput` for a name that is empty or taken.
        """
        name = clean_text(name, "name")
        if not name or "\n" in name or len(name) > NAME:
            raise InvalidInput("A person needs a name of one line.", "It signs their updates.")
        token = f"lb_{secrets.token_urlsafe(32)}"
        with self._lock():
            people = self.all()
            if any(person.name == name for person in people):
                raise InvalidInput(
                    f"{name} has a token already.",
                    f"Revoke it first with 'liveblog token revoke \"{name}\"'.",
                )
            self._write(self._path, [*people, Person(name, scope, _hash(token), now)])
        return token

    def revoke(self, name: str) -> None:
        """Revoke a person's token and the sessions that were opened with it."""
        with self._lock():
            people = self.all()
            others = [person for person in people if person.name != name]
            if len(others) == len(people):
                known = [person.name for person in people]
                raise NotFound(f"{name} has no token.", did_you_mean(name, known))
            self._write(self._path, others)

    def all(self) -> list[Person]:
        """Return all token holders in the order in which they were added."""
        return self._read(self._path, list[Person])

    def by_token(self, token: str) -> Person | None:
        """Return the holder of a token. Every hash is compared, in constant time."""
        return self._find(_hash(token))

    def _find(self, token_hash: str) -> Person | None:
        found = None
        for person in self.all():
            if hmac.compare_digest(person.hash, token_hash):
                found = person
        return found

    # -- sessions -----------------------------------------------------------------------------

    def sign_in(self, person: Person, now: datetime) -> str:
        """Open a session for a person and return its id, which cannot be read again."""
        session_id = secrets.token_urlsafe(32)
        with self._lock():
            sessions = [session for session in self._all_sessions() if _is_open(session, now)]
            sessions.append(Session(_hash(session_id), person.hash, now))
            self._write(self._sessions, sessions[-SESSIONS:])
        return session_id

    def sign_out(self, session_id: str) -> None:
        """End a session."""
        session_hash = _hash(session_id)
        with self._lock():
            sessions = self._all_sessions()
            others = [session for session in sessions if session.id != session_hash]
            if len(others) < len(sessions):
                self._write(self._sessions, others)

    def by_session(self, session_id: str, now: datetime) -> Person | None:
        """Return the person of a session; None if it ended or expired, or the token was revoked."""
        session_hash, found = _hash(session_id), ""
        for session in self._all_sessions():
            if hmac.compare_digest(session.id, session_hash) and _is_open(session, now):
                found = session.person
        return self._find(found)

    def _all_sessions(self) -> list[Session]:
        return self._read(self._sessions, list[Session])

    # -- the files ----------------------------------------------------------------------------

    def _read(self, path: Path, kind: type[list[Stored]]) -> list[Stored]:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError.of(error, "read", path) from error
        except msgspec.MsgspecError as error:
            raise ConfigError(
                f"{path} is damaged: {error}.",
                "Delete it; then issue new tokens, or sign in again.",
            ) from None

    def _write(self, path: Path, values: list[Person] | list[Session]) -> None:
        replace_file(path, msgspec.json.encode(values) + b"\n", mode=0o600)

    def _lock(self) -> Lock:
        with storage_errors("write to", self._folder):
            make_folder(self._folder, self._folder.parent)
        return Lock(self._folder / "tokens.lock")


def _is_open(session: Session, now: datetime) -> bool:
    return now - session.created < timedelta(seconds=SESSION_SECONDS)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
