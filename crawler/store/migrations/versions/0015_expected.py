"""When a plan says that its tender will be published; `tenders reprocess` reads it in older notices."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column(
        "opportunities",
        sa.Column("expected", tables.Moment(), nullable=True, comment="when a plan says that its tender will be published"),
    )


def downgrade() -> None:
    """Takes it away."""
    op.drop_column("opportunities", "expected")
