"""What a database knows that an older backup of it cannot: carried over when one is restored.

Who asked to be forgotten, bounced, stopped or went since must not be written to again, and nobody
gets twice what was sent since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.store import consents, introductions, membership, organisations
from crawler.store.impact_tables import asks
from crawler.store.partner_tables import organisations as organisations_table
from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import forgotten, opportunities, outbox, subscribers, suppressions

_ORIGIN = "tenders db restore"
_WAITING = ("queued", "sending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """How much was newer than the backup.

    Hashes of addresses that were `forgotten` or `suppressed`; people who had `stopped` or `paused`;
    people who were not there any more (`missing`: erased, or under another address) and are paused
    until staff decide; mails of the backup that had been `sent`, or taken back, since.
    """

    forgotten: int = 0
    suppressed: int = 0
    stopped: int = 0
    paused: int = 0
    missing: tuple[str, ...] = ()
    sent: int = 0


def carry(old: sa.Connection, new: sa.Connection, now: datetime) -> Carried:
    """Brings what `old` knows into `new`, a backup of an earlier state of it.

    Nothing of the backup's own lists is taken away: both count.
    """
    people = _people(old)
    stopped, paused, missing = 0, 0, []
    for row in new.execute(_states()).all():
        then = people.get(row.email)
        if then is None:
            if people and row.state in ("active", "pending"):
                _pause(new, row.id, None, now)
                missing.append(row.email)
            continue
        if then.state == "stopped" and row.state != "stopped":
            membership.stop(new, row.id)
            consents.record(new, row.id, "stopped", at=now, origin=_ORIGIN)
            stopped += 1
        elif then.state == "paused" and row.state == "active":
            _pause(new, row.id, then.paused_until, now)
            paused += 1
    if people and sa.inspect(old).has_table(organisations_table.name):
        _partners(old, new, now)
    _slots(old, new, people)
    if people and sa.inspect(old).has_table(asks.name):
        _asked(old, new)
    return Carried(
        forgotten=_hashes(old, new, forgotten),
        suppressed=_hashes(old, new, suppressions),
        stopped=stopped,
        paused=paused,
        missing=tuple(missing),
        sent=_mails(old, new),
    )


def _states() -> sa.Select[Any]:
    columns = ("id", "email", "state", "paused_until", "slot", "digest_at")
    return sa.select(*(subscribers.c[name] for name in columns))


def _people(old: sa.Connection) -> Mapping[str, sa.Row[Any]]:
    return {row.email: row for row in old.execute(_states())}


def _pause(new: sa.Connection, subscriber_id: int, until: datetime | None, now: datetime) -> None:
    membership.pause(new, subscriber_id, until)
    consents.record(new, subscriber_id, "paused", at=now, origin=_ORIGIN)


def _partners(old: sa.Connection, new: sa.Connection, now: datetime) -> None:
    """Nobody is shown as a partner, or introduced, who is not open to that any more."""
    entry = sa.select(subscribers.c.email, subscribers.c.id).join(
        organisations_table, organisations_table.c.subscriber_id == subscribers.c.id
    )
    still = {row.email for row in old.execute(entry)}
    for row in new.execute(entry).all():
        if row.email not in still:
            organisations.withdraw(new, row.id)
            introductions.close_for(new, row.id, now)
            consents.record(new, row.id, "withdrew", at=now, origin=_ORIGIN)


def _slots(old: sa.Connection, new: sa.Connection, people: Mapping[str, sa.Row[Any]]) -> None:
    """Nobody gets a digest twice for one digest time; one that still waited is written anew."""
    waiting = set(
        old.execute(sa.select(outbox.c.recipient).where(outbox.c.state.in_(_WAITING))).scalars()
    )
    for row in new.execute(_states()).all():
        then = people.get(row.email)
        if then is None or then.slot is None or row.email in waiting:
            continue
        if row.slot is None or then.slot > row.slot:
            new.execute(
                subscribers.update()
                .where(subscribers.c.id == row.id)
                .values(slot=then.slot, digest_at=then.digest_at)
            )


def _asked(old: sa.Connection, new: sa.Connection) -> None:
    """Nobody is asked again what became of a bid: that it was asked, not what they said."""
    query = (
        sa.select(subscribers.c.email, opportunities.c.key, asks.c.asked_at)
        .select_from(asks)
        .join(subscribers, subscribers.c.id == asks.c.subscriber_id)
        .join(opportunities, opportunities.c.id == asks.c.opportunity_id)
    )
    people = {row.email: row.id for row in new.execute(_states())}
    for part in chunks(old.execute(query)):
        found = new.execute(
            sa.select(opportunities.c.key, opportunities.c.id).where(
                opportunities.c.key.in_({row.key for row in part})
            )
        )
        keys = {row.key: row.id for row in found}
        rows = [
            {
                "subscriber_id": people[row.email],
                "opportunity_id": keys[row.key],
                "asked_at": row.asked_at,
            }
            for row in part
            if row.email in people and row.key in keys
        ]
        if rows:
            new.execute(insert_or_ignore(new, asks), rows)


def _hashes(old: sa.Connection, new: sa.Connection, table: sa.Table) -> int:
    """Adds the rows of a list of hashes that are not in the backup's; how many."""
    known = set(new.execute(sa.select(table.c.digest)).scalars())
    rows = [dict(row._mapping) for row in old.execute(sa.select(table)) if row.digest not in known]
    if rows:
        new.execute(insert_or_ignore(new, table), rows)
    return len(rows)


def _mails(old: sa.Connection, new: sa.Connection) -> int:
    """Takes over what became of mails that waited when the backup was made; how many are done."""
    waiting = new.execute(
        sa.select(outbox.c.id, outbox.c.message_id).where(outbox.c.state.in_(_WAITING))
    ).all()
    fates: dict[str, sa.Row[Any]] = {}
    for part in chunks([row.message_id for row in waiting]):
        query = sa.select(outbox.c.message_id, outbox.c.state, outbox.c.sent_at, outbox.c.reply)
        found = old.execute(query.where(outbox.c.message_id.in_(part)))
        fates |= {row.message_id: row for row in found}
    done = 0
    for row in waiting:
        fate = fates.get(row.message_id)
        if fate is None:
            values: dict[str, Any] = {"state": "held", "reply": "taken back before the restore"}
        elif fate.state in _WAITING:
            continue
        else:
            values = {"state": fate.state, "sent_at": fate.sent_at, "reply": fate.reply}
        new.execute(outbox.update().where(outbox.c.id == row.id).values(**values))
        done += 1
    return done
