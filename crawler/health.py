"""How a source is, made of its runs: well or ill, since when, and in which words.

`crawler.store.health` reads the runs; digest, web, mail to staff and ``tenders sources`` tell them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crawler import dates

State = Literal["well", "ill", "new"]

DAYS = 28
"""How many days `Health.per_day` tells of."""

PATIENCE = timedelta(days=2)
"""Runs that read only a part are asked again and say little; without a whole one for so long, and
after `_PARTS` of them, the source is ill."""

_PARTS = 3
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that ended: `fresh` counts its new and changed releases."""

    started: datetime
    finished: datetime
    verdict: str
    reason: str = ""
    fresh: int = 0
    first_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one source is. `new`: it was never read, or only in parts so far.

    `since` is when the state began, `failing_since` the first run that did not go well since the
    last good one, `checked_at` when the last run ended; `per_day` are the new and changed releases
    of the last `DAYS` London days, today last; `verdict`, `reason` and `first_errors` are the last
    run's.
    """

    state: State
    since: datetime | None = None
    last_good: datetime | None = None
    failing_since: datetime | None = None
    checked_at: datetime | None = None
    verdict: str = ""
    reason: str = ""
    first_errors: tuple[str, ...] = ()
    per_day: tuple[int, ...] = (0,) * DAYS
    runs: int = 0


def of(runs: Sequence[Run], now: datetime) -> Health:
    """The health that `runs` tell, oldest first.

    A run that failed or fell short makes a source ill, one that went well makes it well again.
    """
    if not runs:
        return Health(state="new")
    last = runs[-1]
    goods = [run for run in runs if run.verdict == "ok"]
    good = goods[-1] if goods else None
    bad = [run for run in runs if good is None or run.started > good.started]
    ill = any(run.verdict in ("failed", "short") for run in bad) or (
        len(bad) >= _PARTS and now - (good.finished if good else bad[0].started) > PATIENCE
    )
    state: State = "ill" if ill else "well" if good else "new"
    return Health(
        state=state,
        since=bad[0].started if ill else _well_since(runs) if good else None,
        last_good=good.finished if good else None,
        failing_since=bad[0].started if bad else None,
        checked_at=last.finished,
        verdict=last.verdict,
        reason=last.reason,
        first_errors=last.first_errors,
        per_day=_per_day(runs, now),
        runs=len(runs),
    )


def _well_since(runs: Sequence[Run]) -> datetime | None:
    since: datetime | None = None
    for run in runs:
        if run.verdict == "ok":
            since = since or run.started
        elif run.verdict in ("failed", "short"):
            since = None
    return since


def _per_day(runs: Sequence[Run], now: datetime) -> tuple[int, ...]:
    today = now.astimezone(dates.LONDON).date()
    counts = [0] * DAYS
    for run in runs:
        back = (today - run.finished.astimezone(dates.LONDON).date()).days
        if 0 <= back < DAYS:
            counts[DAYS - 1 - back] += run.fresh
    return tuple(counts)


def sparkline(counts: Sequence[int]) -> str:
    """`counts` as a line of bars, a dot for none: ``··▂█▁``."""
    top = max(counts, default=0)
    return "".join(
        _BARS[(count * len(_BARS) - 1) // top if top else 0] if count > 0 else "·"
        for count in counts
    )


def spell(name: str, health: Health, now: datetime) -> str:
    """What is wrong with a source in one sentence, or an empty text: for people who read digests.

    ``Sell2Wales could not be read since Tuesday.``
    """
    if health.state != "ill" or health.failing_since is None:
        return ""
    since = health.failing_since.astimezone(dates.LONDON)
    days = (now.astimezone(dates.LONDON).date() - since.date()).days
    when = "today" if days == 0 else f"{since:%A}" if days < 7 else dates.spell(since.date())
    since_when = when if days == 0 else f"since {when}"
    if health.verdict == "short":
        return f"{name} has shown fewer notices than usual {since_when}."
    whole = "whole " if health.verdict == "partial" else ""
    return f"{name} could not be read {whole}{since_when}."
