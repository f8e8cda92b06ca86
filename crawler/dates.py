"""Dates as portals and people write them: strict forms first, day before month, London time.

Everything inside is aware UTC; London is only for reading what has no zone and for showing.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from crawler.errors import UsageError

LONDON = ZoneInfo("Europe/London")
_SPAN = re.compile(r"(\d{1,4})\s*([dhw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_PLAUSIBLE = range(1990, 2101)
_SPANNING = re.compile(r"\b(?:months?|years?|weeks?|days?)\b", re.IGNORECASE)
_NUMERIC = re.compile(r"\b\d{1,2}[./-](\d{1,2})[./-]\d{2,4}\b")
_LOOSE = re.compile(r"\b(?:\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2})\b")


@lru_cache(maxsize=4096)
def parse(text: str) -> datetime | None:
    """The moment that `text` names as aware UTC, or None.

    ISO 8601 first; then dateparser, day first, and only for texts that name a year, since it reads
    a date into almost anything. Without a zone the text is London time.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = _loose(text)
        if found is None:
            return None
        moment = found
    if moment.year not in _PLAUSIBLE:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LONDON)
    return moment.astimezone(UTC)


def _loose(text: str) -> datetime | None:
    if len(text) > 60 or not _LOOSE.search(text) or _SPANNING.search(text):
        return None
    numbers = _NUMERIC.search(text)
    if numbers and int(numbers[1]) > 12:
        return None  # dateparser would swap day and month rather than say that there is no such day
    import dateparser  # 0.3 s to import, and hardly ever needed

    found: datetime | None = dateparser.parse(
        text,
        languages=["en", "cy"],
        settings={"DATE_ORDER": "DMY", "STRICT_PARSING": True},
    )
    return found


def end_of_day(moment: datetime) -> datetime:
    """`moment`, or the last second of its London day if it is London midnight.

    Portals write a deadline without an hour as midnight; people mean the end of that day.
    """
    local = moment.astimezone(LONDON)
    if local.time() != time():
        return moment
    return datetime.combine(local.date(), time(23, 59, 59), tzinfo=LONDON).astimezone(UTC)


def since(text: str, now: datetime) -> datetime:
    """The start that ``--since`` names: ``7d``, ``36h``, ``2w`` before `now`, or a date.

    Raises `UsageError` for what is neither, and for the future.
    """
    text = text.strip()
    span = _SPAN.fullmatch(text.lower())
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since {text!r} is neither a span nor a date; write 7d, 36h, 2w or 2026-03-31."
        ) from None
    moment = moment.replace(tzinfo=LONDON) if moment.tzinfo is None else moment
    if moment > now:
        raise UsageError(
            f"--since {text!r} lies in the future (now is {now.astimezone(LONDON):%Y-%m-%d %H:%M});"
            " name a day that has begun."
        )
    return moment.astimezone(UTC)


def spell(moment: datetime | date) -> str:
    """`moment` as people write it: ``3 July 2026`` or ``3 July 2026, 12 noon``, London time."""
    if not isinstance(moment, datetime):
        return f"{moment.day} {moment:%B %Y}"
    local = moment.astimezone(LONDON)
    day = f"{local.day} {local:%B %Y}"
    if (local.hour, local.minute) in ((0, 0), (23, 59)):
        return day
    if (local.hour, local.minute) == (12, 0):
        return f"{day}, 12 noon"
    hour, half = local.hour % 12 or 12, "am" if local.hour < 12 else "pm"
    return f"{day}, {hour}{f':{local.minute:02d}' if local.minute else ''}{half}"


def days_left(deadline: datetime, now: datetime) -> int:
    """Whole London days from `now`'s day to `deadline`'s day; negative when it has passed."""
    return (deadline.astimezone(LONDON).date() - now.astimezone(LONDON).date()).days
