"""What is coming: meetings with buyers, plans, decisions of councils, contracts that end.

`remember` keeps what `crawler.partners` worked out of opportunities as they were written; `find`
puts it beside what is planned, by day, for whoever browses. Rows are derived and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crawler.coming import Gathering, Relet, Signs
from crawler.opportunity import Opportunity
from crawler.store import hits, opportunities
from crawler.store.coming_sources import KINDS, SOURCES, Found, Kind
from crawler.store.early_tables import gatherings, relets
from crawler.store.filters import Filters, choices, spans
from crawler.store.hits import Hit
from crawler.store.statements import chunks

_BATCH = 1000

Tell = Callable[[Opportunity], Signs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One thing that is coming, of one opportunity. `at` is its day in London, if it has one.

    A ``meeting`` has its `gathering`, a ``contract`` its `relet`; the day of a ``decision`` is that
    on which it is taken, of a ``plan`` that by which the buyer wants to hear, or where it is
    `expected` that on which the tender will be published. `act` is the day to act on it, which for
    a contract lies months before its end.
    """

    kind: Kind
    hit: Hit
    at: date | None = None
    gathering: Gathering | None = None
    relet: Relet | None = None
    expected: bool = False
    act: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of what is coming, the soonest first; `counts` says how much of each kind there is."""

    items: tuple[Coming, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    more: bool = False


def remember(connection: sa.Connection, written: Mapping[int, Opportunity], tell: Tell) -> None:
    """Replaces what the `written` opportunities say of what comes. Twice is as good as once."""
    ended: list[dict[str, Any]] = []
    met: list[dict[str, Any]] = []
    for pk, one in written.items():
        found = tell(one)
        ended += [_row(relets, pk, relet) for relet in found.relets]
        met += [_row(gatherings, pk, gathering) for gathering in found.gatherings]
    for table, rows in ((relets, ended), (gatherings, met)):
        for part in chunks(sorted(written)):
            connection.execute(sa.delete(table).where(table.c.opportunity_id.in_(part)))
        if rows:
            connection.execute(sa.insert(table), rows)


def remember_all(connection: sa.Connection, tell: Tell) -> None:
    """The same for every opportunity, a thousand at a time."""
    waiting: dict[int, Opportunity] = {}
    for pk, one in opportunities.iterate(connection):
        waiting[pk] = one
        if len(waiting) == _BATCH:
            remember(connection, waiting, tell)
            waiting = {}
    remember(connection, waiting, tell)


def _row(table: sa.Table, pk: int, one: Relet | Gathering) -> dict[str, Any]:
    names = (column.name for column in table.columns if column.name not in ("id", "opportunity_id"))
    plain = {name: getattr(one, name) for name in names}
    lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
    return {**plain, **lists, "opportunity_id": pk}


def relet_of(row: Any) -> Relet:
    """The contract in a row of `relets`."""
    return Relet(
        earliest=row.earliest,
        latest=row.latest,
        certainty=row.certainty,
        reasons=tuple(row.reasons),
        lot=row.lot,
        incumbents=tuple(row.incumbents),
        awarded=row.awarded,
        value=row.value,
        currency=row.currency,
    )


def _gathering_of(row: Any) -> Gathering:
    return Gathering(
        kind=row.kind,
        day=row.day,
        words=row.words,
        starts=row.starts,
        ends=row.ends,
        place=row.place,
        online=row.online,
    )


def signs_of(connection: sa.Connection, pk: int) -> Signs:
    """What is kept of one opportunity, past or to come."""
    ends: dict[int, Relet] = {}
    met: dict[int, Gathering] = {}
    for row in connection.execute(_SIGNS_OF, {"pk": pk}):
        ended, gathered = (_Part(row, table) for table in (relets, gatherings))
        if ended.id is not None and ended.id not in ends:
            ends[ended.id] = relet_of(ended)
        if gathered.id is not None and gathered.id not in met:
            met[gathered.id] = _gathering_of(gathered)
    return Signs(
        relets=tuple(ends[at] for at in sorted(ends)),
        gatherings=tuple(met[at] for at in sorted(met)),
    )


class _Part:
    """The columns of one table in a row that joins several."""

    def __init__(self, row: sa.Row[Any], table: sa.Table) -> None:
        self._row, self._table = row._mapping, table

    def __getattr__(self, name: str) -> Any:
        return self._row[self._table.c[name]]


def _signs_query() -> sa.Select[Any]:
    """Every contract beside every meeting: few have both, and one statement asks for either."""
    one = sa.select(sa.bindparam("pk", type_=sa.BigInteger).label("pk")).subquery()
    joined = one.outerjoin(relets, relets.c.opportunity_id == one.c.pk)
    joined = joined.outerjoin(gatherings, gatherings.c.opportunity_id == one.c.pk)
    return sa.select(relets, gatherings).select_from(joined)


_SIGNS_OF = _signs_query()


def find(
    connection: sa.Connection,
    filters: Filters,
    kinds: Collection[Kind] = KINDS,
    *,
    now: datetime,
    limit: int = 20,
    offset: int = 0,
    counts: bool = True,
) -> Page:
    """What is coming and fulfils `filters` (whatever the status), what to act on soonest first.

    Contracts are known by the month and follow what has a day in it, those that end first in front.
    What has no day comes last, the newest first.
    """
    narrowed = [*spans(filters, now)]
    narrowed += [one for facet, one in choices(filters, now).items() if facet != "status"]
    found = {
        kind: list(ask(connection, narrowed, now))
        for kind, ask in SOURCES.items()
        if counts or kind in kinds
    }
    wanted = [one for kind in found for one in found[kind] if kind in kinds]
    wanted.sort(key=_soonest)
    shown = wanted[offset : offset + limit]
    return Page(
        items=tuple(_loaded(connection, shown, now)),
        counts={kind: len(ones) for kind, ones in found.items()} if counts else {},
        more=len(wanted) > offset + limit,
    )


def _soonest(one: Found) -> tuple[bool, date, bool, date, date, int, int, int]:
    act = one.act or date.max
    return (
        one.act is None,
        act.replace(day=1),
        one.kind == "contract",
        act,
        one.at or date.max,
        -one.published,
        KINDS.index(one.kind),
        one.ref,
    )


def _loaded(connection: sa.Connection, shown: Sequence[Found], now: datetime) -> Iterator[Coming]:
    pks = list(dict.fromkeys(one.pk for one in shown))
    known = {hit.pk: hit for hit in hits.load(connection, pks, now)}
    met = _by_id(connection, gatherings, [one.ref for one in shown if one.kind == "meeting"])
    ended = _by_id(connection, relets, [one.ref for one in shown if one.kind == "contract"])
    for one in shown:
        if one.pk in known:
            yield Coming(
                kind=one.kind,
                hit=known[one.pk],
                at=one.at,
                gathering=_gathering_of(met[one.ref]) if one.kind == "meeting" else None,
                relet=relet_of(ended[one.ref]) if one.kind == "contract" else None,
                expected=one.expected,
                act=one.act,
            )


def _by_id(connection: sa.Connection, table: sa.Table, ids: Sequence[int]) -> dict[int, Any]:
    if not ids:
        return {}
    return {row.id: row for row in connection.execute(sa.select(table).where(table.c.id.in_(ids)))}
