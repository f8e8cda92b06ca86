"""The table of the library of resources; `crawler.store` registers it with the others."""

from __future__ import annotations

import sqlalchemy as sa

from crawler.store.tables import Json, Moment, metadata

resources = sa.Table(
    "resources",
    metadata,
    sa.Column("key", sa.String(60), primary_key=True),
    sa.Column("origin", sa.String(7), nullable=False, comment="library or staff"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("publisher", sa.Text, nullable=False),
    sa.Column("year", sa.Integer),
    sa.Column("url", sa.Text, nullable=False, comment="empty where none is known"),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("nation", sa.String(16), nullable=False),
    sa.Column("outcomes", Json, nullable=False),
    sa.Column("art_forms", Json, nullable=False),
    sa.Column("measures", Json, nullable=False, comment="scales and frameworks, by name"),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False, comment="a person saw it there"),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("edited_by", sa.Text, comment="staff who changed it: the library keeps off it"),
    sa.Column("retired_at", Moment, comment="shown no more"),
    sa.Column("retired_by", sa.Text, comment="staff, or library where it names it no more"),
    sa.Column("checked_at", Moment, comment="when its link was asked last"),
    sa.Column("link_state", sa.String(6), comment="ok, dead, barred"),
    sa.Column("link_status", sa.Integer, comment="HTTP; NULL where nobody answered"),
    sa.Column("link_words", sa.Text),
    sa.Column("moved_to", sa.Text, comment="where a permanent redirect leads"),
    sa.Column("failing_since", Moment, comment="dead since then"),
)
