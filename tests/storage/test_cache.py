"""The cache: a text is rendered once, memory stays below the limit, the least used goes first."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.storage.cache import LARGEST, OVERHEAD, Cache


class Renderer:
    """Renders a text for a number, and counts how often."""

    def __init__(self, length: int = 100) -> None:
        self.length = length
        self.rendered: list[int] = []

    def __call__(self, number: int) -> Callable[[], str]:
        def render() -> str:
            self.rendered.append(number)
            return f"{number} «é» ".ljust(self.length, "x")

        return render


def limit_for(count: int, length: int = 100) -> int:
    """Return a limit that has room for just so many texts."""
    return count * (sys.getsizeof("é".ljust(length, "x")) + OVERHEAD)


def test_a_text_is_rendered_once() -> None:
    """Round after round, as long as all of them have room."""
    cache, render = Cache(limit_for(50)), Renderer()
    for _ in range(3):
        for number in range(50):
            assert cache.get(number, render(number)) == Renderer()(number)()
    assert render.rendered == [*range(50)]


def test_the_least_recently_used_text_is_evicted() -> None:
    """One that was asked for again stays."""
    cache, render = Cache(limit_for(20)), Renderer()
    for number in range(20):
        cache.get(number, render(number))
    cache.get(0, render(0))
    cache.get(20, render(20))
    cache.get(0, render(0))
    cache.get(1, render(1))
    assert render.rendered == [*range(21), 1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4_000)), max_size=60))
def test_memory_stays_below_the_limit(asked: list[tuple[int, int]]) -> None:
    """Whatever is asked for; and the result is always the right one."""
    cache = Cache(20_000)
    for number, length in asked:
        key = number, length
        assert cache.get(key, lambda: "é" * length) == "é" * length  # noqa: B023
        assert 0 <= cache.size <= cache.limit


def test_a_text_that_is_too_large_is_rendered_each_time() -> None:
    """It would evict all others."""
    cache, render = Cache(100_000), Renderer(int(100_000 * LARGEST))
    cache.get(1, render(1))
    cache.get(1, render(1))
    assert render.rendered == [1, 1]
    assert cache.size == 0


def test_nothing_is_left_after_it_is_cleared() -> None:
    """Nor counted; then it goes on."""
    cache, render = Cache(limit_for(20)), Renderer()
    for _ in range(2):
        cache.get(1, render(1))
        cache.clear()
        assert cache.size == 0
    assert render.rendered == [1, 1]


def test_an_error_in_rendering_is_raised_and_not_cached() -> None:
    """The next call tries again."""
    cache = Cache(limit_for(20))

    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get(1, fail)
    assert cache.get(1, lambda: "yes") == "yes"


def test_threads_share_it() -> None:
    """Each gets its own text, and the size stays right."""
    cache, wrong = Cache(limit_for(20)), []

    def ask() -> None:
        for turn in range(2_000):
            number = turn % 31
            if cache.get(number, Renderer()(number)) != Renderer()(number)():
                wrong.append(number)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 0 < cache.size <= cache.limit
