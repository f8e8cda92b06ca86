"""Third step: how relevant each release is to arts and culture, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler

from crawler.items import Batch, RawRelease
from crawler.relevance import in_force
from crawler.relevance.model import Model


def judged(releases: Sequence[RawRelease], model: Model) -> tuple[RawRelease, ...]:
    """`releases` with a judgement by `model` on each that has facts."""
    notices = [one.facts.notice() for one in releases if one.facts is not None]
    judgements = iter(model.judge(notices))
    return tuple(
        replace(one, judgement=next(judgements)) if one.facts is not None else one
        for one in releases
    )


class Judge:
    """Judges by the model in force: the one trained here, or the one that ships."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """A crawl's own."""
        return cls(in_force(Path(crawler.settings["MODEL_FOLDER"])))

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """The batches, judged."""
        return [replace(one, releases=judged(one.releases, self._model)) for one in batches]
