"""Who may do what only one may do at a time, across processes and machines.

A lease is taken for a while and renewed while its holder lives; whoever dies loses it when it runs
out. Machines that share a database must agree on the time to within a third of a lease.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from crawler.store import database
from crawler.store.statements import inserted
from crawler.store.tables import leases

SCHEDULER = "scheduler"
"""The lease by which schedulers show that one of them lives; it keeps nobody from anything."""

_POLL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that this process holds; `lost` is set when somebody else has taken it over."""

    name: str
    holder: str
    lost: threading.Event = field(default_factory=threading.Event)


def take(
    connection: sa.Connection, name: str, holder: str, now: datetime, until: datetime
) -> datetime | None:
    """Takes or renews the lease `name`; None, or until when somebody else holds it."""
    row = {"name": name, "holder": holder, "until": until, "since": now}
    if inserted(connection, leases, row):
        return None
    ours = sa.or_(leases.c.holder == holder, leases.c.until <= now)
    taken = connection.execute(
        leases.update()
        .where(leases.c.name == name, ours)
        .values(
            holder=holder,
            until=until,
            since=sa.case((leases.c.holder == holder, leases.c.since), else_=now),
        )
    )
    if taken.rowcount:
        return None
    found: datetime | None = connection.execute(
        sa.select(leases.c.until).where(leases.c.name == name)
    ).scalar_one_or_none()
    return found or now  # released this very moment: ask again


def renew(connection: sa.Connection, name: str, holder: str, until: datetime) -> bool:
    """Makes a lease last until `until`; False once it ran out and somebody else took it."""
    renewed = connection.execute(
        leases.update().where(leases.c.name == name, leases.c.holder == holder).values(until=until)
    )
    return renewed.rowcount > 0


def holds(connection: sa.Connection, lease: Lease) -> bool:
    """Whether `lease` is still its holder's: asked in the transaction that relies on it."""
    query = sa.select(leases.c.holder).where(leases.c.name == lease.name)
    return connection.execute(query).scalar_one_or_none() == lease.holder


def release(connection: sa.Connection, name: str, holder: str) -> None:
    """Gives a lease back; nothing happens if it was lost."""
    connection.execute(leases.delete().where(leases.c.name == name, leases.c.holder == holder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Who holds a lease, since when, and until when if no life is shown."""

    holder: str
    since: datetime | None
    until: datetime

    @property
    def where(self) -> str:
        """The holder's machine and process, for people."""
        host, _, rest = self.holder.partition(":")
        return f"process {rest.partition(':')[0]} on {host}" if rest else host


def held(connection: sa.Connection, name: str, now: datetime) -> Held | None:
    """Who holds the lease `name` now, or None."""
    query = sa.select(leases).where(leases.c.name == name, leases.c.until > now)
    row = connection.execute(query).first()
    return Held(holder=row.holder, since=row.since, until=row.until) if row else None


def all_held(connection: sa.Connection, now: datetime) -> dict[str, Held]:
    """Who holds which lease now, by name; who is known to be dead holds none."""
    rows = connection.execute(sa.select(leases).where(leases.c.until > now))
    return {
        row.name: Held(holder=row.holder, since=row.since, until=row.until)
        for row in rows
        if alive(row.holder) is not False
    }


def own_name() -> str:
    """A holder's name that nobody else has: machine, process, and what tells its like apart."""
    return f"{socket.gethostname()}:{os.getpid()}:{_processes()}:{secrets.token_hex(4)}"


def alive(holder: str) -> bool | None:
    """Whether a holder lives, as far as can be seen from here; None if it is somewhere else."""
    host, _, rest = holder.partition(":")
    pid, _, rest = rest.partition(":")
    if host != socket.gethostname() or rest.partition(":")[0] != _processes() or not pid.isdigit():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's process
    return True


def _processes() -> str:
    """Which machine's or container's processes the numbers here count."""
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return "-"


@contextmanager
def holding(
    engine: sa.Engine,
    name: str,
    lasts: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Iterator[Lease | None]:
    """The lease `name` until the end of the block, or None where somebody alive holds it.

    Waits for a holder elsewhere that shows no life until its lease has run out, at most `lasts`;
    of one on this machine it is known at once whether it lives. The lease
    is renewed by a thread, so that one long step does not lose it.
    """
    lease = Lease(name=name, holder=own_name())
    if not _taken(engine, lease, lasts, clock, sleep):
        yield None
        return
    done = threading.Event()
    heart = threading.Thread(
        target=_beat, args=(engine, lease, lasts, clock, done), name=f"lease {name}", daemon=True
    )
    heart.start()
    try:
        yield lease
    finally:
        done.set()
        heart.join()
        # A database that is away now keeps the lease until it runs out: that is what it is for.
        with (
            suppress(sa.exc.OperationalError, sa.exc.InterfaceError),
            database.writing(engine, alone=False) as connection,
        ):
            release(connection, name, lease.holder)


def _taken(
    engine: sa.Engine,
    lease: Lease,
    lasts: timedelta,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> bool:
    seen: datetime | None = None
    while True:
        now = clock()
        with database.writing(engine, alone=False) as connection:
            there = held(connection, lease.name, now)
            lives = None if there is None else alive(there.holder)
            if there is not None and lives is False:
                release(connection, lease.name, there.holder)
            until = take(connection, lease.name, lease.holder, now, now + lasts)
        if until is None:
            return True
        if lives or (seen is not None and until > seen) or until - now > 2 * lasts:
            return False  # its holder lives, or has another clock
        seen = until
        sleep(min(_POLL, max(0.01, (until - now).total_seconds())))


def _beat(
    engine: sa.Engine,
    lease: Lease,
    lasts: timedelta,
    clock: Callable[[], datetime],
    done: threading.Event,
) -> None:
    while not done.wait(lasts.total_seconds() / 3):
        try:
            with database.writing(engine, alone=False) as connection:
                kept = renew(connection, lease.name, lease.holder, clock() + lasts)
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            continue  # the database is busy; `holds` is asked before anything that matters
        if not kept:
            lease.lost.set()
            return
