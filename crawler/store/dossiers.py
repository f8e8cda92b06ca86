"""What surrounds one opportunity or one authority, and the numbers of the week."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler.decoding import decode
from crawler.errors import ReleaseError
from crawler.items import Award
from crawler.opportunity import Change, Opportunity
from crawler.store import hits, opportunities, tables
from crawler.store.filters import card_at
from crawler.store.hits import Hit
from crawler.store.listings import BITS, REGIONS, Seen, gss_number, mask, seconds
from crawler.store.open_ones import OpenOnes
from crawler.store.tables import listings, processes, releases
from crawler.text import key

_SHOWN = mask("relevance", ["arts", "commissionable"])
_NEAR = mask("relevance", ["arts", "commissionable", "adjacent"])
_OVER = mask("stages", ["award", "contract"])
_CALL = mask("stages", ["tender"])
_OPEN = mask("status", ["open", "unknown"])

_SPARE = 2
"""So many more are looked at than are shown as similar, since some may have closed."""

_RELEASES = 500
"""Releases of one opportunity that its page tells of, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An opportunity that was awarded, by its public `id`, and to whom."""

    id: str
    title: str
    awards: tuple[Award, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """`earlier` contracts of the same buyer, and `similar` opportunities that are open."""

    earlier: tuple[Contract, ...]
    similar: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What an authority has open, and what it awarded."""

    open: tuple[Hit, ...]
    awarded: tuple[Contract, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Numbers of what everybody is shown: `new` and `awarded` in the last seven days, `closing` in
    the next seven, `open` now or coming up; `by_region` counts what is open, ``UK`` nationwide.
    """

    new: int
    closing: int
    open: int
    awarded: int
    by_region: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A release as the timeline tells of it, with what it changed.

    `url` is the notice's page where the release names one, else the address it was read from; both
    are None for a change whose release is no longer known.
    """

    at: datetime
    source: str
    url: str | None
    tags: tuple[str, ...]
    notice_type: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release as a portal published it; `raw` is None once pruned."""

    source: str
    ocid: str
    release_id: str
    date: datetime | None
    url: str
    raw: bytes | None


def related(
    connection: sa.Connection,
    pk: int,
    one: Opportunity,
    seen: Seen,
    open_ones: OpenOnes,
    *,
    now: datetime,
    earlier: int = 10,
    similar: int = 6,
) -> Related:
    """What else to look at beside `one`, the opportunity with this internal id, as it is `seen`.

    What is similar is sought among `open_ones`.
    """
    tags = mask("art_forms", seen.art_forms) | mask("outcomes", seen.outcomes)
    places = mask("regions", one.place.regions)
    alike = open_ones.like(tags | places, pk, now=now, most=similar + _SPARE)
    found = [hit for hit in hits.load(connection, alike, now, brief=True) if _fit(hit)]
    buyer = key(one.buyer.name) if one.buyer else ""
    asked = {"buyer": buyer, "but": pk, "tags": tags, "most": earlier}
    before = connection.execute(_EARLIER, asked).all() if buyer else ()
    return Related(
        earlier=_contracts(connection, before),
        similar=tuple(found[:similar]),
    )


def _fit(hit: Hit) -> bool:
    """Whether it is still open and shown: it was chosen by what it was up to a minute ago."""
    return hit.status in ("open", "unknown") and hit.shown_as in ("arts", "commissionable")


def _earlier_query() -> sa.Select[int, str, str]:
    """Contracts of the same buyer: those of the same kind of work first, then the newest."""
    card = listings.c.card
    tags = sa.bindparam("tags", type_=sa.BigInteger)
    same = sa.case((card.bitwise_and(tags) != 0, 2), else_=0)
    near = sa.case((card.bitwise_and(_NEAR) != 0, 1), else_=0)
    first = (
        sa.select(listings.c.opportunity_id, (same + near).label("kind"), listings.c.published)
        .where(
            listings.c.buyer_key == sa.bindparam("buyer"),
            card.bitwise_and(_OVER) != 0,
            listings.c.opportunity_id != sa.bindparam("but"),
        )
        .order_by(sa.desc("kind"), listings.c.published.desc())
        .limit(sa.bindparam("most", type_=sa.Integer))
        .subquery()
    )
    return _named(first).order_by(first.c.kind.desc(), first.c.published.desc())


def _named(chosen: sa.Subquery) -> sa.Select[int, str, str]:
    """What `_contracts` takes, of the chosen listings: wide rows are read for those only."""
    table = tables.opportunities.c
    return sa.select(table.id, table.key, table.title).join(
        chosen, chosen.c.opportunity_id == table.id
    )


_EARLIER = _earlier_query()


def _contracts(connection: sa.Connection, found: Sequence[Any]) -> tuple[Contract, ...]:
    """Contracts out of rows with the internal id, the public one and the title of each."""
    won = opportunities.awards_of(connection, [row.id for row in found])
    return tuple(Contract(id=row.key, title=row.title, awards=won.get(row.id, ())) for row in found)


def of_authority(connection: sa.Connection, gss: str, *, now: datetime, limit: int = 20) -> Dossier:
    """What the authority with this GSS code has open and awarded, `limit` of each."""
    number = gss_number(gss)
    if not number:
        return Dossier(open=(), awarded=())
    table = listings.c
    card = card_at(now)
    ours = sa.select(table.opportunity_id).where(table.authority == number).limit(limit)
    alive = card.bitwise_and(_OPEN) != 0
    newest = table.published.desc()

    def ids(query: Any) -> list[int]:
        return list(connection.execute(query).scalars())

    shown = table.card.bitwise_and(_SHOWN) != 0
    near = table.card.bitwise_and(_NEAR) != 0
    calls = ours.where(table.card.bitwise_and(_CALL) != 0, alive, shown)
    over = ours.where(table.card.bitwise_and(_OVER) != 0, near).add_columns(table.published)
    won = over.order_by(newest).subquery()
    return Dossier(
        open=hits.load(connection, ids(calls.order_by(table.closes.is_(None), table.closes)), now),
        awarded=_contracts(
            connection, connection.execute(_named(won).order_by(won.c.published.desc())).all()
        ),
    )


def week(connection: sa.Connection, now: datetime) -> Week:
    """This week's numbers, in one pass over all listings: worth keeping for some minutes."""
    table, card, at = listings.c, card_at(now), seconds(now)
    ago, ahead = seconds(now - timedelta(days=7)), seconds(now + timedelta(days=7))
    alive = card.bitwise_and(_OPEN) != 0
    recent = sa.and_(table.published > ago, table.published <= at)

    def number(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((sa.and_(*conditions), 1)))

    query = sa.select(
        number(recent),
        number(alive, table.closes.between(at, ahead)),
        number(alive),
        number(recent, table.card.bitwise_and(_OVER) != 0),
        *(number(alive, table.card.bitwise_and(BITS["regions"][one]) != 0) for one in REGIONS),
    ).where(table.card.bitwise_and(_SHOWN) != 0)
    new, closing, alive_now, awarded, *regions = connection.execute(query).one()
    return Week(
        new=new,
        closing=closing,
        open=alive_now,
        awarded=awarded,
        by_region=dict(zip(REGIONS, regions, strict=True)),
    )


def timeline(connection: sa.Connection, pk: int, changes: Iterable[Change]) -> tuple[Event, ...]:
    """The releases that the opportunity was merged from, newest first, with what each changed.

    `changes` are the opportunity's.
    """
    changed: dict[tuple[str, datetime], list[Change]] = defaultdict(list)
    for change in changes:
        changed[change.source, change.at].append(change)
    events: list[Event] = []
    for row in connection.execute(_RELEASES_OF, {"pk": pk}):
        mine = changed.pop((row.source, row.date), [])
        events.append(_event(row, tuple(mine)))
    for (source, at), rest in changed.items():
        events.append(
            Event(at=at, source=source, url=None, tags=(), notice_type=None, changes=tuple(rest))
        )
    return tuple(sorted(events, key=lambda one: one.at, reverse=True))


_RELEASES_OF = (
    sa.select(releases.c.source, releases.c.date, releases.c.url, releases.c.raw)
    .join(processes, processes.c.id == releases.c.process_id)
    .where(processes.c.opportunity_id == sa.bindparam("pk"), releases.c.date.is_not(None))
    .order_by(releases.c.date.desc(), releases.c.id.desc())
    .limit(_RELEASES)
)


def _event(row: Any, changes: tuple[Change, ...]) -> Event:
    url: str = row.url
    tags: tuple[str, ...] = ()
    notice_type: str | None = None
    if row.raw is not None:
        try:
            facts = decode(zlib.decompress(row.raw), row.source)[0]
        except ReleaseError:
            pass  # `tenders reprocess` records what cannot be read any more
        else:
            url = facts.urls[0] if facts.urls else url
            tags, notice_type = facts.tags, facts.notice_type
    return Event(
        at=row.date, source=row.source, url=url, tags=tags, notice_type=notice_type, changes=changes
    )


def releases_of(connection: sa.Connection, key: str) -> tuple[Published, ...]:
    """The releases of the opportunity that `key` names, now or before a merger, oldest first."""
    owner = sa.select(processes.c.opportunity_id).where(processes.c.key == key)
    query = (
        sa.select(releases)
        .join(processes, processes.c.id == releases.c.process_id)
        .where(processes.c.opportunity_id.in_(owner))
        .order_by(releases.c.date, releases.c.id)
    )
    return tuple(
        Published(
            source=row.source,
            ocid=row.ocid,
            release_id=row.release_id,
            date=row.date,
            url=row.url,
            raw=zlib.decompress(row.raw) if row.raw is not None else None,
        )
        for row in connection.execute(query)
    )
