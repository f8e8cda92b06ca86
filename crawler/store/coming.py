"""What is coming: meetings with buyers, plans, decisions of councils, contracts that end.

`remember` keeps what `crawler.partners` worked out of opportunities as they were written; `find`
puts it beside what is planned, by day, for whoever browses. Rows are derived and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler import dates
from crawler.coming import Gathering, Relet, Signs
from crawler.opportunity import Opportunity
from crawler.store import hits, opportunities
from crawler.store.early_tables import gatherings, relets
from crawler.store.filters import Filters, choices, spans
from crawler.store.hits import Hit
from crawler.store.listings import mask, seconds
from crawler.store.statements import chunks
from crawler.store.tables import listings, origins

Kind = Literal["meeting", "plan", "decision", "contract"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HORIZON = timedelta(days=3 * 366)
"""Contracts that end later are nobody's business yet."""

STALE = timedelta(days=366)
"""A plan without a day ahead counts for so long after it was published."""

_PLANNING = mask("stages", ["planning"])
_DEAD = mask("status", ["cancelled"])
_DECISIONS = "moderngov"
"""The source whose plans are decisions of councils, each with its day."""
_BATCH = 1000

Tell = Callable[[Opportunity], Signs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One thing that is coming, of one opportunity. `at` is its day in London, if it has one.

    A ``meeting`` has its `gathering`, a ``contract`` its `relet`; the day of a ``plan`` is that by
    which the buyer wants to hear, of a ``decision`` that on which it is taken.
    """

    kind: Kind
    hit: Hit
    at: date | None = None
    gathering: Gathering | None = None
    relet: Relet | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where one kind stands: rows of `tables` that fulfil `conditions`, by the day `at`."""

    kind: Kind
    tables: sa.FromClause
    ref: sa.ColumnElement[int]
    at: sa.ColumnElement[Any]
    conditions: Sequence[sa.ColumnElement[bool]]


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
    sources = [*_sources(now)]
    wanted = [one for one in sources if one.kind in kinds]
    found: list[tuple[date | None, int, _Source, int, int]] = []
    for source in wanted:
        found += _rows(connection, source, narrowed, offset + limit + 1)
    found.sort(
        key=lambda one: (one[0] is None, one[0] or date.max, -one[1], KINDS.index(one[2].kind))
    )
    shown = found[offset : offset + limit]
    return Page(
        items=tuple(_loaded(connection, shown, now)),
        counts={one.kind: _count(connection, one, narrowed) for one in sources} if counts else {},
        more=len(found) > offset + limit,
    )


def _sources(now: datetime) -> Iterator[_Source]:
    today = now.astimezone(dates.LONDON).date()
    midnight = seconds(datetime.combine(today, time(), tzinfo=dates.LONDON))
    table = listings.c
    alive = table.card.bitwise_and(_DEAD) == 0
    decided = table.origin.in_(
        sa.select(origins.c.id).where(origins.c.sources.contains(f" {_DECISIONS} "))
    )
    planned = table.card.bitwise_and(_PLANNING) != 0
    ahead = table.closes >= midnight
    yield _Source(
        kind="meeting",
        tables=gatherings.join(listings, table.opportunity_id == gatherings.c.opportunity_id),
        ref=gatherings.c.id,
        at=gatherings.c.day,
        conditions=(alive, gatherings.c.day >= today),
    )
    yield _Source(
        kind="plan",
        tables=listings,
        ref=table.opportunity_id,
        at=sa.case((ahead, table.closes), else_=None),
        conditions=(
            alive, planned, ~decided, sa.or_(ahead, table.published >= seconds(now - STALE)),
        ),
    )  # fmt: skip
    yield _Source(
        kind="decision",
        tables=listings,
        ref=table.opportunity_id,
        at=table.closes,
        conditions=(alive, planned, decided, ahead),
    )
    next_end = sa.case((relets.c.earliest >= today, relets.c.earliest), else_=relets.c.latest)
    yield _Source(
        kind="contract",
        tables=relets.join(listings, table.opportunity_id == relets.c.opportunity_id),
        ref=relets.c.id,
        at=next_end,
        conditions=(
            alive,
            relets.c.latest >= today,
            next_end <= today + HORIZON,
            sa.or_(relets.c.awarded, table.closes.is_(None), table.closes < seconds(now)),
        ),
    )


def _rows(
    connection: sa.Connection,
    source: _Source,
    narrowed: Sequence[sa.ColumnElement[bool]],
    most: int,
) -> Iterator[tuple[date | None, int, _Source, int, int]]:
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
    if isinstance(at, int):
        return datetime.fromtimestamp(at, UTC).astimezone(dates.LONDON).date()
    if isinstance(at, str):
        return date.fromisoformat(at)
    return at if at is None or isinstance(at, date) else None


def _count(
    connection: sa.Connection, source: _Source, narrowed: Sequence[sa.ColumnElement[bool]]
) -> int:
    query = sa.select(sa.func.count()).select_from(source.tables)
    return connection.execute(query.where(*source.conditions, *narrowed)).scalar_one()


def _loaded(
    connection: sa.Connection,
    shown: Sequence[tuple[date | None, int, _Source, int, int]],
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
            )


def _by_id(connection: sa.Connection, table: sa.Table, ids: Sequence[int]) -> dict[int, Any]:
    if not ids:
        return {}
    return {row.id: row for row in connection.execute(sa.select(table).where(table.c.id.in_(ids)))}
