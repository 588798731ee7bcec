"""Tokens and sessions of those who may write through the server; only hashes are stored.

A token is 32 random bytes, so that it cannot be found from its SHA-256. It is shown once. A browser
that signed in with it holds the id of a session instead, of which only the hash is stored too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable
from contextlib import ExitStack
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
    folders: tuple[str, ...] = ()
    """Where the token is valid, if that is in several blogs: their folders of derived files."""


class Session(msgspec.Struct, frozen=True):
    """A browser that is signed in."""

    id: str  #: SHA-256 of what its cookie holds
    person: str  #: the hash of the token that it signed in with
    created: Instant


class Revocation(msgspec.Struct, frozen=True):
    """What came of revoking a token that was valid in several blogs."""

    also: tuple[Path, ...]  #: folders of the other blogs in which it is not valid any more
    failed: tuple[Path, ...]  #: folders of those in which it may still be valid


Stored = TypeVar("Stored", Person, Session)


class Tokens:
    """The token holders of one blog (``.liveblog/tokens.json``) and their sessions."""

    def __init__(self, derived: Path) -> None:
        """Store hashed tokens and hashed session ids in the folder *derived*."""
        self._folder = derived
        self._path = derived / "tokens.json"
        self._sessions = derived / "sessions.json"

    def new(self, name: str, scope: Scope, now: datetime, others: Iterable[Tokens] = ()) -> str:
        """Add a person and return their token, which cannot be read again.

        The token is valid in this blog and in those of *others*, in all of them or in none.

        Raises :class:`InvalidInput` for a name that is empty or taken.
        """
        name = clean_text(name, "name")
        if not name or "\n" in name or len(name) > NAME:
            raise InvalidInput("A person needs a name of one line.", "It signs their updates.")
        token = f"lb_{secrets.token_urlsafe(32)}"
        blogs = {str(blog._folder.resolve()): blog for blog in (self, *others)}
        folders = tuple(sorted(blogs)) if len(blogs) > 1 else ()
        person = Person(name, scope, _hash(token), now, folders)
        with ExitStack() as held:
            for folder in sorted(blogs):  # in the same order everywhere: no two wait for each other
                held.enter_context(blogs[folder]._lock())
            before = {folder: blog.all() for folder, blog in blogs.items()}
            for folder, people in before.items():
                if any(known.name == name for known in people):
                    where = f" in {Path(folder).parent}" if folders else ""
                    raise InvalidInput(
                        f"{name} has a token already{where}.",
                        f"Revoke it first with 'liveblog token revoke \"{name}\"'.",
                    )
            with ExitStack() as undoing:
                for folder, blog in blogs.items():
                    undoing.callback(blog._write, blog._path, before[folder])
                    blog._write(blog._path, [*before[folder], person])
                undoing.pop_all()
        return token

    def revoke(self, name: str) -> Revocation:
        """Revoke a person's token, wherever it is valid, and the sessions opened with it."""
        with self._lock():
            people = self.all()
            found = [person for person in people if person.name == name]
            if not found:
                known = [person.name for person in people]
                raise NotFound(f"{name} has no token.", did_you_mean(name, known))
            self._write(self._path, [person for person in people if person not in found])
        own = str(self._folder.resolve())
        folders = [folder for person in found for folder in person.folders if folder != own]
        also: list[Path] = []
        failed: list[Path] = []
        for folder in folders:
            is_done = Tokens(Path(folder))._forget({person.hash for person in found})
            (also if is_done else failed).append(Path(folder).parent)
        return Revocation(tuple(also), tuple(failed))

    def _forget(self, hashes: Collection[str]) -> bool:
        """Delete the tokens with these hashes; return whether none of them is valid any more."""
        if not self._path.exists():  # to lock would make the folder
            return self._folder.parent.is_dir()
        try:
            with self._lock():
                people = self.all()
                self._write(self._path, [person for person in people if person.hash not in hashes])
        except (StorageError, ConfigError):
            return False
        return True

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
