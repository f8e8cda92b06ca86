"""One holder at a time; the dead lose their lease, the living keep it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from outbox_samples import NOW, Clock

from crawler.store import database, leases

MINUTE = timedelta(minutes=1)


def take(engine: sa.Engine, holder: str, now: datetime) -> datetime | None:
    with database.writing(engine, alone=False) as connection:
        return leases.take(connection, "outbox", holder, now, now + MINUTE)


def test_one_holder_until_it_runs_out(engine: sa.Engine):
    assert take(engine, "a", NOW) is None
    assert take(engine, "a", NOW + MINUTE / 2) is None, "its holder renews it"
    assert take(engine, "b", NOW + MINUTE) == NOW + 1.5 * MINUTE
    assert take(engine, "b", NOW + 1.5 * MINUTE) is None
    with database.writing(engine, alone=False) as connection:
        assert not leases.renew(connection, "outbox", "a", NOW + 9 * MINUTE)
        leases.release(connection, "outbox", "a")
        assert leases.renew(connection, "outbox", "b", NOW + 9 * MINUTE)
        assert leases.take(connection, "another", "a", NOW, NOW + MINUTE) is None


def test_a_lease_is_given_back_also_after_a_fault(engine: sa.Engine):
    clock = Clock()
    try:
        with leases.holding(engine, "outbox", MINUTE, clock, clock.sleep) as lease:
            assert lease
            raise KeyError
    except KeyError:
        pass
    assert take(engine, "b", NOW) is None


def test_a_dead_holders_lease_is_waited_for(engine: sa.Engine):
    clock = Clock()
    take(engine, "dead", NOW - timedelta(seconds=10))
    with leases.holding(engine, "outbox", MINUTE, clock, clock.sleep) as lease:
        assert lease
    assert timedelta(seconds=50) <= clock.now - NOW <= timedelta(seconds=51)


def test_a_living_holder_is_not_waited_for(engine: sa.Engine):
    clock = Clock()
    take(engine, "alive", NOW)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        take(engine, "alive", clock.now)

    with leases.holding(engine, "outbox", MINUTE, clock, sleep) as lease:
        assert lease is None
    assert clock.now - NOW < MINUTE


def test_a_long_step_does_not_lose_the_lease_and_a_theft_is_noticed(engine: sa.Engine):
    def clock() -> datetime:
        return datetime.now(UTC)

    lasts = timedelta(seconds=0.6)
    with leases.holding(engine, "outbox", lasts, clock, time.sleep) as lease:
        assert lease
        time.sleep(1.5)
        with database.writing(engine, alone=False) as connection:
            assert leases.take(connection, "outbox", "thief", clock(), clock() + lasts)
            assert leases.holds(connection, lease)
            connection.execute(sa.text("UPDATE leases SET holder = 'thief'"))
            assert not leases.holds(connection, lease)
        assert lease.lost.wait(3)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT holder FROM leases")).scalar_one() == "thief"
