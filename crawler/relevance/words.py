"""Words of a notice: the first step of a judgement, the same in training and at run time.

Text is folded (entities, accents, case), cut into words, and words that name things only by number
(references, dates, sums) are dropped: they say nothing about the work and would only be learnt by
heart. A homonym such as "operating theatre" becomes one word, so that its theatre is no theatre.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterable
from zlib import crc32

MAX_CHARS = 24_000
"""Characters read of any one field: about 3,500 words, more than a judgement ever needs."""

MAX_WORD = 40
GRAMS = 1 << 17
"""Buckets that character n-grams are hashed into."""

_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
_WORD = re.compile(r"\b[a-z]+(?:'[a-z]{2,})?\b|\b[23]d\b")
_ESCAPED = re.compile(r"\\[nrt]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})


def fold(text: str, limit: int = MAX_CHARS) -> str:
    """`text` in lower-case ASCII, without entities, addresses or accents, at most `limit` long."""
    text = text[:limit]
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if not text.isascii():
        text = text.translate(_APOSTROPHES)
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = text.lower().replace("_", " ")
    if "\\" in text:
        text = _ESCAPED.sub(" ", text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    return text


def split(text: str, limit: int = MAX_CHARS) -> list[str]:
    """The words of `text` in order, folded, without exclusions; numbers are no words."""
    return _WORD.findall(without_exclusions(fold(text, limit)))


_EXCLUSION = re.compile(
    r"\b(?:exclud(?:es|ing)|(?:do|does) not include|not including"
    r"|is not an?|no (?:\w+ ){1,7}(?:is|are) (?:required|needed|sought|part))\b"
)
_EXCLUDED = re.compile(
    r"\b(?:is|are|be) (?:excluded|not (?:required|needed|included|part)"
    r"|(?:covered|provided) (?:by|under) (?:another|a separate|other))\b"
)
_CLAUSE = re.compile(r"[.;\n]")


def without_exclusions(folded: str) -> str:
    """`folded` without what it says is no part of the work ("excludes the museum")."""
    if _EXCLUDED.search(folded):
        folded = ".".join(part for part in _CLAUSE.split(folded) if not _EXCLUDED.search(part))
    if _EXCLUSION.search(folded):
        clauses = (_EXCLUSION.split(part, maxsplit=1)[0] for part in _CLAUSE.split(folded))
        folded = ".".join(clauses)
    return folded


@functools.lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """`word` without the endings that part "museums" from "museum": for vocabulary only."""
    if word.endswith("'s"):
        word = word[:-2]
    word = word.replace("'", "")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def grams(word: str) -> list[str]:
    """The word itself and its character n-grams of 3 to 5, with its borders marked."""
    word = word[:MAX_WORD]
    padded = f"<{word}>"
    found = [f"={word}"]
    for size in (3, 4, 5):
        found.extend(padded[i : i + size] for i in range(len(padded) - size + 1))
    return found


def bucket(text: str, buckets: int) -> int:
    """The bucket of `text` among `buckets`, the same in every process and on every machine."""
    return crc32(text.encode()) % buckets


def unique(words: Iterable[str]) -> list[str]:
    """`words` without repetitions, in order."""
    return list(dict.fromkeys(words))


def gram_buckets(word: str) -> list[int]:
    """Buckets of `word`'s n-grams, the whole word's first."""
    return [bucket("g:" + gram, GRAMS) for gram in grams(word)]
