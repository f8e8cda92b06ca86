"""Takes a bounce or a complaint in: behind ``tenders bounce < message.eml``."""

from __future__ import annotations

import hmac
from datetime import datetime

import sqlalchemy as sa

from crawler import keys
from crawler.config import Settings
from crawler.digest import bouncing
from crawler.digest.bouncing import Report
from crawler.digest.staff import masked
from crawler.errors import UsageError
from crawler.store import database, outbox, suppressions
from crawler.store.outbox import Origin
from crawler.store.suppressions import Bounce


def take(settings: Settings, engine: sa.Engine, raw: bytes, now: datetime) -> str:
    """Records the report `raw` and says in words what came of it; the same again changes nothing.

    Raises `UsageError` for what is no report, or about no mail of ours.
    """
    report = bouncing.read(raw)
    with database.writing(engine, alone=False) as connection:
        origin = _origin(connection, report, keys.verp_key(settings))
        if origin is None:
            raise UsageError(
                "this report names no mail that we sent: neither its address nor the Message-ID in"
                " it is known here. Nothing was recorded."
            )
        who = masked(origin.recipient)
        if report.meaning == "delayed":
            return f"{who}: delivery is delayed, and is still being tried. Nothing to do."
        if report.meaning == "nothing":
            return f"{who}: {report.words}. That is no failure; nothing to do."
        bounce = Bounce(
            report=report.digest,
            kind=report.meaning,
            at=now,
            words=report.words,
            status=report.status,
        )
        effect = suppressions.record(connection, keys.suppression_key(settings), bounce, origin)
    return f"{who}: {_EFFECTS[effect].format(_KINDS[report.meaning])}"


_KINDS = {
    "hard": "the address does not work",
    "soft": "a failure that may pass",
    "policy": "our mail was refused for what it is or who we are",
    "complaint": "a complaint",
}
_EFFECTS = {
    "known": "this report was taken in before. Nothing changed.",
    "recorded": "{}. Recorded.",
    "suppressed": "{}. The address is not written to any more until it opts in anew.",
}


def _origin(connection: sa.Connection, report: Report, key: bytes) -> Origin | None:
    """The mail that a report is about: by the address it returned to, else by its headers."""
    for mail_id, mark in report.tokens:
        found = outbox.origin(connection, mail_id=mail_id)
        if found and hmac.compare_digest(bouncing.mark(key, found.id, found.message_id), mark):
            return found
    for message_id in report.message_ids:
        found = outbox.origin(connection, message_id=message_id)
        if found:
            return found
    return None
