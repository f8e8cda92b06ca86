"""Mends typing errors by the words of titles and buyers' names, as they are written there."""

from __future__ import annotations

import re
from dataclasses import replace

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import OSA

from crawler.store.search import Words, occurs
from crawler.text import key

_FEW = 5
"""A word that occurs more often than this is meant as written."""

_LIKELIER = 20
"""How many times as often another word must occur to be offered for one that does occur."""

_WORD = re.compile(r"[^\W\d_]{4,40}")
_words = sa.table("words", sa.column("term", sa.Text), sa.column("doc", sa.Integer))


def mended(connection: sa.Connection, words: Words) -> Words | None:
    """`words` with each that (almost) no opportunity has replaced by a likely one; None if none is.

    Phrases, numbers and words of fewer than four letters stay as they are.
    """
    parts = tuple(_mended(connection, part) for part in words.parts)
    return replace(words, parts=parts, open_ended=False) if parts != words.parts else None


def _mended(connection: sa.Connection, part: str) -> str:
    if not _WORD.fullmatch(part):
        return part
    known = occurs(connection, Words(parts=(part,)), _FEW)
    if known >= _FEW:
        return part
    return _nearest(connection, key(part), max(known * _LIKELIER, 1)) or part


def _nearest(connection: sa.Connection, word: str, often: int) -> str | None:
    """The word least different from `word` that occurs at least `often` times, else None.

    Two letters changing places are one difference; short words may differ in one, others in two.
    """
    if not word.isalpha():
        return None
    reach = 1 if len(word) < 6 else 2
    following = chr(ord(word[0]) + 1)
    begins = sa.and_(_words.c.term >= word[0], _words.c.term < following)
    # Few people mistype the first letter, and the whole vocabulary takes ten times as long.
    for near in (begins, sa.true()):
        query = sa.select(_words.c.term, _words.c.doc).where(
            near,
            _words.c.doc >= often,
            sa.func.length(_words.c.term).between(len(word) - reach, len(word) + reach),
        )
        counts: dict[str, int] = dict(connection.execute(query).all())
        close = process.extract(
            word, counts.keys(), scorer=OSA.distance, score_cutoff=reach, limit=50
        )
        found = [(far, -counts[term], term) for term, far, _ in close if far]
        if found:
            return min(found)[2]
    return None
