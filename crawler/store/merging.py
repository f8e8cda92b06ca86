"""Brings opportunities up to date after releases came: grouping, folding and writing together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from crawler.opportunity import Opportunity
from crawler.store import duplicates, opportunities, processes
from crawler.store.folding import Kept, fold, public_key
from crawler.store.grouping import Process, group

Loader = Callable[[sa.Connection, Collection[int]], dict[int, list[Kept] | None]]
"""Reads all stored releases of processes; None for a process whose raw text was pruned."""


@dataclass(slots=True)
class _Plan:
    """What is known while one batch is merged."""

    found: Mapping[int, Process]
    owners: Mapping[int, int]
    fresh: Mapping[int, list[Kept]]
    stored: Mapping[int, list[Kept] | None] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)


def merge(
    connection: sa.Connection,
    fresh: Mapping[int, list[Kept]],
    histories: Mapping[int, list[Kept] | None],
    now: datetime,
    load: Loader,
) -> dict[int, Opportunity]:
    """Groups the processes that `fresh` releases came for with all they touch; folds each group.

    Gives the opportunities that were written, by internal id.

    `histories` hold all stored releases of those that were known before, `load` reads others'.
    """
    if not fresh:
        return {}
    closed, keys = processes.neighbourhood(connection, set(fresh))
    nearby = closed.union(*keys.values())
    found, owners = processes.load(connection, nearby)
    crowded = {key: ids for key, ids in keys.items() if len(ids) > 1}
    decided = duplicates.decisions(connection, nearby) if crowded else {}
    grouping = group(found, crowded, decided)
    plan = _Plan(found, owners, fresh)
    changed = _changed(connection, plan, [one for one in grouping.groups if one & closed])
    missing = {at for one in changed for at in one} - fresh.keys() - histories.keys()
    plan.stored = {**histories, **(load(connection, missing) if missing else {})}
    written = _write(connection, plan, changed, now)
    duplicates.note(connection, grouping.doubtful, now)
    return written


def _changed(
    connection: sa.Connection, plan: _Plan, groups: list[frozenset[int]]
) -> list[frozenset[int]]:
    """The groups that got a release or other members, by first publication."""
    owned = {plan.owners[at] for one in groups for at in one if at in plan.owners}
    before = processes.members(connection, owned) if owned else {}
    unchanged = {frozenset(ids) for ids in before.values()}
    changed = [one for one in groups if one not in unchanged or one & plan.fresh.keys()]
    return sorted(changed, key=lambda one: min(plan.found[at].rank for at in one))


def _write(
    connection: sa.Connection, plan: _Plan, groups: list[frozenset[int]], now: datetime
) -> dict[int, Opportunity]:
    entries: list[opportunities.Entry] = []
    for members in groups:
        owner = _owner(members, plan)
        entries.append(opportunities.Entry(owner, _fold(connection, members, owner, plan)))
    old = {plan.owners[at] for one in groups for at in one if at in plan.owners}
    ids = opportunities.save(connection, entries, now)
    moved = {
        at: owner
        for owner, members in zip(ids, groups, strict=True)
        for at in members
        if plan.owners.get(at) != owner
    }
    processes.assign(connection, moved)
    heirs = {plan.owners[at]: owner for at, owner in moved.items() if at in plan.owners}
    for loser in sorted(old - plan.taken):
        opportunities.retire(connection, loser, heirs[loser])
    return {pk: entry.opportunity for pk, entry in zip(ids, entries, strict=True)}


def _owner(members: frozenset[int], plan: _Plan) -> int | None:
    """The stored opportunity that goes on as this group: that of its earliest process."""
    for at in sorted(members, key=lambda one: plan.found[one].rank):
        owner = plan.owners.get(at)
        if owner is not None and owner not in plan.taken:
            plan.taken.add(owner)
            return owner
    return None


def _fold(
    connection: sa.Connection, members: frozenset[int], owner: int | None, plan: _Plan
) -> Opportunity:
    histories = [plan.stored.get(at, plan.fresh.get(at)) for at in members]
    whole = [one for history in histories if history is not None for one in history]
    if all(history is not None for history in histories):
        return fold(whole)
    # What was pruned is known only as part of the opportunity that it was folded into.
    first = min(members, key=lambda at: plan.found[at].rank)
    known = next(plan.owners[at] for at in (first, *members) if at in plan.owners)
    key = public_key(plan.found[first].source, plan.found[first].ocid)
    base = replace(opportunities.get(connection, owner or known), id=key)
    new = [one for at in members for one in plan.fresh.get(at, ())]
    return fold(new, base) if new else base
