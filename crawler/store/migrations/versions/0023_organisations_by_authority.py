"""Organisations are sought by authority in memory, so that the index goes."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_organisations_authority", "organisations")


def downgrade() -> None:
    op.create_index("ix_organisations_authority", "organisations", ["authority"])
