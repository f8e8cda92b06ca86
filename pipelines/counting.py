"""What one crawl counts, by source: pipelines add to it, the run-recording extension reports it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from scrapy.crawler import Crawler

from crawler.store.runs import Tally

_ERRORS_KEPT = 5
_NOTES_KEPT = 40
_KEY = "tenders/tallies"
_FILLED = "tenders/filled"
_NEWEST = "tenders/newest"
DECODED = "*"
"""Under this name `filled` counts the decoded releases themselves."""


def tally(crawler: Crawler, source: str) -> Tally:
    """The tally of one source in this crawl."""
    assert crawler.stats is not None
    tallies: dict[str, Tally] = crawler.stats.get_value(_KEY) or {}
    if source not in tallies:
        tallies[source] = Tally()
        crawler.stats.set_value(_KEY, tallies)
    return tallies[source]


def filled(crawler: Crawler, source: str) -> Counter[str]:
    """In how many of a source's decoded releases each expected field stands."""
    assert crawler.stats is not None
    counters: dict[str, Counter[str]] = crawler.stats.get_value(_FILLED) or {}
    if source not in counters:
        counters[source] = Counter()
        crawler.stats.set_value(_FILLED, counters)
    return counters[source]


def newest(crawler: Crawler, source: str, date: datetime | None = None) -> datetime | None:
    """The newest date of a source's decoded releases in this crawl, `date` among them."""
    assert crawler.stats is not None
    dates: dict[str, datetime] = crawler.stats.get_value(_NEWEST) or {}
    if date is not None and (source not in dates or date > dates[source]):
        dates[source] = date
        crawler.stats.set_value(_NEWEST, dates)
    return dates.get(source)


def complain(counted: Tally, words: str) -> None:
    """Counts an error and keeps the first few in words."""
    counted.errors += 1
    if len(counted.first_errors) < _ERRORS_KEPT:
        counted.first_errors.append(words[:300])


def note(counted: Tally, words: str) -> None:
    """Counts something left out that is no error, such as a page, and keeps the first in words."""
    counted.dropped += 1
    if len(counted.first_errors) < _NOTES_KEPT:
        counted.first_errors.append(words[:300])
