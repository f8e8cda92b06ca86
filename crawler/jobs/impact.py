"""What the installation brings: reach, bids, wins and value, counted in organisations.

`exact` is for those who run it; `safe` is what may be published and given to funders: no number of
fewer than five organisations, and none from which one could be worked out (`crawler.disclosure`).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TextIO

import sqlalchemy as sa

from crawler import disclosure
from crawler.digest import wording
from crawler.disclosure import FEWEST, Shown
from crawler.places.regions import regions
from crawler.store import impact

MEASURES = {"reached": "Reached", "bid": "Bid", "won": "Won"}
"""What organisations are counted for, and how it is called."""

FACETS = {"regions": "Region", "art_forms": "Art form", "outcomes": "Outcome"}

_NONE = "none"
_NAMES: Mapping[str, Mapping[str, str]] = {
    "regions": regions() | {"UK": "UK-wide", "unknown": "Not stated"},
    # What names none has a line too: else it could be had by taking the others from the whole.
    "art_forms": dict(wording.ART_FORMS) | {_NONE: "no art form named"},
    "outcomes": dict(wording.OUTCOMES) | {_NONE: "no outcome named"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: organisations by measure, and the value of what they won in pounds.

    None is a number that is kept back.
    """

    name: str
    counts: Mapping[str, Shown]
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures: digests and items sent, a total line, and lines by region, art form, outcome."""

    at: datetime
    digests: Shown
    items: Shown
    total: Row
    tables: Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """Organisations by measure, facet and word (the word ``""`` is all), and values of wins."""

    who: Mapping[tuple[str, str, str], frozenset[str]]
    value: Mapping[tuple[str, str], Decimal]
    digests: int
    items: int

    def count(self, measure: str, facet: str = "", word: str = "") -> int:
        return len(self.who.get((measure, facet, word), ()))


def _facts(connection: sa.Connection, now: datetime) -> _Facts:
    who: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    won: defaultdict[tuple[str, str], dict[int, Decimal]] = defaultdict(dict)
    for organisation, words in impact.reached(connection):
        for facet, word in _places(words):
            who["reached", facet, word].add(organisation)
    for bid in impact.bids(connection, now):
        for facet, word in _places(bid.words):
            who["bid", facet, word].add(bid.organisation)
            if bid.won:
                who["won", facet, word].add(bid.organisation)
                # Partners who won together won it once.
                won[facet, word][bid.opportunity_id] = bid.value or Decimal(0)
    digests, items = impact.sent(connection)
    return _Facts(
        {at: frozenset(found) for at, found in who.items()},
        {at: sum(values.values(), Decimal(0)) for at, values in won.items()},
        digests,
        items,
    )


def _places(words: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, str]]:
    yield "", ""
    for facet, found in words.items():
        for word in tuple(found) or (_NONE,):
            yield facet, word


def exact(connection: sa.Connection, now: datetime) -> Report:
    """Every number as it is: for whoever runs the installation, and for nobody else."""
    facts = _facts(connection, now)

    def row(name: str, facet: str = "", word: str = "") -> Row:
        counts = {measure: facts.count(measure, facet, word) for measure in MEASURES}
        return Row(name=name, counts=counts, value=facts.value.get((facet, word), Decimal(0)))

    return Report(
        at=now,
        digests=facts.digests,
        items=facts.items,
        total=row("All organisations"),
        tables={
            facet: tuple(row(name, facet, word) for word, name in _NAMES[facet].items())
            for facet in FACETS
        },
    )


def safe(connection: sa.Connection, now: datetime) -> Report:
    """What may be published of it."""
    facts = _facts(connection, now)
    shown = {
        measure: disclosure.published(
            facts.count(measure),
            {
                facet: {word: facts.count(measure, facet, word) for word in _NAMES[facet]}
                for facet in FACETS
            },
        )
        for measure in MEASURES
    }
    enough = facts.count("reached") >= FEWEST

    def row(name: str, facet: str = "", word: str = "") -> Row:
        counts = {
            measure: found.tables[facet][word] if facet else found.total
            for measure, found in shown.items()
        }
        # A sum is shown where its count is: it stands for as many organisations.
        sum_ = facts.value.get((facet, word), Decimal(0))
        value = None if counts["won"] is None else disclosure.money(sum_)
        return Row(name=name, counts=counts, value=value)

    return Report(
        at=now,
        digests=disclosure.rounded(facts.digests) if enough else None,
        items=disclosure.rounded(facts.items) if enough else None,
        total=row("All organisations"),
        tables={
            facet: tuple(row(name, facet, word) for word, name in _NAMES[facet].items())
            for facet in FACETS
        },
    )


COLUMNS = ("by", "name", *MEASURES, "value_won_gbp")


def write(report: Report, file: TextIO) -> None:
    """The report as CSV; a number that is kept back is an empty cell."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for by, lines in (("All", (report.total,)), *((FACETS[f], report.tables[f]) for f in FACETS)):
        for one in lines:
            counts = (_cell(one.counts[measure]) for measure in MEASURES)
            rows.writerow((by, one.name, *counts, _cell(one.value)))
    rows.writerow(("All", "digests sent", _cell(report.digests), "", "", ""))
    rows.writerow(("All", "opportunities told", _cell(report.items), "", "", ""))


def _cell(number: Decimal | int | None) -> str:
    return "" if number is None else f"{number:f}" if isinstance(number, Decimal) else str(number)
