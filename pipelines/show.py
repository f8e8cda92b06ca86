"""Instead of keeping: ``--dry-run`` prints what would be kept and stores nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler.items import Batch, RawRelease, WindowFailed
from crawler.pages import PageRead, PageRefused, SiteFailed
from pipelines.counting import complain, note, tally
from pipelines.steps import Steps


def shown(one: RawRelease) -> dict[str, Any]:
    """What a person wants to see of a release before trusting a source."""
    if one.facts is None:
        return {"error": one.error}
    facts, judgement = one.facts, one.judgement
    return {
        "ocid": facts.ocid,
        "date": facts.date.isoformat(),
        "stage": facts.stage,
        "status": facts.status,
        "title": facts.title,
        "buyer": facts.buyer.name if facts.buyer else None,
        "deadline": facts.deadline.isoformat() if facts.deadline else None,
        "value": str(facts.value_max) if facts.value_max is not None else None,
        "relevance": judgement.relevance if judgement else None,
        "regions": list(one.place.regions) if one.place else [],
        "warnings": list(one.warnings),
    }


class Show:
    """Prints one JSON line a release."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._steps = Steps.from_crawler(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; only for dry runs."""
        if not crawler.settings.getbool("DRY_RUN"):
            raise NotConfigured
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Prints batches; counts failed windows."""
        if isinstance(item, Batch):
            counted = tally(self._crawler, item.source)
            for one in (one for batch in self._steps.through([item]) for one in batch.releases):
                counted.new += one.facts is not None
                line = {"event": "release", "source": item.source, **shown(one)}
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        elif isinstance(item, PageRead):
            counted = tally(self._crawler, item.source)
            counted.releases += 1
            for contact in item.extract.contacts:
                counted.new += 1
                said = {"event": "contact", "authority": item.authority, **asdict(contact)}
                sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        elif isinstance(item, PageRefused) and not item.gone:
            note(tally(self._crawler, item.source), f"{item.url}: {item.reason}")
        elif isinstance(item, (WindowFailed, SiteFailed)):
            complain(tally(self._crawler, item.source), item.reason)
        return item
