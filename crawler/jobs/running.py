"""Runs one job in this process: alone among all machines, once for each scheduled time."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from crawler.config import Settings
from crawler.errors import TendersError
from crawler.jobs import processes
from crawler.jobs.errands import Job
from crawler.store import database, jobs, leases

logger = logging.getLogger(__name__)

DONE, WRONG, BUSY = 0, 1, 75
"""How a process ends: done (or done before), gone wrong and recorded, somebody else is at it."""

ORPHANED = 70
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError)
_PATIENCE = timedelta(minutes=10)
_PAUSE = 2.0

T = TypeVar("T")


def lease_of(job: str) -> str:
    """The name of the lease that whoever runs `job` holds."""
    return f"job:{job}"


def run(job: Job, settings: Settings, due: datetime, *, again: bool = False) -> tuple[int, str]:
    """Runs `job` for the scheduled time `due`; how it ended (see `DONE`), and words.

    What goes wrong is recorded and logged and goes no further. Raises `StoreError` when the
    database cannot be used at all. A run that is interrupted stays open: it is begun again.
    """
    engine = database.engine(settings.database)
    lasts = timedelta(seconds=settings.lease_seconds)
    name = lease_of(job.name)
    with leases.holding(engine, name, lasts, _now, time.sleep) as lease:
        if lease is None:
            with engine.connect() as connection:
                holder = leases.held(connection, name, _now())
            who = holder.where if holder else "another process"
            return BUSY, f"{job.name} is being run by {who}; nothing was done"
        with database.writing(engine, alone=False) as connection:
            if not jobs.claim(connection, job.name, due, lease.holder, _now(), again=again):
                return DONE, f"the {job.name} of {due:%d %b %H:%M} UTC was run before"
        well, words = _done(job, settings)
        (logger.info if well else logger.error)("%s: %s", job.name, words)

        def record() -> None:
            with database.writing(engine, alone=False) as connection:
                jobs.finish(connection, job.name, due, _now(), well=well, words=words)

        patiently(record)
    return (DONE if well else WRONG), words


def _done(job: Job, settings: Settings) -> tuple[bool, str]:
    """The job boundary: whatever goes wrong becomes words."""
    try:
        return True, job.run(settings)
    except TendersError as error:
        return False, str(error)
    except OSError as error:
        # A full disk, most often: the same words every time, and nothing that a trace explains.
        return False, f"{error.strerror or error}; free some space or mend the disk"
    except _AWAY as error:
        return False, f"the database gave up: {first_line(error)}"
    except Exception as error:
        logger.exception("%s: failed for a reason nobody foresaw", job.name)
        return False, f"{type(error).__name__}: {error}"


def _now() -> datetime:
    return datetime.now(UTC)


def patiently(
    call: Callable[[], T],
    sleep: Callable[[float], None] = time.sleep,
    patience: timedelta = _PATIENCE,
) -> T:
    """What `call` gives, tried again while the database is away. Said once, waited for.

    Raises what `call` last raised once `patience` is at its end.
    """
    waited, said = timedelta(), False
    while True:
        try:
            found = call()
        except _AWAY as error:
            if waited >= patience:
                raise
            if not said:
                logger.error("the database is away, waiting for it: %s", first_line(error))
                said = True
            sleep(_PAUSE)
            waited += timedelta(seconds=_PAUSE)
            continue
        if said:
            logger.info("the database is back")
        return found


def first_line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]


def end_as_told() -> None:
    """Makes SIGTERM what Ctrl-C is: a crawl then ends its subprocesses in good order."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def end_with_parent() -> None:
    """Ends this process when standard input closes: when whoever began it dies, however it dies.

    Nothing needs tidying: what is not committed is done again by who takes the run over.
    """

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True, name="parent").start()


def arguments(job: str, due: datetime, *, again: bool = False) -> list[str]:
    """What `scheduler` is told so that it runs `job` for `due`, and ends with who began it."""
    words = ["--now", job, "--due", due.isoformat()]
    return [*words, "--again"] if again else words


def command(job: str, due: datetime) -> list[str]:
    """The process that does so."""
    return processes.command("scheduler", arguments(job, due))
