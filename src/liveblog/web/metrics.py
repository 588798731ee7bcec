"""Metrics for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

Needs the extra ``pip install 'liveblog[metrics]'``. Only this module imports prometheus_client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..model.errors import ConfigError

try:
    from prometheus_client import CollectorRegistry, Counter, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ConfigError(
        "Metrics need a library that is not installed.",
        "Install it: pip install 'liveblog[metrics]'",
    ) from error

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from .blog_app import BlogApp


class Metrics(Collector):
    """The number of requests by status, and the state of each blog."""

    def __init__(self, blogs: Sequence[BlogApp]) -> None:
        """Report on *blogs*."""
        self._blogs = blogs
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "liveblog_requests", "Requests answered.", ["status"], registry=self._registry
        )
        self._registry.register(self)

    def count(self, status: int) -> None:
        """Count an answer."""
        self._requests.labels(str(status)).inc()

    def text(self) -> bytes:
        """Return all metrics in the exposition format."""
        data: bytes = generate_latest(self._registry)
        return data

    def collect(self) -> Iterable[Metric]:
        """Return the current state of each blog."""
        gauge = partial(GaugeMetricFamily, labels=["blog"])
        readers = gauge("liveblog_readers", "Open event streams.")
        dropped = CounterMetricFamily(
            "liveblog_readers_dropped", "Streams cut because nobody read.", labels=["blog"]
        )
        failing = gauge("liveblog_publishing_failing", "1 while the site cannot be published.")
        published = gauge("liveblog_published_timestamp_seconds", "The last publication.")
        took = gauge("liveblog_publishing_seconds",
                     "How long the last update took to be broadcast and published.")  # fmt: skip
        outbox = GaugeMetricFamily(
            "liveblog_outbox", "Deliveries that wait, and that failed for good.",
            labels=["blog", "state"],
        )  # fmt: skip
        for app in self._blogs:
            for name, count in app.outbox().items():
                outbox.add_metric([app.path, name], count)
            state = app.watcher.state
            readers.add_metric([app.path], app.broadcaster.subscribers)
            dropped.add_metric([app.path], app.broadcaster.dropped)
            failing.add_metric([app.path], bool(state.problem))
            took.add_metric([app.path], state.seconds)
            if state.published:
                published.add_metric([app.path], state.published.timestamp())
        return (readers, dropped, failing, published, took, outbox)
