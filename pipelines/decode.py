"""Second step: raw releases to facts. What cannot be read goes on as an error, with its reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from scrapy.crawler import Crawler

from crawler.decoding import decode
from crawler.errors import ReleaseError
from crawler.items import Batch, RawRelease
from crawler.sources import Source, load
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

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """The batches, decoded."""
        rows = load()
        done = [
            replace(
                batch,
                releases=tuple(
                    decoded(one, batch.source, rows[batch.source].repairs) for one in batch.releases
                ),
            )
            for batch in batches
        ]
        for batch in done:
            self._count(batch, rows[batch.source])
        return done

    def _count(self, batch: Batch, source: Source) -> None:
        stand = filled(self._crawler, batch.source)
        tomorrow = batch.fetched_at + timedelta(days=1)  # later dates are slips of the keyboard
        for facts in (one.facts for one in batch.releases if one.facts is not None):
            stand[DECODED] += 1
            stand.update(name for name in source.filled if getattr(facts, name))
            if facts.date <= tomorrow:
                newest(self._crawler, batch.source, facts.date)
        counted = tally(self._crawler, batch.source)
        for one in batch.releases:
            counted.dropped += len(one.warnings)
            for warning in one.warnings:
                logger.info("%s: %s", batch.source, warning)
            if one.error:
                logger.warning("%s: %s: %s", batch.source, batch.url, one.error)
                complain(counted, f"release unreadable: {one.error}")
