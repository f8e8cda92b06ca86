"""Contracts that end and that a digest had no room for, so that the next one tells of them."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contracts_waiting",
        sa.Column("subscriber_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column("opportunity_id", tables.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunities.id"], name="fk_contracts_waiting_opportunity_id_opportunities", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name="fk_contracts_waiting_subscriber_id_subscribers", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber_id", "opportunity_id", name="pk_contracts_waiting"),
    )
    op.create_index("ix_contracts_waiting_opportunity_id", "contracts_waiting", ["opportunity_id"])


def downgrade() -> None:
    """Takes it away: what waits is told no more."""
    op.drop_table("contracts_waiting")
