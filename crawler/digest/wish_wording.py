"""What somebody asked for, and when they are written to, in words: every field, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from crawler import money
from crawler.buyers import NAMES as BUYERS
from crawler.digest import wording
from crawler.places.authorities import authority
from crawler.places.regions import CODES
from crawler.store.subscribers import DEFAULT_STAGES, Schedule, Subscription

STAGES = MappingProxyType(
    {"early": "early signals", "open": "open for bids", "awards": "contract awards"}
)
RHYTHMS = MappingProxyType(
    {"daily": "every day", "weekly": "every week", "fortnightly": "every second week"}
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def wish(one: Subscription) -> str:
    """What one subscription asks for: ``arts and culture. Where: Wales. Art forms: music.``"""
    bands = wording.listing([name for band, name in wording.BANDS.items() if band in one.bands])
    return ". ".join((bands, f"Where: {_where(one)}", *_what(one), *_limits(one))) + "."


def _where(one: Subscription) -> str:
    """Regions, councils and circle: work in any of them fits."""
    places = [wording.region(code) for code in CODES if code in one.regions]
    for code in one.authorities:
        body = authority(code)
        places.append(body.name if body else wording.plain(code, 20))
    if one.near:
        places.append(f"within {one.near_km} km of {wording.plain(one.near, 10)}")
    return wording.listing(places) or "anywhere in the UK"


def _what(one: Subscription) -> Iterator[str]:
    for heading, chosen, names in (
        ("Art forms", one.art_forms, wording.ART_FORMS),
        ("Outcomes", one.outcomes, wording.OUTCOMES),
        ("Buyers", one.buyer_kinds, BUYERS),
    ):
        if chosen:
            yield f"{heading}: {', '.join(_named(chosen, names))}"
    if set(one.stages) != set(DEFAULT_STAGES):
        yield f"Stages: {', '.join(_named(one.stages, STAGES)) or 'any'}"


def _named(chosen: Sequence[str], names: Mapping[str, str]) -> list[str]:
    return [names[key] for key in names if key in chosen]


def _limits(one: Subscription) -> Iterator[str]:
    if one.value_min is not None or one.value_max is not None:
        yield f"Worth: {money.spell(one.value_min, one.value_max, 'GBP')}"
    if one.largest is not None:
        yield f"The largest you could deliver: {money.spell(one.largest, one.largest, 'GBP')}"
    if one.require:
        yield f"Must mention: {_quoted(one.require)}"
    if one.exclude:
        yield f"Never with: {_quoted(one.exclude)}"
    if one.maybes:
        yield "Finds that nobody has reviewed yet may appear"


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"‘{wording.plain(word, 60)}’" for word in words)


def clock(hour: int) -> str:
    """An hour of the day: ``7am``, ``12 noon``, ``midnight``."""
    if hour in (0, 12):
        return "12 noon" if hour else "midnight"
    return f"{hour % 12}{'am' if hour < 12 else 'pm'}"


def when(schedule: Schedule) -> str:
    """When somebody is written to: ``every second Monday at 7am, only when something is new``."""
    day = WEEKDAYS[schedule.weekday]
    each = {"daily": "every day", "weekly": f"every {day}", "fortnightly": f"every second {day}"}
    words = f"{each[schedule.rhythm]} at {clock(schedule.hour)}"
    if schedule.only_new:
        words += ", only when something is new"
    if schedule.early_mail:
        words += ", and at once when something closes before the next email"
    if schedule.remind_days:
        words += f"; a reminder {wording.count(schedule.remind_days, 'day')} before a saved item"
        words += " closes"
    return words
