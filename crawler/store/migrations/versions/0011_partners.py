"""Possible partners: organisations, what they won, and introductions between subscribers."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEW = ("organisations", "organisation_wins", "introductions")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "organisations",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("key", sa.String(12), nullable=False, comment="public name"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="what equal names share"),
        sa.Column("names", tables.Json, nullable=False, comment="its other names"),
        sa.Column("words", sa.Text(), nullable=False, comment="of all names, for searching"),
        sa.Column("region", sa.String(4), nullable=True, comment="ITL1"),
        sa.Column("authority", sa.String(9), nullable=True, comment="GSS code"),
        sa.Column("postcode", sa.String(8), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("charity", sa.Text(), nullable=True, comment="with its register: GB-CHC-…"),
        sa.Column("card", sa.BigInteger(), nullable=False, comment="art forms and outcomes as bits"),
        sa.Column("sources", tables.Json, nullable=False, comment="the lists that name it"),
        sa.Column("rows", tables.Json, nullable=False, comment="the lines of those lists"),
        sa.Column("wins", sa.Integer(), nullable=False, comment="relevant contracts it won"),
        sa.Column("standing", sa.Integer(), nullable=False, comment="what speaks for it, hundredths"),
        sa.Column("subscriber_id", tables.Id, nullable=True, comment="whose own entry it is: there only while they agree"),
        sa.Column("pitch", sa.Text(), nullable=True, comment="a subscriber's own words"),
        sa.Column("opened", tables.Moment(), nullable=True, comment="since when a subscriber is open to partnering"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name="fk_organisations_subscriber_id_subscribers", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("key", name="uq_organisations_key"),
        sa.UniqueConstraint("subscriber_id", name="uq_organisations_subscriber_id"),
    )
    for column in ("name_key", "region", "authority"):
        op.create_index(f"ix_organisations_{column}", "organisations", [column])
    op.create_table(
        "organisation_wins",
        sa.Column("organisation_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column("opportunity_id", tables.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_organisation_wins_organisation_id_organisations", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunities.id"], name="fk_organisation_wins_opportunity_id_opportunities", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organisation_id", "opportunity_id", name="pk_organisation_wins"),
    )
    op.create_index("ix_organisation_wins_opportunity_id", "organisation_wins", ["opportunity_id"])
    op.create_table(
        "introductions",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("key", sa.String(16), nullable=False, comment="random, in links"),
        sa.Column("opportunity", sa.String(12), nullable=False, comment="its public name"),
        sa.Column("asker_id", tables.Id, nullable=False),
        sa.Column("asked_id", tables.Id, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, comment="the asker's own words"),
        sa.Column("asked_at", tables.Moment(), nullable=False),
        sa.Column("ended_at", tables.Moment(), nullable=True, comment="when it was answered, withdrawn or ran out"),
        sa.ForeignKeyConstraint(["asker_id"], ["subscribers.id"], name="fk_introductions_asker_id_subscribers", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_id"], ["subscribers.id"], name="fk_introductions_asked_id_subscribers", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_introductions"),
        sa.UniqueConstraint("key", name="uq_introductions_key"),
        sa.UniqueConstraint("opportunity", "asker_id", "asked_id", name="uq_introductions_opportunity_asker_id_asked_id"),
    )
    op.create_index("ix_introductions_asker_id", "introductions", ["asker_id", "asked_at"])
    op.create_index("ix_introductions_asked_id", "introductions", ["asked_id"])


def downgrade() -> None:
    """Takes them away."""
    for table in reversed(NEW):
        op.drop_table(table)
