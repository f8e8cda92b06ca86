"""How many opportunities each value of each filter would leave: all in one pass.

A facet is counted with the other filters on and its own off, so that people see what choosing
otherwise would bring. Rows that fail in more than one facet count nowhere and stay in the database.
Of the rest two numbers each come out, all of them packed into one answer: a driver that hands over
a hundred thousand rows one by one takes several times as long as the database takes to find them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from crawler.store.filters import FACETS, Filters, card_at, choices
from crawler.store.listings import BITS, gss_code, gss_number, mask
from crawler.store.tables import listings, origins

Numbers = npt.NDArray[np.int64]
Which = npt.NDArray[np.bool_]

_ORIGINS = 1 << 20
"""More sets of sources than there will ever be."""

_numbers = msgspec.json.Decoder(list[int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many opportunities there are, and under which values; values without any are left out."""

    total: int
    facets: Mapping[str, Mapping[str, int]]


def count(
    connection: sa.Connection,
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    filters: Filters,
    now: datetime,
) -> Counted:
    """Counts the rows of `source`, which holds `listings`, that fulfil the `conditions`.

    Of `filters` only those in `FACETS` are looked at, on the day `now`.
    """
    cards, places = _packed(connection, source, conditions, filters, now)
    authorities, origin = places // _ORIGINS, places % _ORIGINS
    known = {pk: words.split() for pk, words in connection.execute(sa.select(origins))}
    fits = _fits(filters, cards, authorities, origin, known)
    facets: dict[str, dict[str, int]] = {}
    for facet in FACETS:
        left = _all(len(cards), [one for name, one in fits.items() if name != facet])
        if facet == "authorities":
            facets[facet] = _by_authority(authorities[left])
        elif facet == "sources":
            facets[facet] = _by_source(origin[left], known)
        else:
            facets[facet] = _by_bit(facet, cards[left])
    total = int(_all(len(cards), list(fits.values())).sum())
    return Counted(total=total, facets=facets)


def _packed(
    connection: sa.Connection,
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    filters: Filters,
    now: datetime,
) -> tuple[Numbers, Numbers]:
    """Of each opportunity that fails in one facet at most, its card and where it comes from."""
    place = listings.c.authority * _ORIGINS + listings.c.origin
    narrow = list(choices(filters, now).values())
    wanted = list(conditions)
    if len(narrow) > 1:
        failed: sa.ColumnElement[int] = sum(
            (sa.case((one, 0), else_=1) for one in narrow), sa.literal(0)
        )
        wanted.append(failed <= 1)
    if connection.dialect.name == "postgresql":
        query = sa.select(_bytes(card_at(now)), _bytes(place))
        answer = connection.execute(query.select_from(source).where(*wanted)).one()
        first, second = (np.frombuffer(one or b"", ">i8").astype(np.int64) for one in answer)
        return first, second
    array = sa.func.json_group_array
    query = sa.select(array(card_at(now)), array(place))
    packed = connection.execute(query.select_from(source).where(*wanted)).one()
    first, second = (np.array(_numbers.decode(one), np.int64) for one in packed)
    return first, second


def _bytes(number: sa.ColumnElement[int]) -> sa.ColumnElement[bytes]:
    """All the numbers as PostgreSQL sends a bigint, eight bytes each, the highest first."""
    sent = sa.func.int8send(sa.cast(number, sa.BigInteger))
    return sa.func.string_agg(sent, sa.literal_column("''::bytea", sa.LargeBinary))


def _all(length: int, which: Sequence[Which]) -> Which:
    left: Which = np.logical_and.reduce([np.ones(length, bool), *which])
    return left


def _fits(
    filters: Filters,
    cards: Numbers,
    authorities: Numbers,
    origin: Numbers,
    known: Mapping[int, Sequence[str]],
) -> dict[str, Which]:
    """For each facet that is narrowed, which opportunities it leaves."""
    fits: dict[str, Which] = {}
    for facet in BITS:
        wanted = mask(facet, getattr(filters, facet))
        if wanted:
            fits[facet] = (cards & wanted) != 0
    if filters.authorities:
        numbers = [gss_number(code) for code in filters.authorities]
        fits["authorities"] = np.isin(authorities, numbers)
    if filters.sources:
        keys = set(filters.sources)
        ours = [pk for pk, words in known.items() if not keys.isdisjoint(words)]
        fits["sources"] = np.isin(origin, ours)
    return fits


def _by_bit(facet: str, cards: Numbers) -> dict[str, int]:
    counts = {word: np.count_nonzero(cards & bit) for word, bit in BITS[facet].items()}
    return {word: int(number) for word, number in counts.items() if number}


def _by_authority(authorities: Numbers) -> dict[str, int]:
    found, numbers = np.unique(authorities, return_counts=True)
    counts = zip(found.tolist(), numbers.tolist(), strict=True)
    return {gss_code(one): number for one, number in counts if one}


def _by_source(origin: Numbers, known: Mapping[int, Sequence[str]]) -> dict[str, int]:
    found, numbers = np.unique(origin, return_counts=True)
    counts: dict[str, int] = {}
    for one, number in zip(found.tolist(), numbers.tolist(), strict=True):
        for word in known[one]:
            counts[word] = counts.get(word, 0) + number
    return counts
