"""Full text search in opportunities: FTS5 or tsvector, both kept up by the database itself."""

from __future__ import annotations

import re

import sqlalchemy as sa

from crawler.store.tables import opportunities

_TELLING = re.compile(r"\w")
_WORDS = re.compile(r'"[^"]*"|\S+')


def matching(connection: sa.Connection, query: str) -> sa.ColumnElement[bool]:
    """A condition that holds for the opportunities in which all words of `query` occur.

    Words in double quotes are a phrase. Nothing in `query` is taken as an operator.
    """
    parts = [part for part in _WORDS.findall(query.replace("\0", " ")) if _TELLING.search(part)]
    if not parts:
        return sa.false()
    if connection.dialect.name == "postgresql":
        search: sa.ColumnElement[str] = sa.column("search")
        wanted = [
            (sa.func.phraseto_tsquery if part.startswith('"') else sa.func.plainto_tsquery)(
                "english", part
            )
            for part in parts
        ]
        return sa.and_(*(search.op("@@")(part) for part in wanted))
    terms = " ".join(_quoted(part) for part in parts)
    found = sa.text("SELECT rowid FROM opportunity_search WHERE opportunity_search MATCH :terms")
    hits = found.bindparams(terms=terms or '""').columns(sa.column("rowid", sa.Integer))
    return opportunities.c.id.in_(sa.select(hits.subquery().c.rowid))


def _quoted(part: str) -> str:
    return '"' + part.strip('"').replace('"', '""') + '"'
