"""Sources as staff see them: how each is, what is wrong in words, and what they may do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.health import Health
from crawler.jobs import ailments
from crawler.jobs.ailments import Trouble
from crawler.jobs.health import advice
from crawler.sources import Source, load
from crawler.store import health as states
from crawler.store import leases, requests
from crawler.store import sources as reached
from crawler.store.requests import Pause, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One enabled source. `next_run` is None where the timetable is not known, or it is paused.

    `trouble` says what is wrong, `step` what can be done about it on the page, and `advice` what
    else by a command. `quiet_until` is until when the portal asked for silence; `request` the last
    one by staff.
    """

    key: str
    name: str
    site: str
    health: Health
    trouble: Trouble
    step: str
    advice: str
    read_until: datetime | None
    quiet_until: datetime | None
    next_run: datetime | None
    pause: Pause | None
    request: Request | None


def sources(
    connection: sa.Connection, timetable: Mapping[str, datetime], now: datetime
) -> tuple[Watched, ...]:
    """Every enabled source: those that are ill come first, then in the registry's order."""
    how, states_of = states.health(connection, now), reached.states_of(connection)
    paused, asked = requests.paused(connection), requests.newest(connection)
    found = [
        _watched(
            source,
            how.get(key, Health(state="new")),
            states_of.get(key, reached.State()),
            None if key in paused else _next(source, timetable),
            (paused.get(key), asked.get(key)),
        )
        for key, source in load().items()
        if source.enabled
    ]
    return tuple(sorted(found, key=lambda one: one.health.state != "ill"))


def _watched(
    source: Source,
    health: Health,
    state: reached.State,
    next_run: datetime | None,
    said: tuple[Pause | None, Request | None],
) -> Watched:
    return Watched(
        key=source.key,
        name=source.name,
        site=source.base_url,
        health=health,
        trouble=ailments.told(source.name, health.verdict, health.reason, health.first_errors),
        step=ailments.step(source, health),
        advice=advice(source, health),
        read_until=state.watermark,
        quiet_until=state.quiet_until,
        next_run=next_run,
        pause=said[0],
        request=said[1],
    )


def _next(source: Source, timetable: Mapping[str, datetime]) -> datetime | None:
    """When the source's own job runs, else the one that reads all of its kind."""
    shared = "contacts" if source.by_name else "crawl"
    names = (f"{shared}:{source.key}", shared)
    return next((timetable[name] for name in names if name in timetable), None)


def scheduled(connection: sa.Connection, now: datetime) -> bool:
    """Whether a scheduler lives that takes up what staff ask for."""
    return leases.SCHEDULER in leases.all_held(connection, now)


def known(key: str) -> bool:
    """Whether staff may ask for this source."""
    row = load().get(key)
    return row is not None and row.enabled
