"""Reviewers and staff: users, sign-ins, sessions, what they did, and which sources rest."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NEW = ("users", "sign_ins", "sessions", "audit", "job_requests", "source_pauses", "skips")


def upgrade() -> None:
    """Makes the tables, and says of pairs who decided them and when."""
    op.create_table(
        "users",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in lower case"),
        sa.Column("name", sa.Text(), nullable=False, comment="beside what they decide"),
        sa.Column("role", sa.String(8), nullable=False, comment="reviewer, staff, admin"),
        sa.Column("created", tables.Moment(), nullable=False),
        sa.Column("seen_at", tables.Moment(), nullable=True, comment="when they signed in last"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the link's token"),
        sa.Column("user_id", tables.Id, nullable=True),
        sa.Column("browser", sa.String(64), nullable=False, comment="SHA-256 of its cookie"),
        sa.Column("asked_at", tables.Moment(), nullable=False),
        sa.Column("used_at", tables.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sign_ins_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the cookie's token"),
        sa.Column("user_id", tables.Id, nullable=False),
        sa.Column("began", tables.Moment(), nullable=False),
        sa.Column("seen_at", tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "audit",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False, comment="a user's name, or command line"),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, comment="on what: a public id, a key"),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "job_requests",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("job", sa.String(10), nullable=False, comment="train or rollback"),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("done_at", tables.Moment(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True, comment="how it went, in words"),
        sa.PrimaryKeyConstraint("id", name="pk_job_requests"),
    )
    op.create_table(
        "source_pauses",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_source_pauses"),
    )
    op.create_table(
        "skips",
        sa.Column("user_id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_skips_user_id_users", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunities.id"], name="fk_skips_opportunity_id_opportunities", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "opportunity_id", name="pk_skips"),
    )
    op.create_index("ix_skips_opportunity_id", "skips", ["opportunity_id"])
    op.add_column("duplicate_pairs", sa.Column("decided_by", sa.Text(), nullable=True))
    op.add_column("duplicate_pairs", sa.Column("decided_at", tables.Moment(), nullable=True))


def downgrade() -> None:
    """Takes them away."""
    for column in ("decided_at", "decided_by"):
        op.drop_column("duplicate_pairs", column)
    for table in reversed(NEW):
        op.drop_table(table)
