"""Takes in a file of subscribers: each bad line is named, the rest goes in, twice changes nothing.

Nobody is written to because a file says so: either staff hold evidence of their consent, which is
recorded with each of them, or they get the mail that asks. Who has stopped stays stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from crawler.config import Settings
from crawler.digest.wishes import SCHEDULE_FIELDS, WISH_FIELDS, same
from crawler.jobs import consent
from crawler.jobs.preferences import MOST_WISHES
from crawler.jobs.subscriber_file import BadLine, Line, lines
from crawler.store import consents, database, membership, newcomers, subscribers
from crawler.store.newcomers import Newcomer
from crawler.store.statements import chunks
from crawler.store.subscribers import Subscriber, Subscription

_AT_ONCE = 500
Effect = Literal["changed", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many people were new, changed or as they were; `asked` of them are sent a mail that asks.

    `refused` are the lines that were left out, in the file's order.
    """

    new: int
    changed: int
    same: int
    asked: int
    refused: tuple[BadLine, ...]


@dataclass(slots=True, kw_only=True)
class _Person:
    """The good lines of one person; `flawed` if others of theirs were refused."""

    lines: list[Line] = field(default_factory=list)
    flawed: bool = False

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def wishes(self) -> list[Subscription]:
        return [line.asked.subscription for line in self.lines]


@dataclass(slots=True, kw_only=True)
class _Round:
    """One import under way."""

    settings: Settings
    origin: str
    consented: bool
    now: datetime
    asked: int = 0
    refused: list[BadLine] = field(default_factory=list)


def run(
    settings: Settings,
    engine: sa.Engine,
    content: str,
    name: str,
    agreed: str | None,
    now: datetime,
) -> Imported:
    """Takes in the file `name` with this `content`; `agreed` says how its people have agreed.

    People go in by hundreds: broken off, it is begun again. Raises `UsageError` for a heading
    that cannot be meant.
    """
    origin = f"file {name}" + (f": {agreed}" if agreed else "")
    this = _Round(settings=settings, origin=origin, consented=agreed is not None, now=now)
    counts = {"new": 0, "changed": 0, "same": 0}
    for some in chunks(_people(content, name, this.refused).items(), _AT_ONCE):
        with database.writing(engine) as connection:
            known = subscribers.among(connection, [email for email, _ in some])
            counts["new"] += _add(connection, (one for one in some if one[0] not in known), this)
            for email, person in some:
                if email in known and (effect := _take(connection, known[email], person, this)):
                    counts[effect] += 1
    refused = tuple(sorted(this.refused, key=lambda one: one.number))
    return Imported(asked=this.asked, refused=refused, **counts)


def _people(content: str, name: str, refused: list[BadLine]) -> dict[str, _Person]:
    """The good lines by address; the others are added to `refused`."""
    found: dict[str, _Person] = {}
    flawed: set[str] = set()
    for line in lines(content, name):
        if isinstance(line, Line):
            person = found.get(line.email)
            reason = _odd(person, line) if person else None
            if reason is None:
                found.setdefault(line.email, _Person()).lines.append(line)
                continue
            line = BadLine(number=line.number, reason=reason, email=line.email)
        refused.append(line)
        if line.email:
            flawed.add(line.email)
    for email in flawed & found.keys():
        found[email].flawed = True
    return found


def _odd(person: _Person, line: Line) -> str | None:
    """Why this line does not go with the earlier ones of the same person, or None."""
    first = person.first
    before = f"than line {first.number}, which has the same address"
    if (line.organisation, line.state, line.paused_until) != (
        first.organisation,
        first.state,
        first.paused_until,
    ):
        return f"says another organisation or state {before}. Make them the same."
    for name in SCHEDULE_FIELDS:
        if getattr(line.asked.schedule, name) != getattr(first.asked.schedule, name):
            return f"{name}: is another {before}. One person gets one email for all they ask for."
    if any(same(line.asked.subscription, wish) for wish in person.wishes):
        return f"asks for the same as an earlier line of {line.email}. Take it out."
    if len(person.lines) >= MOST_WISHES:
        return f"is one subscription too many: {MOST_WISHES} is the most a person may have."
    return None


def _take(
    connection: sa.Connection, known: Subscriber, person: _Person, this: _Round
) -> Effect | None:
    """Brings one person to what the file says; None where all their lines are refused."""
    if known.state == "stopped" and person.first.state != "stopped":
        reason = (
            f"{known.email} has stopped the emails; only their own opt-in brings them back."
            f" Ask them with: tenders subscribers add {known.email}"
        )
        this.refused += [
            BadLine(number=line.number, reason=reason, email=known.email) for line in person.lines
        ]
        return None
    changed = _update(connection, known, person)
    if changed:
        _record(connection, known.id, "changed", this)
    return "changed" if _move(connection, known, person, this) or changed else "same"


def _add(connection: sa.Connection, people: Iterable[tuple[str, _Person]], this: _Round) -> int:
    """Adds who is not known yet; how many."""
    new = [_newcomer(email, person, this) for email, person in people]
    ids = newcomers.add(connection, new, this.now)
    settled = [ids[one.email] for one in new if one.state != "pending"]
    consents.record_all(connection, settled, "imported", at=this.now, origin=this.origin)
    for one in new:
        if one.state == "pending":
            this.asked += 1
            consent.send_confirmation(
                this.settings, connection, ids[one.email], this.origin, None, this.now
            )
    return len(new)


def _newcomer(email: str, person: _Person, this: _Round) -> Newcomer:
    first = person.first
    state = first.state or "active"
    if state != "stopped" and not this.consented:
        state = "pending"
    return Newcomer(
        email=email,
        organisation=consent.named(first.organisation),
        wishes=tuple(person.wishes),
        schedule=first.asked.schedule,
        state=state,
        paused_until=first.paused_until,
    )


def _update(connection: sa.Connection, known: Subscriber, person: _Person) -> bool:
    """Brings what is asked for, when and as whom to what the file says; whether that was news."""
    first, changed = person.first, False
    name = consent.named(first.organisation)
    if "organisation" in first.has and name != known.organisation:
        membership.describe(connection, known.id, name)
        changed = True
    if not first.has.isdisjoint(SCHEDULE_FIELDS) and first.asked.schedule != known.schedule:
        membership.reschedule(connection, known.id, first.asked.schedule)
        changed = True
    return _rewish(connection, known, person) or changed


def _rewish(connection: sa.Connection, known: Subscriber, person: _Person) -> bool:
    if person.first.has.isdisjoint(WISH_FIELDS):
        return False
    old = [one for one in known.subscriptions if not any(same(one, new) for new in person.wishes)]
    new = [one for one in person.wishes if not any(same(one, had) for had in known.subscriptions)]
    for wish in new:
        subscribers.subscribe(connection, known.id, wish)
    # A line that was refused may have been meant for one of the old subscriptions.
    gone = [] if person.flawed else old
    for wish in gone:
        membership.remove_wish(connection, known.id, wish.id)
    return bool(new or gone)


def _move(connection: sa.Connection, known: Subscriber, person: _Person, this: _Round) -> bool:
    """Activates who has not confirmed where staff hold consent, stops who the file says stopped."""
    state = person.first.state
    if state == "stopped":
        return consent.stop_known(connection, known, this.origin, None, this.now)
    if known.state == "pending" and this.consented and state in (None, "active"):
        membership.confirm(connection, known.id, this.now)
        _record(connection, known.id, "imported", this)
        return True
    return False


def _record(
    connection: sa.Connection,
    subscriber_id: int,
    event: Literal["imported", "changed"],
    this: _Round,
) -> None:
    consents.record(connection, subscriber_id, event, at=this.now, origin=this.origin)
