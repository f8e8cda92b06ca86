"""What one crawl counts, by source: pipelines add to it, the run-recording extension reports it."""

from __future__ import annotations

from scrapy.crawler import Crawler

from crawler.store.runs import Tally

_ERRORS_KEPT = 5
_NOTES_KEPT = 40
_KEY = "tenders/tallies"


def tally(crawler: Crawler, source: str) -> Tally:
    """The tally of one source in this crawl."""
    assert crawler.stats is not None
    tallies: dict[str, Tally] = crawler.stats.get_value(_KEY) or {}
    if source not in tallies:
        tallies[source] = Tally()
        crawler.stats.set_value(_KEY, tallies)
    return tallies[source]


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
