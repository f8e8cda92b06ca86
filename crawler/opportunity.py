"""One contracting process as people see it: merged facts, judgements, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crawler.items import Award, Buyer, Judgement, Lot, Place, Stage, Status

NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that changed in one version. `old` and `new` are in words or ISO form.

    `material` marks what people care about: deadline, status, value, title and scope.
    """

    version: int
    at: datetime
    field: str
    old: str | None
    new: str | None
    material: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """Everything known of one opportunity. Times are aware UTC, values whole currency units.

    `id` is short, public and stable; `status` is what the source last said, see `status_at`.
    `expected` is when a plan says that its tender will be published.
    """

    id: str
    ocids: tuple[str, ...]
    sources: tuple[str, ...]
    title: str
    description: str
    stage: Stage
    status: Status
    published: datetime
    updated: datetime
    version: int
    language: str | None = None
    buyer: Buyer | None = None
    cpv: tuple[str, ...] = ()
    category: str | None = None
    procedure: str | None = None
    notice_type: str | None = None
    deadline: datetime | None = None
    expected: datetime | None = None
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    lots: tuple[Lot, ...] = ()
    awards: tuple[Award, ...] = ()
    urls: tuple[str, ...] = ()
    judgement: Judgement | None = None
    place: Place = NOWHERE
    changes: tuple[Change, ...] = ()

    def status_at(self, now: datetime) -> Status:
        """The status on the day: what was open is closed once its deadline has passed."""
        return status_at(self.status, self.deadline, now)


def status_at(status: Status, deadline: datetime | None, now: datetime) -> Status:
    """What `status` comes to on the day for something with this `deadline`."""
    if status in ("open", "unknown") and deadline and deadline < now:
        return "closed"
    return status
