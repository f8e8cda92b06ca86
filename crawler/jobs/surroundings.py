"""What an installation stands on: room on the disk, backups, the scheduler, sources and the clock.

Sources are asked for their robots.txt only, once each, as a crawl would ask.
"""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from protego import Protego

from crawler import __version__
from crawler.config import Settings
from crawler.errors import TendersError
from crawler.jobs import keeping
from crawler.jobs.findings import Finding
from crawler.sources import load
from crawler.sources.rows import Source
from crawler.store import database, runs

_NAME = "arts-tenders"
_TIMEOUT = 10
_MOST = 512 * 1024
"""Bytes of a robots.txt that are read; RFC 9309 section 2.5 asks for as many at least."""

_GIB = 1 << 30
_ROOM = 2
"""A backup and a restored copy must fit beside the database."""

_BACKUP_AGE = timedelta(hours=30)
_CRAWL_AGE = timedelta(hours=14)
_DRIFT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a server answered: its status, its clock (None where it named none) and the text."""

    status: int
    date: datetime | None = None
    text: str = ""


Fetch = Callable[[str, str], Answer]
"""``(URL, User-Agent)`` to the answer. Raises `OSError` where there is none."""


def fetch(url: str, agent: str) -> Answer:
    """Asks for `url` once, over verified TLS."""
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is no web address")
    request = urllib.request.Request(url, headers={"User-Agent": agent})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as got:  # noqa: S310
            text = got.read(_MOST).decode("utf-8", "replace")
            return Answer(status=got.status, date=_date(got.headers["Date"]), text=text)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, date=_date(error.headers["Date"]))


def _date(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def here(settings: Settings, now: datetime) -> Iterator[Finding]:
    """What can be seen without asking anybody else."""
    yield _disk(settings)
    yield _backups(settings, now)
    yield from _database(settings, now)


def elsewhere(settings: Settings, now: datetime, ask: Fetch = fetch) -> Iterator[Finding]:
    """Whether sources can be reached and allow it, and whether our clock is theirs."""
    agent = f"{_NAME}/{__version__} (+{settings.base_url}; {settings.contact})"
    started = datetime.now(UTC)
    drifts: list[timedelta] = []
    for source in load().values():
        if not source.enabled or source.by_name:
            continue
        finding, date = _source(source, agent, ask)
        yield finding
        if date is not None:
            drifts.append(date - (now + (datetime.now(UTC) - started)))
    if drifts:
        yield _clock("clock", sorted(drifts)[len(drifts) // 2], "the sources'")


def _disk(settings: Settings) -> Finding:
    folder = settings.var if settings.var.exists() else settings.home
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            "disk",
            "wrong",
            f"{folder} cannot be looked at ({error.strerror}). Make it, or set TENDERS_HOME",
        )
    file = settings.var / "tenders.sqlite"
    needed = max(_GIB, _ROOM * (file.stat().st_size if file.exists() else 0))
    words = f"{free / _GIB:.1f} GiB are free in {folder}"
    if free < needed:
        return Finding(
            "disk",
            "wrong",
            f"{words}, and {needed / _GIB:.1f} are wanted for crawls, a backup and a restore. Make"
            " room, or lower TENDERS_KEEP_BACKUPS",
        )
    return Finding("disk", "good", words)


def _backups(settings: Settings, now: datetime) -> Finding:
    found = keeping.backups(settings.var / "backups")
    if not found:
        words = "there is none yet. The scheduler makes one each night, or: tenders db backup"
        return Finding("backups", "note", words)
    written = found[-1].stem.removeprefix("tenders-")
    age = now - datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    words = f"the newest is {found[-1].name}"
    if age > _BACKUP_AGE:
        return Finding(
            "backups",
            "wrong",
            f"{words}, {age.days or 1} days old. See whether the scheduler runs, and run:"
            " tenders db backup",
        )
    return Finding("backups", "good", f"{words}. Keep copies on another machine")


def _database(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The database's clock, and whether crawls run by themselves; nothing where it is ill."""
    engine = None
    try:
        engine = database.connect(settings.database)
        if database.schema(engine) != database.HEAD:
            return
        if engine.dialect.name == "postgresql":
            started = datetime.now(UTC)
            theirs = database.clock(engine)
            drift = theirs - (now + (datetime.now(UTC) - started))
            yield _clock("database's clock", drift, "the database server's")
        with engine.connect() as connection:
            newest = max((one["started"] for one in runs.latest(connection).values()), default=None)
    except TendersError:
        return  # the database has a finding of its own
    if newest is None:
        yield Finding("crawls", "note", "nothing was crawled yet. Run: tenders crawl --since 7d")
    elif now - newest > _CRAWL_AGE:
        yield Finding(
            "crawls",
            "wrong",
            f"the last one began at {newest:%Y-%m-%d %H:%M} UTC; the scheduler crawls every six"
            " hours. See whether it runs: python scheduler.py, or its systemd unit",
        )
    else:
        yield Finding("crawls", "good", f"the last one began at {newest:%Y-%m-%d %H:%M} UTC")


def _source(source: Source, agent: str, ask: Fetch) -> tuple[Finding, datetime | None]:
    url = urljoin(source.base_url, "/robots.txt")
    try:
        answer = ask(url, agent)
    except (OSError, ValueError) as error:
        words = " ".join(str(getattr(error, "reason", error)).split())[:200]
        return (
            Finding(
                source.key,
                "wrong",
                f"{url} does not answer: {words}. Open it in a browser; if it works there, look at"
                " this machine's network and proxy",
            ),
            None,
        )
    return _judged(source, answer, agent, url), answer.date


def _judged(source: Source, answer: Answer, agent: str, url: str) -> Finding:
    """RFC 9309 section 2.3: a 4xx allows everything, a 5xx nothing."""
    if answer.status >= 500 or answer.status == 429:
        return Finding(
            source.key,
            "note",
            f"{url} answers {answer.status}: nothing may be read meanwhile. Crawls try again",
        )
    if answer.status == 403:
        return Finding(
            source.key,
            "wrong",
            f"{url} answers 403: this machine is refused. Wait five minutes; if it stays, ask"
            f" {source.publisher}",
        )
    if answer.status < 300 and not Protego.parse(answer.text).can_fetch(source.base_url, agent):
        return Finding(
            source.key,
            "wrong",
            f"{url} bars us from {source.base_url}. Set enabled = false in sources.toml, and ask"
            f" {source.publisher}",
        )
    return Finding(source.key, "good", f"{source.base_url} answers, and lets us read")


def _clock(about: str, drift: timedelta, whose: str) -> Finding:
    seconds = round(drift.total_seconds())
    if abs(drift) > _DRIFT:
        way = "behind" if seconds > 0 else "ahead of"
        return Finding(
            about,
            "wrong",
            f"this machine's clock is {abs(seconds)} s {way} {whose}. Set the time by NTP:"
            " timedatectl set-ntp true",
        )
    return Finding(about, "good", f"it agrees with {whose}")
