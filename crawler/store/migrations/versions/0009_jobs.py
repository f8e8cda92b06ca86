"""When jobs ran and for which scheduled time, crawls that people asked for, since when leases are held."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.add_column("leases", sa.Column("since", tables.Moment(), nullable=True, comment="when its holder took it"))
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(80), nullable=False),
        sa.Column("due", tables.Moment(), nullable=False, comment="the scheduled time that it was run for"),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started", tables.Moment(), nullable=False),
        sa.Column("finished", tables.Moment(), nullable=True, comment="empty while it runs, and if it was killed"),
        sa.Column("well", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True, comment="what it did, or why it did not"),
        sa.PrimaryKeyConstraint("job", "due", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "crawl_requests",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("taken_at", tables.Moment(), nullable=True),
        sa.Column("done_at", tables.Moment(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True, comment="how it went, in words"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl_requests")),
    )


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("crawl_requests")
    op.drop_table("job_runs")
    op.drop_column("leases", "since")
