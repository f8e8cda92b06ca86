"""What a source said to ask with, how fresh a run found it, and what staff were told of it."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widens the states of sources and the runs."""
    op.add_column("source_states", sa.Column("validators", sa.Text(), nullable=True, comment="what to ask with if nothing has changed (JSON)"))
    op.add_column("source_states", sa.Column("told", sa.String(4), nullable=True, comment="what staff were told of it last: ill or well"))
    op.add_column("source_states", sa.Column("told_at", tables.Moment(), nullable=True))
    op.add_column("runs", sa.Column("newest", tables.Moment(), nullable=True, comment="the newest date of a release that was new or changed"))
    op.add_column("runs", sa.Column("unmodified", sa.Boolean(), nullable=True, comment="the source said that nothing has changed"))


def downgrade() -> None:
    """Takes them away."""
    for table, columns in (("runs", ("newest", "unmodified")), ("source_states", ("validators", "told", "told_at"))):
        for column in columns:
            op.drop_column(table, column)
