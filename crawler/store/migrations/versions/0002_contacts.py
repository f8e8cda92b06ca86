"""Contacts of authorities, the pages that publish them, and who asked to be forgotten."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the four tables."""
    op.create_table(
        "contacts",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("authority", sa.String(length=9), nullable=False, comment="GSS code"),
        sa.Column("key", sa.Text(), nullable=False, comment="email, else phone, else form"),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False, comment="what told the role"),
        sa.Column(
            "name", sa.Text(), nullable=True, comment="only as the page publishes it as that role's"
        ),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True, comment="E.164"),
        sa.Column("phone_written", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("headings", tables.Json, nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("outcomes", tables.Json, nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("first_seen", tables.Moment(), nullable=False),
        sa.Column("last_seen", tables.Moment(), nullable=False),
        sa.Column(
            "stale_since",
            tables.Moment(),
            nullable=True,
            comment="when its page was first read without it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint(
            "authority", "page", "key", name=op.f("uq_contacts_authority_page_key")
        ),
    )
    op.create_index(op.f("ix_contacts_email"), "contacts", ["email"], unique=False)
    op.create_index(op.f("ix_contacts_last_seen"), "contacts", ["last_seen"], unique=False)
    op.create_table(
        "forgotten",
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="HMAC-SHA256 of the address"
        ),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_forgotten")),
    )
    op.create_table(
        "site_pages",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("authority", sa.String(length=9), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("read_at", tables.Moment(), nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why it was not read; NULL if it was"
        ),
        sa.Column(
            "links",
            tables.Json,
            nullable=False,
            comment="pages that may matter, with their scores",
        ),
        sa.PrimaryKeyConstraint("source", "authority", "url", name=op.f("pk_site_pages")),
    )
    op.create_table(
        "site_visits",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("authority", sa.String(length=9), nullable=False),
        sa.Column("started", tables.Moment(), nullable=False),
        sa.Column(
            "finished",
            tables.Moment(),
            nullable=True,
            comment="NULL while it is under way, or broken off",
        ),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column(
            "failure", sa.Text(), nullable=True, comment="why the last visit brought nothing"
        ),
        sa.PrimaryKeyConstraint("source", "authority", name=op.f("pk_site_visits")),
    )


def downgrade() -> None:
    """Drops them."""
    for name in ("site_visits", "site_pages", "forgotten", "contacts"):
        op.drop_table(name)
