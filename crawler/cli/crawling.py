"""``tenders crawl``: ask the portals."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crawler import config, logs
from crawler.errors import UsageError
from crawler.jobs import crawl as job
from crawler.sources import Pace, find

commands = typer.Typer()
_GSS = re.compile(r"[ENSW]\d{8}")


def _pairs(values: list[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not equals or not rest:
            raise UsageError(f"{option} {value!r}: write SOURCE=VALUE.")
        pairs[key] = rest
    return pairs


class _Bars:
    """Progress bars on a terminal: windows done, releases, new, changed, rate."""

    def __init__(self, console: Console, keys: list[str]) -> None:
        self._started = time.monotonic()
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=8),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
        )
        self._tasks = {key: self.progress.add_task(key, total=None, words="") for key in keys}

    def hear(self, event: dict[str, Any]) -> None:
        """Moves the bar of the source that the event tells of."""
        if event.get("event") not in ("progress", "summary"):
            return
        rate = event["releases"] / max(0.1, time.monotonic() - self._started)
        counts = ", ".join(f"{event[name]} {name}" for name in ("releases", "new", "changed"))
        words = f"{counts}, {rate:.0f}/s"
        done = {"completed": event["windows"], "total": event["of"]} if "of" in event else {}
        if event["event"] == "summary":
            words = f"{event['verdict']}: {words}"
        self.progress.update(self._tasks[event["source"]], words=words, **done)


def _lines(event: dict[str, Any]) -> None:
    """Quiet logs where there is no terminal: a line when a source is done."""
    if event.get("event") == "summary":
        counts = " ".join(f"{name}={event[name]}" for name in job.COUNTS)
        fields = {name: event[name] for name in ("source", "verdict", *job.COUNTS)}
        logs.say(f"{event['source']}: {event['verdict']} {counts}", **fields)


def _found(event: dict[str, Any]) -> None:
    if event.get("event") in ("release", "contact"):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    else:
        _lines(event)


@commands.command()
def crawl(
    sources: Annotated[list[str] | None, typer.Argument(help="Source keys; all if none.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Read from here: 7d, 36h or a date. Default: the watermark.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this source, or the authority of this GSS code.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Stop each source after N releases.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print what would be kept; store nothing.")] = False,
    base_url: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE=URL", help="Read a mirror instead.")
    ] = None,
    pace: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=REQUESTS/SECONDS[,PENALTY]", help="Another pace."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with a JSON summary.")] = False,
    verbose: Annotated[bool, typer.Option(help="Log every wait and retry.")] = False,
) -> None:
    """Harvest notices from the portals. Exit status 1 unless every verdict is ok."""
    codes = tuple(key for key in only or [] if _GSS.fullmatch(key))
    keys = [*(sources or []), *(key for key in only or [] if key not in codes)]
    if codes and not keys:
        keys = ["councils"]
    options = job.Options(
        only=codes,
        since=since,
        limit=limit,
        dry_run=dry_run,
        verbose=verbose,
        base_urls=_pairs(base_url or [], "--base-url"),
        paces={key: Pace.parse(text) for key, text in _pairs(pace or [], "--pace").items()},
    )
    console = Console(stderr=True)
    now = datetime.now(UTC)
    url = config.load().database
    if dry_run or as_json or not console.is_terminal:
        results = job.crawl(url, keys, options, now, _found if dry_run else _lines)
    else:
        bars = _Bars(console, [source.key for source in find(keys)])
        with bars.progress:
            results = job.crawl(url, keys, options, now, bars.hear)
    for result in results:
        if result.verdict != "ok":
            words = f"{result.source}: {result.verdict}: {result.reason}"
            logs.say(words, logging.ERROR, source=result.source)
        if result.verdict != "ok" or result.tally.first_errors:
            for words in result.tally.first_errors:
                logs.say(f"  {words}", logging.WARNING, source=result.source)
    if as_json:
        sys.stdout.write(json.dumps({one.source: one.as_json() for one in results}) + "\n")
    if any(result.verdict != "ok" for result in results):
        raise typer.Exit(1)
