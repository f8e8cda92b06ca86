"""Second step: raw releases to facts. What cannot be read goes on as an error, with its reason."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from scrapy.crawler import Crawler

from crawler.decoding import decode
from crawler.errors import ReleaseError
from crawler.items import Batch, RawRelease
from crawler.sources import load
from pipelines.counting import DECODED, complain, filled, newest, tally

logger = logging.getLogger(__name__)


def decoded(one: RawRelease, source: str, repairs: frozenset[str]) -> RawRelease:
    """`one` with its facts and warnings, or with the error that kept them."""
    try:
        facts, warnings = decode(one.raw, source, repairs)
    except ReleaseError as error:
        return replace(one, error=str(error))
    return replace(one, facts=facts, warnings=warnings)


class Decode:
    """Decodes with the repairs that the source's row names."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """A batch leaves decoded; other items pass."""
        if not isinstance(item, Batch):
            return item
        source = load()[item.source]
        done = tuple(decoded(one, item.source, source.repairs) for one in item.releases)
        stand = filled(self._crawler, item.source)
        tomorrow = item.fetched_at + timedelta(days=1)  # later dates are slips of the keyboard
        for facts in (one.facts for one in done if one.facts is not None):
            stand[DECODED] += 1
            stand.update(name for name in source.filled if getattr(facts, name))
            if facts.date <= tomorrow:
                newest(self._crawler, item.source, facts.date)
        counted = tally(self._crawler, item.source)
        for one in done:
            counted.dropped += len(one.warnings)
            for warning in one.warnings:
                logger.info("%s: %s", item.source, warning)
            if one.error:
                logger.warning("%s: %s: %s", item.source, item.url, one.error)
                complain(counted, f"release unreadable: {one.error}")
        return replace(item, releases=done)
