"""What reviewers decided last: it overrules the judgement wherever people see an opportunity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crawler.items import Relevance
from crawler.store.statements import chunks
from crawler.store.tables import reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a reviewer decided last of an opportunity. Tags are None where nothing was said."""

    relevance: Relevance
    art_forms: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None

    def tags(
        self, art_forms: Collection[str], outcomes: Collection[str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Art forms and outcomes as decided; where nothing was said of them, those given."""
        return (
            tuple(art_forms) if self.art_forms is None else self.art_forms,
            tuple(outcomes) if self.outcomes is None else self.outcomes,
        )


def rulings(
    connection: sa.Connection, opportunity_ids: Collection[int] | None = None
) -> dict[int, Ruling]:
    """The last decision of any reviewer on each opportunity that has one, by internal key.

    Only those of `opportunity_ids`, if given.
    """
    if opportunity_ids is None:
        return {row.opportunity_id: _ruling(row) for row in connection.execute(_ALL)}
    found: dict[int, Ruling] = {}
    for part in chunks(opportunity_ids):
        rows = connection.execute(_SOME, {"ids": part})
        found.update((row.opportunity_id, _ruling(row)) for row in rows)
    return found


_ALL = (
    sa.select(
        *(reviews.c[name] for name in ("opportunity_id", "relevance", "art_forms", "outcomes"))
    )
    .where(reviews.c.by == "reviewer")
    .order_by(reviews.c.decided_at, reviews.c.id)
)
_SOME = _ALL.where(reviews.c.opportunity_id.in_(sa.bindparam("ids", expanding=True)))


def _ruling(row: Any) -> Ruling:
    return Ruling(
        relevance=row.relevance,
        art_forms=None if row.art_forms is None else tuple(row.art_forms),
        outcomes=None if row.outcomes is None else tuple(row.outcomes),
    )
