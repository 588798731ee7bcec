"""The watcher: broadcasts, publishes, hands on what it found, and reads the journal once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.changes import Changes, StreamPosition
from liveblog.delivery.dispatcher import Dispatcher
from liveblog.model.entry import id_day
from liveblog.model.errors import StorageError
from liveblog.scheduler import Schedule, dispatcher_for
from liveblog.site.publisher import Publisher
from liveblog.watcher import Event, Update, Watcher

from .conftest import Clock
from .test_scheduler import add

_opened: list[tuple[str, str]] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append((threading.current_thread().name, str(arguments[0])))


sys.addaudithook(_audit)  # cannot be removed; does nothing outside of opened_files()


@contextmanager
def opened_files() -> Iterator[list[tuple[str, str]]]:
    """Collect the thread and the path of every file that is opened in this process."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


class Running:
    """A watcher of a blog that runs, and what it handed on."""

    def __init__(self, blog: Blog) -> None:
        self.broadcasts: list[tuple[list[Event], StreamPosition]] = []
        self.updates: list[Update] = []
        self.schedule = Schedule(blog, publish=lambda: None)
        self.watcher = Watcher(
            blog,
            broadcast=lambda events, position: self.broadcasts.append((events, position)),
            published=self._published,
        )

    def _published(self, update: Update) -> None:
        self.updates.append(update)
        self.schedule.published(update)

    def __enter__(self) -> Running:
        assert self.schedule.lead()
        self.watcher.start()
        self.watcher.publish()
        return self

    def __exit__(self, *_: object) -> None:
        self.watcher.stop()
        self.watcher.join(10)
        self.schedule.resign()


def test_one_update_is_read_once(blog: Blog) -> None:
    """By the stream, the publication and the deliveries together."""
    blog = add(blog, "[chat.team]\npost = 'all'\n")
    blog.post("Un premier fait.")
    with Running(blog) as running, opened_files() as opened:
        posted = blog.post("Un fait.")
        running.watcher.publish()
        opened = [*opened]
        (delivery,) = blog.outbox.deliveries("waiting")
    day = str(blog.journal.path(id_day(posted.id).isoformat()))
    read = [path for thread, path in opened if thread == running.watcher.name and path == day]
    assert len(read) == 1
    assert delivery.subject == posted.id


def test_a_turn_hands_on_what_changed(blog: Blog, clock: Clock) -> None:
    """Entries first, then the publication with the live page; positions follow each other."""
    with Running(blog) as running:
        posted = blog.post("Un fait.", key=True)
        running.watcher.publish()
        ((events, position),) = running.broadcasts
        assert [(kind, data["id"]) for kind, data in events if isinstance(data, dict)] == [
            ("entry", posted.id)
        ]
        update = running.updates[-1]
        assert update.changes.entry_ids == (posted.id,)
        assert update.changes.after == position == running.watcher.state.position
        assert update.changes.before == running.updates[-2].changes.after
        assert update.report
        assert "live.json" in update.report.written
        assert [kind for kind, _ in update.events] == ["page"]


def test_a_release_is_a_change_by_the_clock_alone(blog: Blog, clock: Clock) -> None:
    """And wakes the watcher by itself."""
    later = blog.moment("demain 8h").instant
    posted = blog.post("Sous embargo.", at=later, schedule=True)
    with Running(blog) as running:
        assert running.broadcasts == []
        clock.now = later
        running.watcher.publish()
        assert [u.changes.entry_ids for u in running.updates if u.changes.entry_ids] == [
            (posted.id,)
        ]


def test_the_end_of_the_coverage_comes_with_the_publication(blog: Blog) -> None:
    """And its resumption."""
    blog.post("Un fait.")
    with Running(blog) as running:
        assert not running.watcher.is_over
        blog.end()
        running.watcher.publish()
        assert running.watcher.is_over
        blog.resume()
        running.watcher.publish()
        assert not running.watcher.is_over


def test_what_a_failed_publication_left_out_is_planned_after_the_next(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the journal, since the watcher has gone on."""
    blog = add(blog, "[chat.team]\npost = 'all'\n")
    real = Publisher.publish

    def failing(*_: object, **__: object) -> object:
        raise StorageError("The disk is full.")

    with Running(blog) as running:
        monkeypatch.setattr(Publisher, "publish", failing)
        posted = blog.post("Un fait.")
        with pytest.raises(StorageError):
            running.watcher.publish()
        assert running.updates[-1].report is None
        assert blog.outbox.deliveries() == []
        monkeypatch.setattr(Publisher, "publish", real)
        running.watcher.publish()
        assert [delivery.subject for delivery in blog.outbox.deliveries()] == [posted.id]


def test_after_a_restart_the_deliveries_are_planned_from_the_journal(
    blog: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each entry, whoever found it."""
    blog = add(blog, "[chat.team]\npost = 'all'\n")
    with Running(blog):
        pass
    posted = blog.post("Pendant l'arrêt.")
    calls: list[str] = []
    real = Dispatcher._read_changes

    def counted(self: Dispatcher) -> Changes:
        calls.append("")
        return real(self)

    monkeypatch.setattr(Dispatcher, "_read_changes", counted)
    with Running(blog) as running:
        first = len(calls)
        blog.post("Ensuite.")
        running.watcher.publish()
    assert first == 1
    assert len(calls) == first
    subjects = [delivery.subject for delivery in blog.outbox.deliveries()]
    assert len(subjects) == 2
    assert subjects[0] == posted.id
    dispatcher_for(blog).plan_news()
    assert len(blog.outbox.deliveries()) == 2
