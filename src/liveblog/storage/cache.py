"""Results that are kept for the next time: a text is shown by many pages, feeds and mails.

The last few are held in memory. A process that goes on for long holds fewer there, and many outside
of it (:func:`hold_in`): it needs no more memory for the thousandth update of a day than for the
three hundredth, and makes none of the others anew.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar, cast

from msgspec import msgpack

RECENT = 512
"""So many results of a kind are held in memory, those made last."""

RECENT_BESIDE_STORE = 192
"""So many, if the others are held outside of it."""

OUTSIDE = 10_000
"""So many of a kind are held outside of it: where each lies takes memory too."""

HASHED = 64
"""So many bits a hash has to have that stands for a key."""

SHORT = 10_000
"""Characters of what a result is made of, at the most: what is longer is best made anew each time,
so that memory stays bounded whatever anybody writes."""

Value = TypeVar("Value")
Make = TypeVar("Make", bound=Callable[..., Any])


class Store(Protocol):
    """Holds bytes outside of memory, for one thread at a time."""

    def put(self, data: bytes) -> int | None:
        """Hold some bytes; return their place, or None if there is no room left."""
        ...

    def get(self, place: int) -> bytes | None:
        """Return the bytes of a place, or None if they are lost."""
        ...


class Kept(Generic[Value]):
    """Results of one kind by what they were made of; threads may share it.

    The kind is whatever MessagePack holds: a text, a tuple, a struct. Outside of memory the hash
    of a key stands for it, since a key can be as large as what was made of it. So keys are to be
    told apart by texts: of these a hash depends on a secret of the process (PEP 456, unless
    PYTHONHASHSEED is set), and nobody can make two of one hash.
    """

    def __init__(self, kind: type[Value]) -> None:
        """Keep results of a type."""
        self._recent: dict[Hashable, Value] = {}
        self._decoder = msgpack.Decoder(kind)
        self._begin()
        _everything.add(self)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the result for *key*, which *make* makes if it is not known; it is never None."""
        value = self._recent.get(key)
        if value is None and self._places:
            value = self._read(hash(key))
        if value is None:
            value = make()
            self._keep(key, value)
        return value

    def forget(self) -> None:
        """Hold nothing any more, in memory or outside."""
        with self._lock:
            self._recent.clear()
            self._let_go()

    def _begin(self) -> None:
        """Begin with nothing outside of memory."""
        self._lock = threading.Lock()
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing outside of memory any more."""
        self._places: dict[int, int] = {}  # by the hashes of keys
        self._store: Store | None = None

    def _read(self, key_hash: int) -> Value | None:
        with self._lock:
            place = self._places.get(key_hash)
            data = self._store.get(place) if self._store and place is not None else None
        return self._decoder.decode(data) if data is not None else None

    def _keep(self, key: Hashable, value: Value) -> None:
        with self._lock:
            if len(self._recent) >= (RECENT_BESIDE_STORE if _new_store else RECENT):
                oldest = next(iter(self._recent))
                value_of_oldest = self._recent.pop(oldest)
                if _new_store:
                    self._put(hash(oldest), value_of_oldest, _new_store)
            self._recent[key] = value

    def _put(self, key_hash: int, value: Value, new_store: Callable[[], Store]) -> None:
        self._store = self._store or new_store()
        place = self._store.put(msgpack.encode(value)) if len(self._places) < OUTSIDE else None
        if place is None:
            # What is still shown is made once more, and held again.
            self._let_go()
        else:
            self._places[key_hash] = place


_new_store: Callable[[], Store] | None = None


def hold_in(new_store: Callable[[], Store] | None) -> None:
    """Hold results outside of memory too, from now on: each kind in a store of its own.

    None where a machine's hashes have 32 bits: two of so many keys could have the same.
    """
    global _new_store
    _new_store = new_store if sys.hash_info.width >= HASHED else None


def forget() -> None:
    """Hold nothing any more: what was removed for law or safety is to be nowhere."""
    for each in list(_everything):
        each.forget()


_everything: weakref.WeakSet[Kept[Any]] = weakref.WeakSet()


def _begin_apart() -> None:
    """Leave the stores to the process that we were forked from."""
    for each in _everything:
        each._begin()


os.register_at_fork(after_in_child=_begin_apart)


def kept(kind: type[Any], *, length: Callable[[Any], int] = len) -> Callable[[Make], Make]:
    """Keep the results of a pure function of a text or a struct, and of what can be hashed.

    *length* tells that of its first argument, in characters.
    """

    def decorate(make: Make) -> Make:
        found: Kept[Any] = Kept(kind)

        @wraps(make)
        def call(first: Any, *args: Any) -> Any:
            if length(first) > SHORT:
                return make(first, *args)
            return found.get((first, *args), lambda: make(first, *args))

        return cast(Make, call)

    return decorate
