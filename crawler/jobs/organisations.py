"""Takes in lists of possible partners, and finds suppliers among the awards.

A list adds to what earlier lists said: all lines that were ever read are merged together, so that
one body in two lists is one entry, and reading a list twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TextIO

import sqlalchemy as sa

from crawler.items import ART_FORMS
from crawler.jobs.unlisting import Unlisted, nobody, unlisted
from crawler.partners import lists
from crawler.partners.bodies import Body, Row, merge, name_key
from crawler.partners.lists import BadCell, BadLine
from crawler.partners.standing import standing
from crawler.places import authority, outcode
from crawler.places.authorities import current
from crawler.store import database, organisations
from crawler.store.organisations import Organisation, key_of

_MOSTLY = 0.9
"""From this share of an outcode's postcodes on, its place counts as the body's."""

_CELLS = tuple(one.name for one in fields(Row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many bodies of a list were new, changed or as they were.

    `refused` are broken lines, `left_out` broken cells of lines that went in without them.
    """

    new: int
    changed: int
    same: int
    refused: tuple[BadLine, ...]
    left_out: tuple[BadCell, ...] = ()


def take(engine: sa.Engine, file: TextIO, forget_key: bytes | None = None) -> Imported:
    """Takes in a list; broken lines and cells are named and the rest goes in.

    With `forget_key` (`crawler.keys.forget_key`) bodies that asked not to be listed are left out.

    Raises `UsageError` if the first line does not name the columns that are needed.
    """
    rows: list[Row] = []
    refused: list[BadLine] = []
    cells: list[BadCell] = []
    for one in lists.read(file):
        if isinstance(one, Row):
            rows.append(one)
        elif isinstance(one, BadLine):
            refused.append(one)
        else:
            cells.append(one)
    with database.writing(engine) as connection:
        left_out = unlisted(connection, forget_key) if forget_key else nobody
        new, changed, same = _keep(connection, rows, left_out)
    return Imported(
        new=new,
        changed=changed,
        same=same,
        refused=tuple(refused),
        left_out=tuple(cells),
    )


def _keep(
    connection: sa.Connection, rows: Sequence[Row], left_out: Unlisted
) -> tuple[int, int, int]:
    """Merges `rows` with the lines that are stored; how many bodies are new, changed, the same."""
    before = organisations.public(connection)
    read = {_line(row) for row in rows}
    kept = [row for one in before for row in map(row_of, one.rows) if _line(row) not in read]
    old = {row: one for one in before for row in map(row_of, one.rows)}
    fresh: list[Organisation] = []
    changed: list[Organisation] = []
    same = 0
    claimed: set[int] = set()
    for body in merge([*kept, *rows]):
        was = _was(body, old, claimed)
        made = _organisation(body, was)
        if left_out(made):
            continue
        if was is None:
            fresh.append(made)
            continue
        claimed.add(was.id)
        if made != was:
            changed.append(made)
        elif any(_line(row) in read for row in body.rows):
            same += 1
    gone = [one.id for one in before if one.sources and one.id not in claimed]
    organisations.remove(connection, gone)
    organisations.change(connection, changed)
    organisations.add(connection, _unlike(fresh, before))
    return len(fresh), len(changed), same


def _unlike(
    fresh: Iterable[Organisation], before: Iterable[Organisation]
) -> Iterator[Organisation]:
    """Gives namesakes of what goes on under another name keys of their own."""
    taken = {one.key for one in before}
    for one in fresh:
        key, number = one.key, 2
        while key in taken:
            key, number = key_of(f"{one.key} {number}"), number + 1
        taken.add(key)
        yield replace(one, key=key)


def _line(row: Row) -> tuple[str | None, ...]:
    """What stays the same when a list's later edition says more of a body."""
    return (row.source, row.name, row.region, row.authority, row.postcode)


def row_of(cells: Sequence[object]) -> Row:
    """A line of a list, as it is stored beside the entry that it made."""
    told = dict(zip(_CELLS, cells, strict=True))
    return Row(**(told | {"disciplines": tuple(told["disciplines"])}))  # type: ignore[arg-type]


def _was(body: Body, old: dict[Row, Organisation], claimed: set[int]) -> Organisation | None:
    """The entry that goes on as `body`: that which held the most of its lines."""
    owners = Counter(old[row].id for row in body.rows if row in old)
    by_id = {old[row].id: old[row] for row in body.rows if row in old}
    for owner, _ in sorted(owners.items(), key=lambda pair: (-pair[1], pair[0])):
        if owner not in claimed:
            return by_id[owner]
    return None


def _organisation(body: Body, was: Organisation | None) -> Organisation:
    region, where = place_of(body.region, body.authority, body.postcode)
    base = was or Organisation(key=key_of(body.key), name=body.name, name_key="")
    return replace(
        base,
        name=body.name,
        name_key=name_key(body.name),
        names=body.names,
        region=region,
        authority=where,
        postcode=body.postcode[:8] if body.postcode else None,
        website=body.website,
        charity=body.charity,
        art_forms=tuple(form for form in ART_FORMS if form in body.art_forms) or base.art_forms,
        sources=body.sources,
        standing=round(100 * standing(body.name, body.sources, charity=bool(body.charity))[0]),
        rows=tuple(tuple(getattr(row, cell) for cell in _CELLS) for row in body.rows),
    )


def place_of(
    region: str | None, gss: str | None, postcode: str | None
) -> tuple[str | None, str | None]:
    """Region and authority as far as what is given tells them; the authority as it is today."""
    found = outcode(postcode) if postcode else None
    if gss is None and found and found.authorities[0][1] >= _MOSTLY:
        gss = found.authorities[0][0]
    body = authority(gss) if gss else None
    heirs = current(body) if body else ()
    if body and len(heirs) == 1:
        body = heirs[0]
    if region is None and body and len(body.regions) == 1:
        region = body.region
    if region is None and found and found.regions[0][1] >= _MOSTLY:
        region = found.regions[0][0]
    return region, body.gss if body else None
