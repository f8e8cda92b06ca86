"""Crawls sources: one Scrapy subprocess each, side by side, watched from here.

A subprocess reports in JSON lines on its standard output and logs on standard error. It ends when
our end of its standard input closes, so that nothing crawls on after this process has died.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from crawler import dates
from crawler.contacts.bidding import page_facts
from crawler.errors import UsageError
from crawler.jobs import processes
from crawler.jobs.clock import ticking
from crawler.sources import Pace, Source, find, is_loopback
from crawler.sources.councils import bodies, chosen
from crawler.store import bidding, database, leases, requests, runs, sources, visits
from crawler.store.runs import Tally, Verdict

COUNTS = ("requests", "releases", "new", "changed", "same", "dropped", "errors")
_PATIENCE = 60.0
_LEASE = timedelta(seconds=60)
_PROGRESS = 0.5
"""Seconds between what a crawl tells of itself while somebody listens."""

Listener = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may ask of a crawl; see ``tenders crawl --help``.

    `only` holds GSS codes: of sources that are many sites, these authorities' only. `base_urls`
    are by source or, for one site, by GSS code.
    """

    only: tuple[str, ...] = ()
    since: str | None = None
    limit: int | None = None
    dry_run: bool = False
    verbose: bool = False
    base_urls: Mapping[str, str] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the crawl of one source went."""

    source: str
    verdict: Verdict
    reason: str
    tally: Tally

    def as_json(self) -> dict[str, Any]:
        """The object that ``crawl --json`` prints for the source."""
        counts = {name: getattr(self.tally, name) for name in COUNTS}
        return counts | {"verdict": self.verdict}


def check(wanted: Sequence[Source], options: Options, now: datetime) -> None:
    """Raises `UsageError` for options that cannot be meant, before anything is asked for."""
    if options.since is not None:
        dates.since(options.since, now)
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit {options.limit}: ask for one release or more.")
    chosen([*options.only, *(key for key in options.base_urls if key in bodies())])
    here = {source.key for source in wanted}
    named = [*(key for key in options.base_urls if key not in bodies()), *options.paces]
    find(key for key in named if key not in here)
    for key, url in options.base_urls.items():
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"--base-url {key}={url}: write a full address, http://… or https://…."
            )
    for source in wanted:
        if source.by_name and source.key in options.base_urls and not options.only:
            raise UsageError(
                f"--base-url {source.key}=… is one site: say whose with --only and its GSS code."
            )
        if source.key in options.paces:
            mirrors = _mirrors(source, options)
            local = bool(mirrors) and all(is_loopback(url) for url in mirrors)
            source.at_pace(options.paces[source.key], local=local)


def crawl(
    url: str,
    keys: Sequence[str],
    options: Options,
    now: datetime,
    listen: Listener | None = None,
) -> list[Result]:
    """Crawls the sources `keys` (all if empty) into the database `url`; one result each, in order.

    `listen` is called with each event of the subprocesses; where nobody listens, they tell only
    how they ended. Raises `UsageError` and `StoreError` before the first request. An interrupt ends
    the subprocesses in good order. Paused sources are read only if `keys` names them.
    """
    wanted = find(keys)
    check(wanted, options, now)  # before there is a database: a slip of the keyboard makes none
    return crawl_rows(url, wanted if keys else _running(url, wanted), options, now, listen)


def _running(url: str, wanted: Sequence[Source]) -> list[Source]:
    """Those that staff have not paused."""
    with database.engine(url).connect() as connection:
        paused = requests.paused(connection)
    return [source for source in wanted if source.key not in paused]


def crawl_rows(
    url: str,
    wanted: Sequence[Source],
    options: Options,
    now: datetime,
    listen: Listener | None = None,
    rows: Path | None = None,
) -> list[Result]:
    """As `crawl`, of sources at hand and with options that `check` has passed.

    `rows` is the file of own sources in which they stand.
    """
    engine = database.engine(url)
    if not options.dry_run:
        _ship(engine, now)
    environment = os.environ | {
        "SCRAPY_SETTINGS_MODULE": "crawler.settings",
        "TENDERS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
    }
    if rows is not None:
        environment["TENDERS_SOURCES_FILE"] = str(rows)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tenders-crawl-")))
        clock = ticking(now)
        busy = {
            one.key: words
            for one in wanted
            if (words := _taken(stack, engine, one.key, clock)) is not None
        }
        free = [one for one in wanted if one.key not in busy]
        commands = [
            [
                *_command(engine, source, options, clock(), listen),
                *_resume(engine, source, options, now, folder),
            ]
            for source in free
        ]
        done = {one.source: one for one in _run(free, commands, environment, listen)}
    return [done[one.key] if one.key in done else _busy(one, busy[one.key]) for one in wanted]


def _ship(engine: sa.Engine, now: datetime) -> None:
    """Brings the facts from authorities' pages into the store, if they are not there already."""
    with engine.connect() as connection:
        if bidding.shipped(connection, page_facts()):
            return
    with database.writing(engine) as connection:
        bidding.ship(connection, page_facts(), now)


def _taken(
    stack: ExitStack, engine: sa.Engine, key: str, clock: Callable[[], datetime]
) -> str | None:
    """Takes the lease of a source, until `stack` ends; or says who crawls it already."""
    name = f"source:{key}"
    if stack.enter_context(leases.holding(engine, name, _LEASE, clock, time.sleep)) is not None:
        return None
    with engine.connect() as connection:
        holder = leases.held(connection, name, clock())
    if holder is None or holder.since is None:
        return "another crawl of it was running; it has ended just now"
    return f"{holder.where} has been crawling it since {holder.since:%H:%M:%S} UTC"


def _busy(source: Source, words: str) -> Result:
    """The result where somebody else crawls the source: nothing was asked, no run is recorded."""
    reason = f"{words}. Nothing was asked. Wait for it to end, then crawl again"
    return Result(source=source.key, verdict="failed", reason=reason, tally=Tally())


def _run(
    wanted: Sequence[Source],
    commands: Sequence[list[str]],
    environment: dict[str, str],
    listen: Listener | None,
) -> list[Result]:
    if not wanted:
        return []
    # One process alone is started as quickly by itself as through a warm one.
    with processes.kept_warm() if len(wanted) > 1 else nullcontext():
        return asyncio.run(_watch_all(wanted, commands, environment, listen))


def _sites(options: Options) -> dict[str, str]:
    """The arguments of a source that is many sites: which of them, and where they are read."""
    arguments = {}
    if options.only:
        arguments["only"] = ",".join(body.gss for body in chosen(options.only))
    mirrors = {gss: options.base_urls[gss] for gss in options.only if gss in options.base_urls}
    if mirrors:
        arguments["base_urls"] = json.dumps(mirrors)
    return arguments


def _resume(
    engine: sa.Engine, source: Source, options: Options, now: datetime, folder: Path
) -> list[str]:
    """What a source that is many sites is told of visits that were broken off: a file of them."""
    if not source.by_name:
        return []
    wanted = [body.gss for body in chosen(options.only)]
    with engine.connect() as connection:
        begun = visits.unfinished(connection, source.key, wanted, now)
    if not begun:
        return []
    path = folder / f"{source.key}.json"
    path.write_text(json.dumps(begun), encoding="utf-8")
    return ["-a", f"resume={path}"]


def _command(
    engine: sa.Engine,
    source: Source,
    options: Options,
    now: datetime,
    listen: Listener | None = None,
) -> list[str]:
    """What Scrapy is told to crawl one source; watermark and silence go in as arguments."""
    with engine.connect() as connection:
        state = sources.states_of(connection).get(source.key, sources.State())
    arguments = {"source": source.key}
    if source.by_name:
        arguments |= _sites(options)
    elif options.since is not None:
        arguments["since"] = options.since
    elif state.watermark is not None:
        arguments["start"] = (state.watermark - source.overlap).isoformat()
    if source.posted and state.validators:
        arguments["validators"] = state.validators
    base_url = options.base_urls.get(source.key)
    if base_url is not None:
        arguments["base_url"] = base_url
    if source.key in options.paces:
        arguments["pace"] = str(options.paces[source.key])
    if options.limit is not None:
        arguments["limit"] = str(options.limit)
    quiet = _quiet_until(engine, source, state, now, mirrored=base_url is not None)
    if quiet > now:
        arguments["quiet_for"] = f"{(quiet - now).total_seconds():.3f}"
    settings = {
        "REPORT": True,
        "PROGRESS_EVERY": 0.0 if listen is None else _PROGRESS,
        "DRY_RUN": options.dry_run,
        "LOG_LEVEL": "INFO" if options.verbose else "WARNING",
        "LOOPBACK_ALLOWED": any(is_loopback(mirror) for mirror in _mirrors(source, options)),
    }
    command = ["crawl", source.platform]
    for name, value in arguments.items():
        command += ["-a", f"{name}={value}"]
    for name, setting in settings.items():
        command += ["-s", f"{name}={setting}"]
    return command


def _quiet_until(
    engine: sa.Engine, source: Source, state: sources.State, now: datetime, *, mirrored: bool
) -> datetime:
    """When the source may be asked again: as it told us, and by its pace after the last crawl.

    A mirror knows nothing of that crawl, and sites of many have their own turns.
    """
    told = state.quiet_until or datetime.min.replace(tzinfo=UTC)
    if mirrored or source.by_name:
        return told
    with engine.connect() as connection:
        asked = runs.last_asked(connection, source.key, now)
    return told if asked is None else max(told, asked + timedelta(seconds=source.pace.seconds))


def _mirrors(source: Source, options: Options) -> list[str]:
    """Where a crawl of `source` is sent instead of the published addresses."""
    mine = (source.key, *options.only) if source.by_name else (source.key,)
    return [options.base_urls[key] for key in mine if key in options.base_urls]


async def _watch_all(
    wanted: Sequence[Source],
    commands: Sequence[list[str]],
    environment: dict[str, str],
    listen: Listener | None,
) -> list[Result]:
    watches = [
        asyncio.create_task(_watch(source, command, environment, listen))
        for source, command in zip(wanted, commands, strict=True)
    ]
    try:
        await asyncio.wait(watches)
    except asyncio.CancelledError:
        for watch in watches:
            watch.cancel()
        await asyncio.wait(watches)
    return [watch.result() for watch in watches]


async def _watch(
    source: Source, command: list[str], environment: dict[str, str], listen: Listener | None
) -> Result:
    """Runs one subprocess to its end and reads its events."""
    reads, output = os.pipe()
    try:
        process = await processes.begin("scrapy", command, environment, output)
    except BaseException:
        os.close(reads)
        raise
    finally:
        os.close(output)
    summary: dict[str, Any] = {}
    reading = asyncio.create_task(_read(reads, listen, summary))
    interrupted = False
    try:
        await asyncio.shield(reading)
    except asyncio.CancelledError:
        interrupted = True
        await _end(process)
        await reading
    code = await process.wait()
    if interrupted and not summary:
        words = "interrupted before the first request"
        return Result(source=source.key, verdict="partial", reason=words, tally=Tally())
    return _result(source, summary, code)


async def _read(output: int, listen: Listener | None, summary: dict[str, Any]) -> None:
    """Hears the events on the open file `output` until nobody writes there any more."""
    lines = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(output, "rb", 0)
    )
    async for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if not isinstance(event, dict):
            continue
        if event.get("event") == "summary":
            summary.update(event)
        if listen is not None:
            listen(event)
    transport.close()


async def _end(process: processes.Process) -> None:
    """Asks a subprocess to end as Scrapy does on Ctrl-C, and insists after a minute."""
    for word, patience in ((signal.SIGINT, _PATIENCE), (signal.SIGKILL, None)):
        if process.returncode is not None:
            return
        process.send_signal(word)
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            continue


def _result(source: Source, summary: dict[str, Any], code: int) -> Result:
    if not summary:
        ended = f"signal {-code}" if code < 0 else f"status {code}"
        words = f"the crawl process ended with {ended} before it was done; its log says why"
        return Result(source=source.key, verdict="failed", reason=words, tally=Tally(errors=1))
    names = asdict(Tally()).keys()
    return Result(
        source=source.key,
        verdict=summary["verdict"],
        reason=summary["reason"],
        tally=Tally(**{name: summary[name] for name in names}),
    )
