"""Contracts that end within the horizon: which of them are news to somebody. Pure.

Each is told once, the one that ends soonest first. It is news in the first digest after it came
near; what that had no room for waits for the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time

from crawler import dates
from crawler.digest.considering import Considered, consider
from crawler.digest.proposing import HORIZON, let_again
from crawler.store.endings import Ending


class Contracts:
    """The contracts of one day, in the order of their ends, each with what may come after it."""

    def __init__(self, found: Iterable[Ending], now: datetime) -> None:
        self._all = [(one, consider(let_again(one.opportunity, now), now)) for one in found]
        self._places = {one.id: place for place, (one, _) in enumerate(self._all)}
        came = sorted((near_since(one), place) for place, (one, _) in enumerate(self._all))
        self._moments = [moment for moment, _ in came]
        self._came = [place for _, place in came]

    def news(
        self, last: datetime | None, waiting: Collection[int]
    ) -> list[tuple[Ending, Considered]]:
        """What came near after the digest `last`, and what waits since then (by internal key)."""
        first = 0 if last is None else bisect_right(self._moments, last)
        places = {self._places[key] for key in waiting if key in self._places}
        places.update(self._came[first:])
        return [self._all[place] for place in sorted(places)]


def near_since(one: Ending) -> datetime:
    """When a contract came within the horizon, became known, or was awarded: the last of these."""
    end = datetime.combine(one.ends, time(), dates.LONDON).astimezone(UTC)
    awarded = (
        change.at
        for change in one.opportunity.changes
        if change.field == "status" and change.new == "awarded"
    )
    return max(end - HORIZON, one.first_seen, *awarded)
