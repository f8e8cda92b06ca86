"""The figures as Prometheus reads them; the web app serves them under ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crawler.health import Health
from crawler.store import figures
from crawler.store.health import health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MAILS = ("queued", "sending", "sent", "failed", "held")


class _Snapshot(Collector):
    """One moment's figures."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterator[Metric]:
        """The metrics, as prometheus_client asks for them."""
        yield from self._metrics


def exposition(engine: sa.Engine, now: datetime) -> bytes:
    """The text for Prometheus (format 0.0.4, `CONTENT_TYPE`). Raises `StoreError`'s causes only."""
    with engine.connect() as connection:
        found, states = figures.figures(connection), health(connection, now)
    registry = CollectorRegistry()
    registry.register(_Snapshot([*_of_store(found), *_of_sources(states, now)]))
    return generate_latest(registry)


def _of_store(found: figures.Figures) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "tenders_runs", "Runs by source and verdict", labels=("source", "verdict")
    )
    for labels, number in sorted(found.runs.items()):
        runs.add_metric(labels, number)
    releases = CounterMetricFamily(
        "tenders_releases", "Releases read, by source and outcome", labels=("source", "outcome")
    )
    for labels, number in sorted(found.releases.items()):
        releases.add_metric(labels, number)
    yield runs
    yield releases
    mails = dict.fromkeys(_MAILS, 0) | dict(found.mails)
    yield _gauge("tenders_outbox_mails", "Mails by state", "state", mails)
    yield GaugeMetricFamily(
        "tenders_outbox_waiting", "Mails not yet sent", mails["queued"] + mails["sending"]
    )
    kinds = found.opportunities
    yield _gauge("tenders_opportunities", "Opportunities by relevance", "relevance", kinds)
    if found.jobs is not None:
        waiting = found.jobs.get("todo", 0)
        yield _gauge("tenders_queue_jobs", "Jobs of the queue by status", "status", found.jobs)
        yield GaugeMetricFamily("tenders_queue_depth", "Jobs that wait for a worker", waiting)


def _of_sources(states: Mapping[str, Health], now: datetime) -> Iterator[Metric]:
    ages = {
        source: (now - one.last_good).total_seconds()
        for source, one in states.items()
        if one.last_good is not None
    }
    ill = {source: one.state == "ill" for source, one in states.items()}
    words = "Seconds since the last good run ended"
    yield _gauge("tenders_last_good_run_age_seconds", words, "source", ages)
    yield _gauge("tenders_source_ill", "1 while a source is ill", "source", ill)


def _gauge(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    made = GaugeMetricFamily(name, words, labels=(label,))
    for value in sorted(values):
        made.add_metric((value,), values[value])
    return made
