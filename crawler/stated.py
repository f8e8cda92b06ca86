"""Deadlines and budgets that running text states, where no field says them.

Only what is labelled counts ("Closing date", "Budget"): an unlabelled date may be an event's, and
an unlabelled sum a building's. What is doubtful is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from crawler import dates, money

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
DATE = re.compile(  # read by `day_named`
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    r"|\b(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?"
    + _MONTH.format("m1")
    + r"(?:,?\s+(?P<y1>\d{4})\b)?"
    r"|\b" + _MONTH.format("m2") + r"\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{4})\b"
    r"|\b(?P<d3>\d{1,2})[./-](?P<m3>\d{1,2})[./-](?P<y3>\d{4}|\d{2})\b",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"\b(?:closing (?:date|time)|deadline|closes|closing on|apply by|applications? (?:close|due)"
    r"|submissions? (?:close|due)|(?:submitted|returned|received|submit|respond|response) by"
    r"|end date|expires?)\b",
    re.IGNORECASE,
)
_NOT_BIDS = re.compile(r"\b(?:question|clarif|quer(?:y|ies)|interview|site visit)", re.IGNORECASE)
HOUR = re.compile(
    r"\b(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s*(?P<half>[ap])\.?m\b"
    r"|\b(?P<h2>\d{1,2}):(?P<m2>\d{2})\b|\b(?P<h3>\d{2})(?P<m3>\d{2})\s?h(?:ou)?rs\b"
    r"|\b(?P<noon>noon|midday)\b",
    re.IGNORECASE,
)
_NEAR = 80
_BESIDE = 24
_EARLIEST = timedelta(days=366)
_LATEST = timedelta(days=5 * 366)

_SUM = (
    r"£\s?(?P<{0}>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)\s?"
    r"(?P<{0}u>k\b|m\b|bn\b|million\b|thousand\b|billion\b)?"
)
_BUDGET = re.compile(
    r"\b(?:(?:total |maximum |overall |project )?budgets?|fees?|contract value|value|worth|up to"
    r"|honorarium|stipend|bursary|commission of)\b[^£.!?]{0,60}?"
    + _SUM.format("a")
    + r"(?:\s?(?:-|–|—|to|and)\s?"
    + _SUM.format("b").replace("£", "£?")
    + r")?(?P<rest>[^.\n]{0,24})",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"^\W*(?:plus vat|\+ vat|ex vat|inc vat)?\W*(?:per|an?|each|p\.?[ahd]\b|/)\W*"
    r"(?:hour|hr|day|session|week|month|annum|year|artist|ticket|head|person|a\b|h\b|d\b|$)?",
    re.IGNORECASE,
)
_UNITS = {"k": 3, "thousand": 3, "m": 6, "million": 6, "bn": 9, "billion": 9}


def deadline_in(text: str, published: datetime | None) -> datetime | None:
    """When bids or applications must be in, as the text says it behind a label; aware UTC.

    A date without a year counts only where it is known when the text was `published`: the next such
    day. A day without an hour means its end. None where nothing is said or nothing is plausible.
    """
    for label in _CLOSES.finditer(text):
        near = text[label.end() : label.end() + _NEAR]
        found = DATE.search(near)
        if found is None or _NOT_BIDS.search(near[: found.start()]):
            continue
        day = day_named(found, published)
        if day is None:
            continue
        start, end = label.end() + found.start(), label.end() + found.end()
        around = text[end : end + _BESIDE], text[max(label.end(), start - _BESIDE) : start]
        hour = next((at for words in around if (at := hour_in(words))), time())
        moment = datetime.combine(day, hour, tzinfo=dates.LONDON).astimezone(UTC)
        if published and not published - _EARLIEST < moment < published + _LATEST:
            continue
        return dates.end_of_day(moment)
    return None


def day_named(found: re.Match[str], published: datetime | None) -> datetime | None:
    """The day that a match names (midnight, naive), or None where there is no such day."""
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
        return _real(year, month, day)
    number = int(found["d1"] or found["d2"] or found["d3"])
    word = found["m1"] or found["m2"]
    month = _MONTHS.index(word[:3].lower()) + 1 if word else int(found["m3"])
    written = found["y1"] or found["y2"] or found["y3"]
    if written:
        return _real(int(written) + (2000 if len(written) == 2 else 0), month, number)
    if published is None:
        return None
    local = published.astimezone(dates.LONDON).replace(tzinfo=None)
    for year in (local.year, local.year + 1):
        day_then = _real(year, month, number)
        if day_then is not None and day_then.date() >= local.date():
            return day_then
    return None


def _real(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day) if 1990 <= year <= 2100 else None  # noqa: DTZ001
    except ValueError:
        return None


def hour_in(words: str) -> time | None:
    """The first hour that the words name, as 24-hour time; None for none."""
    found = HOUR.search(words)
    if found is None:
        return None
    if found["noon"]:
        return time(12)
    hour = int(found["h"] or found["h2"] or found["h3"])
    minute = int(found["m"] or found["m2"] or found["m3"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def budget_in(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and highest sum that the text offers behind a label, in pounds; None if neither.

    Rates (a day, a year) are no budget.
    """
    for low, high in _budgets(text):
        return low, high
    return None, None


def _budgets(text: str) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    for found in _BUDGET.finditer(text):
        if _RATE.match(found["rest"]):
            continue
        high_unit = found["bu"]
        # In "£5-10k" the unit stands once and means both.
        first = _pounds(found["a"], found["au"] or (high_unit if found["b"] else None))
        second = _pounds(found["b"], high_unit) if found["b"] else None
        if first is None:
            continue
        if second is not None and second > first:
            yield first, second
        elif "up to" in found[0].lower():
            yield None, first
        else:
            yield first, first


def _pounds(digits: str, unit: str | None) -> Decimal | None:
    plain = Decimal(digits.replace(",", ""))
    return money.amount(float(plain.scaleb(_UNITS.get((unit or "").lower(), 0))))
