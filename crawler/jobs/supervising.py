"""Begins the jobs whose time has come, each as a process of its own, and stops those that hang.

What ran for which time stands in the database: a scheduler that was stopped, killed or moved to
another machine goes on from there, and two of them run each job once. A database that is away or a
file that cannot be read is said once and waited for.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crawler.config import Settings
from crawler.errors import TendersError
from crawler.jobs import running
from crawler.jobs.errands import Job
from crawler.jobs.timetable import Times
from crawler.store import database, jobs, leases, requests
from crawler.store.jobs import JobRun

logger = logging.getLogger(__name__)

STOPPING = timedelta(seconds=60)
"""How long a stop waits for jobs that run; then they are asked to end."""

_ENDING = timedelta(seconds=30)
_HANDED = timedelta(minutes=10)
"""How long a job that was handed to workers is left to them."""

_AHEAD = timedelta(days=1)
_LIVES = timedelta(seconds=90)
"""How long a tick counts as a sign of life: several ticks, so that a slow one frightens nobody."""

_TICK = 0.2


class Process(Protocol):
    """What is needed of a process: `subprocess.Popen` offers it."""

    pid: int

    def poll(self) -> int | None:
        """The exit status, None while it runs."""


def due(times: Times, last: JobRun | None, now: datetime, *, runs: bool) -> datetime | None:
    """The scheduled time for which a job is to be begun now, or None.

    Of several that were missed, that is the latest. `last` is the run with the latest scheduled
    time, `runs` whether somebody is at it: one that was broken off is begun again.
    """
    if last is None or runs:
        return None
    if last.finished is None and last.attempts < jobs.TRIES:
        return last.due
    latest = times.last(now)
    return latest if latest is not None and latest > last.due else None


def begin(job: Job, at: datetime) -> subprocess.Popen[bytes]:
    """A process that runs `job` for the scheduled time `at`, and ends with this one."""
    return subprocess.Popen(
        running.command(job.name, at), stdin=subprocess.PIPE, start_new_session=True
    )


def stop(process: Process, ending: timedelta = _ENDING) -> None:
    """Asks a process to end, and insists."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        until = time.monotonic() + ending.total_seconds()
        while time.monotonic() < until:
            if process.poll() is not None:
                return
            time.sleep(_TICK)


class Desk:
    """Where the jobs are begun and watched. `tick` may be called from any thread.

    `plan` gives the jobs, read anew each time. `hand_on` may give a job to workers elsewhere; it
    says whether it did.
    """

    def __init__(
        self,
        settings: Settings,
        plan: Callable[[], Sequence[Job]],
        *,
        start: Callable[[Job, datetime], Process] = begin,
        hand_on: Callable[[Job, datetime], bool] = lambda _, __: False,
    ) -> None:
        self.settings, self._plan, self._start, self._hand_on = settings, plan, start, hand_on
        self.zone = ZoneInfo(settings.timezone)
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._handed: dict[str, tuple[datetime, datetime]] = {}
        self._name = leases.own_name()
        self._hurry = threading.Event()
        self._closed = False
        self._said = ""

    def tick(self, now: datetime) -> list[str]:
        """Begins what is due at `now`; the names of the jobs that it began."""
        with self._lock:
            if self._closed:
                return []
            try:
                engine = database.engine(self.settings.database)
                plan = {job.name: job for job in self._plan()}
                begun = self._begin_due(engine, plan, now)
                begun += self._begin_wished(engine, plan, now)
            except (TendersError, sa.exc.OperationalError, sa.exc.InterfaceError) as error:
                self._say(running.first_line(error))
                return []
            self._say("")
            return begun

    def _say(self, trouble: str) -> None:
        """Says a trouble once, and once that it is over."""
        if trouble and trouble != self._said:
            logger.error("nothing is begun until this is put right: %s", trouble)
        elif self._said and not trouble:
            logger.info("that is put right; the scheduler goes on")
        self._said = trouble

    def _begin_due(self, engine: sa.Engine, plan: Mapping[str, Job], now: datetime) -> list[str]:
        with engine.connect() as connection:
            latest = dict(jobs.latest(connection))
            held = leases.all_held(connection, now)
            paused = requests.paused(connection)
        strangers = [name for name in plan if name not in latest]
        astray = [one for one in latest.values() if one.due > now + _AHEAD]
        if strangers or astray:
            with database.writing(engine, alone=False) as connection:
                for one in astray:
                    logger.error("%s ran for %s: a clock was wrong; forgotten", one.job, one.due)
                    jobs.forget(connection, one.job, one.due)
                for name in strangers:
                    jobs.seen(connection, name, now)
        wanted: dict[str, datetime] = {}
        busy = {name for name in plan if name in self._threads or running.lease_of(name) in held}
        for name, job in plan.items():
            at = due(Times(line=job.when, zone=self.zone), latest.get(name), now, runs=name in busy)
            # What staff have paused is read only where somebody asks for it.
            if at is not None and name.partition(":")[2] not in paused:
                wanted[name] = at
        return [
            name
            for name, at in wanted.items()
            if not self._waits(plan[name], busy | wanted.keys())
            and self._begin(engine, plan[name], at, None, now)
        ]

    def _waits(self, job: Job, ahead: set[str]) -> bool:
        return any(name in ahead for name in job.behind)

    def _begin_wished(self, engine: sa.Engine, plan: Mapping[str, Job], now: datetime) -> list[str]:
        """Begins the crawls that people asked for."""
        begun = []
        with database.writing(engine, alone=False) as connection:
            # Whoever asks for a crawl is told whether anybody lives to take it up.
            leases.take(connection, leases.SCHEDULER, self._name, now, now + _LIVES)
            for wish in jobs.take_requests(connection, now, now - max_limit(plan)):
                names = (f"crawl:{wish.source}", f"contacts:{wish.source}")
                job = next((plan[name] for name in names if name in plan), None)
                if job is None:
                    words = f"{wish.source} is no source that is enabled"
                    jobs.answer(connection, wish.id, words, now)
                elif job.name in self._threads:
                    jobs.leave_request(connection, wish.id)
                else:
                    begun.append((job, wish))
        return [job.name for job, wish in begun if self._begin(engine, job, wish.at, wish.id, now)]

    def _begin(
        self, engine: sa.Engine, job: Job, at: datetime, wish: int | None, now: datetime
    ) -> bool:
        if job.shared and wish is None:
            for_, when = self._handed.get(job.name, (at, None))
            if for_ == at and when is not None and now - when < _HANDED:
                return False
            if self._hand_on(job, at):
                self._handed[job.name] = at, now
                return True
        thread = threading.Thread(
            target=self._watch, args=(engine, job, at, wish), name=job.name, daemon=True
        )
        self._threads[job.name] = thread
        thread.start()
        return True

    def _watch(self, engine: sa.Engine, job: Job, at: datetime, wish: int | None) -> None:
        """One run from its beginning to its end, or to its limit."""
        try:
            process = self._start(job, at)
            end = time.monotonic() + job.limit.total_seconds()
            while process.poll() is None:
                if self._hurry.is_set():
                    stop(process)
                    if wish is not None:
                        self._leave(engine, wish)
                    return  # the run stays open and is begun again
                if time.monotonic() > end:
                    stop(process)
                    words = f"it hung: stopped after {job.limit}, its limit"
                    logger.error("%s: %s", job.name, words)
                    running.patiently(partial(self._ended, engine, job.name, at, words))
                    break
                time.sleep(_TICK)
            if wish is not None:
                running.patiently(partial(self._answer, engine, job.name, at, wish))
        except Exception:
            logger.exception("%s: its process cannot be watched", job.name)
        finally:
            self._threads.pop(job.name, None)

    def _ended(self, engine: sa.Engine, name: str, at: datetime, words: str) -> None:
        with database.writing(engine, alone=False) as connection:
            jobs.finish(connection, name, at, datetime.now(UTC), well=False, words=words)

    def _leave(self, engine: sa.Engine, wish: int) -> None:
        with database.writing(engine, alone=False) as connection:
            jobs.leave_request(connection, wish)

    def _answer(self, engine: sa.Engine, name: str, at: datetime, wish: int) -> None:
        with database.writing(engine, alone=False) as connection:
            run = jobs.run_of(connection, name, at)
            words = run.words if run and run.words else "it did not come to its end"
            jobs.answer(connection, wish, words, datetime.now(UTC))

    @property
    def at_work(self) -> list[str]:
        """The names of the jobs that run here."""
        return sorted(self._threads)

    def close(self, patience: timedelta = STOPPING) -> None:
        """Begins nothing more; waits for what runs, then asks it to end."""
        with self._lock:
            self._closed = True
        self._join(patience)
        if self._threads:
            logger.info("still running after %s, asked to end: %s", patience, self.at_work)
        self._hurry.set()
        self._join(3 * _ENDING)
        self._gone()

    def _gone(self) -> None:
        """Takes back the sign of life. A database that is away lets it run out instead."""
        with suppress(TendersError, sa.exc.OperationalError, sa.exc.InterfaceError):
            engine = database.engine(self.settings.database)
            with database.writing(engine, alone=False) as connection:
                leases.release(connection, leases.SCHEDULER, self._name)

    def hurry(self) -> None:
        """Asks what runs to end now."""
        self._hurry.set()

    def _join(self, patience: timedelta) -> None:
        until = time.monotonic() + patience.total_seconds()
        for thread in list(self._threads.values()):
            thread.join(max(0.0, until - time.monotonic()))


def max_limit(plan: Mapping[str, Job]) -> timedelta:
    """How long the longest job may take: a wish that was taken up longer ago was lost."""
    return max((job.limit for job in plan.values()), default=timedelta(hours=1))
