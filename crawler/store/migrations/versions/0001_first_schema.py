"""The first schema, with full text search kept by the database itself."""

import sqlalchemy as sa
from alembic import op

from crawler.store import tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE = (
    """CREATE VIRTUAL TABLE opportunity_search USING fts5(
        title, description, buyer_name, content='opportunities', content_rowid='id',
        tokenize="porter unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER opportunity_search_insert AFTER INSERT ON opportunities BEGIN
        INSERT INTO opportunity_search(rowid, title, description, buyer_name)
        VALUES (new.id, new.title, new.description, new.buyer_name); END""",
    """CREATE TRIGGER opportunity_search_delete AFTER DELETE ON opportunities BEGIN
        INSERT INTO opportunity_search(opportunity_search, rowid, title, description, buyer_name)
        VALUES ('delete', old.id, old.title, old.description, old.buyer_name); END""",
    """CREATE TRIGGER opportunity_search_update AFTER UPDATE OF title, description, buyer_name
        ON opportunities BEGIN
        INSERT INTO opportunity_search(opportunity_search, rowid, title, description, buyer_name)
        VALUES ('delete', old.id, old.title, old.description, old.buyer_name);
        INSERT INTO opportunity_search(rowid, title, description, buyer_name)
        VALUES (new.id, new.title, new.description, new.buyer_name); END""",
)
_POSTGRESQL = (
    """ALTER TABLE opportunities ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', left(title, 2000)), 'A') ||
        setweight(to_tsvector('english', left(coalesce(buyer_name, ''), 2000)), 'B') ||
        to_tsvector('english', left(description, 200000))) STORED""",
    "CREATE INDEX ix_opportunities_search ON opportunities USING gin(search)",
)


def upgrade() -> None:
    """Creates everything."""
    op.create_table(
        "opportunities",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("ocids", tables.Json, nullable=False),
        sa.Column("sources", tables.Json, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("buyer_name", sa.Text(), nullable=True),
        sa.Column("buyer", tables.Json, nullable=True),
        sa.Column("cpv", tables.Json, nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=True),
        sa.Column("notice_type", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("published", tables.Moment(), nullable=False),
        sa.Column("updated", tables.Moment(), nullable=False),
        sa.Column("deadline", tables.Moment(), nullable=True),
        sa.Column("value_min", tables.Pence(), nullable=True),
        sa.Column("value_max", tables.Pence(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("start", tables.Moment(), nullable=True),
        sa.Column("end", tables.Moment(), nullable=True),
        sa.Column("lots", tables.Json, nullable=False),
        sa.Column("urls", tables.Json, nullable=False),
        sa.Column("relevance", sa.String(length=16), nullable=True),
        sa.Column("scores", tables.Json, nullable=True),
        sa.Column("art_forms", tables.Json, nullable=False),
        sa.Column("outcomes", tables.Json, nullable=False),
        sa.Column("reasons", tables.Json, nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("regions", tables.Json, nullable=False),
        sa.Column("authority", sa.String(length=9), nullable=True),
        sa.Column("place_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", tables.Moment(), nullable=True, comment="the last material change"),
        sa.Column("first_seen", tables.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint("key", name=op.f("uq_opportunities_key")),
    )
    op.create_index(
        op.f("ix_opportunities_authority"), "opportunities", ["authority"], unique=False
    )
    op.create_index(op.f("ix_opportunities_deadline"), "opportunities", ["deadline"], unique=False)
    op.create_index(
        op.f("ix_opportunities_published"), "opportunities", ["published"], unique=False
    )
    op.create_index(
        op.f("ix_opportunities_relevance"), "opportunities", ["relevance"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("started", tables.Moment(), nullable=False),
        sa.Column("finished", tables.Moment(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("first_errors", tables.Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_source_started", "runs", ["source", "started"], unique=False)
    op.create_table(
        "source_states",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column(
            "watermark",
            tables.Moment(),
            nullable=True,
            comment="everything published before it is stored",
        ),
        sa.Column(
            "quiet_until",
            tables.Moment(),
            nullable=True,
            comment="the portal asked for silence until then",
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_states")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in lower case"),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("created", tables.Moment(), nullable=False),
        sa.Column(
            "digest_at",
            tables.Moment(),
            nullable=True,
            comment="when the last digest was handed over",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("email", name=op.f("uq_subscribers_email")),
    )
    op.create_table(
        "awards",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("award_id", sa.Text(), nullable=False),
        sa.Column("suppliers", tables.Json, nullable=False),
        sa.Column("supplier_ids", tables.Json, nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("date", tables.Moment(), nullable=True),
        sa.Column("value", tables.Pence(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("start", tables.Moment(), nullable=True),
        sa.Column("end", tables.Moment(), nullable=True),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_awards_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
    )
    op.create_index(op.f("ix_awards_opportunity_id"), "awards", ["opportunity_id"], unique=False)
    op.create_table(
        "changes",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", tables.Moment(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_changes_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index(op.f("ix_changes_opportunity_id"), "changes", ["opportunity_id"], unique=False)
    op.create_table(
        "processes",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False, comment="public name"),
        sa.Column("first_date", tables.Moment(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("deadline", tables.Moment(), nullable=True),
        sa.Column("value", tables.Pence(), nullable=True),
        sa.Column("supplier", sa.Text(), nullable=True),
        sa.Column("opportunity_id", tables.Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_processes_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
        sa.UniqueConstraint("key", name=op.f("uq_processes_key")),
        sa.UniqueConstraint("source", "ocid", name=op.f("uq_processes_source_ocid")),
    )
    op.create_index(
        op.f("ix_processes_opportunity_id"), "processes", ["opportunity_id"], unique=False
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("subscriber_id", tables.Id, nullable=False),
        sa.Column("regions", tables.Json, nullable=False),
        sa.Column("art_forms", tables.Json, nullable=False),
        sa.Column("outcomes", tables.Json, nullable=False),
        sa.Column("bands", tables.Json, nullable=False),
        sa.Column(
            "matched_until",
            tables.Moment(),
            nullable=True,
            comment="everything changed before it was matched",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriptions_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index(
        op.f("ix_subscriptions_subscriber_id"), "subscriptions", ["subscriber_id"], unique=False
    )
    op.create_table(
        "duplicate_pairs",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("first_id", tables.Id, nullable=False),
        sa.Column("second_id", tables.Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.String(length=8),
            nullable=True,
            comment="NULL until reviewed, then merge or apart",
        ),
        sa.Column("found_at", tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_id"], ["processes.id"], name=op.f("fk_duplicate_pairs_first_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["processes.id"], name=op.f("fk_duplicate_pairs_second_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pairs")),
        sa.UniqueConstraint(
            "first_id", "second_id", name=op.f("uq_duplicate_pairs_first_id_second_id")
        ),
    )
    op.create_table(
        "matches",
        sa.Column("subscription_id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("reasons", tables.Json, nullable=False),
        sa.Column("caveats", tables.Json, nullable=False),
        sa.Column("matched_at", tables.Moment(), nullable=False),
        sa.Column(
            "told_at", tables.Moment(), nullable=True, comment="when a digest carried it last"
        ),
        sa.Column(
            "told_version", sa.Integer(), nullable=True, comment="the version that digest knew"
        ),
        sa.Column("told", tables.Json, nullable=True, comment="what that digest said of it"),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_matches_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_matches_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", "opportunity_id", name=op.f("pk_matches")),
    )
    op.create_index("ix_matches_opportunity_id", "matches", ["opportunity_id"], unique=False)
    op.create_table(
        "process_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("process_id", tables.Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["process_id"], ["processes.id"], name=op.f("fk_process_keys_process_id")
        ),
        sa.PrimaryKeyConstraint("key", "process_id", name=op.f("pk_process_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_process_keys_process_id", "process_keys", ["process_id"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False, comment="empty for a release without one"),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="above 1: edited under the same id"
        ),
        sa.Column("date", tables.Moment(), nullable=True, comment="as published"),
        sa.Column("fetched_at", tables.Moment(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True, comment="zlib; NULL once pruned"),
        sa.Column("error", sa.Text(), nullable=True, comment="why nothing could be made of it"),
        sa.Column("judgement", tables.Json, nullable=True),
        sa.Column("place", tables.Json, nullable=True),
        sa.Column("process_id", tables.Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["process_id"], ["processes.id"], name=op.f("fk_releases_process_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint(
            "source",
            "ocid",
            "release_id",
            "revision",
            name=op.f("uq_releases_source_ocid_release_id_revision"),
        ),
    )
    op.create_index(op.f("ix_releases_process_id"), "releases", ["process_id"], unique=False)
    op.create_index(
        "ix_releases_source_content_hash", "releases", ["source", "content_hash"], unique=False
    )
    op.create_table(
        "reviews",
        sa.Column("id", tables.Id, nullable=False),
        sa.Column("opportunity_id", tables.Id, nullable=False),
        sa.Column("release_id", tables.Id, nullable=True, comment="whose text was judged"),
        sa.Column("by", sa.String(length=10), nullable=False, comment="reviewer or subscriber"),
        sa.Column("reviewer", sa.Text(), nullable=True, comment="a name; NULL for a subscriber"),
        sa.Column("subscriber_id", tables.Id, nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("relevance", sa.String(length=16), nullable=False),
        sa.Column(
            "art_forms", tables.Json, nullable=True, comment="NULL where nothing was said of tags"
        ),
        sa.Column(
            "outcomes", tables.Json, nullable=True, comment="NULL where nothing was said of tags"
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", tables.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_reviews_opportunity_id")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_reviews_release_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_reviews_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_opportunity_id"), "reviews", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_reviews_subscriber_id"), "reviews", ["subscriber_id"], unique=False)

    ours = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if ours else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Goes back to an empty database."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("opportunity_search")
    for table in reversed(tables.metadata.sorted_tables):
        op.drop_table(table.name, if_exists=True)
