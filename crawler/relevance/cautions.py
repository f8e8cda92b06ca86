"""Why a notice may not be for a small arts organisation: facts, told without a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from crawler import dates
from crawler.items import Facts
from crawler.relevance.demands import demands

SMALL_VALUE = Decimal(500_000)
"""A contract above this is larger than the yearly turnover of most small arts organisations
(Arts Council England's portfolio: the median grant is near a quarter of a million pounds)."""

SOON = timedelta(days=7)
SHORT = timedelta(days=14)
"""A notice that is open for less leaves no time to find partners and write."""

_TURNOVER = re.compile(
    r"(?:minimum|annual|yearly|specified)[^.]{0,60}turnover[^.£€]{0,80}[£€]\s?[\d,.]+\s?(?:m|million|k)?"
    r"|turnover\b[^.£€]{0,60}(?:at least|not less than|a minimum of|exceed\w*|in excess of|over"
    r"|more than|above|greater than)\s?[£€]\s?[\d,.]+\s?(?:m|million|k)?"
    r"|turnover (?:of|threshold[^.£€]{0,20}) [£€]\s?[\d,.]+\s?(?:m|million|k)?"
    r"|turnover\b[^.£€]{0,40}\b(?:twice|double|two times|three times)\b[^.£€]{0,30}value",
    re.IGNORECASE,
)
_FRAMEWORK = re.compile(r"\bframework\b|dynamic purchasing|\bdps\b|dynamic market", re.IGNORECASE)
_INCUMBENT = re.compile(
    r"direct award|single tender action|without prior publication|not a call for competition"
    r"|transparency notice",
    re.IGNORECASE,
)
_CLEARANCE = re.compile(
    r"\b(?:dbs check|enhanced dbs|security clearance|sc cleared)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One fact to weigh before spending time on a bid: a stable `code` and words for people."""

    code: str
    text: str


def cautions(
    facts: Facts, now: datetime, *, published: datetime | None = None
) -> tuple[Caution, ...]:
    """What speaks against spending time on this notice; `now` is aware UTC.

    `published` is when the notice first came out, where that is known. Only what the notice says:
    nothing is guessed from silence.
    """
    words = words_of(facts)
    found = [*_stage(facts, now), *_time(facts, published, now), *_size(facts, words)]
    found += [
        _caution(code, text)
        for code, text in demands(words)
        if code != "one_lot" or len(facts.lots) < 2
    ]
    if _INCUMBENT.search(words) or facts.procedure == "direct":
        found.append(_caution("direct", "It is a direct award, not a call for bids"))
    if _CLEARANCE.search(words):
        found.append(_caution("clearance", "Staff need checks or clearance"))
    return tuple(found)


def words_of(facts: Facts) -> str:
    """All that is read, each field on a line of its own."""
    return "\n".join(
        (
            facts.title,
            facts.description[:20_000],
            facts.procedure or "",
            *(lot.description[:2_000] for lot in facts.lots[:30]),
        )
    )


def _time(facts: Facts, published: datetime | None, now: datetime) -> list[Caution]:
    """That it is open for a short time, while it is open; `_stage` tells of the last days."""
    if published is None or facts.deadline is None or facts.status != "open":
        return []
    left = facts.deadline - now
    if facts.stage != "tender" or left < SOON or facts.deadline - published >= SHORT:
        return []
    days = dates.days_left(facts.deadline, published)
    return [_caution("short", f"It is open for {days} days only")]


def _stage(facts: Facts, now: datetime) -> list[Caution]:
    if facts.status == "cancelled":
        return [_caution("cancelled", "It was cancelled")]
    if facts.stage in ("award", "contract") or facts.status == "awarded":
        who = ", ".join(name for award in facts.awards[:1] for name in award.suppliers[:2])
        return [_caution("awarded", f"It was already awarded{f' to {who}' if who else ''}")]
    if facts.deadline is None:
        return []
    left = facts.deadline - now
    if left < timedelta(0):
        return [_caution("closed", f"The deadline was {facts.deadline:%-d %B %Y}")]
    if left < SOON:
        days = dates.days_left(facts.deadline, now)
        when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
        return [_caution("deadline", f"The deadline is {when}")]
    return []


def _size(facts: Facts, words: str) -> list[Caution]:
    found = []
    value = facts.value_max or facts.value_min
    turnover = _TURNOVER.search(words) if "turnover" in words.lower() else None
    framework = _FRAMEWORK.search(words)
    if turnover:
        said = " ".join(turnover.group().split())
        kind = "A framework that asks" if framework else "It asks"
        found.append(_caution("turnover", f"{kind} for a turnover: “{said}”"))
    elif framework:
        found.append(
            _caution(
                "framework",
                "This is a framework or dynamic list: a place on it does not guarantee any work",
            )
        )
    if value is not None and value > SMALL_VALUE and not framework and len(facts.lots) < 2:
        sign = "£" if facts.currency in (None, "GBP") else f"{facts.currency} "
        found.append(
            _caution(
                "value", f"At {sign}{value:,.0f} it is large for a small organisation: partner?"
            )
        )
    return found


def _caution(code: str, text: str) -> Caution:
    return Caution(code=code, text=text)
