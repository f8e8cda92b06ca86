"""Notices of buyers that are no authority tell of their portal too, so that no page reads them.

What was kept before is filled in by `crawler.jobs.upgrading`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bid_mentions") as batch:
        batch.alter_column(
            "authority",
            existing_type=sa.String(9),
            nullable=True,
            existing_comment="GSS code of the buyer",
            comment="GSS code of the buyer, if it is one",
        )


def downgrade() -> None:
    """Takes them out again."""
    op.execute("DELETE FROM bid_mentions WHERE authority IS NULL")
    with op.batch_alter_table("bid_mentions") as batch:
        batch.alter_column(
            "authority",
            existing_type=sa.String(9),
            nullable=False,
            existing_comment="GSS code of the buyer, if it is one",
            comment="GSS code of the buyer",
        )
