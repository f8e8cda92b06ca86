"""When a contract comes back to market: its end, how far that may move, and why we think so.

What the award says counts for more than what we work out, and nothing is worked out without a date
in the notice to start from. A stated end may or may not hold the extensions: where the stated
start and term show which, that is said; where they do not, the window says so.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from crawler import dates
from crawler.coming import Certainty
from crawler.partners.terms import Terms, merged, read_terms
from crawler.text import one_line

_SLACK = timedelta(days=46)
_LONGEST = 480
_PLAUSIBLE = timedelta(days=366 * 40)
_QUOTES = 3
_QUOTE = 300
"""Long enough that the words on the extensions, which come last, are not cut off."""
_NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
_START_LATE = 6
"""Months by which a contract may begin after its award: then its end lies as much later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a contract ends: `earliest` without extensions, `latest` with every one of them.

    `certainty` is ``stated`` for an end that the notice names, ``worked out`` for one from start
    and term, ``estimated`` for one that is counted from the award, since no start is named.
    `reasons` are sentences.
    """

    earliest: date
    latest: date
    certainty: Certainty
    reasons: tuple[str, ...]


def relet(
    *,
    start: date | None = None,
    end: date | None = None,
    signed: date | None = None,
    months: int | None = None,
    texts: Sequence[str] = (),
    renewals: Sequence[str] = (),
) -> Window | None:
    """The window of one contract, or None where the notice gives no date to go by.

    `start` and `end` are those of the award's or lot's contract period, `months` its length as a
    field gives it, `signed` the day of the award, `texts` the description and the like, `renewals`
    what fields for renewal and options say.
    """
    said = _sound(
        merged(
            [
                *(read_terms(one, renewal=True) for one in renewals),
                *(read_terms(one) for one in texts),
            ]
        ),
        months,
    )
    start, end = start or said.start, end or _believed(start or said.start, said)
    if start and end and not start < end < start + _PLAUSIBLE:
        end = None
    more = sum(said.extensions)
    if start and end and not (more or said.maximum or said.latest or said.end or said.start):
        said = replace(said, words=())  # What they say of some other term bears nothing here.
    ended = _ended(start, said)
    if end is None and ended is None:
        return _latest_only(said) or (_from_award(signed, said) if signed and not start else None)
    if end is None:
        assert ended is not None
        assert start is not None
        reasons = [f"{_months(_length(said))} from {dates.spell(start)}"]
        return _window(ended, _plus(ended, more), said, start, "worked out", reasons)
    reasons = [f"the notice says that it ends on {dates.spell(end)}"]
    if start and more and _holds_extensions(start, end, said):
        earliest = ended or _plus(end, -more)
        reasons.append(f"that is with every extension, {_months(more)} of it")
        return Window(
            earliest=min(earliest, end),
            latest=end,
            certainty="stated",
            reasons=_with(reasons, said),
        )
    return _window(end, _plus(end, more), said, start, "stated", reasons)


def _sound(said: Terms, months: int | None) -> Terms:
    """The terms without extensions that no contract has; a field's length where none is said."""
    if sum(said.extensions) > _LONGEST:
        said = replace(said, extensions=())
    if months and 0 < months <= _LONGEST and not said.initial:
        said = replace(said, initial=months)
    return said


def _from_award(signed: date, said: Terms) -> Window | None:
    """From the day of the award, since no start is named: it may begin, and end, months later."""
    ended = _ended(signed, said)
    if ended is None:
        return None
    reasons = [
        f"{_months(_length(said))} from its award on {dates.spell(signed)},"
        " since no start is named: it may begin months later"
    ]
    made = _window(ended, _plus(ended, sum(said.extensions)), said, signed, "estimated", reasons)
    return replace(made, latest=_plus(made.latest, _START_LATE))


def _believed(start: date | None, said: Terms) -> date | None:
    """The end that the words name, unless the term that they name runs on far beyond it."""
    ended = _ended(start, said)
    if said.initial and said.end and ended and said.end < ended - _SLACK:
        return None
    return said.end


def _window(
    earliest: date,
    latest: date,
    said: Terms,
    start: date | None,
    certainty: Certainty,
    reasons: list[str],
) -> Window:
    if said.extensions:
        reasons.append(f"it may be extended {_listed(said.extensions)}")
    if start and said.maximum:
        latest = max(latest, _plus(start, said.maximum) - timedelta(days=1))
        reasons.append(f"{_months(said.maximum)} is the most that it may run")
    if said.latest and said.latest > earliest:
        latest = said.latest
        reasons.append(f"{dates.spell(said.latest)} is the latest end")
    return Window(
        earliest=earliest,
        latest=max(earliest, latest),
        certainty=certainty,
        reasons=_with(reasons, said),
    )


def _latest_only(said: Terms) -> Window | None:
    """Nothing but the latest possible end is named: the first end is that less the extensions."""
    if said.latest is None:
        return None
    earliest = _plus(said.latest, -sum(said.extensions))
    words = [f"{dates.spell(said.latest)} is the latest end with every extension"]
    return Window(
        earliest=earliest, latest=said.latest, certainty="worked out", reasons=_with(words, said)
    )


def _ended(start: date | None, said: Terms) -> date | None:
    """The last day of the term without extensions, from its start and length."""
    if start is None:
        return None
    length = _length(said)
    return _plus(start, length) - timedelta(days=1) if length else None


def _length(said: Terms) -> int:
    """The months of the term without extensions; 0 where they cannot be known."""
    if said.initial:
        return said.initial
    if said.maximum and said.extensions and sum(said.extensions) < said.maximum:
        return said.maximum - sum(said.extensions)
    return 0


def _holds_extensions(start: date, end: date, said: Terms) -> bool:
    """Whether the stated end is that with every extension, as start and term show."""
    whole = (said.initial or 0) + sum(said.extensions) if said.initial else said.maximum
    if not whole:
        return False
    return abs(_plus(start, whole) - end) <= _SLACK


def _plus(day: date, months: int) -> date:
    """`day` so many months later, on the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    # The day before a term's first day is the last of its month: 31 March, then 30 June.
    last = calendar.monthrange(year, month + 1)[1]
    was_last = calendar.monthrange(day.year, day.month)[1] == day.day
    return date(year, month + 1, last if was_last else min(day.day, last))


def _months(months: int) -> str:
    if months % 12 == 0:
        return f"{months // 12} year{'s' * (months != 12)}"
    return f"{months} month{'s' * (months != 1)}"


def _listed(extensions: Sequence[int]) -> str:
    """``by 1 year``, ``twice, by a year each``, ``by 2 years and then by 1 year``."""
    if len(set(extensions)) == 1 and len(extensions) > 1:
        each = {12: "a year", 1: "a month"}.get(extensions[0]) or _months(extensions[0])
        return f"{_times(len(extensions))}, by {each} each"
    return " and then ".join(f"by {_months(one)}" for one in extensions)


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{_NUMBERS.get(number, number)} times"


def _with(reasons: Sequence[str], said: Terms) -> tuple[str, ...]:
    """The reasons, and the notice's own words that they rest on."""
    quoted = tuple(f"‘{one_line(words, _QUOTE)}’" for words in said.words[:_QUOTES])
    return (*reasons, *quoted)
