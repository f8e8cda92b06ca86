"""A sample notice at a moment: days become dates, and what the portals write alike is written here.

Between the rows (`notices`) and the portals' own shapes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crawler.demo.notices import PROACTIS, Change, LaterRelease, SampleNotice

LONDON = ZoneInfo("Europe/London")
END_OF_DAY = "23:59"

_YEAR = re.compile(r"\{year(?:\+(\d))?\}")
_DAY = re.compile(r"\{day\+(\d+)\}")
_WRAPPED_LINE = re.compile(r"(?<!\n)\n(?![\n-])")
_TAGS: dict[str, str] = {"cancelled": "tenderCancellation", "award": "award"}
_STATUSES = {"planning": "planned", "tender": "active", "award": "complete", "contract": "active"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One release to be written: a notice as it stands, when it appeared, and what had changed."""

    notice: SampleNotice
    now: datetime
    date: datetime
    change: Change | None = None

    @property
    def process_serial(self) -> int:
        """A number below 100,000 for the process, which does not depend on other rows."""
        key = f"{self.notice.source}/{self.notice.key}"
        return zlib.crc32(key.encode()) % 100_000

    @property
    def serial(self) -> int:
        """The same for this one release."""
        return (self.process_serial + (7 if self.change else 0)) % 100_000

    @property
    def tag(self) -> str:
        """The release tag, as this portal words it."""
        if self.change == "deadline":
            amended = self.notice.source in (*PROACTIS, "contracts-finder")
            return "tenderAmendment" if amended else "tenderUpdate"
        if self.change:
            return _TAGS[self.change]
        return "contractAmendment" if self.notice.notice_type == "UK10" else self.notice.stage

    @property
    def status(self) -> str:
        """The status of the tender."""
        if self.change == "cancelled":
            return "cancelled"
        return "complete" if self.notice.stage == "contract" else _STATUSES[self.notice.stage]

    def day(self, days: int, clock: str) -> datetime:
        """The moment so many days from the demo's now, at a London time of day."""
        day = self.now.astimezone(LONDON).date() + timedelta(days=days)
        return datetime.combine(day, time.fromisoformat(clock), LONDON)

    @property
    def deadline(self) -> datetime | None:
        """When bids must be in, or when an engagement ends."""
        days = self.notice.deadline
        return None if days is None else self.day(days, self.notice.deadline_at)

    def words(self, text: str, *, newline: str = "\n") -> str:
        """The text with wrapped lines joined and `newline` for breaks.

        ``{year+1}`` and ``{day+9}`` are filled in, the latter with a working day.
        """
        today = self.now.astimezone(LONDON).date()
        filled = _YEAR.sub(lambda match: str(today.year + int(match[1] or 0)), text.strip())
        filled = _DAY.sub(lambda match: _working_day(today, int(match[1])), filled)
        return _WRAPPED_LINE.sub(" ", filled).replace("\n", newline)

    def period(self) -> dict[str, str]:
        """The contract period as OCDS has it, empty without dates."""
        bounds = {
            "startDate": (self.notice.start, "00:00"),
            "endDate": (self.notice.end, END_OF_DAY),
        }
        return {
            name: stamp(self.day(days, clock))
            for name, (days, clock) in bounds.items()
            if days is not None
        }

    def money(self, amount: float | None) -> dict[str, Any]:
        """An OCDS value, empty without an amount."""
        return {} if amount is None else {"amount": amount, "currency": "GBP"}

    def supplier_parties(self, prefix: str) -> list[dict[str, Any]]:
        """Suppliers as parties; `prefix` begins the ids that this portal gives."""
        return [
            {
                "id": f"{prefix}{zlib.crc32(name.encode()) % 900_000 + 100_000}",
                "name": name,
                "identifier": {"legalName": name},
                "roles": ["supplier"],
            }
            for name in self.notice.suppliers
        ]


def _working_day(today: date, days: int) -> str:
    """The day so many days on, or the Monday after, as people write it."""
    day = today + timedelta(days=days)
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    return f"{day:%A} {day.day} {day:%B %Y}"


def first_publication(notice: SampleNotice, now: datetime) -> Publication:
    """The notice as first published. The Proactis platforms give a day, the others a second."""
    moment = now + timedelta(days=notice.published)
    return Publication(notice=notice, now=now, date=_as_dated(notice, moment))


def later_publications(notice: SampleNotice, now: datetime, at: datetime) -> Iterator[Publication]:
    """The further releases of a notice's process, published at `at`; days still count from now."""
    for row in notice.later:
        changed = replace(notice, **_changes(notice, row))
        date = _as_dated(notice, at)
        yield Publication(notice=changed, now=now, date=date, change=row.change)


def stamp(moment: datetime) -> str:
    """A moment as the portals write it: London time with its offset."""
    return moment.astimezone(LONDON).isoformat(timespec="seconds")


def stamp_utc(moment: datetime) -> str:
    """A moment as the Proactis platforms write it: UTC with a ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def codes(cpv: tuple[str, ...]) -> list[dict[str, str]]:
    """CPV codes as OCDS classifications."""
    return [{"scheme": "CPV", "id": code} for code in cpv]


def without_gaps(value: dict[str, Any]) -> dict[str, Any]:
    """The same object without members that say nothing (None, ``""``, ``[]``, ``{}``)."""
    return {name: member for name, member in value.items() if member not in (None, "", [], {})}


def _changes(notice: SampleNotice, row: LaterRelease) -> dict[str, Any]:
    said = {
        name: getattr(row, name)
        for name in ("deadline", "deadline_at", "suppliers", "value", "start", "end", "extension")
    }
    changes = without_gaps(said)
    if row.change == "award":
        changes["stage"] = "award"
    if notice.notice_type and row.change != "deadline":
        changes["notice_type"] = "UK6" if row.change == "award" else "UK12"
    return changes


def _as_dated(notice: SampleNotice, moment: datetime) -> datetime:
    moment = moment.astimezone(UTC).replace(microsecond=0)
    if notice.source in PROACTIS:
        return moment.replace(hour=0, minute=0, second=0)
    return moment
