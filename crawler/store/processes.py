"""Contracting processes: one OCID on one portal, and which opportunity it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from crawler.items import Facts
from crawler.store import duplicates
from crawler.store.folding import public_key
from crawler.store.grouping import NEAR, Process, keys_of, title_key
from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import process_keys, processes


def known(connection: sa.Connection, source: str, ocids: Collection[str]) -> dict[str, int]:
    """The ids of the processes of `source` that are stored, by OCID."""
    query = sa.select(processes.c.ocid, processes.c.id).where(
        processes.c.source == source, processes.c.ocid.in_(sa.bindparam("ocids", expanding=True))
    )
    found: dict[str, int] = {}
    for part in chunks(ocids):
        found.update(dict(connection.execute(query, {"ocids": part}).all()))
    return found


def register(
    connection: sa.Connection, facts: Collection[Facts], seen: Mapping[str, int]
) -> dict[str, int]:
    """Stores the processes that `facts` tell of, and the keys they bring; ids by OCID."""
    by_ocid: dict[str, list[Facts]] = defaultdict(list)
    for one in facts:
        by_ocid[one.ocid].append(one)
    fresh = [_row(mine) for ocid, mine in by_ocid.items() if ocid not in seen]
    ids = dict(seen)
    if fresh:
        connection.execute(sa.insert(processes), fresh)
        (source,) = {row["source"] for row in fresh}
        ids |= known(connection, source, [row["ocid"] for row in fresh])
    rows = [{"key": key, "process_id": ids[one.ocid]} for one in facts for key in keys_of(one)]
    if rows:
        connection.execute(insert_or_ignore(connection, process_keys), rows)
    return ids


def restate(connection: sa.Connection, facts: Mapping[int, list[Facts]]) -> None:
    """Replaces all that processes were compared by with what all their `facts` say now."""
    if not facts:
        return
    connection.execute(sa.delete(process_keys).where(process_keys.c.process_id.in_(list(facts))))
    rows = {(key, at) for at, mine in facts.items() for one in mine for key in keys_of(one)}
    if rows:
        made = [{"key": key, "process_id": at} for key, at in sorted(rows)]
        connection.execute(sa.insert(process_keys), made)
    for at, mine in facts.items():
        first = min(one.date for one in mine)
        values = _likeness(mine) | {"first_date": first}
        connection.execute(sa.update(processes).where(processes.c.id == at).values(values))


def _row(facts: list[Facts]) -> dict[str, Any]:
    first = min(facts, key=lambda one: one.date)
    return {
        "source": first.source,
        "ocid": first.ocid,
        "key": public_key(first.source, first.ocid),
        "first_date": first.date,
        **_likeness(facts),
    }


def _likeness(facts: list[Facts]) -> dict[str, Any]:
    """What grouping compares, of the first release that states it: then order does not matter."""
    ordered = sorted(facts, key=lambda one: (one.date, one.release_id))
    suppliers = (supplier for one in ordered for a in one.awards for supplier in a.suppliers)
    return {
        "title_key": title_key(ordered[0]),
        "deadline": next((one.deadline for one in ordered if one.deadline), None),
        "value": next((one.value_max for one in ordered if one.value_max is not None), None),
        "supplier": next(suppliers, None),
    }


def neighbourhood(
    connection: sa.Connection, ids: Collection[int]
) -> tuple[set[int], dict[str, set[int]]]:
    """Everything that may be one opportunity with the processes `ids`, by shared keys.

    The first set is closed under certain keys; the keys also name merely similar processes.
    """
    closed, keys = set(ids), dict[str, set[int]]()
    edge = set(ids)
    while edge:
        following: set[int] = set()
        for part in chunks(edge):
            mine = sa.select(process_keys.c.key).where(process_keys.c.process_id.in_(part))
            query = sa.select(process_keys.c.key, process_keys.c.process_id).where(
                process_keys.c.key.in_(mine)
            )
            for key, process in connection.execute(query):
                keys.setdefault(key, set()).add(process)
                if not key.startswith(NEAR) and process not in closed:
                    following.add(process)
        following |= duplicates.merged_with(connection, edge) - closed
        closed |= following
        edge = following
    return closed, keys


def load(
    connection: sa.Connection, ids: Collection[int]
) -> tuple[dict[int, Process], dict[int, int]]:
    """The processes with these ids, and the opportunity each belongs to so far."""
    found: dict[int, Process] = {}
    owners: dict[int, int] = {}
    for part in chunks(ids):
        for row in connection.execute(sa.select(processes).where(processes.c.id.in_(part))):
            found[row.id] = Process(
                id=row.id,
                source=row.source,
                ocid=row.ocid,
                first_date=row.first_date,
                title_key=row.title_key,
                deadline=row.deadline,
                value=row.value,
                supplier=row.supplier,
            )
            if row.opportunity_id is not None:
                owners[row.id] = row.opportunity_id
    return found, owners


def members(connection: sa.Connection, opportunities: Collection[int]) -> dict[int, set[int]]:
    """The processes of each of the `opportunities`."""
    found: dict[int, set[int]] = defaultdict(set)
    for part in chunks(opportunities):
        query = sa.select(processes.c.opportunity_id, processes.c.id).where(
            processes.c.opportunity_id.in_(part)
        )
        for opportunity, process in connection.execute(query):
            found[opportunity].add(process)
    return found


def assign(connection: sa.Connection, owners: Mapping[int, int]) -> None:
    """Writes which opportunity each process belongs to."""
    if owners:
        connection.execute(
            sa.update(processes)
            .where(processes.c.id == sa.bindparam("process"))
            .values(opportunity_id=sa.bindparam("owner")),
            [{"process": process, "owner": owner} for process, owner in owners.items()],
        )


def together(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """The processes with these ids, and all that share an opportunity with one of them."""
    _, owners = load(connection, ids)
    return set(ids).union(*members(connection, set(owners.values())).values())
