"""Third step: how relevant each release is to arts and culture, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crawler.items import Batch, RawRelease
from crawler.relevance import judge


def judged(releases: Sequence[RawRelease]) -> tuple[RawRelease, ...]:
    """`releases` with a judgement on each that has facts."""
    readable = [one for one in releases if one.facts is not None]
    judgements = iter(judge([one.facts.notice() for one in readable if one.facts]))
    return tuple(
        replace(one, judgement=next(judgements)) if one.facts is not None else one
        for one in releases
    )


class Judge:
    """Judges a batch at once: that is several times faster than one by one."""

    def process_item(self, item: Any) -> Any:
        """A batch leaves judged; other items pass."""
        if not isinstance(item, Batch) or not item.releases:
            return item
        return replace(item, releases=judged(item.releases))
