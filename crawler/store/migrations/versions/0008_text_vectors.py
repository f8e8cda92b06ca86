"""Text vectors move from opportunities to listings, where PostgreSQL finds hits in half the pages."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_VECTORS = ("search", "title_words", "head_words")
# Three vectors, since weights in one would mean reading that of every hit. They are read from the
# opportunity by triggers, so that no text is written anew without them.
_FILL = (
    """CREATE FUNCTION read_listing_words() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE
        title text; buyer text; description text;
        BEGIN
        SELECT left(o.title, 2000), left(coalesce(o.buyer_name, ''), 2000),
            left(o.description, 200000) INTO title, buyer, description
            FROM opportunities AS o WHERE o.id = new.opportunity_id;
        new.title_words := to_tsvector('english', title);
        new.head_words := new.title_words || to_tsvector('english', buyer);
        new.search := new.head_words || to_tsvector('english', description);
        RETURN new; END $$""",
    """CREATE TRIGGER listings_words BEFORE INSERT OR UPDATE ON listings
        FOR EACH ROW EXECUTE FUNCTION read_listing_words()""",
    """CREATE FUNCTION renew_listing_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE listings SET card = card WHERE opportunity_id = new.id;
        RETURN NULL; END $$""",
    """CREATE TRIGGER opportunities_listing_words
        AFTER UPDATE OF title, description, buyer_name ON opportunities FOR EACH ROW
        WHEN (old.title IS DISTINCT FROM new.title OR old.buyer_name IS DISTINCT FROM new.buyer_name
            OR old.description IS DISTINCT FROM new.description)
        EXECUTE FUNCTION renew_listing_words()""",
    "UPDATE listings SET card = card",
)


def upgrade() -> None:
    """Moves them; on SQLite the full text index is a table of its own already."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP INDEX ix_opportunities_title_words, ix_opportunities_head_words")
    op.execute("ALTER TABLE opportunities DROP COLUMN search")
    for name in _VECTORS:
        op.execute(f"ALTER TABLE listings ADD COLUMN {name} tsvector")
    for statement in _FILL:
        op.execute(statement)
    for name in _VECTORS:
        op.execute(f"CREATE INDEX ix_listings_{name} ON listings USING gin({name})")
