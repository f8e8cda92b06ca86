"""Finds what fits whom, and stores it: the work behind ``tenders match`` and its schedule."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.digest import matching
from crawler.digest.wording import count
from crawler.opportunity import Opportunity
from crawler.store import database, matches, opportunities, subscribers
from crawler.store.matches import Kept, Why
from crawler.store.subscribers import Subscription

OVERLAP = timedelta(days=14)
"""How far behind the last round the next one begins: sources publish late and are read late."""


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
    """Matches every subscription with what is new or changed, and stores the outcome.

    A new subscription, or `everything`, looks at all opportunities. The same again changes nothing.
    """
    with engine.connect() as connection:
        people = subscribers.listed(connection)
        wanted = [one for person in people for one in person.subscriptions]
        fresh = _fresh(connection, wanted, everything) if wanted else iter(())
        looked, found = _look(fresh, wanted, now)
    kept = Kept()
    with database.writing(engine) as connection:
        for one in wanted:
            refused = looked - found[one.id].keys()
            kept += matches.keep(connection, one.id, found[one.id], refused, now)
            subscribers.matched(connection, one.id, now)
    return MatchSummary(subscriptions=len(wanted), opportunities=len(looked), kept=kept)


def _fresh(
    connection: sa.Connection, wanted: Collection[Subscription], everything: bool
) -> Iterator[tuple[int, Opportunity]]:
    done = [one.matched_until for one in wanted if one.matched_until]
    if everything or len(done) < len(wanted):
        return opportunities.iterate(connection)
    return opportunities.changed_since(connection, min(done) - OVERLAP)


def _look(
    fresh: Iterator[tuple[int, Opportunity]], wanted: Collection[Subscription], now: datetime
) -> tuple[set[int], dict[int, dict[int, Why]]]:
    """Which opportunities were looked at, and for each subscription those that fit, with why."""
    looked: set[int] = set()
    found: dict[int, dict[int, Why]] = {one.id: {} for one in wanted}
    for key, opportunity in fresh:
        looked.add(key)
        for one in wanted:
            outcome = matching.match(opportunity, one, now)
            if isinstance(outcome, matching.Match):
                found[one.id][key] = Why(reasons=outcome.reasons, caveats=outcome.caveats)
    return looked, found
