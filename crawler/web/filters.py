"""From a query string to what is searched for, and back to addresses that can be shared.

One table, `facets`, says which values a filter knows and how people name them; the form, the chips,
the API and its description all read it. What is not known is left out and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from crawler import buyers, dates
from crawler.digest import wording
from crawler.jobs import freshness
from crawler.places.authorities import authority
from crawler.places.regions import regions
from crawler.store.browse import Filters, Sort
from crawler.text import key as name_key
from crawler.web.speaking import RELEVANCE, STAGES, body_name

LONGEST_WORDS = 200
LAST_PAGE = 500
ANY = "any"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
AMOUNT = r"£? ?[0-9][0-9,]{0,12}(?:\.[0-9]{1,2})? ?[kKmM]?"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
GSS = r"[ENSW][0-9]{8}"
_SIZES = {"": 1, "k": 1_000, "m": 1_000_000}
_MOST_VALUES = 40
_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter with a fixed list of values: its name in addresses, its field of `Filters`."""

    param: str
    field: str
    heading: str
    labels: Mapping[str, str]


def _capital(names: Mapping[str, str]) -> dict[str, str]:
    return {key: wording.sentence(name) for key, name in names.items()}


_FACETS = (
    Facet("relevance", "relevance", "What kind", RELEVANCE),
    Facet("region", "regions", "Region", regions() | {"UK": "UK-wide", "unknown": "Not stated"}),
    Facet("art_form", "art_forms", "Art form", _capital(wording.ART_FORMS)),
    Facet("outcome", "outcomes", "Outcome", _capital(wording.OUTCOMES)),
    Facet("stage", "stages", "Stage", STAGES),
    Facet("buyer_kind", "buyer_kinds", "Buyer", _capital(buyers.NAMES)),
)
STATUS = Facet(
    "status",
    "status",
    "Status",
    {
        "open": "Open or coming up",
        "closed": "Closed",
        "awarded": "Awarded",
        "cancelled": "Cancelled",
    },
)
_MEANT = {"open": ("open", "unknown")}
SORTS: dict[Sort, str] = {
    "closing": "Closing soonest",
    "newest": "Newest first",
    "relevance": "Best match to your words",
    "score": "Most likely for the arts",
    "value": "Highest value",
}
CLOSING = {7: "within a week", 14: "within two weeks", 30: "within a month", 90: "within 3 months"}
_DATES = ("closing_from", "closing_to", "published_from", "published_to")
DATE_WORDS = {
    "closing_from": "Closes from",
    "closing_to": "Closes until",
    "published_from": "Published from",
    "published_to": "Published until",
}
ORDER = (
    "q", *(facet.param for facet in _FACETS), "source", "authority", "status", "min", "max",
    "closing", *_DATES, "buyer", "sort",
)  # fmt: skip
_PASSING = ("page", "cursor", "limit")


def facets() -> tuple[Facet, ...]:
    """The filters in the order of the form; an installation may have sources of its own."""
    return (*_FACETS, Facet("source", "sources", "Source", freshness.names()))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force: its words, and the address of the same search without it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for. `values` are the accepted parameters, told in `order`.

    `problems` name what was left out and why, `notes` what was set right; both in words. `path` is
    the page that was asked.
    """

    values: Mapping[str, tuple[str, ...]]
    filters: Filters
    sort: Sort
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    path: str = "/opportunities"
    order: tuple[str, ...] = ORDER

    def url(self, path: str | None = None, **more: str) -> str:
        """The address of this search, or of the same under `path`, with `more` parameters."""
        pairs = [(name, value) for name in self.order for value in self.values.get(name, ())]
        query = urlencode([*pairs, *more.items()])
        path = self.path if path is None else path
        return f"{path}?{query}" if query else path

    def without(self, name: str, value: str | None = None) -> str:
        """The address of this search without one value, or without a whole filter."""
        left = tuple(v for v in self.values.get(name, ()) if value is not None and v != value)
        return replace(self, values={**self.values, name: left}).url()

    def saying(self, words: str) -> str:
        """The address of this search with other words."""
        return replace(self, values={**self.values, "q": (words[:LONGEST_WORDS],)}).url()

    def has(self, name: str, value: str) -> bool:
        """Whether a value is chosen."""
        return value in self.values.get(name, ())

    def first(self, name: str) -> str:
        """The first value of a parameter; empty if it has none."""
        return next(iter(self.values.get(name, ())), "")

    def chips(self) -> Iterator[Chip]:
        """Each filter in force but the words, in the order of the form."""
        for name in ORDER:
            for value in self.values.get(name, ()):
                text = _chip(name, value)
                if text:
                    yield Chip(text, self.without(name, value))


def _chip(name: str, value: str) -> str:
    for facet in (*facets(), STATUS):
        if facet.param == name:
            return "Whatever the status" if value == ANY else facet.labels[value]
    if name in DATE_WORDS:
        return f"{DATE_WORDS[name]} {dates.spell(date.fromisoformat(value))}"
    return {
        "authority": lambda: body_name(value),
        "min": lambda: f"From £{int(Decimal(value)):,}",
        "max": lambda: f"Up to £{int(Decimal(value)):,}",
        "closing": lambda: f"Closes {CLOSING.get(int(value), f'within {value} days')}",
        "buyer": lambda: f"Buyer: {wording.plain(value, 60)}",
    }.get(name, str)()


@dataclass(slots=True)
class _Reading:
    """One query string while it is read."""

    given: MultiDict[str, str]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        raw = (_CONTROL.sub(" ", value).strip() for value in self.given.getlist(name))
        return list(dict.fromkeys(value for value in raw if value))[:_MOST_VALUES]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def refuse(self, what: str, value: str, advice: str = "") -> None:
        words = f"We do not know the {what} “{wording.plain(value, 40)}”, so we left it out."
        self.problems.append(f"{words} {advice}".strip())


def read(given: MultiDict[str, str], *, known: Sequence[str] = _PASSING) -> Asked:
    """What `given` asks for; whatever cannot be meant is left out and said in `problems`."""
    reading = _Reading(given)
    _words(reading)
    for facet in facets():
        _facet(reading, facet)
    _status(reading)
    _authorities(reading)
    _amounts(reading)
    _closing(reading)
    for name in _DATES:
        _date(reading, name)
    _buyer(reading)
    sort = _sort(reading)
    for name in given:
        if name not in ORDER and name not in known and not name.startswith("utm_"):
            reading.problems.append(
                f"We do not know the filter “{wording.plain(name, 40)}”, so we left it out."
                f"{_near(name, ORDER)}"
            )
    return Asked(
        values=reading.values,
        filters=Filters(**reading.found),
        sort=sort,
        problems=tuple(reading.problems),
        notes=tuple(reading.notes),
    )


def _near(value: str, known: Sequence[str]) -> str:
    close = get_close_matches(value, known, 1)
    return f" Did you mean “{close[0]}”?" if close else ""


def _words(reading: _Reading) -> None:
    text = " ".join(reading.one("q").split())
    if len(text) > LONGEST_WORDS:
        text = text[:LONGEST_WORDS]
        reading.problems.append(f"We searched for the first {LONGEST_WORDS} characters only.")
    if text:
        reading.values["q"] = (text,)
        reading.found["q"] = text


def _facet(reading: _Reading, facet: Facet) -> None:
    good = []
    for value in reading.all(facet.param):
        if value in facet.labels:
            good.append(value)
        else:
            reading.refuse(facet.heading.lower(), value, _near(value, list(facet.labels)).strip())
    if good:
        reading.values[facet.param] = tuple(good)
        reading.found[facet.field] = tuple(good)


def _status(reading: _Reading) -> None:
    """Without a choice what is open is meant; ``any`` means whatever the status."""
    if ANY in reading.all("status"):
        reading.values["status"] = (ANY,)
        return
    _facet(reading, STATUS)
    chosen = reading.found.get("status", ("open",))
    if chosen == ("open",):
        reading.values.pop("status", None)
    # An early signal has no status of its own, and can still be answered.
    reading.found["status"] = tuple(s for one in chosen for s in _MEANT.get(one, (one,)))


def _authorities(reading: _Reading) -> None:
    good = []
    for value in reading.all("authority"):
        body = authority(value)
        if body:
            good.append(body.gss)
        elif re.fullmatch(GSS, value):
            # It may be one: nothing is found for it, which is better than everything.
            good.append(value)
            reading.notes.append(f"We know no authority with the code {value}.")
        else:
            reading.refuse("authority", value, "It should be a GSS code such as E08000003.")
    if good:
        reading.values["authority"] = tuple(good)
        reading.found["authorities"] = tuple(good)


def _amounts(reading: _Reading) -> None:
    for name, target in (("min", "value_min"), ("max", "value_max")):
        text = reading.one(name)
        if re.fullmatch(AMOUNT, text):
            plain = text.lower().strip("£ ").replace(",", "")
            amount = Decimal(plain.rstrip("km ")) * _SIZES[plain[-1] if plain[-1] in "km" else ""]
            reading.values[name] = (f"{amount.normalize():f}",)
            reading.found[target] = amount
        elif text:
            reading.refuse("value", text, "Write it as 25000 or 25k.")
    low, high = reading.found.get("value_min"), reading.found.get("value_max")
    if low is not None and high is not None and low > high:
        reading.found["value_min"], reading.found["value_max"] = high, low
        reading.values["min"], reading.values["max"] = reading.values["max"], reading.values["min"]
        reading.notes.append("The smaller value was the larger one, so we swapped the two.")


def _closing(reading: _Reading) -> None:
    text = reading.one("closing")
    if text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 366 and len(text) < 4:
        reading.values["closing"] = (str(int(text)),)
        reading.found["closing_within"] = int(text)
    elif text:
        reading.refuse("number of days", text, "Give one from 1 to 366.")


def _date(reading: _Reading, name: str) -> None:
    text = reading.one(name)
    if not text:
        return
    try:
        day = date.fromisoformat(text if re.fullmatch(DATE, text) else "")
    except ValueError:
        reading.refuse("date", text, "Write it as 2026-03-31.")
        return
    reading.values[name] = (day.isoformat(),)
    # The last day is meant whole, and the store leaves out the moment at which it ends.
    within = min(max(day, _EARLIEST), _LATEST)
    first_after = within + timedelta(days=1) if name.endswith("_to") else within
    reading.found[name] = datetime.combine(first_after, time(), tzinfo=dates.LONDON)


def _buyer(reading: _Reading) -> None:
    text = reading.one("buyer")
    if len(text) > LONGEST_WORDS:
        text = text[:LONGEST_WORDS]
        reading.problems.append(
            f"We looked at {LONGEST_WORDS} characters of the buyer’s name only."
        )
    if name_key(text):
        reading.values["buyer"] = (text,)
        reading.found["buyer"] = name_key(text)


def _sort(reading: _Reading) -> Sort:
    text = reading.one("sort")
    natural: Sort = "relevance" if "q" in reading.found else "closing"
    for name in SORTS:
        if name == text:
            if name == "relevance" and "q" not in reading.found:
                return natural
            if name != natural:
                reading.values["sort"] = (name,)
            return name
    if text:
        reading.refuse("order", text, _near(text, list(SORTS)).strip())
    return natural


def page_number(text: str | None) -> int | None:
    """The page that `text` names, from 1; None for what is no page."""
    if text is None:
        return 1
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LAST_PAGE:
        return int(text)
    return None
