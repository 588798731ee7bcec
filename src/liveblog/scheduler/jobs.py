"""The jobs of a blog: what each does, when it is due, and how it went last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import msgspec

from ..blog import Blog
from ..delivery.closing import next_closing
from ..delivery.dispatcher import Dispatcher, SendResult
from ..delivery.outbox import Kind
from ..http_client import Client
from ..imports import Item
from ..imports.subscriptions import POLL_INTERVAL, Subscriptions, poll_due
from ..model.errors import LiveblogError, StorageError
from ..model.period import local_day
from ..site.report import Report
from ..storage.atomic import replace_file

DESCRIPTIONS = {
    "publish": "publish what changed",
    "release": "release the next scheduled update or chapter",
    "day": "close the day before",
    "week": "close the week before",
    "follow": "import the news of subscribed feeds",
    "ping": "ping the WebSub hubs",
    "chat": "post to chats",
    "mail": "send mail",
}
"""What each job does, by its name."""

RETRY_CLOSING = timedelta(minutes=1)
"""The pause after which a day or week that could not be closed is tried again."""

log = logging.getLogger("liveblog")


class Outcome(msgspec.Struct, frozen=True):
    """How a job's last run went."""

    ran: datetime
    words: str
    is_failure: bool = False


@dataclass(frozen=True)
class Job:
    """A job as ``schedule --list`` shows it."""

    name: str
    does: str
    next: datetime | None  #: None while there is nothing to do
    last: Outcome | None


class Jobs:
    """The jobs of one blog.

    A job holds no state: it asks the journal, the settings and the outbox what is due, and does
    that. Run twice, it does nothing twice; run late, it does what was missed.
    """

    def __init__(
        self,
        blog: Blog,
        dispatcher: Dispatcher,
        publish: Callable[[], Report | None],
        client: Client | None,
    ) -> None:
        """Prepare the jobs; *publish* publishes the site and plans the deliveries that follow."""
        self._blog = blog
        self._dispatcher = dispatcher
        self._publish = publish
        self._client = client
        self._subscriptions = Subscriptions(blog.paths)
        self._outcomes_path = blog.paths.derived / "schedule.json"
        self._outcomes = _read_outcomes(self._outcomes_path)
        self._recording = threading.Lock()

    # -- running ------------------------------------------------------------------------------

    def run(self, name: str) -> Outcome | None:
        """Run a job and record how it went; None if there was nothing to do."""
        began = self._blog.now
        try:
            words = self._do(name)
            if not words and not self._has_failed(name):
                return None
            outcome = Outcome(began, words or "nothing to do", "given up" in words)
        except Exception as error:
            is_ours = isinstance(error, LiveblogError)
            text = error.message if isinstance(error, LiveblogError) else repr(error)
            log.error("The job '%s' failed: %s", name, error, exc_info=not is_ours)
            outcome = Outcome(began, text, is_failure=True)
        with self._recording:
            self._outcomes[name] = outcome
            _write_outcomes(self._outcomes_path, self._outcomes)
        return outcome

    def reload(self) -> None:
        """Read how the jobs of another process went."""
        self._outcomes = _read_outcomes(self._outcomes_path)

    def last(self, name: str) -> Outcome | None:
        """Return how a job's last run went; None if it never did anything."""
        return self._outcomes.get(name)

    def _has_failed(self, name: str) -> bool:
        last = self.last(name)
        return last is not None and last.is_failure

    def _do(self, name: str) -> str:
        """Do a job's work; return what was done, or an empty string."""
        if name in ("publish", "release"):
            return self._do_publish()
        if name in ("day", "week"):
            if self._is_over():
                return ""
            self._do_publish()
            closed = self._dispatcher.close()
            return f"closed {', '.join(period.id for period in closed)}" if closed else ""
        if name == "follow":
            return self._do_follow()
        sent = self._dispatcher.send(cast(Kind, name))
        return str(sent) if sent != SendResult() else ""

    def _do_publish(self) -> str:
        report = self._publish()
        if report is None:
            return "published"
        return f"{len(report.written)} files written, {len(report.deleted)} deleted"

    def _do_follow(self) -> str:
        if not self._subscriptions.due(self._blog.now):
            return ""
        client = self._client or Client(allow=self._subscriptions.private_hosts())
        zone = self._blog.config.zone
        return poll_due(self._subscriptions, client, self._import_items, self._blog.now, zone)

    def _import_items(self, name: str, items: Iterable[Item]) -> str:
        result = self._blog.import_items(items, source=f"feed {name}")
        for problem in result.problems:
            log.warning("%s: %s", problem.where, problem.what)
        counts = {
            "new": result.entries,
            "changed": result.revisions,
            "with problems, see the log": len(result.problems),
        }
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count)

    # -- when they are due --------------------------------------------------------------------

    def due(self, name: str) -> datetime | None:
        """Return when a job is due next; None while there is nothing to do."""
        if name == "publish":
            return self._next_publication()
        if name == "release":
            return self._blog.publisher.next_change(self._blog.now)
        if name in ("day", "week"):
            return self._next_closing(name)
        if name == "follow":
            return self._next_poll()
        return self._blog.outbox.next_due(cast(Kind, name))

    def jobs(self) -> list[Job]:
        """Return each job with its next run and its last outcome."""
        has_subscriptions = self._blog.paths.subscriptions.exists()
        names = [name for name in DESCRIPTIONS if name != "follow" or has_subscriptions]
        return [Job(name, DESCRIPTIONS[name], self.due(name), self.last(name)) for name in names]

    def _next_publication(self) -> datetime | None:
        if self._is_over():
            return None
        pause = timedelta(seconds=self._blog.config.schedule.publish_seconds)
        return self._after_pause("publish", pause)

    def _next_closing(self, name: str) -> datetime | None:
        if self._is_over():
            return None
        due = next_closing(name, self._blog.outbox, self._blog.config, self._blog.now)
        return max(due, self._after_pause(name, RETRY_CLOSING)) if self._has_failed(name) else due

    def _after_pause(self, name: str, pause: timedelta) -> datetime:
        """Return the end of a pause after a job's last run, also if the clock was set back."""
        last, now = self.last(name), self._blog.now
        return min(last.ran, now) + pause if last else now

    def _next_poll(self) -> datetime | None:
        if self._is_over():
            return None
        try:
            return self._subscriptions.next_due()
        except LiveblogError:
            return self._blog.now + POLL_INTERVAL  # the job itself reports the error

    def _is_over(self) -> bool:
        """Whether the coverage is over and all its days and weeks are closed."""
        ended = self._blog.timeline.ended()
        if ended is None:
            return False
        last = local_day(ended, self._blog.config.zone).isoformat()
        facts = (self._blog.outbox.fact("days_to"), self._blog.outbox.fact("weeks_to"))
        return all(last <= fact for fact in facts)


def _read_outcomes(path: Path) -> dict[str, Outcome]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Outcome])
    except (OSError, msgspec.DecodeError):
        return {}


def _write_outcomes(path: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Write the outcomes for ``schedule --list``; an error is logged only."""
    try:
        replace_file(path, msgspec.json.encode(outcomes), is_durable=False)
    except StorageError as error:
        log.error("%s", error)
