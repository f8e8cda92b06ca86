"""Reads out of a notice's words when and where a buyer meets those who might bid.

``A supplier webinar will be held on Thursday 14 May 2026 at 10am via Teams``: a word for a
meeting, then, in the same breath, a day; around it an hour and a place. A day behind "by" or
"deadline" is a deadline, a meeting that took place is over, and a day far from the notice's own is
somebody else's. What is doubtful is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from crawler import dates
from crawler.coming import Gathering, Kind
from crawler.opportunity import Opportunity
from crawler.partners.meeting_words import (
    CUE,
    CUES,
    DEADLINE,
    DOTTED,
    GOES_ON,
    HINTS,
    LISTED,
    MONTHS,
    NOT_PLACES,
    ONLINE,
    OTHER,
    OVER,
    PLACE,
    SENTENCES,
    SPAN,
    TOOLS,
    WEEKDAY,
)
from crawler.stated import DATE, day_named, hour_in
from crawler.text import one_line

MOST = 6
"""Meetings of one notice."""

_EARLY = timedelta(days=2)
_LATE = timedelta(days=400)
_READ = 20_000
_REACH = 260
_BACK = 110


def gatherings(one: Opportunity) -> tuple[Gathering, ...]:
    """The meetings that a notice names, the earliest first; none for what is over or cancelled."""
    if one.status == "cancelled" or one.stage not in ("planning", "tender"):
        return ()
    if one.notice_type == "forward plan":
        return ()  # Its only date is the decision's.
    texts = [one.title, one.description, *(lot.description for lot in one.lots[:10])]
    found: dict[tuple[date, time | None], Gathering] = {}
    for text in dict.fromkeys(texts):
        for made in meetings_in(text, one.published):
            hour = made.starts.timetz() if made.starts else None
            known = found.get((made.day, hour)) or (
                None if hour else next((g for (d, _), g in found.items() if d == made.day), None)
            )
            if known is None:
                found.pop((made.day, None), None)
                found[made.day, hour] = made
    ordered = sorted(found.values(), key=lambda g: (g.day, g.starts is not None, g.mark))
    return tuple(ordered[:MOST])


def meetings_in(text: str, published: datetime) -> Iterator[Gathering]:
    """Each meeting that `text`, `published` then, names with its day."""
    text = text[:_READ]
    plain = text.lower()
    if not any(hint in plain for hint in HINTS):
        return
    cues = list(CUE.finditer(text))
    for at, cue in enumerate(cues):
        kind = next(CUES[n][0] for n in range(len(CUES)) if cue[f"k{n}"])
        until = cues[at + 1].start() if at + 1 < len(cues) else len(text)
        if OVER.search(text[max(0, cue.start() - 40) : cue.start()]):
            continue
        ahead = list(_ahead(text, cue.end(), min(until, cue.end() + _REACH), published, kind))
        yield from ahead or _behind(text, cue, published, kind)


def _ahead(
    text: str, start: int, until: int, published: datetime, kind: Kind
) -> Iterator[Gathering]:
    """The days that follow a word for a meeting, until something else is spoken of."""
    last = start
    broken = SENTENCES.search(text, start, until)
    for found in DATE.finditer(text, start, until):
        between = text[last : found.start()]
        # Beyond the sentence only what is labelled as the meeting's own day still belongs to it.
        away = broken is not None and broken.start() < found.start()
        if away and not re.search(r"\b(?:date|when|held|take place)\b\W*", between, re.IGNORECASE):
            return
        if OVER.search(between) or (OTHER.search(between) and not DEADLINE.search(between)):
            return
        if DEADLINE.search(between[-60:]):
            if last != start:
                return
            last = found.end()
            continue
        made = _made(text, found, published, kind, before=max(start, found.start() - 60))
        if made is not None:
            yield made
        last = found.end()


def _behind(text: str, cue: re.Match[str], published: datetime, kind: Kind) -> Iterator[Gathering]:
    """``On 4 June at 2pm we will host a webinar``: the day before the word, in its sentence."""
    start = max(0, cue.start() - _BACK)
    for end in SENTENCES.finditer(text, start, cue.start()):
        start = end.end()
    days = list(DATE.finditer(text, start, cue.start()))
    if not days:
        return
    found = days[-1]
    before, between = (
        text[max(0, found.start() - 60) : found.start()],
        text[found.end() : cue.start()],
    )
    after = text[cue.end() : cue.end() + 60]
    if (
        DEADLINE.search(before)
        or OTHER.search(between)
        or OVER.search(f"{before} {between} {after}")
    ):
        return
    if (
        re.search(r"\b(?:register|book|attend|prior|ahead|for)\b", between)
        and "for a" not in between
    ):
        return
    made = _made(text, found, published, kind, before=start)
    if made is not None:
        yield made


def _made(
    text: str, found: re.Match[str], published: datetime, kind: Kind, *, before: int
) -> Gathering | None:
    named = day_named(found, published)
    if named is None:
        return None
    day = named.date()
    weekday = WEEKDAY.search(text[max(0, found.start() - 16) : found.start()])
    written = found["y1"] or found["y2"] or found["y3"] or found["iso"]
    if weekday and not written and f"{day:%a}".lower() != weekday[1].lower():
        return None  # The year that we would add is not the one that was meant.
    said = published.astimezone(dates.LONDON).date()
    if not said - _EARLY <= day <= said + _LATE:
        return None
    after = _rest(text, found.end())
    starts, ends = _hours(after[:70]) or _hours(text[before : found.start()]) or (None, None)
    around = f"{text[max(0, before - 80) : found.start()]} {after}"
    online = bool(ONLINE.search(around)) or kind == "webinar"
    place = _place(after) or _place(text[before : found.start()])
    if not place and online:
        place = next((name for word, name in TOOLS if word in around.lower()), "")
    return Gathering(
        kind=kind,
        day=day,
        words=one_line(_in_whole_words(text, before - 80, found.end() + 120), 300),
        starts=_moment(day, starts),
        ends=_moment(day, ends) if starts and ends and ends > starts else None,
        place=place,
        online=online and not _place(after),
    )


def _rest(text: str, at: int) -> str:
    """What follows a day about the same meeting: its sentence, or labelled lines; no other day."""
    rest = text[at : at + 200]
    further = DATE.search(rest)
    rest = rest[: further.start()] if further else rest
    end = SENTENCES.search(rest)
    if end is None:
        return rest
    return rest if GOES_ON.match(rest, end.end()) else rest[: end.start()]


def _hours(words: str) -> tuple[time, time | None] | None:
    """When it begins and ends, as far as the words say it."""
    for span in SPAN.finditer(words):
        if not (span["a1"] or span["a2"] or (span["m1"] and span["m2"])):
            continue
        end = _clock(span["h2"], span["m2"], span["a2"])
        begin = _clock(span["h1"], span["m1"], span["a1"] or _half(span))
        if begin and end and begin < end:
            return begin, end
    dotted = DOTTED.search(words)
    hour = hour_in(words) or (_clock(dotted["h"], dotted["m"], None) if dotted else None)
    return (hour, None) if hour else None


def _half(span: re.Match[str]) -> str | None:
    """The half of the day that the first hour of ``10-12pm`` or ``1-3pm`` is in."""
    last = (span["a2"] or "").lower().replace(".", "")
    if last != "pm":
        return span["a2"]
    first, second = int(span["h1"]), int(span["h2"])
    return "am" if second == 12 or first > second else "pm"


def _clock(hour: str, minute: str | None, half: str | None) -> time | None:
    number, past = int(hour), int(minute or 0)
    half = (half or "").lower().replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= number <= 12:
            return None if number > 23 else time(number, past) if past < 60 else None
        number = number % 12 + (12 if half == "pm" else 0)
    return time(number, past) if number < 24 and past < 60 else None


def _moment(day: date, hour: time | None) -> datetime | None:
    if hour is None:
        return None
    return datetime.combine(day, hour, tzinfo=dates.LONDON).astimezone(UTC)


def _place(words: str) -> str:
    """Where it is, in the words' own; empty where they name no place or one that is online."""
    listed = LISTED.match(words)
    for found in (*PLACE.finditer(words), *([listed] if listed else [])):
        place = found["place"].strip(" ,")
        if not (MONTHS.match(place) or NOT_PLACES.match(place) or ONLINE.match(place)):
            return one_line(place, 120)
    return ""


def _in_whole_words(text: str, start: int, end: int) -> str:
    """`text` from about `start` to about `end`, no word cut in two, with … where more stands."""
    start, end = max(0, start), min(len(text), end)
    while 0 < start < end and not text[start - 1].isspace():
        start += 1
    while start < end < len(text) and not text[end].isspace():
        end -= 1
    before, after = "… " * (start > 0), " …" * (end < len(text))
    return f"{before}{text[start:end].strip()}{after}"
