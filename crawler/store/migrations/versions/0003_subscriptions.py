"""Subscriptions in full, consent as evidence, the outbox, bounces, suppressions and leases."""

import secrets

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widens subscribers and subscriptions and creates the tables of delivery."""
    _subscribers()
    _subscriptions()
    _matches()
    _people()
    _delivery()


def _subscribers() -> None:
    with op.batch_alter_table("subscribers") as batch:
        batch.add_column(sa.Column("handle", sa.String(16), nullable=True, comment="random, in links"))
        batch.add_column(sa.Column("language", sa.String(2), nullable=False, server_default="en"))
        # Staff added everybody until now: they go on getting what they got.
        batch.add_column(sa.Column("state", sa.String(8), nullable=False, server_default="active", comment="pending, active, paused, stopped"))
        batch.add_column(sa.Column("confirmed_at", tables.Moment(), nullable=True, comment="when they opted in last"))
        batch.add_column(sa.Column("paused_until", tables.Moment(), nullable=True, comment="NULL with state paused: until they say so"))
        batch.add_column(sa.Column("rhythm", sa.String(11), nullable=False, server_default="weekly", comment="daily, weekly, fortnightly"))
        batch.add_column(sa.Column("weekday", sa.Integer(), nullable=False, server_default="0", comment="0 is Monday"))
        batch.add_column(sa.Column("hour", sa.Integer(), nullable=False, server_default="7", comment="0 to 23, local time"))
        for name, comment in (
            ("only_new", "no mail when nothing is new"),
            ("early_mail", "closes before the next digest"),
        ):
            batch.add_column(
                sa.Column(
                    name, sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment
                )
            )
        batch.add_column(sa.Column("remind_days", sa.Integer(), nullable=True, comment="before a saved item closes; NULL for never"))
        batch.add_column(sa.Column("slot", tables.Moment(), nullable=True, comment="the digest time that was dealt with last"))
    people = sa.table("subscribers", sa.column("id"), sa.column("handle"))
    connection = op.get_bind()
    for (pk,) in connection.execute(sa.select(people.c.id)).all():
        connection.execute(
            people.update().where(people.c.id == pk).values(handle=secrets.token_urlsafe(12))
        )
    with op.batch_alter_table("subscribers") as batch:
        batch.alter_column("handle", existing_type=sa.String(16), nullable=False)
        batch.create_unique_constraint("uq_subscribers_handle", ["handle"])
        for name in ("language", "state", "rhythm", "weekday", "hour", "only_new", "early_mail"):
            batch.alter_column(name, server_default=None)


def _subscriptions() -> None:
    lists = {
        "authorities": "GSS codes",
        "stages": "early, open, awards",
        "buyer_kinds": None,
        "require": "words or phrases, each must occur",
        "exclude": "words or phrases, none may occur",
    }
    with op.batch_alter_table("subscriptions") as batch:
        for name, comment in lists.items():
            default = '["early", "open"]' if name == "stages" else "[]"
            batch.add_column(
                sa.Column(
                    name, tables.Json, nullable=False, server_default=default, comment=comment
                )
            )
        batch.add_column(sa.Column("label", sa.Text(), nullable=True, comment="what the person calls it"))
        batch.add_column(sa.Column("near", sa.String(8), nullable=True, comment="a postcode or outcode"))
        batch.add_column(sa.Column("near_km", sa.Integer(), nullable=True))
        for name in ("value_min", "value_max"):
            batch.add_column(sa.Column(name, tables.Pence(), nullable=True))
        batch.add_column(
            sa.Column(
                "largest",
                tables.Pence(),
                nullable=True,
                comment="the largest contract they could deliver",
            )
        )
        batch.add_column(
            sa.Column("maybes", sa.Boolean(), nullable=False, server_default=sa.false(), comment="unreviewed maybes may appear")
        )
    with op.batch_alter_table("subscriptions") as batch:
        for name in (*lists, "maybes"):
            batch.alter_column(name, server_default=None)


def _matches() -> None:
    with op.batch_alter_table("matches") as batch:
        batch.add_column(sa.Column("kind", sa.String(16), nullable=True, comment="arts, commissionable or adjacent"))


def _people() -> None:
    op.create_table(
        "consents",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("subscriber_id", tables.Id, nullable=False),
        sa.Column("event", sa.String(12), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("wording", sa.String(20), nullable=True, comment="the version of the words they saw"),
        sa.Column("origin", sa.Text(), nullable=False, comment="page, command or file it came by"),
        sa.Column("network", sa.Text(), nullable=True, comment="of the address it came from, /24 or /48"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_consents_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_subscriber_id"), "consents", ["subscriber_id"])
    op.create_table(
        "marks",
        sa.Column("subscriber_id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("saved_at", tables.Moment(), nullable=True),
        sa.Column("reminded_for", tables.Moment(), nullable=True, comment="the deadline that a reminder named"),
        sa.Column("hidden_at", tables.Moment(), nullable=True),
        sa.Column("hidden_why", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(8), nullable=True, comment="bidding, won, lost, no_bid"),
        sa.Column("outcome_at", tables.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_marks_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_marks_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "opportunity_id", name=op.f("pk_marks")),
    )
    op.create_index(op.f("ix_marks_opportunity_id"), "marks", ["opportunity_id"])


def _delivery() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("about", sa.Text(), nullable=False, comment="what it is; queued once"),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("subscriber_id", tables.Id, nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True, comment="zlib of RFC 5322 bytes; NULL once pruned"),
        sa.Column("state", sa.String(8), nullable=False, comment="queued, sending, sent, failed, held"),
        sa.Column("queued_at", tables.Moment(), nullable=False),
        sa.Column("due", tables.Moment(), nullable=False, comment="not before"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", tables.Moment(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True, comment="the server's last words"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_outbox_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("about", name=op.f("uq_outbox_about")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index("ix_outbox_state_due", "outbox", ["state", "due"])
    op.create_index(op.f("ix_outbox_subscriber_id"), "outbox", ["subscriber_id"])
    op.create_table(
        "bounces",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("subscriber_id", tables.Id, nullable=True),
        sa.Column("outbox_id", tables.Id, nullable=True),
        sa.Column("report", sa.String(64), nullable=False, comment="hash of the report"),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False, comment="hard, soft, complaint"),
        sa.Column("status", sa.Text(), nullable=True, comment="RFC 3463, such as 5.1.1"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_bounces_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox.id"],
            name=op.f("fk_bounces_outbox_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("report", name=op.f("uq_bounces_report")),
    )
    op.create_index(op.f("ix_bounces_subscriber_id"), "bounces", ["subscriber_id"])
    op.create_index(op.f("ix_bounces_outbox_id"), "bounces", ["outbox_id"])
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.String(64), nullable=False, comment="HMAC-SHA256 of the address"),
        sa.Column("reason", sa.String(10), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", tables.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
