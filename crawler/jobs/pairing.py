"""What people decide of pairs that may be one opportunity: kept, and done at once.

A decision binds grouping from then on, so that the next release, or making everything anew, comes
to the same. Taking it back makes the opportunities as the rules alone would.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crawler.jobs.reprocess import read
from crawler.partners.signs import signs
from crawler.store import audit, coming, database, duplicates, processes, releases
from crawler.store.duplicates import Pair, Word


class DecidedAlready(Exception):  # noqa: N818
    """Raised by `decide` when somebody was quicker; `pair` says what they decided."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair.id)
        self.pair = pair


def decide(engine: sa.Engine, number: int, word: Word, *, by: str, now: datetime) -> Pair | None:
    """Merges the pair of that number or keeps it apart; what it is then, None if there is none.

    Raises `DecidedAlready`.
    """
    with database.writing(engine) as connection:
        pair = duplicates.get(connection, number)
        if pair is None:
            return None
        if pair.decision is not None or pair.first_key == pair.second_key:
            raise DecidedAlready(pair)
        return _settle(connection, pair, word, by, now)


def undo(engine: sa.Engine, number: int, *, by: str, now: datetime) -> Pair | None:
    """Takes back what `by` decided of a pair; None if they had decided nothing of it."""
    with database.writing(engine) as connection:
        pair = duplicates.get(connection, number)
        if pair is None or pair.decision is None or pair.decided_by != by:
            return None
        return _settle(connection, pair, None, by, now)


def _settle(
    connection: sa.Connection, pair: Pair, word: Word | None, by: str, now: datetime
) -> Pair | None:
    concerned = processes.together(connection, (pair.first_id, pair.second_id))
    duplicates.decide(connection, pair.id, word, by, now)
    coming.remember(connection, releases.merge_again(connection, concerned, now, read), signs)
    what = {"merge": "merged a pair", "apart": "kept a pair apart", None: "undid a pair"}[word]
    about = f"{pair.first_key} {pair.second_key}"
    audit.record(connection, who=by, what=what, about=about, at=now, detail=pair.reason)
    return duplicates.get(connection, pair.id)
