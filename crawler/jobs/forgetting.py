"""Forgets people who asked for it: in what is stored, and again after old data came back.

Beside the list in the database, its hashes are written to ``var/forgotten``: a backup that is older
than somebody's request does not know of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from crawler.errors import StoreError
from crawler.jobs.reprocess import read
from crawler.partners.signs import signs
from crawler.redaction import Gone
from crawler.store import coming, contacts, database, forgetting, forgotten, releases, stamps

_LINE = re.compile(r"([0-9a-f]{64}) (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many raw releases and rows of other tables were redacted, how many contacts deleted."""

    releases: int = 0
    rows: int = 0
    contacts: int = 0


def forget(engine: sa.Engine, key: bytes, address: str, now: datetime, ledger: Path) -> Outcome:
    """Puts `address` on the forget list and takes it out of everything that is stored.

    From the first transaction on, no crawl takes it in again. Interrupted, it can be run again.
    Raises `StoreError` when `ledger` cannot be written.
    """
    with database.writing(engine) as connection:
        forgotten.add(connection, key, address, now)
    return again(engine, key, now, ledger)


def again(engine: sa.Engine, key: bytes, now: datetime, ledger: Path) -> Outcome:
    """Applies the whole forget list to what is stored, as after a restore. Twice is no harm."""
    with database.writing(engine) as connection:
        write_down(connection, ledger)
        gone = forgotten.listed(connection, key)
        before = contacts.count(connection)
    if gone is None:
        return Outcome()
    redacted = _releases(engine, gone, now)
    rows = 0
    for name in forgetting.SWEPT:
        with database.writing(engine) as connection:
            rows += forgetting.sweep_table(connection, name, gone)
            left = contacts.count(connection)
    return Outcome(releases=redacted, rows=rows, contacts=before - left)


def write_down(connection: sa.Connection, ledger: Path) -> None:
    """Makes list and ledger hold the same: both together. Raises `StoreError`."""
    forgotten.take_over(connection, _read(ledger))
    _write(ledger, forgotten.digests_of(connection))


def _releases(engine: sa.Engine, gone: Gone, now: datetime) -> int:
    """Redacts raw releases and makes their opportunities anew from them; how many there were."""
    redacted, last = 0, 0
    while True:
        with database.writing(engine) as connection:
            swept = forgetting.sweep_releases(connection, gone, last)
            if swept is None:
                return redacted
            if swept.processes:
                made = releases.merge_again(connection, swept.processes, now, read)
                coming.remember(connection, made, signs)
                stamps.renew(connection, "organisations")  # titles of what they won
        redacted += swept.redacted
        last = swept.last


def _read(ledger: Path) -> dict[str, datetime]:
    """The hashes in the ledger; a line that was cut off is passed over."""
    if not ledger.exists():
        return {}
    try:
        text = ledger.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise StoreError(
            f"{ledger} cannot be read ({error.strerror}). Make it readable."
        ) from error
    found: dict[str, datetime] = {}
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            try:
                found[match[1]] = datetime.fromisoformat(match[2]).astimezone(UTC)
            except ValueError:
                continue
    return found


def _write(ledger: Path, digests: dict[str, datetime]) -> None:
    """Makes the ledger hold `digests`, whole or not at all."""
    lines = "".join(f"{one} {at.isoformat()}\n" for one, at in sorted(digests.items()))
    if not lines or (ledger.exists() and ledger.read_text("ascii", errors="replace") == lines):
        return
    partial = ledger.with_name(f"{ledger.name}.partial")
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(lines, encoding="ascii")
        partial.replace(ledger)
    except OSError as error:
        raise StoreError(
            f"{ledger} cannot be written ({error.strerror}). Give this user the right to write"
            " there, or set TENDERS_HOME to another folder."
        ) from error
