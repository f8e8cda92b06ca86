"""How a run went, judged by what its source's row expects and what the source has done before."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crawler import dates
from crawler.sources import Source
from crawler.store.runs import Past, Tally, Verdict
from pipelines.counting import DECODED

_LONG = timedelta(days=7)
_ENOUGH = 20
_READINGS = 3
_HALF = 0.5
_FEW_ITEMS = 4
_QUARTER = 0.25


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run of one source brought.

    `stand` says in how many releases each expected field stands; `windows` were read whole and
    `failed` were not; `span` is the time that they cover; `finish` is Scrapy's finish reason;
    `newest` the newest date of what was new or changed. Windows of a source that is many sites are
    those sites. `unmodified`: the source said that nothing has changed since the last good run.
    """

    tally: Tally
    stand: Mapping[str, int] = field(default_factory=dict)
    windows: int = 0
    failed: int = 0
    span: timedelta = timedelta()
    finish: str = "finished"
    newest: datetime | None = None
    unmodified: bool = False


def verdict(source: Source, run: Outcome, past: Past, now: datetime) -> tuple[Verdict, str]:
    """How a run went, and why in words."""
    unit = source.unit
    if run.failed and not run.windows:
        return "failed", f"no {unit} could be read: {'; '.join(run.tally.first_errors[:1])}"
    if run.finish not in ("finished", "limit"):
        if run.finish == "shutdown":
            return "partial", "interrupted; what was read is kept, run it again to go on"
        return "partial", f"stopped before the end ({run.finish})"
    if run.failed:
        return "partial", f"{run.failed} of {run.windows + run.failed} {unit}s could not be read"
    why = _emptier(source, run)
    if not why and run.finish == "finished" and run.windows:
        why = _fewer(source, run, past) or _older(source, run, past, now)
    return ("short", why) if why else ("ok", "")


def _emptier(source: Source, run: Outcome) -> str:
    """What is wrong if fields stand in fewer releases than the row expects."""
    decoded = run.stand.get(DECODED, 0)
    for name, share in source.filled.items():
        if decoded >= _ENOUGH and run.stand.get(name, 0) < share * decoded:
            return f"{name} stands in {run.stand.get(name, 0)} of {decoded} releases only"
    return ""


def _fewer(source: Source, run: Outcome, past: Past) -> str:
    """What is wrong if there are fewer releases than the row expects, or than there always were."""
    read = run.tally.releases
    if run.unmodified:
        return ""
    if (source.posted or run.span >= _LONG) and read < source.min_items:
        return f"{read} releases, at least {source.min_items} expected"
    if source.posted:
        usual = statistics.median(past.readings) if len(past.readings) >= _READINGS else 0
        if usual >= _FEW_ITEMS and read < _HALF * usual:
            return f"{read} items, {usual:g} is usual in the last four weeks"
        return ""
    this, *before = past.weeks
    watched = [week for week in before if week is not None]
    if this is None or len(watched) < _READINGS:
        return ""
    # The median: a first crawl that reached far back makes one week very full.
    usual = statistics.median(watched)
    week = this + run.tally.new + run.tally.changed
    if usual >= _ENOUGH and week < _QUARTER * usual:
        return f"{week} new or changed releases in a week, {usual:g} is usual"
    return ""


def _older(source: Source, run: Outcome, past: Past, now: datetime) -> str:
    """What is wrong if the newest release is older than the row expects.

    A source is watched for as long first: a crawl of an archive is no fault of the archive.
    """
    known = [one for one in (past.newest, run.newest) if one is not None]
    if source.fresh is None or past.watched is None or not known:
        return ""
    if past.watched > now - source.fresh or now - max(known) <= source.fresh:
        return ""
    return (
        f"the newest release is of {dates.spell(max(known).astimezone(dates.LONDON).date())},"
        f" none older than {source.fresh.days} days expected"
    )
