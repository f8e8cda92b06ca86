"""The tables, for SQLite and PostgreSQL alike. Times are UTC, money is whole pence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment; SQLite forgets zones, so it is stored without and read with UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuses naive datetimes: they would mean something else on each database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Aware UTC again."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Pence(sa.types.TypeDecorator[Decimal]):
    """An amount as a whole number of pence, exact on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        """Pence."""
        return None if value is None else int((value * 100).to_integral_value())

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """Pounds, or whatever the currency is."""
        return None if value is None else Decimal(value) / 100


Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def keyed_by(name: str, table: str) -> sa.Column[int]:
    """A column of a primary key that names a row of `table`; its own row goes with that one."""
    row = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, Id, row, primary_key=True, autoincrement=False)


def part_of(name: str, table: str) -> sa.Column[int]:
    """A column that names the row of `table` that this one belongs to and goes with."""
    row = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, Id, row, nullable=False, index=True)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("ocid", sa.Text, nullable=False, comment="empty for a release without one"),
    sa.Column("release_id", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, comment="above 1: edited under the same id"),
    sa.Column("date", Moment, comment="as published"),
    sa.Column("fetched_at", Moment, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("content_hash", sa.String(32), nullable=False),
    sa.Column("raw", sa.LargeBinary, comment="zlib; NULL once pruned"),
    sa.Column("error", sa.Text, comment="why nothing could be made of it"),
    sa.Column("judgement", Json),
    sa.Column("place", Json),
    sa.Column("process_id", Id, sa.ForeignKey("processes.id"), index=True),
    sa.UniqueConstraint("source", "ocid", "release_id", "revision"),
    sa.Index("ix_releases_source_content_hash", "source", "content_hash"),
)

processes = sa.Table(
    "processes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("ocid", sa.Text, nullable=False),
    sa.Column("key", sa.String(12), nullable=False, unique=True, comment="public name"),
    sa.Column("first_date", Moment, nullable=False),
    sa.Column("title_key", sa.Text, nullable=False),
    sa.Column("deadline", Moment),
    sa.Column("value", Pence),
    sa.Column("supplier", sa.Text),
    sa.Column("opportunity_id", Id, sa.ForeignKey("opportunities.id"), index=True),
    sa.UniqueConstraint("source", "ocid"),
)

process_keys = sa.Table(
    "process_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("process_id", Id, sa.ForeignKey("processes.id"), primary_key=True),
    sa.Index("ix_process_keys_process_id", "process_id"),
    sqlite_with_rowid=False,
)

opportunities = sa.Table(
    "opportunities",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(12), nullable=False, unique=True),
    sa.Column("ocids", Json, nullable=False),
    sa.Column("sources", Json, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("language", sa.String(2)),
    sa.Column("buyer_name", sa.Text),
    sa.Column("buyer", Json),
    sa.Column("cpv", Json, nullable=False),
    sa.Column("category", sa.Text),
    sa.Column("procedure", sa.Text),
    sa.Column("notice_type", sa.Text),
    sa.Column("stage", sa.String(10), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("published", Moment, nullable=False, index=True),
    sa.Column("updated", Moment, nullable=False),
    sa.Column("deadline", Moment, index=True),
    sa.Column(
        "expected",
        Moment,
        index=True,
        comment="when a plan says that its tender will be published",
    ),
    sa.Column("value_min", Pence),
    sa.Column("value_max", Pence),
    sa.Column("currency", sa.Text),
    sa.Column("start", Moment),
    sa.Column("end", Moment),
    sa.Column("lots", Json, nullable=False),
    sa.Column("urls", Json, nullable=False),
    sa.Column("relevance", sa.String(16), index=True),
    sa.Column("scores", Json),
    sa.Column("art_forms", Json, nullable=False),
    sa.Column("outcomes", Json, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("regions", Json, nullable=False),
    sa.Column("authority", sa.String(9), index=True),
    sa.Column("place_reason", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed_at", Moment, index=True, comment="the last material change"),
    sa.Column("first_seen", Moment, nullable=False),
)

origins = sa.Table(
    "origins",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sources", sa.Text, nullable=False, unique=True, comment="keys, blanks around each"),
)

listings = sa.Table(
    "listings",
    metadata,
    keyed_by("opportunity_id", "opportunities"),
    sa.Column("card", sa.BigInteger, nullable=False, comment="a bit a word, see store.listings"),
    sa.Column("authority", sa.BigInteger, nullable=False, comment="GSS code as a number, else 0"),
    sa.Column("origin", sa.Integer, sa.ForeignKey("origins.id"), nullable=False),
    sa.Column("buyer_key", sa.Text, nullable=False, comment="equal for equal names"),
    sa.Column("published", sa.BigInteger, nullable=False, comment="seconds since 1970"),
    sa.Column("closes", sa.BigInteger, comment="seconds since 1970"),
    sa.Column("value_low", sa.BigInteger, comment="pence"),
    sa.Column("value_high", sa.BigInteger, comment="pence"),
    sa.Column("chance", sa.Integer, nullable=False, comment="arts or commissionable, millionths"),
    # With the card, the rows that a page of many is chosen from need not be read themselves.
    sa.Index("ix_listings_published", "published", "opportunity_id", "card"),
    sa.Index("ix_listings_closes", "closes", "opportunity_id", "card"),
    sa.Index("ix_listings_buyer_key", "buyer_key", "published", "opportunity_id", "card"),
    sa.Index("ix_listings_authority", "authority"),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("opportunity_id", "opportunities"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text),
    sa.Column("material", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(40), nullable=False),
)

awards = sa.Table(
    "awards",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("opportunity_id", "opportunities"),
    sa.Column("award_id", sa.Text, nullable=False),
    sa.Column("suppliers", Json, nullable=False),
    sa.Column("supplier_ids", Json, nullable=False),
    sa.Column("status", sa.Text),
    sa.Column("date", Moment),
    sa.Column("value", Pence),
    sa.Column("currency", sa.Text),
    sa.Column("start", Moment),
    sa.Column("end", Moment),
    sa.Column("extension", sa.Text),
)

duplicate_pairs = sa.Table(
    "duplicate_pairs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("first_id", Id, sa.ForeignKey("processes.id"), nullable=False),
    sa.Column("second_id", Id, sa.ForeignKey("processes.id"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decision", sa.String(8), comment="NULL until reviewed, then merge or apart"),
    sa.Column("found_at", Moment, nullable=False),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", Moment),
    sa.UniqueConstraint("first_id", "second_id"),
)

source_states = sa.Table(
    "source_states",
    metadata,
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("watermark", Moment, comment="everything published before it is stored"),
    sa.Column("quiet_until", Moment, comment="the portal asked for silence until then"),
    sa.Column("validators", sa.Text, comment="what to ask with if nothing has changed (JSON)"),
    sa.Column("told", sa.String(4), comment="what staff were told of it last: ill or well"),
    sa.Column("told_at", Moment),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("finished", Moment),
    sa.Column("requests", sa.Integer, nullable=False, default=0),
    sa.Column("releases", sa.Integer, nullable=False, default=0),
    sa.Column("new", sa.Integer, nullable=False, default=0),
    sa.Column("changed", sa.Integer, nullable=False, default=0),
    sa.Column("same", sa.Integer, nullable=False, default=0),
    sa.Column("dropped", sa.Integer, nullable=False, default=0),
    sa.Column("errors", sa.Integer, nullable=False, default=0),
    sa.Column("verdict", sa.String(8)),
    sa.Column("reason", sa.Text),
    sa.Column("first_errors", Json),
    sa.Column("newest", Moment, comment="the newest date of a release that was new or changed"),
    sa.Column("unmodified", sa.Boolean, comment="the source said that nothing has changed"),
    sa.Index("ix_runs_source_started", "source", "started"),
)

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("email", sa.Text, nullable=False, unique=True, comment="in lower case"),
    sa.Column("organisation", sa.Text),
    sa.Column("created", Moment, nullable=False),
    sa.Column("digest_at", Moment, comment="when the last digest was handed over"),
    sa.Column("handle", sa.String(16), nullable=False, unique=True, comment="random, in links"),
    sa.Column("language", sa.String(2), nullable=False),
    sa.Column("state", sa.String(8), nullable=False, comment="pending, active, paused, stopped"),
    sa.Column("confirmed_at", Moment, comment="when they opted in last"),
    sa.Column("paused_until", Moment, comment="NULL with state paused: until they say so"),
    sa.Column("rhythm", sa.String(11), nullable=False, comment="daily, weekly, fortnightly"),
    sa.Column("weekday", sa.Integer, nullable=False, comment="0 is Monday"),
    sa.Column("hour", sa.Integer, nullable=False, comment="0 to 23, local time"),
    sa.Column("only_new", sa.Boolean, nullable=False, comment="no mail when nothing is new"),
    sa.Column("early_mail", sa.Boolean, nullable=False, comment="closes before the next digest"),
    sa.Column("remind_days", sa.Integer, comment="before a saved item closes; NULL for never"),
    sa.Column("slot", Moment, comment="the digest time that was dealt with last"),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("subscriber_id", "subscribers"),
    sa.Column("regions", Json, nullable=False),
    sa.Column("art_forms", Json, nullable=False),
    sa.Column("outcomes", Json, nullable=False),
    sa.Column("bands", Json, nullable=False),
    sa.Column("matched_until", Moment, comment="everything changed before it was matched"),
    sa.Column("authorities", Json, nullable=False, comment="GSS codes"),
    sa.Column("stages", Json, nullable=False, comment="early, open, awards"),
    sa.Column("buyer_kinds", Json, nullable=False),
    sa.Column("require", Json, nullable=False, comment="words or phrases, each must occur"),
    sa.Column("exclude", Json, nullable=False, comment="words or phrases, none may occur"),
    sa.Column("label", sa.Text, comment="what the person calls it"),
    sa.Column("near", sa.String(8), comment="a postcode or outcode"),
    sa.Column("near_km", sa.Integer),
    sa.Column("value_min", Pence),
    sa.Column("value_max", Pence),
    sa.Column("largest", Pence, comment="the largest contract they could deliver"),
    sa.Column("maybes", sa.Boolean, nullable=False, comment="unreviewed maybes may appear"),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    part_of("subscriber_id", "subscribers"),
    sa.Column("event", sa.String(12), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("wording", sa.String(20), comment="the version of the words they saw"),
    sa.Column("origin", sa.Text, nullable=False, comment="page, command or file it came by"),
    sa.Column("network", sa.Text, comment="of the address it came from, /24 or /48"),
)

marks = sa.Table(
    "marks",
    metadata,
    keyed_by("subscriber_id", "subscribers"),
    keyed_by("opportunity_id", "opportunities"),
    sa.Column("saved_at", Moment),
    sa.Column("reminded_for", Moment, comment="the deadline that a reminder named"),
    sa.Column("hidden_at", Moment),
    sa.Column("hidden_why", sa.Text),
    sa.Column("outcome", sa.String(8), comment="bidding, won, lost, no_bid"),
    sa.Column("outcome_at", Moment),
    sa.Index("ix_marks_opportunity_id", "opportunity_id"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("about", sa.Text, nullable=False, unique=True, comment="what it is; queued once"),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("subscriber_id", Id, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), index=True),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("message", sa.LargeBinary, comment="zlib of RFC 5322 bytes; NULL once pruned"),
    sa.Column("state", sa.String(8), nullable=False, comment="queued, sending, sent, failed, held"),
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("due", Moment, nullable=False, comment="not before"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Column("reply", sa.Text, comment="the server's last words"),
    sa.Index("ix_outbox_state_due", "state", "due"),
)

bounces = sa.Table(
    "bounces",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber_id", Id, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), index=True),
    sa.Column("outbox_id", Id, sa.ForeignKey("outbox.id", ondelete="SET NULL"), index=True),
    sa.Column("report", sa.String(64), nullable=False, unique=True, comment="hash of the report"),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False, comment="hard, soft, complaint"),
    sa.Column("status", sa.Text, comment="RFC 3463, such as 5.1.1"),
    sa.Column("words", sa.Text, nullable=False),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, comment="HMAC-SHA256 of the address"),
    sa.Column("reason", sa.String(10), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("words", sa.Text),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("since", Moment, comment="when its holder took it"),
)

job_runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("job", sa.String(80), primary_key=True),
    sa.Column("due", Moment, primary_key=True, comment="the scheduled time that it was run for"),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("finished", Moment, comment="empty while it runs, and if it was killed"),
    sa.Column("well", sa.Boolean),
    sa.Column("words", sa.Text, comment="what it did, or why it did not"),
)

crawl_requests = sa.Table(
    "crawl_requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("taken_at", Moment),
    sa.Column("done_at", Moment),
    sa.Column("result", sa.Text, comment="how it went, in words"),
)

matches = sa.Table(
    "matches",
    metadata,
    keyed_by("subscription_id", "subscriptions"),
    keyed_by("opportunity_id", "opportunities"),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("caveats", Json, nullable=False),
    sa.Column("matched_at", Moment, nullable=False),
    sa.Column("kind", sa.String(16), comment="arts, commissionable or adjacent"),
    sa.Column("told_at", Moment, comment="when a digest carried it last"),
    sa.Column("told_version", sa.Integer, comment="the version that digest knew"),
    sa.Column("told", Json, comment="what that digest said of it"),
    sa.Index("ix_matches_opportunity_id", "opportunity_id"),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("opportunity_id", Id, sa.ForeignKey("opportunities.id"), nullable=False, index=True),
    sa.Column("release_id", Id, sa.ForeignKey("releases.id"), comment="whose text was judged"),
    sa.Column("by", sa.String(10), nullable=False, comment="reviewer or subscriber"),
    sa.Column("reviewer", sa.Text, comment="a name; NULL for a subscriber"),
    sa.Column("subscriber_id", Id, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), index=True),
    sa.Column("decision", sa.String(10), nullable=False),
    sa.Column("relevance", sa.String(16), nullable=False),
    sa.Column("art_forms", Json, comment="NULL where nothing was said of tags"),
    sa.Column("outcomes", Json, comment="NULL where nothing was said of tags"),
    sa.Column("note", sa.Text),
    sa.Column("decided_at", Moment, nullable=False),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("authority", sa.String(9), nullable=False, comment="GSS code"),
    sa.Column("key", sa.Text, nullable=False, comment="email, else phone, else form"),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("basis", sa.String(8), nullable=False, comment="what told the role"),
    sa.Column("name", sa.Text, comment="only as the page publishes it as that role's"),
    sa.Column("email", sa.Text, index=True),
    sa.Column("phone", sa.Text, comment="E.164"),
    sa.Column("phone_written", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("headings", Json, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("outcomes", Json, nullable=False),
    sa.Column("personal", sa.Boolean, nullable=False),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False, index=True),
    sa.Column("stale_since", Moment, comment="when its page was first read without it"),
    sa.UniqueConstraint("authority", "page", "key"),
)

site_pages = sa.Table(
    "site_pages",
    metadata,
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("authority", sa.String(9), primary_key=True),
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("read_at", Moment, nullable=False),
    sa.Column("reason", sa.Text, comment="why it was not read; NULL if it was"),
    sa.Column("links", Json, nullable=False, comment="pages that may matter, with their scores"),
)

site_visits = sa.Table(
    "site_visits",
    metadata,
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("authority", sa.String(9), primary_key=True),
    sa.Column("started", Moment, nullable=False),
    sa.Column("finished", Moment, comment="NULL while it is under way, or broken off"),
    sa.Column("pages", sa.Integer, nullable=False, default=0),
    sa.Column("failure", sa.Text, comment="why the last visit brought nothing"),
)

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, comment="HMAC-SHA256 of the address"),
    sa.Column("at", Moment, nullable=False),
)

bid_mentions = sa.Table(
    "bid_mentions",
    metadata,
    keyed_by("opportunity_id", "opportunities"),
    sa.Column("authority", sa.String(9), comment="GSS code of the buyer, if it is one"),
    sa.Column("portal", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False, comment="the host by which it is named"),
    sa.Column("published", Moment, nullable=False),
    sa.Index("ix_bid_mentions_authority_portal_published", "authority", "portal", "published"),
)

bid_portals = sa.Table(
    "bid_portals",
    metadata,
    sa.Column("authority", sa.String(9), primary_key=True, comment="GSS code"),
    sa.Column("portal", sa.Text, primary_key=True),
    sa.Column("basis", sa.String(7), primary_key=True, comment="notices or page"),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False, comment="a page, or the earliest notice"),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("notices", sa.Integer, nullable=False),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("email", sa.Text, nullable=False, unique=True, comment="in lower case"),
    sa.Column("name", sa.Text, nullable=False, unique=True, comment="beside what they decide"),
    sa.Column("role", sa.String(8), nullable=False, comment="reviewer, staff, admin"),
    sa.Column("created", Moment, nullable=False),
    sa.Column("seen_at", Moment, comment="when they signed in last"),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, comment="SHA-256 of the link's token"),
    sa.Column("user_id", Id, sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    sa.Column("browser", sa.String(64), nullable=False, comment="SHA-256 of its cookie"),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, comment="SHA-256 of the cookie's token"),
    sa.Column(
        "user_id", Id, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("began", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False, comment="a user's name, or command line"),
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("about", sa.Text, nullable=False, comment="on what: a public id, a key"),
    sa.Column("detail", sa.Text, nullable=False),
)

job_requests = sa.Table(
    "job_requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job", sa.String(10), nullable=False, comment="train or rollback"),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.Column("result", sa.Text, comment="how it went, in words"),
)

source_pauses = sa.Table(
    "source_pauses",
    metadata,
    sa.Column("source", sa.String(40), primary_key=True),
    sa.Column("paused_by", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

skips = sa.Table(
    "skips",
    metadata,
    sa.Column("user_id", Id, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column(
        "opportunity_id",
        Id,
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    sa.Column("at", Moment, nullable=False),
)
