"""When each job runs, and nothing else: what a job does stands in `crawler.jobs`.

``python scheduler.py`` (or ``tenders schedule``) runs until it is stopped, ``--list`` shows what
runs when, ``--now JOB`` runs one job at once. Times are of the zone TENDERS_TIMEZONE; no daily job
lies between 1 and 2 at night, an hour that comes twice or not at all when clocks change. Digests
are looked at every hour: `crawler.digest.due` says whose time has come, each once.
"""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from crawler import config, logs
from crawler.errors import DeliveryError, SourceError, TendersError, UsageError
from crawler.jobs import crawl, health, keeping, match, send
from crawler.store import database

logger = logging.getLogger("scheduler")

_LATE = 12 * 3600


@dataclass(frozen=True, slots=True)
class Job:
    """A named job: when it runs (a crontab line) and what it calls."""

    name: str
    when: str
    run: Callable[[config.Settings], object]


def _crawl(settings: config.Settings) -> object:
    return _told(crawl.crawl(settings.database, [], crawl.Options(), datetime.now(UTC)))


def _told(results: Sequence[crawl.Result]) -> str:
    """How a crawl went, in words. Raises `SourceError` with them if any source did not go well."""
    words = "; ".join(
        f"{one.source} {one.verdict}, {one.tally.new} new, {one.tally.changed} changed"
        for one in results
    )
    if any(one.verdict != "ok" for one in results):
        raise SourceError(words)
    return words


def _contacts(settings: config.Settings) -> object:
    return _told(crawl.authorities(settings.database, datetime.now(UTC)))


def _health(settings: config.Settings) -> object:
    return health.inform(settings, database.engine(settings.database), datetime.now(UTC))


def _match(settings: config.Settings) -> object:
    return match.match(database.engine(settings.database), datetime.now(UTC))


def _digest(settings: config.Settings) -> object:
    return _sent(send.send(settings, database.engine(settings.database), datetime.now(UTC)))


def _deliver(settings: config.Settings) -> object:
    return _sent(send.deliver_only(settings, database.engine(settings.database), datetime.now(UTC)))


def _sent(done: send.RoundDone) -> str:
    """How a round went, in words. Raises `DeliveryError` with them if it did not go well."""
    if not done.well:
        raise DeliveryError(f"{done}. See: tenders digest outbox")
    return str(done)


def _prune(settings: config.Settings) -> object:
    engine = database.engine(settings.database)
    now = datetime.now(UTC)
    contacts = keeping.prune_contacts(engine, settings.keep_contacts_months, now)
    unconfirmed = keeping.prune_pending(engine, now)
    mails = keeping.prune_mails(engine, settings.keep_mail_days, now)
    return keeping.prune(engine, settings.keep_raw_months, now), contacts, unconfirmed, mails


def _backup(settings: config.Settings) -> object:
    return keeping.backup(settings, database.engine(settings.database), datetime.now(UTC))


JOBS = (
    Job("crawl", "10 5,11,17,23 * * *", _crawl),
    Job("contacts", "20 2 1 * *", _contacts),
    Job("health", "50 * * * *", _health),
    Job("match", "0 6 * * *", _match),
    Job("digest", "0 * * * *", _digest),
    Job("deliver", "*/5 * * * *", _deliver),
    Job("prune", "30 3 * * sun", _prune),
    Job("backup", "0 4 * * *", _backup),
)


def _find(name: str) -> Job:
    for job in JOBS:
        if job.name == name:
            return job
    names = [job.name for job in JOBS]
    near = difflib.get_close_matches(name, names, n=1) or names
    raise UsageError(f"there is no job {name!r}; did you mean {', '.join(near)}?")


def _guarded(job: Job, settings: config.Settings) -> None:
    """Runs a job; what goes wrong is logged in words and does not stop the others."""
    try:
        logger.info("%s: %s", job.name, job.run(settings))
    except TendersError as error:
        logger.error("%s: %s", job.name, error)
    except Exception:
        logger.exception("%s: failed for a reason nobody foresaw", job.name)


def schedule(settings: config.Settings) -> BlockingScheduler:
    """A scheduler with every job in it, not yet started."""
    scheduler = BlockingScheduler(timezone=ZoneInfo(settings.timezone))
    for job in JOBS:
        scheduler.add_job(
            _guarded,
            CronTrigger.from_crontab(job.when, timezone=ZoneInfo(settings.timezone)),
            args=(job, settings),
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=_LATE,
        )
    return scheduler


def plan(settings: config.Settings, now: datetime) -> list[tuple[str, datetime]]:
    """Each job's name and when it runs next after `now`, soonest first."""
    zone = ZoneInfo(settings.timezone)
    times = (
        (job.name, CronTrigger.from_crontab(job.when, timezone=zone).get_next_fire_time(None, now))
        for job in JOBS
    )
    return sorted(((name, at) for name, at in times if at is not None), key=lambda row: row[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of ``python scheduler.py``; its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="show what runs when next")
    parser.add_argument("--now", metavar="JOB", help="run one job at once")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = config.load()
        logs.set_up(settings.log_format)
        if options.list:
            for name, at in plan(settings, datetime.now(UTC)):
                sys.stdout.write(f"{at:%a %d %b %Y %H:%M %Z}  {name}\n")
        elif options.now:
            job = _find(options.now)
            sys.stdout.write(f"{job.name}: {job.run(settings)}\n")
        else:
            database.engine(settings.database)
            schedule(settings).start()
    except TendersError as error:
        sys.stderr.write(f"scheduler: {error}\n")
        return 1
    except (KeyboardInterrupt, SystemExit):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
