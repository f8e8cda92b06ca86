"""Bodies that asked not to be listed: out at once, and left out by later lists and awards.

What is kept is a keyed hash of name and place on the forget list, as of people's addresses; the
ledger beside the database brings it back after a restore.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.jobs import forgetting
from crawler.partners.bodies import name_key
from crawler.store import database, forgotten, organisations
from crawler.store.organisations import Organisation

Unlisted = Callable[[Organisation], bool]
"""Whether an entry is of a body that asked not to be listed."""


def nobody(_: Organisation) -> bool:
    """That nobody asked for it."""
    return False


def unlist(engine: sa.Engine, forget_key: bytes, key: str, now: datetime, ledger: Path) -> str:
    """Takes the entry with the public name `key` out for good; its name.

    Raises `UsageError` where there is none, or it is a subscriber's own, and `StoreError` when
    `ledger` cannot be written.
    """
    with database.writing(engine) as connection:
        entry = organisations.by_key(connection, key)
        if entry is None:
            raise UsageError(
                f"there is no organisation {key[:40]!r}. Their ids stand in the addresses of their"
                " pages and in: tenders organisations list NAME --json"
            )
        if entry.subscriber_id is not None:
            raise UsageError(
                f"{entry.name!r} is a subscriber's own entry. Take it out with:"
                " tenders subscribers partnering EMAIL --withdraw"
            )
        for mark in _marks(entry):
            forgotten.add(connection, forget_key, mark, now)
        organisations.remove(connection, [entry.id])
        forgetting.write_down(connection, ledger)
    return entry.name


def unlisted(connection: sa.Connection, forget_key: bytes) -> Unlisted:
    """Says of any entry whether it is to be left out."""
    gone = forgotten.listed(connection, forget_key)
    if gone is None:
        return nobody
    return lambda entry: any(gone(mark) for mark in _marks(entry, own=True))


def _marks(entry: Organisation, *, own: bool = False) -> set[str]:
    """What a body is known by: its names in its place, and as a supplier without one.

    With `own` those that speak of just this entry: a namesake elsewhere is another body.
    """
    keys = {entry.name_key} if own else {entry.name_key, *map(name_key, entry.names)}
    place = entry.authority or entry.region or ""
    places = {place} if own else {place, ""}
    return {f"organisation {key} in {where or 'awards'}" for key in keys for where in places}
