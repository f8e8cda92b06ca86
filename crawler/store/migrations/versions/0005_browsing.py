"""What browsing and searching read: listings, and the words of titles for mending typing errors."""

import sqlalchemy as sa
from alembic import op

from crawler.store import listings, tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Titles and buyers' names once more, unstemmed: an index of words as they are written.
_SQLITE = (
    """CREATE VIRTUAL TABLE opportunity_words USING fts5(
        title, buyer_name, content='opportunities', content_rowid='id', detail=none, columnsize=0,
        tokenize="unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER opportunity_words_insert AFTER INSERT ON opportunities BEGIN
        INSERT INTO opportunity_words(rowid, title, buyer_name)
        VALUES (new.id, new.title, new.buyer_name); END""",
    """CREATE TRIGGER opportunity_words_delete AFTER DELETE ON opportunities BEGIN
        INSERT INTO opportunity_words(opportunity_words, rowid, title, buyer_name)
        VALUES ('delete', old.id, old.title, old.buyer_name); END""",
    """CREATE TRIGGER opportunity_words_update AFTER UPDATE OF title, buyer_name ON opportunities
        WHEN old.title IS NOT new.title OR old.buyer_name IS NOT new.buyer_name BEGIN
        INSERT INTO opportunity_words(opportunity_words, rowid, title, buyer_name)
        VALUES ('delete', old.id, old.title, old.buyer_name);
        INSERT INTO opportunity_words(rowid, title, buyer_name)
        VALUES (new.id, new.title, new.buyer_name); END""",
    "CREATE VIRTUAL TABLE words USING fts5vocab(opportunity_words, row)",
    "INSERT INTO opportunity_words(opportunity_words) VALUES ('rebuild')",
)
# The same for PostgreSQL, where counting words needs a table and triggers, one call a statement: row
# by row, each common word's row would be rewritten a thousand times a batch. Writers hold the one
# write lock, so that two cannot wait for each other.
_POSTGRESQL = (
    """CREATE FUNCTION words_of(title text, buyer_name text) RETURNS text[]
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT tsvector_to_array(to_tsvector('simple', left(title, 2000) || ' ' ||
            left(coalesce(buyer_name, ''), 2000))) $$""",
    "CREATE TABLE words (term text PRIMARY KEY COLLATE \"C\", doc bigint NOT NULL)",
    """CREATE FUNCTION count_added_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO words
            SELECT term, count(*) FROM added, unnest(words_of(title, buyer_name)) AS term
            GROUP BY term ORDER BY term
            ON CONFLICT (term) DO UPDATE SET doc = words.doc + excluded.doc;
        RETURN NULL; END $$""",
    """CREATE FUNCTION count_removed_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE words SET doc = doc - gone.n FROM (
            SELECT term, count(*) AS n FROM removed, unnest(words_of(title, buyer_name)) AS term
            GROUP BY term) AS gone WHERE words.term = gone.term;
        DELETE FROM words WHERE doc < 1 AND term IN (
            SELECT unnest(words_of(title, buyer_name)) FROM removed);
        RETURN NULL; END $$""",
    """CREATE FUNCTION count_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO words
            SELECT term, sum(n) FROM (
                SELECT unnest(words_of(title, buyer_name)) AS term, 1 AS n FROM added UNION ALL
                SELECT unnest(words_of(title, buyer_name)), -1 FROM removed) AS moved
            GROUP BY term HAVING sum(n) <> 0 ORDER BY term
            ON CONFLICT (term) DO UPDATE SET doc = words.doc + excluded.doc;
        DELETE FROM words WHERE doc < 1 AND term IN (
            SELECT unnest(words_of(title, buyer_name)) FROM removed);
        RETURN NULL; END $$""",
    """INSERT INTO words SELECT term, count(*) FROM opportunities,
        unnest(words_of(title, buyer_name)) AS term GROUP BY term""",
    """CREATE TRIGGER opportunities_words_added AFTER INSERT ON opportunities
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION count_added_words()""",
    """CREATE TRIGGER opportunities_words_removed AFTER DELETE ON opportunities
        REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION count_removed_words()""",
    """CREATE TRIGGER opportunities_words_changed AFTER UPDATE ON opportunities
        REFERENCING OLD TABLE AS removed NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION count_changed_words()""",
    # Hits in the title and the buyer's name come first; weights in `search` would mean reading it.
    """CREATE INDEX ix_opportunities_title_words ON opportunities
        USING gin(to_tsvector('english', left(title, 2000)))""",
    """CREATE INDEX ix_opportunities_head_words ON opportunities
        USING gin(to_tsvector('english', left(title, 2000) || ' ' ||
            left(coalesce(buyer_name, ''), 2000)))""",
)


def upgrade() -> None:
    """Creates both and fills them from what is stored."""
    op.create_table(
        "origins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False, comment="keys, blanks around each"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_origins")),
        sa.UniqueConstraint("sources", name=op.f("uq_origins_sources")),
    )
    op.create_table(
        "listings",
        sa.Column("opportunity_id", tables.Id, autoincrement=False, nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False, comment="a bit a word, see store.listings"),
        sa.Column("authority", sa.BigInteger(), nullable=False, comment="GSS code as a number, else 0"),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("buyer_key", sa.Text(), nullable=False, comment="equal for equal names"),
        sa.Column("published", sa.BigInteger(), nullable=False, comment="seconds since 1970"),
        sa.Column("closes", sa.BigInteger(), nullable=True, comment="seconds since 1970"),
        sa.Column("value_low", sa.BigInteger(), nullable=True, comment="pence"),
        sa.Column("value_high", sa.BigInteger(), nullable=True, comment="pence"),
        sa.Column("chance", sa.Integer(), nullable=False, comment="arts or commissionable, millionths"),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities.id"],
            name=op.f("fk_listings_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["origin"], ["origins.id"], name=op.f("fk_listings_origin")),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_listings")),
    )
    connection = op.get_bind()
    listings.renew(connection)
    op.create_index("ix_listings_published", "listings", ["published", "opportunity_id"])
    for name in ("closes", "buyer_key", "authority"):
        op.create_index(op.f(f"ix_listings_{name}"), "listings", [name])
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
