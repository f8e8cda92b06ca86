"""When a digest is due, over both clock changes: each digest time once."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.digest.due import due_slot, slot_after, slot_before
from crawler.store.subscribers import Schedule, Subscriber

LONDON = ZoneInfo("Europe/London")
OCTOBER = datetime(2026, 10, 25, tzinfo=LONDON)
MARCH = datetime(2027, 3, 28, tzinfo=LONDON)
SCHEDULES = st.builds(
    Schedule,
    rhythm=st.sampled_from(["daily", "weekly", "fortnightly"]),
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
)
ZONES = st.sampled_from(["Europe/London", "America/New_York", "Pacific/Kiritimati", "UTC"])
DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14}


def person(**changed: object) -> Subscriber:
    given: dict[str, object] = {"id": 1, "email": "a@b.example", "created": MARCH}
    return Subscriber(**(given | changed))  # type: ignore[arg-type]


def weekend(change: datetime, schedule: Schedule, minutes: int = 20) -> list[datetime]:
    """The moments at which somebody is written to if we look every few minutes, for eight days."""
    now = change.astimezone(UTC) - timedelta(days=4)
    somebody = person(schedule=schedule, slot=slot_before(schedule, now, LONDON))
    sent = []
    for _ in range(8 * 24 * 60 // minutes):
        slot = due_slot(somebody, now, LONDON)
        if slot is not None:
            sent.append(now.astimezone(LONDON))
            somebody = person(schedule=schedule, slot=slot)
        now += timedelta(minutes=minutes)
    return sent


@pytest.mark.parametrize("change", [OCTOBER, MARCH], ids=["October", "March"])
@pytest.mark.parametrize("hour", range(24))
def test_daily_mail_comes_once_a_day_when_clocks_change(change: datetime, hour: int):
    sent = weekend(change, Schedule(rhythm="daily", hour=hour))
    days = [moment.date() for moment in sent]
    assert change.date() in days
    assert len(days) in (7, 8), "the eighth may lie beyond the end"
    assert all(b - a == timedelta(days=1) for a, b in itertools.pairwise(days))
    usual = {moment.hour for moment in sent if moment.date() != change.date()}
    assert usual == {hour}


@pytest.mark.parametrize("change", [OCTOBER, MARCH], ids=["October", "March"])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_weekly_mail_on_the_sunday_itself_comes_once(change: datetime, hour: int):
    (only,) = weekend(change, Schedule(weekday=6, hour=hour))
    assert only.date() == change.date()
    assert only.hour == (2 if change == MARCH and hour == 1 else hour)
    if hour == 1 and change == OCTOBER:
        assert only.utcoffset() == timedelta(hours=1), "the first of the two"


@settings(deadline=None)
@given(
    SCHEDULES,
    st.integers(0, 15 * 365 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    ZONES,
)
def test_slots_follow_each_other(schedule: Schedule, now: datetime, zone: str):
    there = ZoneInfo(zone)
    before, after = slot_before(schedule, now, there), slot_after(schedule, now, there)
    assert before <= now < after
    assert slot_before(schedule, before, there) == before
    assert slot_after(schedule, before, there) == after
    assert slot_before(schedule, after, there) == after
    between = after.astimezone(there).date() - before.astimezone(there).date()
    assert between.days == DAYS[schedule.rhythm]
    if schedule.rhythm != "daily":
        assert before.astimezone(there).weekday() == schedule.weekday


def test_fortnights_go_on_over_a_year_of_53_weeks():
    schedule = Schedule(rhythm="fortnightly", weekday=2)
    slot = slot_before(schedule, datetime(2026, 11, 1, tzinfo=UTC), LONDON)
    for _ in range(10):
        following = slot_after(schedule, slot, LONDON)
        assert (following.date() - slot.date()).days == 14
        slot = following


def test_after_an_outage_one_digest_is_due_not_five():
    schedule = Schedule(weekday=0, hour=7)
    now = datetime(2026, 7, 15, 12, tzinfo=UTC)
    somebody = person(schedule=schedule, slot=now - timedelta(days=37))
    slot = due_slot(somebody, now, LONDON)
    assert slot == datetime(2026, 7, 13, 6, tzinfo=UTC)
    assert due_slot(person(schedule=schedule, slot=slot), now, LONDON) is None


def test_who_is_new_gets_the_first_at_once_and_who_was_here_before_slots_keeps_the_rhythm():
    now = datetime(2026, 7, 15, 12, tzinfo=UTC)
    assert due_slot(person(), now, LONDON) is not None
    assert due_slot(person(digest_at=now - timedelta(days=1)), now, LONDON) is None
    assert due_slot(person(digest_at=now - timedelta(days=3)), now, LONDON) is not None


def test_after_a_pause_the_rhythm_goes_on_as_it_was():
    monday = datetime(2026, 7, 13, 6, tzinfo=UTC)
    paused = person(
        state="paused",
        slot=monday - timedelta(days=28),
        paused_until=monday + timedelta(days=2),
    )
    assert due_slot(paused, monday + timedelta(days=3), LONDON) is None
    assert due_slot(paused, monday + timedelta(days=7), LONDON) == monday + timedelta(days=7)
