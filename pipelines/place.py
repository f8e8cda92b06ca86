"""Fourth step: which region and authority each release is about, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crawler.items import Batch, RawRelease
from crawler.places import locate


def located(one: RawRelease) -> RawRelease:
    """`one` with its place, if it has facts."""
    return replace(one, place=locate(one.facts.notice())) if one.facts is not None else one


class Locate:
    """Places each release of a batch."""

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """The batches, placed."""
        return [
            replace(batch, releases=tuple(located(one) for one in batch.releases))
            for batch in batches
        ]
