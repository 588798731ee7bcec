"""The rate limiter: events are counted for each client, in bounded memory."""

from __future__ import annotations

import threading

import pytest

from liveblog.web.rate_limiter import RateLimiter


def test_events_are_counted_by_address_and_forgotten_in_time() -> None:
    """Ten within five minutes, then a wait; others are not held up."""
    now = 0.0
    attempts = RateLimiter(3, 60, lambda: now)
    for _ in range(3):
        assert attempts.record("a") == 0
        now += 1
    for _ in range(2):
        assert attempts.record("a") == 57  # refused, and not counted again
    assert attempts.record("b") == 0
    now = 60.5
    assert attempts.record("a") == 0
    assert attempts.record("a") == pytest.approx(0.5)


def test_counting_events_takes_bounded_memory() -> None:
    """However many addresses try."""
    attempts = RateLimiter(3, 60, lambda: 0.0)
    for number in range(25_000):
        attempts.record(str(number))
    assert len(attempts._events) == 10_000


def test_events_are_counted_by_threads_at_once() -> None:
    """Each of them, once."""
    attempts = RateLimiter(10_000, 60, lambda: 0.0)

    def fail() -> None:
        for _ in range(500):
            attempts.record("a")

    threads = [threading.Thread(target=fail) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(attempts._events["a"]) == 4_000
