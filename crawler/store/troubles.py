"""What the database says when it fares ill, in words for a person: full, gone, locked, damaged."""

from __future__ import annotations

import sqlalchemy as sa

_TROUBLES = (
    ("disk is full", "Make room and start again."),
    ("No space left", "Make room on its server and start again."),
    ("disk I/O error", "See that the disk has room and is well, then run `tenders db check`."),
    ("readonly database", "Give this user the right to write its file and folder."),
    ("read-only transaction", "It is a copy that takes no changes: check TENDERS_DATABASE_URL."),
    ("database is locked", "Another command writes for long: wait for it and start again."),
    ("malformed", "Run `tenders db check`, and restore a backup: `tenders db restore`."),
)
"""What SQLite and PostgreSQL say, and what to do about it."""


def in_words(error: Exception) -> str | None:
    """What happened to the database and what to do, where it is no fault of a statement."""
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    said = " ".join(str(error.orig).split()).rstrip(".")
    for sign, advice in _TROUBLES:
        if sign in said:
            return f"the database says: {said}. {advice} What was stored before stays."
    if error.connection_invalidated:
        return f"the database went away: {said}. See that its server runs, and start again."
    return None
