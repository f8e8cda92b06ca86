"""Possible partners in memory: who is where, does what and won what, without asking the database.

Public facts only. Of people's own entries it knows where one stands and by what it is found;
each is read anew whenever it is asked for, so that nobody is named who does not agree any more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from crawler.digest import wording
from crawler.partners.ranking import Candidate, Past
from crawler.store import organisations, stamps, suppliers
from crawler.store.listings import mask
from crawler.store.organisations import Mark, Organisation
from crawler.store.suppliers import Win

_FRESH = timedelta(hours=1)
"""How long what was won is taken as it was read: it gives no new stamp that an opportunity is
judged anew, or merged into another."""

_WINS = 300
"""Wins among which those are sought who won such work last."""

_TITLE = 200

_Numbers = np.ndarray[Any, np.dtype[np.int64]]
_NOBODY: _Numbers = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation, also as a candidate with all that it won."""

    organisation: Organisation
    candidate: Candidate


class Directory:
    """All public bodies by place and by what they won, and where people's own entries stand."""

    def __init__(
        self, public: Iterable[Organisation], own: Iterable[Mark], won: Iterable[tuple[int, Win]]
    ) -> None:
        wins = list(won)
        past: dict[int, list[Past]] = defaultdict(list)
        for winner, win in wins:
            past[winner].append(_past(win))
        self._past = {one: tuple(found) for one, found in past.items()}
        ordered = sorted(public, key=_by_substance)
        self._bodies = [self._body(one) for one in ordered]
        self._at = {one.id: at for at, one in enumerate(ordered)}
        self._cards = _numbers(organisations.tags(one.art_forms, one.outcomes) for one in ordered)
        self._authorities = _places(one.authority for one in ordered)
        self._regions = _places(one.region for one in ordered)
        self._own = list(own)
        self._winners = _numbers(winner for winner, _ in wins)
        self._wins = _numbers(win.card for _, win in wins)

    def _body(self, one: Organisation) -> Body:
        return Body(one, _candidate(one, self._past.get(one.id, ())))

    def around(
        self,
        connection: sa.Connection,
        *,
        tiers: Sequence[Collection[str]] = (),
        regions: Collection[str] = (),
        card: int,
        limit: int,
    ) -> list[Body]:
        """Whom anybody may see in one of these places, with an art form or outcome of `card`.

        `tiers` are authorities, the nearest first, and `regions` come after them. Where there are
        more than `limit`, those open to partnering stay, then those of a nearer tier, then who won
        most, then by standing, then by lot.
        """
        by_tier = {gss: at for at, tier in enumerate(tiers) for gss in tier}
        found = self._open_around(connection, by_tier, regions, card, limit)
        places = [[self._authorities.get(gss, _NOBODY) for gss in tier] for tier in tiers]
        places.append([self._regions.get(region, _NOBODY) for region in regions])
        taken: dict[int, None] = {}
        for tier in places:
            here = np.concatenate([_NOBODY, *tier])
            fitting = np.sort(here[(self._cards[here] & card) != 0])
            taken |= dict.fromkeys(fitting.tolist())
            if len(taken) >= limit:
                break
        return [*found, *(self._bodies[at] for at in taken)][:limit]

    def _open_around(
        self,
        connection: sa.Connection,
        tiers: Mapping[str, int],
        regions: Collection[str],
        card: int,
        limit: int,
    ) -> list[Body]:
        there = [
            (tiers.get(one.authority or "", len(tiers)), one.id)
            for one in self._own
            if one.card & card and (one.authority in tiers or one.region in regions)
        ]
        ranks = {pk: tier for tier, pk in there}
        found = self._open(connection, ranks)
        found.sort(key=lambda one: (ranks[one.organisation.id], *_by_substance(one.organisation)))
        return found[:limit]

    def open_ones(self, connection: sa.Connection, limit: int) -> list[Body]:
        """Subscribers who are open to partnering, the newest first."""
        found = self._open(connection, [one.id for one in self._own])
        found.sort(key=lambda one: -one.organisation.id)
        return found[:limit]

    def winners(self, tags: int, regions: Collection[str], limit: int) -> list[Body]:
        """Who won work with one of `tags` in one of `regions` (anywhere if none).

        Those whose last such win is the newest come first; only the newest `_WINS` wins count.
        """
        fit = (self._wins & tags) != 0
        places = mask("regions", regions)
        if places:
            fit &= (self._wins & places) != 0
        newest = self._winners[np.flatnonzero(fit)[:_WINS]]
        ids = list(dict.fromkeys(newest.tolist()))[:limit]
        return [self._bodies[self._at[one]] for one in ids if one in self._at]

    def _open(self, connection: sa.Connection, ids: Collection[int]) -> list[Body]:
        """Those of people's own entries that are shown now."""
        found = organisations.by_ids(connection, ids) if ids else {}
        return [self._body(one) for one in found.values()]


class Newest:
    """The directory as the database has it now, read again only where it changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: str | None = None
        self._read = 0.0
        self._directory = Directory((), (), ())

    def of(self, connection: sa.Connection) -> Directory:
        """The directory of the connection's database, always the same one."""
        stamp = stamps.of(connection, "organisations")
        with self._lock:
            old = time.monotonic() - self._read > _FRESH.total_seconds()
            if stamp != self._stamp or old:
                self._directory = read(connection)
                self._stamp, self._read = stamp, time.monotonic()
            return self._directory


def read(connection: sa.Connection) -> Directory:
    """Reads all of it: some hundredths of a millisecond for each body."""
    return Directory(
        organisations.public_narrow(connection),
        organisations.own_marks(connection),
        suppliers.everything(connection),
    )


def _by_substance(one: Organisation) -> tuple[int, int, str]:
    return -one.wins, -one.standing, one.key


def _numbers(values: Iterable[int]) -> _Numbers:
    return np.fromiter(values, np.int64)


def _places(codes: Iterable[Hashable]) -> dict[Hashable, _Numbers]:
    """Where each code stands, rising."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for at, code in enumerate(codes):
        found[code].append(at)
    return {code: _numbers(places) for code, places in found.items() if code}


def _past(win: Win) -> Past:
    return Past(
        id=win.id,
        title=wording.plain(win.title, _TITLE),
        buyer_key=win.buyer_key,
        regions=win.regions,
        art_forms=win.art_forms,
        outcomes=win.outcomes,
    )


def _candidate(entry: Organisation, won: tuple[Past, ...]) -> Candidate:
    return Candidate(
        key=entry.key,
        name=entry.name,
        region=entry.region,
        authority=entry.authority,
        postcode=entry.postcode,
        art_forms=entry.art_forms,
        outcomes=entry.outcomes,
        won=won,
        sources=entry.sources,
        charity=entry.charity is not None,
        open=entry.subscriber_id is not None,
    )
