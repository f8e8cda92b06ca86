"""The tables of possible partners: organisations, what they won, and who was made known to whom."""

from __future__ import annotations

import sqlalchemy as sa

from crawler.store.tables import Id, Json, Moment, keyed_by, metadata

organisations = sa.Table(
    "organisations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(12), nullable=False, unique=True, comment="public name"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, comment="what equal names share"),
    sa.Column("names", Json, nullable=False, comment="its other names"),
    sa.Column("words", sa.Text, nullable=False, comment="of all names, for searching"),
    sa.Column("region", sa.String(4), comment="ITL1"),
    sa.Column("authority", sa.String(9), comment="GSS code"),
    sa.Column("postcode", sa.String(8)),
    sa.Column("website", sa.Text),
    sa.Column("charity", sa.Text, comment="with its register: GB-CHC-…"),
    sa.Column("card", sa.BigInteger, nullable=False, comment="art forms and outcomes as bits"),
    sa.Column("sources", Json, nullable=False, comment="the lists that name it"),
    sa.Column("rows", Json, nullable=False, comment="the lines of those lists"),
    sa.Column("wins", sa.Integer, nullable=False, comment="relevant contracts it won"),
    sa.Column("standing", sa.Integer, nullable=False, comment="what speaks for it, hundredths"),
    sa.Column(
        "subscriber_id",
        Id,
        sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
        unique=True,
        comment="whose own entry it is: there only while they agree",
    ),
    sa.Column("pitch", sa.Text, comment="a subscriber's own words"),
    sa.Column("opened", Moment, comment="since when a subscriber is open to partnering"),
    sa.Index("ix_organisations_name_key", "name_key"),
    sa.Index("ix_organisations_region", "region"),
)

organisation_wins = sa.Table(
    "organisation_wins",
    metadata,
    keyed_by("organisation_id", "organisations"),
    keyed_by("opportunity_id", "opportunities"),
    sa.Index("ix_organisation_wins_opportunity_id", "opportunity_id"),
)

stamps = sa.Table(
    "stamps",
    metadata,
    sa.Column("thing", sa.String(40), primary_key=True),
    sa.Column("stamp", sa.String(16), nullable=False, comment="another one after each change"),
)

introductions = sa.Table(
    "introductions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(16), nullable=False, unique=True, comment="random, in links"),
    sa.Column("opportunity", sa.String(12), nullable=False, comment="its public name"),
    sa.Column("asker_id", Id, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("asked_id", Id, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.String(9), nullable=False),
    sa.Column("message", sa.Text, nullable=False, comment="the asker's own words"),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("ended_at", Moment, comment="when it was answered, withdrawn or ran out"),
    sa.UniqueConstraint("opportunity", "asker_id", "asked_id"),
    sa.Index("ix_introductions_asker_id", "asker_id", "asked_at"),
    sa.Index("ix_introductions_asked_id", "asked_id"),
)
