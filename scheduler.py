"""When each job runs, and nothing else: what a job does stands in `crawler.jobs`.

``python scheduler.py`` (or ``tenders schedule``) runs until it is stopped, ``--list`` shows what
runs when, ``--now JOB`` runs one job at once (``--now crawl``: every source). Times are of the zone
TENDERS_TIMEZONE; a time in the hour that comes twice or not at all when clocks change falls due
once. Digests are looked at every hour: `crawler.digest.due` says whose time has come, each once.
"""

from __future__ import annotations

import argparse
import difflib
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from crawler import config, logs
from crawler.errors import TendersError, UsageError
from crawler.jobs import errands, running
from crawler.jobs.errands import Job
from crawler.jobs.supervising import Desk
from crawler.jobs.timetable import Times

logger = logging.getLogger("scheduler")

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_TICK = 15
"""Seconds between looks at what was missed, asked for or changed."""

_SOON = frozenset({"match"})

JOBS = (
    Job("health", "50 * * * *", errands.tell_health, 10 * _MINUTE),
    Job("match", "0 6 * * *", errands.find_matches, 2 * _HOUR, shared=True),
    Job("digest", "0 * * * *", errands.digest, 2 * _HOUR, behind=_SOON, shared=True),
    Job("deliver", "*/5 * * * *", errands.deliver, _HOUR, shared=True),
    Job("bounces", "*/10 * * * *", errands.take_bounces, 10 * _MINUTE),
    Job("stalled", "*/10 * * * *", errands.take_over, 10 * _MINUTE),
    Job("partners", "30 5 * * *", errands.find_partners, _HOUR, shared=True),
    Job("retrain", "30 4 * * sun", errands.retrain, 2 * _HOUR),
    Job("prune", "30 3 * * sun", errands.prune, 2 * _HOUR),
    Job("backup", "0 4 * * *", errands.backup, 2 * _HOUR),
    Job("outcomes", "20 10 * * *", errands.ask_outcomes, _HOUR),
    Job("links", "20 5 1 * *", errands.check_links, 4 * _HOUR),
)
"""Every job but the crawls: those stand in the rows of the sources, as ``when``."""


def plan(settings: config.Settings) -> list[Job]:
    """Every job of this installation. Raises `ConfigError` when the sources cannot be read."""
    absent = set() if settings.bounce_folder else {"bounces"}
    if not settings.database.startswith("postgresql"):
        absent.add("stalled")
    return [*errands.crawls(), *(job for job in JOBS if job.name not in absent)]


def upcoming(settings: config.Settings, now: datetime) -> list[tuple[str, datetime]]:
    """Each job's name and when it runs next after `now`, soonest first."""
    zone = ZoneInfo(settings.timezone)
    times = [
        (job.name, Times(line=job.when, zone=zone).after(now).astimezone(zone))
        for job in plan(settings)
    ]
    return sorted(times, key=lambda row: row[1])


class _Due(BaseTrigger):  # type: ignore[misc]
    """APScheduler asks here when a job falls due next."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first time after the previous one, or after now."""
        return self._times.after(previous or now)


def scheduler_of(desk: Desk) -> BackgroundScheduler:
    """A scheduler that looks at the desk whenever a job falls due and in between; not started."""
    made = BackgroundScheduler(timezone=UTC)
    once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    for job in plan(desk.settings):
        times = Times(line=job.when, zone=desk.zone)
        made.add_job(_look, _Due(times), args=(desk,), id=job.name, name=job.name, **once)
    made.add_job(_look, "interval", seconds=_TICK, args=(desk,), id="look", **once)
    return made


def _look(desk: Desk) -> None:
    for name in desk.tick(datetime.now(UTC)):
        logger.info("%s begins", name)


def serve(settings: config.Settings) -> None:
    """Runs every job at its time until SIGTERM or Ctrl-C; lets what runs end, for a minute."""
    from crawler.jobs import work_queue  # loads the extra `scale`, where it is there

    desk = Desk(settings, lambda: plan(settings), hand_on=work_queue.handing_on(settings))
    told = threading.Event()

    def tell(*_: object) -> None:
        if told.is_set():
            desk.hurry()  # somebody is impatient
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    made = scheduler_of(desk)
    made.start()
    _look(desk)
    told.wait()
    logger.info("stopping; waiting for: %s", ", ".join(desk.at_work) or "nothing")
    made.shutdown(wait=False)
    desk.close()


def find(jobs: Sequence[Job], name: str) -> list[Job]:
    """The job `name`, or all whose name begins with it and a colon. Raises `UsageError`."""
    found = [job for job in jobs if job.name == name or job.name.startswith(f"{name}:")]
    if not found:
        names = [job.name for job in jobs]
        near = difflib.get_close_matches(name, names, n=1) or names
        raise UsageError(f"there is no job {name!r}; did you mean {', '.join(near)}?")
    return found


def _run(options: argparse.Namespace, settings: config.Settings) -> int:
    """Runs jobs in this process: for a scheduled time, or because a person says so."""
    if options.due is not None:
        running.end_with_parent()
        running.end_as_told()
    status = 0
    for job in find(plan(settings), options.now):
        at = options.due or datetime.now(UTC)
        ended, words = running.run(job, settings, at, again=options.again)
        (sys.stdout if ended == running.DONE else sys.stderr).write(f"{job.name}: {words}\n")
        status = status or ended
    return status


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="show what runs when next")
    parser.add_argument("--now", metavar="JOB", help="run one job at once")
    # The scheduler's and the workers' own words to the processes that they begin.
    parser.add_argument("--due", type=datetime.fromisoformat, help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of ``python scheduler.py``; its exit status."""
    options = _arguments(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    try:
        settings = config.load()
        logs.set_up(settings.log_format)
        if options.list:
            for name, at in upcoming(settings, datetime.now(UTC)):
                sys.stdout.write(f"{at:%a %d %b %Y %H:%M %Z}  {name}\n")
        elif options.now:
            return _run(options, settings)
        else:
            serve(settings)
    except TendersError as error:
        sys.stderr.write(f"scheduler: {error}\n")
        return 1
    except (KeyboardInterrupt, SystemExit):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
