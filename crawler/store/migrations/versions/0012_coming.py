"""Contracts that end and meetings with buyers; `tenders reprocess` works out those of older notices."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "relets",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("lot", sa.Text(), nullable=False, comment="empty for the whole"),
        sa.Column("earliest", sa.Date(), nullable=False, comment="ends then without extensions"),
        sa.Column("latest", sa.Date(), nullable=False, comment="and then with all of them"),
        sa.Column("certainty", sa.String(10), nullable=False, comment="stated, worked out, estimated"),
        sa.Column("awarded", sa.Boolean(), nullable=False),
        sa.Column("reasons", tables.Json, nullable=False),
        sa.Column("incumbents", tables.Json, nullable=False),
        sa.Column("value", tables.Pence(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_relets_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relets")),
    )
    op.create_index(op.f("ix_relets_opportunity_id"), "relets", ["opportunity_id"])
    op.create_index(op.f("ix_relets_latest"), "relets", ["latest"])
    op.create_table(
        "gatherings",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in London"),
        sa.Column("starts", tables.Moment(), nullable=True),
        sa.Column("ends", tables.Moment(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="the notice's own"),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_gatherings_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatherings")),
    )
    op.create_index(op.f("ix_gatherings_opportunity_id"), "gatherings", ["opportunity_id"])
    op.create_index(op.f("ix_gatherings_day"), "gatherings", ["day"])


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("gatherings")
    op.drop_table("relets")
