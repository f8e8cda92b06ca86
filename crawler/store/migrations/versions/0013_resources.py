"""The library of evidence, toolkits and policy, and how each link answered last."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table; the library that ships fills it when it is first asked for."""
    op.create_table(
        "resources",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("origin", sa.String(7), nullable=False, comment="library or staff"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False, comment="empty where none is known"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("nation", sa.String(16), nullable=False),
        sa.Column("outcomes", tables.Json, nullable=False),
        sa.Column("art_forms", tables.Json, nullable=False),
        sa.Column("measures", tables.Json, nullable=False, comment="scales and frameworks, by name"),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="a person saw it there"),
        sa.Column("changed_at", tables.Moment(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=True, comment="staff who changed it: the library keeps off it"),
        sa.Column("retired_at", tables.Moment(), nullable=True, comment="shown no more"),
        sa.Column("retired_by", sa.Text(), nullable=True, comment="staff, or library where it names it no more"),
        sa.Column("checked_at", tables.Moment(), nullable=True, comment="when its link was asked last"),
        sa.Column("link_state", sa.String(6), nullable=True, comment="ok, dead, barred"),
        sa.Column("link_status", sa.Integer(), nullable=True, comment="HTTP; NULL where nobody answered"),
        sa.Column("link_words", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True, comment="where a permanent redirect leads"),
        sa.Column("failing_since", tables.Moment(), nullable=True, comment="dead since then"),
        sa.PrimaryKeyConstraint("key", name="pk_resources"),
    )


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("resources")
