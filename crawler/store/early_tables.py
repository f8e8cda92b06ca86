"""The tables of what is coming, beside those in `crawler.store.tables`.

`relets` and `gatherings` are derived, like listings. `contracts_waiting` says which contracts that
end were news to somebody and found no room in their digest yet.
"""

from __future__ import annotations

import sqlalchemy as sa

from crawler.store.tables import Id, Json, Moment, Pence, keyed_by, metadata, part_of

relets = sa.Table(
    "relets",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("opportunity_id", "opportunities"),
    sa.Column("lot", sa.Text, nullable=False, comment="empty for the whole"),
    sa.Column("earliest", sa.Date, nullable=False, comment="ends then without extensions"),
    sa.Column("latest", sa.Date, nullable=False, index=True, comment="and then with all of them"),
    sa.Column("certainty", sa.String(10), nullable=False, comment="stated, worked out, estimated"),
    sa.Column("awarded", sa.Boolean, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("incumbents", Json, nullable=False),
    sa.Column("value", Pence),
    sa.Column("currency", sa.Text),
)

gatherings = sa.Table(
    "gatherings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("opportunity_id", "opportunities"),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True, comment="in London"),
    sa.Column("starts", Moment),
    sa.Column("ends", Moment),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("online", sa.Boolean, nullable=False),
    sa.Column("words", sa.Text, nullable=False, comment="the notice's own"),
)

contracts_waiting = sa.Table(
    "contracts_waiting",
    metadata,
    keyed_by("subscriber_id", "subscribers"),
    keyed_by("opportunity_id", "opportunities"),
    sa.Index("ix_contracts_waiting_opportunity_id", "opportunity_id"),
)
