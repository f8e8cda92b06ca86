"""What a subscription would have been sent of late, and what it missed by little.

The first is the preview before somebody saves; the second is what a digest says of itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
import sqlalchemy as sa

from crawler.digest.considering import Considered, consider
from crawler.digest.matching import PERSONAL, Match, Refusal, decide, nearly
from crawler.digest.screening import Screen
from crawler.items import STAGES, STATUSES
from crawler.opportunity import Opportunity
from crawler.store import recent, rulings
from crawler.store.rulings import Ruling
from crawler.store.subscribers import Subscription

DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An opportunity that would have been sent, why, and when it came up (aware UTC).

    It has the stage, status and deadline of that moment.
    """

    opportunity: Opportunity
    match: Match
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An opportunity that failed just one criterion of a subscription, and which."""

    opportunity: Opportunity
    refusal: Refusal
    at: datetime


News = TypeVar("News", Sent, NearMiss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """What a subscription would have had in the last `days`, the newest first."""

    days: int
    sent: tuple[Sent, ...]
    near_misses: tuple[NearMiss, ...]

    @property
    def count(self) -> int:
        """How many opportunities it would have been sent."""
        return len(self.sent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What came up in the `days` before `now`, read once and asked for many subscriptions.

    A page that shows what a subscription would bring keeps it for some minutes: reading is most of
    the work. `seen` holds each opportunity as it stood at the moments when it was news.
    """

    now: datetime
    days: int
    seen: tuple[tuple[tuple[datetime, Considered], ...], ...]

    def would_have_sent(self, wish: Subscription) -> Hindsight:
        """What `wish` would have been sent, and what it would have missed by little."""
        outcomes = [_outcome(moments, wish) for moments in self.seen]
        return Hindsight(
            days=self.days,
            sent=_newest_first(one for one in outcomes if isinstance(one, Sent)),
            near_misses=_newest_first(one for one in outcomes if isinstance(one, NearMiss)),
        )


def lately(engine: sa.Engine, now: datetime, days: int = DAYS) -> Lately:
    """Reads what came up in the `days` before `now`.

    Each opportunity is taken as it stood when it was published, and when it last changed: what has
    closed since would have been sent all the same.
    """
    since = now - timedelta(days=days)
    with engine.connect() as connection:
        seen = tuple(
            tuple(
                (at, consider(as_of(opportunity, at), at, ruling))
                for at in _moments(opportunity, since, now)
            )
            for opportunity, ruling in _lately(connection, since)
        )
    return Lately(now=now, days=days, seen=seen)


def would_have_sent(
    engine: sa.Engine, subscription: Subscription, now: datetime, days: int = DAYS
) -> Hindsight:
    """What `subscription` would have been sent in the `days` before `now`: see `lately`."""
    return lately(engine, now, days).would_have_sent(subscription)


def near_misses(
    engine: sa.Engine,
    wishes: Mapping[int, Sequence[Subscription]],
    since: datetime,
    now: datetime,
) -> dict[int, int]:
    """How many opportunities each person nearly had since `since`: 0 for none.

    `wishes` are people's subscriptions by any number that names the person. Counted is what was
    published or changed since, is of use at `now`, fits none of their subscriptions and fails one
    of them by a single criterion.
    """
    people = list(wishes)
    every = [(at, wish) for at, person in enumerate(people) for wish in wishes[person]]
    owner = np.array([at for at, _ in every], dtype=np.intp)
    screen = Screen([wish for _, wish in every])
    counts = np.zeros(len(people), dtype=np.int64)
    with engine.connect() as connection:
        for opportunity, ruling in _lately(connection, since):
            seen = consider(opportunity, now, ruling)
            missed = np.zeros(len(people), dtype=np.bool_)
            missed[owner[screen.near_misses(seen)]] = True
            missed[owner[screen.fitting(seen)]] = False
            counts += missed
    return dict(zip(people, counts.tolist(), strict=True))


def _lately(
    connection: sa.Connection, since: datetime
) -> Iterator[tuple[Opportunity, Ruling | None]]:
    """What came up or changed since, and what a reviewer decided of it."""
    ruled = rulings.rulings(connection)
    for key, opportunity in recent.since(connection, since):
        yield opportunity, ruled.get(key)


def _moments(opportunity: Opportunity, since: datetime, now: datetime) -> list[datetime]:
    """When it came up: its publication and its last material change, where these are recent."""
    changed = (change.at for change in opportunity.changes if change.material)
    moments = {opportunity.published, max(changed, default=opportunity.published)}
    return sorted(min(at, now) for at in moments if at >= since)


def _outcome(
    moments: Sequence[tuple[datetime, Considered]], wish: Subscription
) -> Sent | NearMiss | None:
    missed: NearMiss | None = None
    for at, seen in moments:
        outcome = decide(seen, wish)
        if isinstance(outcome, Match):
            return Sent(opportunity=seen.opportunity, match=outcome, at=at)
        if outcome.criterion in PERSONAL and (refusal := nearly(seen, wish)):
            missed = NearMiss(opportunity=seen.opportunity, refusal=refusal, at=at)
    return missed


def _newest_first(found: Iterable[News]) -> tuple[News, ...]:
    return tuple(sorted(found, key=lambda one: (one.at, one.opportunity.id), reverse=True))


def as_of(opportunity: Opportunity, moment: datetime) -> Opportunity:
    """`opportunity` with the stage, status and deadline that it had at `moment`."""
    if opportunity.updated <= moment:
        return opportunity
    then = dataclasses.replace(opportunity, updated=moment)
    for change in reversed(opportunity.changes):
        if change.at <= moment:
            continue
        if change.field == "stage":
            stage = next((one for one in STAGES if one == change.old), then.stage)
            then = dataclasses.replace(then, stage=stage)
        elif change.field == "status":
            status = next((one for one in STATUSES if one == change.old), then.status)
            then = dataclasses.replace(then, status=status)
        elif change.field == "deadline":
            deadline = datetime.fromisoformat(change.old) if change.old else None
            then = dataclasses.replace(then, deadline=deadline)
    return then
