"""What is coming: meetings with buyers, plans, decisions of councils, contracts that end.

`remember` keeps what `crawler.partners` worked out of opportunities as they were written; `find`
puts it beside what is planned, by day, for whoever browses. Rows are derived and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crawler import dates
from crawler.coming import Gathering, Relet, Signs
from crawler.opportunity import Opportunity
from crawler.store import hits, opportunities
from crawler.store.coming_sources import KINDS, Kind, Source, sources
from crawler.store.early_tables import gatherings, relets
from crawler.store.filters import Filters, choices, spans
from crawler.store.hits import Hit
from crawler.store.statements import chunks
from crawler.store.tables import listings

_BATCH = 1000

Tell = Callable[[Opportunity], Signs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One thing that is coming, of one opportunity. `at` is its day in London, if it has one.

    A ``meeting`` has its `gathering`, a ``contract`` its `relet`; the day of a ``decision`` is that
    on which it is taken, of a ``plan`` that by which the buyer wants to hear, or where it is
    `expected` that on which the tender will be published.
    """

    kind: Kind
    hit: Hit
    at: date | None = None
    gathering: Gathering | None = None
    relet: Relet | None = None
    expected: bool = False


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
    ended = sa.select(relets).where(relets.c.opportunity_id == pk).order_by(relets.c.id)
    met = sa.select(gatherings).where(gatherings.c.opportunity_id == pk).order_by(gatherings.c.id)
    return Signs(
        relets=tuple(relet_of(row) for row in connection.execute(ended)),
        gatherings=tuple(_gathering_of(row) for row in connection.execute(met)),
    )


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
    """What is coming and fulfils `filters` (whatever the status), the soonest first.

    What has no day comes last, the newest first.
    """
    narrowed = [*spans(filters, now)]
    narrowed += [one for facet, one in choices(filters, now).items() if facet != "status"]
    every = [*sources(now)]
    wanted = [one for one in every if one.kind in kinds]
    found: list[tuple[date | None, int, Source, int, int]] = []
    for source in wanted:
        found += _rows(connection, source, narrowed, offset + limit + 1)
    found.sort(
        key=lambda one: (one[0] is None, one[0] or date.max, -one[1], KINDS.index(one[2].kind))
    )
    shown = found[offset : offset + limit]
    return Page(
        items=tuple(_loaded(connection, shown, now)),
        counts=_counts(connection, every, narrowed) if counts else {},
        more=len(found) > offset + limit,
    )


def _rows(
    connection: sa.Connection,
    source: Source,
    narrowed: Sequence[sa.ColumnElement[bool]],
    most: int,
) -> Iterator[tuple[date | None, int, Source, int, int]]:
    """Day, moment of publication, source, row and opportunity of the soonest of one kind."""
    at = source.at.label("at")
    columns = (at, listings.c.published, source.ref.label("ref"), listings.c.opportunity_id)
    query = (
        sa.select(*columns)
        .select_from(source.tables)
        .where(*source.conditions, *narrowed)
        .order_by(at.is_(None), at, listings.c.published.desc(), source.ref)
        .limit(most)
    )
    for row in connection.execute(query):
        yield _day(row.at), row.published, source, row.ref, row.opportunity_id


def _day(at: Any) -> date | None:
    """The London day of a moment, of seconds since 1970 or of a day as a database gives it."""
    if isinstance(at, datetime):
        return at.astimezone(dates.LONDON).date()
    if isinstance(at, int):
        return datetime.fromtimestamp(at, UTC).astimezone(dates.LONDON).date()
    if isinstance(at, str):
        return date.fromisoformat(at)
    return at if at is None or isinstance(at, date) else None


def _counts(
    connection: sa.Connection,
    every: Sequence[Source],
    narrowed: Sequence[sa.ColumnElement[bool]],
) -> dict[str, int]:
    found: dict[str, int] = dict.fromkeys(KINDS, 0)
    for source in every:
        query = sa.select(sa.func.count()).select_from(source.tables)
        query = query.where(*source.conditions, *narrowed)
        found[source.kind] += connection.execute(query).scalar_one()
    return found


def _loaded(
    connection: sa.Connection,
    shown: Sequence[tuple[date | None, int, Source, int, int]],
    now: datetime,
) -> Iterator[Coming]:
    known = {
        hit.pk: hit for hit in hits.load(connection, list(dict.fromkeys(s[4] for s in shown)), now)
    }
    met = _by_id(connection, gatherings, [s[3] for s in shown if s[2].kind == "meeting"])
    ended = _by_id(connection, relets, [s[3] for s in shown if s[2].kind == "contract"])
    for at, _, source, ref, pk in shown:
        if pk in known:
            yield Coming(
                kind=source.kind,
                hit=known[pk],
                at=at,
                gathering=_gathering_of(met[ref]) if source.kind == "meeting" else None,
                relet=relet_of(ended[ref]) if source.kind == "contract" else None,
                expected=source.expected,
            )


def _by_id(connection: sa.Connection, table: sa.Table, ids: Sequence[int]) -> dict[int, Any]:
    if not ids:
        return {}
    return {row.id: row for row in connection.execute(sa.select(table).where(table.c.id.in_(ids)))}
