"""When a person's digest is due: the hours they chose, each once, also when clocks change.

An hour that comes twice (October) counts when it comes first; one that is left out (March) counts
when the clock jumps over it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crawler.store.subscribers import Schedule, Subscriber

DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14}
"""Between two digests of a rhythm."""


def slot_before(schedule: Schedule, now: datetime, zone: ZoneInfo) -> datetime:
    """The last digest time that is not after `now`, as aware UTC."""
    day = now.astimezone(zone).date() + timedelta(days=1)  # beyond midnight in a far zone
    while True:
        if _chosen(schedule, day) and (moment := _moment(schedule, day, zone)) <= now:
            return moment
        day -= timedelta(days=1)


def slot_after(schedule: Schedule, now: datetime, zone: ZoneInfo) -> datetime:
    """The first digest time after `now`, as aware UTC."""
    day = now.astimezone(zone).date() - timedelta(days=1)
    while True:
        if _chosen(schedule, day) and (moment := _moment(schedule, day, zone)) > now:
            return moment
        day += timedelta(days=1)


def _chosen(schedule: Schedule, day: date) -> bool:
    """Fortnights count from the calendar's first Monday: a year of 53 weeks does no harm."""
    return (day.toordinal() - 1 - schedule.weekday) % DAYS[schedule.rhythm] == 0


def _moment(schedule: Schedule, day: date, zone: ZoneInfo) -> datetime:
    """The first of two equal hours; one that does not exist is read with the offset before it."""
    return datetime.combine(day, time(schedule.hour), tzinfo=zone).astimezone(UTC)


def due_slot(person: Subscriber, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The digest time that `person` is still owed, None when there is none.

    Only the last one that passed counts: after an outage there is one digest, not five. Who never
    had one gets the first with the next round; after a pause the rhythm goes on as it was.
    """
    slot = slot_before(person.schedule, now, zone)
    handled = person.slot or person.digest_at
    if handled is None:
        return slot
    if person.state == "paused" and person.paused_until and slot < person.paused_until:
        return None
    return slot if handled < slot else None
