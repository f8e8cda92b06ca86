"""Full text search in opportunities: FTS5 or tsvector, both kept up by the database itself.

Both stem English words (``workshops`` finds "workshop"). What people type is words and phrases in
double quotes, all of which must occur; nothing in it is taken as an operator.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from crawler.store.tables import listings, opportunities

Where = Literal["anywhere", "head", "title"]
"""Where words are looked for; the head of an opportunity is its title and its buyer's name."""

LONGEST = 1000
"""Characters of a query that are read; people type fewer, and a megabyte is no question."""

MOST = 16
"""Words and phrases of a query that are looked for."""

_TELLING = re.compile(r"[^\W_]")
_WORDS = re.compile(r'"[^"]*"|\S+')
_GOES_ON = re.compile(r"[^\W_]{3,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_IDLE = frozenset(
    """
    i me my myself we our ours ourselves you your yours yourself yourselves he him his himself
    she her hers herself it its itself they them their theirs themselves what which who whom
    this that these those am is are was were be been being have has had having do does did doing
    a an the and but if or because as until while of at by for with about against between into
    through during before after above below to from up down in out on off over under again
    further then once here there when where why how all any both each few more most other some
    such no nor not only own same so than too very s t can will just don should now
    """.split()  # noqa: SIM905
)
"""PostgreSQL's stop words: its index has none of them, so that nothing may ask for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody is looking for.

    A part that begins with a double quote is a phrase. With `open_ended` the last part may go on:
    ``exhib`` finds "exhibition".
    """

    parts: tuple[str, ...]
    open_ended: bool = False

    @property
    def text(self) -> str:
        """As a person would type it."""
        return " ".join(f'{part}"' if part.startswith('"') else part for part in self.parts)

    def opened(self) -> Words | None:
        """The same with its last word going on, where that is a word of three letters or more."""
        if self.parts and _GOES_ON.fullmatch(self.parts[-1]):
            return replace(self, open_ended=True)
        return None


def read(query: str) -> Words:
    """What `query` asks for; no parts when nothing in it tells anything."""
    plain = query[:LONGEST].encode(errors="ignore").decode().replace("\0", " ")
    found = [part.removesuffix('"') for part in _WORDS.findall(plain) if _TELLING.search(part)]
    telling = [part for part in found if part.lower().strip('",.;:!?()') not in _IDLE]
    return Words(parts=tuple(telling[:MOST]))


def matching(connection: sa.Connection, query: str) -> sa.ColumnElement[bool]:
    """A condition that holds for the opportunities in which all words of `query` occur."""
    words = read(query)
    if not words.parts:
        return sa.false()
    return opportunities.c.id.in_(hits(connection, words))


def hits(
    connection: sa.Connection, words: Words, where: Where = "anywhere"
) -> sa.Select[tuple[int]]:
    """The internal ids of the opportunities in which all of `words` (one or more) occur."""
    source, conditions = among(connection, words, where)
    return sa.select(listings.c.opportunity_id).select_from(source).where(*conditions)


def among(
    connection: sa.Connection, words: Words | None, where: Where = "anywhere"
) -> tuple[sa.FromClause, tuple[sa.ColumnElement[bool], ...]]:
    """A source of the listings that have `words`, or of all there are, and its conditions."""
    if words is None:
        return listings, ()
    if connection.dialect.name == "postgresql":
        searched: sa.ColumnElement[Any] = sa.literal_column(_VECTORS[where])
        return listings, (searched.op("@@", is_comparison=True)(_tsquery(words)),)
    found = sa.text("SELECT rowid FROM opportunity_search WHERE opportunity_search MATCH :terms")
    bound = found.bindparams(sa.bindparam("terms", _match(words, where), unique=True))
    ids = bound.columns(sa.column("rowid", sa.Integer)).subquery()
    return listings.join(ids, listings.c.opportunity_id == ids.c.rowid), ()


def occurs(connection: sa.Connection, words: Words, most: int = 1) -> int:
    """In how many opportunities `words` occur, counted up to `most`."""
    some = hits(connection, words).limit(most).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


@contextmanager
def by_index(connection: sa.Connection) -> Iterator[None]:
    """Has PostgreSQL use its index within the block, whatever it thinks, unless that fails.

    It does not know what unpacking a text vector costs, and would rather read every one for a
    common word, or go along another index for the first page of a rare one: seconds instead of
    milliseconds. What is left to it are bitmaps of the full text index.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    switch = sa.text(
        "SELECT set_config('enable_seqscan', :to, true), set_config('enable_indexscan', :to, true)"
    )
    connection.execute(switch, {"to": "off"})
    yield
    connection.execute(switch, {"to": "on"})


_VECTORS: dict[Where, str] = {
    "anywhere": "listings.search", "title": "listings.title_words", "head": "listings.head_words"
}  # fmt: skip
_COLUMNS: dict[Where, str] = {"anywhere": "", "title": "title : ", "head": "{title buyer_name} : "}


def _tsquery(words: Words) -> sa.ColumnElement[Any]:
    queries: list[sa.ColumnElement[Any]] = []
    english: sa.ColumnElement[Any] = sa.literal_column("'english'")
    for number, part in enumerate(words.parts, 1):
        if words.open_ended and number == len(words.parts):
            queries.append(sa.func.to_tsquery(english, f"'{part}':*"))
        else:
            phrase = part.startswith('"')
            made = sa.func.phraseto_tsquery if phrase else sa.func.plainto_tsquery
            queries.append(made(english, part))
    whole = queries[0]
    for one in queries[1:]:
        whole = whole.op("&&")(one)
    return whole


def _match(words: Words, where: Where) -> str:
    terms = " ".join('"' + part.strip('"').replace('"', '""') + '"' for part in words.parts)
    return f"{_COLUMNS[where]}({terms}{'*' if words.open_ended else ''})"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text as it stands, and whether it is what was looked for."""

    text: str
    marked: bool = False


_READ = 20_000
"""Characters of a description in which PostgreSQL looks for a passage to show."""


def passages(
    connection: sa.Connection, words: Words, ids: Collection[int]
) -> dict[int, tuple[tuple[Segment, ...], tuple[Segment, ...]]]:
    """The titles of a page of hits and the passage that says most, with the hits marked, by id."""
    # Unguessable, so that no source can have its own words marked.
    mark = secrets.token_hex(8)
    opening, closing = f"<{mark}>", f"</{mark}>"
    found: Any
    if connection.dialect.name == "postgresql":
        found = connection.execute(_headlines(words, ids, opening, closing))
    else:
        statement = sa.text(
            "SELECT rowid, highlight(opportunity_search, 0, :opening, :closing),"
            " snippet(opportunity_search, 1, :opening, :closing, '…', 40)"
            " FROM opportunity_search WHERE opportunity_search MATCH :terms AND rowid IN :ids"
        ).bindparams(sa.bindparam("ids", expanding=True))
        given = {"opening": opening, "closing": closing, "ids": list(ids)}
        found = connection.execute(statement, given | {"terms": _match(words, "anywhere")})
    return {
        pk: (_segments(title, opening, closing), _segments(passage, opening, closing))
        for pk, title, passage in found
    }


def _headlines(
    words: Words, ids: Collection[int], opening: str, closing: str
) -> sa.Select[tuple[int, str, str]]:
    english: sa.ColumnElement[Any] = sa.literal_column("'english'")
    table, query = opportunities.c, _tsquery(words)
    marks = f"StartSel={opening}, StopSel={closing}"
    short = f'{marks}, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "'
    text = sa.func.left(table.description, _READ)
    return sa.select(
        table.id,
        sa.func.ts_headline(english, table.title, query, f"{marks}, HighlightAll=true"),
        sa.func.ts_headline(english, text, query, short),
    ).where(table.id.in_(ids))


def _segments(text: str, opening: str, closing: str) -> tuple[Segment, ...]:
    first, *rest = text.split(opening)
    made = [Segment(printable(first))]
    for piece in rest:
        inside, _, outside = piece.partition(closing)
        made += [Segment(printable(inside), marked=True), Segment(printable(outside))]
    return tuple(one for one in made if one.text)


def printable(text: str) -> str:
    """`text` without control characters other than tabs and line breaks."""
    return _CONTROL.sub("", text)
