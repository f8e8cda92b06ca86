"""Jobs for workers on any number of machines, through procrastinate on PostgreSQL.

A job in the queue is a name and a scheduled time; the worker begins the same process that the
scheduler would, so leases and claims hold here as well. A lock lets one worker at a time to a
domain, a queueing lock keeps a source from piling up. What goes wrong is queued anew, later each
time: a new entry, since an entry that is put back would clash with one that waits already.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crawler.config import Settings
from crawler.errors import StoreError, TendersError
from crawler.jobs import processes, running
from crawler.jobs.errands import Job
from crawler.store import database, work_queue

if TYPE_CHECKING:
    import procrastinate

logger = logging.getLogger(__name__)

QUEUE = "tenders"
TASK = "tenders.run"
BACK_OFF = (15, 120, 900)
"""Seconds after which a job that went wrong is tried again."""

SILENT = 20.0
"""Seconds without a heartbeat after which a worker counts as dead."""

_HEARTBEAT = 4.0
_POLL = 0.5
"""A lock that is released wakes nobody: waiting jobs are found by asking."""

_PAUSE = 2.0
_STOPPING = 60.0
_ENDING = 30.0
_KEPT_HOURS = 14 * 24


def available(settings: Settings) -> bool:
    """Whether this installation can have workers: PostgreSQL and the extra `scale`."""
    return settings.database.startswith("postgresql") and work_queue.usable()


def engine_of(settings: Settings) -> sa.Engine:
    """The database with the queue in it. Raises `StoreError` with what is missing."""
    if not settings.database.startswith("postgresql"):
        raise StoreError(
            "workers need PostgreSQL: set TENDERS_DATABASE_URL. On SQLite the scheduler does every"
            " job itself."
        )
    if not work_queue.usable():
        raise StoreError("workers need the extra `scale`: install procrastinate as README says.")
    engine = database.engine(settings.database)
    with engine.connect() as connection:
        if not work_queue.ready(connection):
            raise StoreError("the queue's tables are missing. Run `tenders db upgrade`.")
    return engine


def _address(settings: Settings) -> str:
    url = database.connect(settings.database).url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def handing_on(settings: Settings) -> Callable[[Job, datetime], bool]:
    """What hands a job to the workers, where any are alive; it says whether it did."""
    if not available(settings):
        return lambda _, __: False

    def hand_on(job: Job, due: datetime) -> bool:
        with engine_of(settings).connect() as connection:
            if not work_queue.workers(connection, SILENT):
                return False
        defer(settings, job, due)
        return True

    return hand_on


def defer(settings: Settings, job: Job, due: datetime) -> bool:
    """Queues `job` for the scheduled time `due`; False if one of its name waits already."""
    import procrastinate
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

    connector = procrastinate.SyncPsycopgConnector(
        conninfo=_address(settings), min_size=1, max_size=1
    )
    app = procrastinate.App(connector=connector)
    try:
        with app.open():
            queued = app.configure_task(TASK, **_options(job.name, job.lock))
            queued.defer(**_words(job, due, 0))
    except AlreadyEnqueued:
        return False
    except ConnectorException as error:
        words = f"the queue cannot be written ({running.first_line(error)})"
        raise StoreError(f"{words}. Check that the server runs.") from error
    return True


def _options(name: str, lock: str | None) -> dict[str, Any]:
    return {"queue": QUEUE, "lock": lock or f"job:{name}", "queueing_lock": name}


def _words(job: Job, due: datetime, tries: int) -> dict[str, Any]:
    return {
        "job": job.name,
        "due": due.isoformat(),
        "lock": job.lock,
        "limit": job.limit.total_seconds(),
        "tries": tries,
    }


class JobFailed(TendersError):  # noqa: N818
    """Raised here when a job's process did not end well, so that the queue shows it as failed."""


def _app(settings: Settings) -> procrastinate.App:
    import procrastinate

    connector = procrastinate.PsycopgConnector(conninfo=_address(settings), min_size=1, max_size=8)
    app = procrastinate.App(connector=connector)

    @app.task(name=TASK, queue=QUEUE)
    async def run(
        *, job: str, due: str, lock: str | None, limit: float, tries: int
    ) -> None:  # what `_words` wrote
        status = await _process(job, datetime.fromisoformat(due), limit, again=tries > 0)
        if status == running.DONE:
            return
        words = f"{job} ended with status {status}"
        if tries < len(BACK_OFF):
            await _again(app, job, due, lock, limit, tries)
            words += f"; tried again in {BACK_OFF[tries]} s"
        raise JobFailed(words)

    return app


async def _again(
    app: procrastinate.App, job: str, due: str, lock: str | None, limit: float, tries: int
) -> None:
    from procrastinate.exceptions import AlreadyEnqueued

    options = _options(job, lock) | {"schedule_in": {"seconds": BACK_OFF[tries]}}
    with suppress(AlreadyEnqueued):  # a later run waits already, and does this one's work
        await app.configure_task(TASK, **options).defer_async(
            job=job, due=due, lock=lock, limit=limit, tries=tries + 1
        )


async def _process(job: str, due: datetime, limit: float, *, again: bool) -> int:
    """Runs a job's process to its end or its limit; its exit status."""
    process = await processes.begin("scheduler", running.arguments(job, due, again=again))
    try:
        return await asyncio.wait_for(process.wait(), limit)
    except TimeoutError:
        logger.error("%s hung: stopped after %.0f s, its limit", job, limit)
        return await _stopped(process)
    except asyncio.CancelledError:
        await _stopped(process)
        raise


async def _stopped(process: processes.Process) -> int:
    for number in (signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), _ENDING)
    return -signal.SIGKILL


def work(settings: Settings, concurrency: int) -> None:
    """Does queued jobs, `concurrency` at once, until SIGTERM or Ctrl-C; lets what runs end.

    A database that goes away is said once and waited for. Raises `StoreError` at the start.
    """
    engine_of(settings)
    with processes.kept_warm():
        asyncio.run(_work(settings, concurrency))


async def _work(settings: Settings, concurrency: int) -> None:
    stopping, said = asyncio.Event(), False
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        started = datetime.now(UTC)
        try:
            await _until(settings, concurrency, stopping)
        except Exception as error:  # whatever the connection's layers raise: it is tried again
            if not said or datetime.now(UTC) - started > timedelta(minutes=1):
                logger.error("the queue is away, waiting for it: %s", running.first_line(error))
            said = True
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _PAUSE)


async def _until(settings: Settings, concurrency: int, stopping: asyncio.Event) -> None:
    """One worker from its beginning until it is told to stop, or cannot reach the database."""
    app = _app(settings)
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                fetch_job_polling_interval=_POLL,
                update_heartbeat_interval=_HEARTBEAT,
                stalled_worker_timeout=SILENT,
                shutdown_graceful_timeout=_STOPPING,
                install_signal_handlers=False,
            )
        )
        others = {
            asyncio.create_task(stopping.wait()),
            asyncio.create_task(_keep_taking_over(app)),
        }
        await asyncio.wait({worker, *others}, return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()
        for other in others:
            other.cancel()
        ended = await asyncio.gather(worker, *others, return_exceptions=True)
    for one in ended:
        if isinstance(one, Exception):
            raise one


async def _keep_taking_over(app: procrastinate.App) -> None:
    while True:
        await _take_over(app)
        await asyncio.sleep(SILENT / 4)


async def _take_over(app: procrastinate.App) -> int:
    """Puts the jobs of dead workers back into the queue; how many."""
    from procrastinate.exceptions import ConnectorException, UniqueViolation
    from procrastinate.jobs import Status

    taken = 0
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT):
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:  # a later run waits already, and does this one's work
            with suppress(ConnectorException):
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        except ConnectorException:
            continue  # another worker was quicker
        taken += 1
        logger.warning("%s was with a worker that died; queued again", job.task_kwargs.get("job"))
    return taken


def take_over(settings: Settings) -> str:
    """Puts the jobs of dead workers back into the queue, and deletes what ended long ago."""
    if not available(settings):
        return "there are no workers: the scheduler does every job itself"
    engine_of(settings)

    async def sweep() -> int:
        app = _app(settings)
        async with app.open_async():
            taken = await _take_over(app)
            await app.job_manager.prune_stalled_workers(3600)
            await app.job_manager.delete_old_jobs(
                _KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
        return taken

    return f"{asyncio.run(sweep())} jobs of dead workers queued again"
