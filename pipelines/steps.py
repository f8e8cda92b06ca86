"""What is made of releases between the spider and the store: one step a file, in this order.

Batches go through each step together, for what comes within some seconds is one release at a time
where a source's windows are small: they share a question to the database, and what a step needs is
at hand in the processor but for the first of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol, Self

from scrapy.crawler import Crawler

from crawler.items import Batch
from pipelines.counting import complain, tally
from pipelines.decode import Decode
from pipelines.place import Locate
from pipelines.relevance import Judge
from pipelines.unchanged import Unchanged

logger = logging.getLogger(__name__)


class Step(Protocol):
    """One step."""

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """Each batch with what this step makes of it, in the same order."""


class Steps:
    """The steps, one after the other."""

    def __init__(self, crawler: Crawler, steps: Sequence[Step]) -> None:
        self._crawler, self._steps = crawler, steps

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """All of them, with what each needs of a crawl."""
        return cls(
            crawler, (Unchanged(crawler), Decode(crawler), Judge.from_crawler(crawler), Locate())
        )

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """`batches` made ready to be kept. One that cannot be is left out, said and counted."""
        for step in self._steps:
            batches = self._taken(step, batches)
        return list(batches)

    def _taken(self, step: Step, batches: Sequence[Batch]) -> list[Batch]:
        try:
            return step.through(batches)
        except Exception as error:
            if len(batches) > 1:
                return [done for one in batches for done in self._taken(step, [one])]
            for one in batches:
                logger.exception("%s: %s: cannot be made ready to be kept", one.source, one.url)
                complain(tally(self._crawler, one.source), f"not made ready: {error}")
            return []
