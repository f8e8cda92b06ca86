"""Finds what fits whom, and stores it: the work behind ``tenders match`` and its schedule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.digest.considering import STALE_AWARD, STALE_CALL, STALE_PLAN, consider
from crawler.digest.screening import Hits, Screen
from crawler.digest.wording import count
from crawler.jobs.hindsight import Hindsight, Lately, lately, near_misses, would_have_sent
from crawler.opportunity import Opportunity
from crawler.store import database, matches, opportunities, recent, rulings, subscribers
from crawler.store.matches import Found, Kept, Why
from crawler.store.subscribers import Subscription

__all__ = [
    "Hindsight", "Lately", "MatchSummary", "lately", "match", "near_misses", "would_have_sent",
]  # fmt: skip

OVERLAP = timedelta(days=14)
"""How far behind the last round the next one begins: sources publish late and are read late."""

LEFT_BEHIND = timedelta(days=60)
"""A subscription not matched for longer looks at everything still open, like a new one."""

_PAIRS = 20_000
_OPPORTUNITIES = 1000
"""So much is stored in one transaction, and held in memory."""

Stream = Callable[[sa.Connection], Iterator[tuple[int, Opportunity]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSummary:
    """How many subscriptions met how many opportunities, and what was stored."""

    subscriptions: int
    opportunities: int
    kept: Kept

    def __str__(self) -> str:
        kept = self.kept
        return (
            f"{count(self.opportunities, 'opportunity', 'opportunities')} for"
            f" {count(self.subscriptions, 'subscription')}:"
            f" {count(kept.new, 'new match', 'new matches')}, {kept.changed} changed,"
            f" {kept.same} as before, {kept.withdrawn} withdrawn"
        )


def match(engine: sa.Engine, now: datetime, *, everything: bool = False) -> MatchSummary:
    """Matches every subscription with what is new, changed or reviewed, and stores the outcome.

    A new subscription looks at everything still open; `everything` makes all look at all there is.
    The same again changes nothing. Who has not opted in, or has stopped, is left out.
    """
    with engine.connect() as connection:
        people = subscribers.listed(connection)
    wanted = [
        one
        for person in people
        if person.state in ("active", "paused")
        for one in person.subscriptions
    ]
    recently = now - LEFT_BEHIND
    done = [at for one in wanted if (at := one.matched_until) and at >= recently]
    fresh = [one for one in wanted if one.matched_until is None or one.matched_until < recently]
    others = [one for one in wanted if one.matched_until and one.matched_until >= recently]
    looked: set[int] = set()
    if everything:
        kept = _round(engine, wanted, opportunities.iterate, looked, now)
    else:
        begin = min(done, default=now) - OVERLAP
        kept = _round(engine, others, lambda c: recent.changed_since(c, begin), looked, now)
        kept += _fresh(engine, fresh, looked, now)
    with database.writing(engine) as connection:
        subscribers.all_matched(connection, [one.id for one in wanted], now)
    return MatchSummary(subscriptions=len(wanted), opportunities=len(looked), kept=kept)


def _fresh(
    engine: sa.Engine, wanted: Sequence[Subscription], looked: set[int], now: datetime
) -> Kept:
    """A round of subscriptions that are new or were changed: what else they had goes."""

    def live(connection: sa.Connection) -> Iterator[tuple[int, Opportunity]]:
        return recent.live(connection, now, plan=STALE_PLAN, call=STALE_CALL, award=STALE_AWARD)

    mine: set[int] = set()
    kept = _round(engine, wanted, live, mine, now)
    if wanted:
        with database.writing(engine) as connection:
            gone = matches.withdraw_others(connection, [one.id for one in wanted], mine)
        kept += Kept(withdrawn=gone)
    looked |= mine
    return kept


def _round(
    engine: sa.Engine,
    wanted: Sequence[Subscription],
    stream: Stream,
    looked: set[int],
    now: datetime,
) -> Kept:
    """Meets `wanted` with all of `stream`, whose keys go into `looked`; stores as it goes."""
    kept = Kept()
    if not wanted:
        return kept
    screen, asked = Screen(wanted), {one.id for one in wanted}
    waiting: list[Found] = []
    pairs = 0
    with engine.connect() as connection:
        ruled = rulings.rulings(connection)
        for key, opportunity in stream(connection):
            looked.add(key)
            hits = screen.hits(consider(opportunity, now, ruled.get(key)))
            waiting.append(_found(key, hits, wanted))
            pairs += len(hits)
            if pairs >= _PAIRS or len(waiting) >= _OPPORTUNITIES:
                kept += _keep(engine, waiting, asked, now)
                waiting, pairs = [], 0
    return kept + _keep(engine, waiting, asked, now)


def _keep(engine: sa.Engine, found: Sequence[Found], asked: Collection[int], now: datetime) -> Kept:
    if not found:
        return Kept()
    with database.writing(engine) as connection:
        return matches.keep(connection, found, asked, now)


def _found(key: int, hits: Hits, wanted: Sequence[Subscription]) -> Found:
    return Found(
        opportunity_id=key,
        subscriptions=[wanted[at].id for at in hits.positions.tolist()],
        groups=hits.groups.tolist(),
        whys=[Why(reasons=one.reasons, caveats=one.caveats, kind=one.kind) for one in hits.matches],
    )
