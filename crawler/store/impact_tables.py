"""The table of whom we asked what became of a bid; `crawler.store` registers it with the others."""

from __future__ import annotations

import sqlalchemy as sa

from crawler.store.tables import Moment, keyed_by, metadata

asks = sa.Table(
    "asks",
    metadata,
    keyed_by("subscriber_id", "subscribers"),
    keyed_by("opportunity_id", "opportunities"),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("answered_at", Moment, comment="when they answered last; NULL if they have not"),
    sa.Column("company", sa.String(6), comment="alone or others"),
    sa.Column("with_whom", sa.Text, comment="their own words, shown to nobody else"),
    sa.Column("why_not", sa.String(8), comment="why they did not bid"),
    sa.Index("ix_asks_opportunity_id", "opportunity_id"),
)
