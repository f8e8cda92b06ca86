"""Fourth step: which region and authority each release is about, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crawler.items import Batch, RawRelease
from crawler.places import locate


def located(one: RawRelease) -> RawRelease:
    """`one` with its place, if it has facts."""
    return replace(one, place=locate(one.facts.notice())) if one.facts is not None else one


class Locate:
    """Places each release of a batch."""

    def process_item(self, item: Any) -> Any:
        """A batch leaves placed; other items pass."""
        if not isinstance(item, Batch) or not item.releases:
            return item
        return replace(item, releases=tuple(located(one) for one in item.releases))
