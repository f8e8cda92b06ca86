"""What a model sees of a notice: words, terms and codes, and the columns they fall into.

Every feature adds to the score, and a word adds the same wherever it stands in its field: that is
what makes a model of many thousand columns as quick as a dictionary and its reasons exact.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from crawler.items import Notice
from crawler.relevance.grouping import PORTALS
from crawler.relevance.vocabulary import Hit, vocabulary
from crawler.relevance.words import MAX_CHARS, bucket, split, unique

TITLE_WORDS = 1 << 14
PAIRS = 1 << 17
CODES = 1 << 12
BUYER_WORDS = 1 << 12
MAX_LOTS = 60
MAX_CODES = 12
NONE = ("none",)

_MIX = np.uint64(0x9E3779B97F4A7C15)
BUYER_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("museum", ("museum", "museums", "gallery", "galleries", "heritage", "archives", "cadw",
                "armouries", "tate")),
    ("arts", ("arts", "theatre", "music", "film", "culture", "festival", "ballet", "opera",
              "library", "bfi")),
    ("broadcaster", ("bbc", "broadcasting")),
    ("council", ("council", "borough", "county", "city", "cyngor", "district", "combined")),
    ("town", ("town", "parish", "village")),
    ("health", ("nhs", "health", "hospital", "hospitals", "ccg", "clinical", "care", "icb")),
    ("university", ("university", "college", "universities")),
    ("school", ("school", "academy", "trust", "academies")),
    ("justice", ("justice", "prison", "hmp", "police", "probation", "constabulary")),
    ("defence", ("defence", "mod")),
    ("housing", ("homes", "housing", "home")),
    ("government", ("department", "ministry", "office", "government", "agency", "crown")),
    ("tourism", ("tourism", "visit", "visitscotland", "visitbritain")),
    ("nature", ("forestry", "park", "parks", "nature", "natural", "landscape")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """A notice taken apart. Words are folded and in order; hits point into them."""

    title: list[str]
    body: list[str]
    title_hits: list[Hit]
    body_hits: list[Hit]
    codes: tuple[str, ...]
    buyer: tuple[str, ...]


def take_apart(notice: Notice) -> Parts:
    """`notice` as words, vocabulary hits, CPV prefixes and buyer words; any text will do."""
    terms = vocabulary()
    title, title_hits = terms.match(split(notice.title, 2_000))
    text = notice.description
    if notice.lots:
        text = "\n".join((text[:MAX_CHARS], *notice.lots[:MAX_LOTS]))
    words = split(text)
    body, body_hits = terms.match(words)
    return Parts(
        title=title,
        body=body,
        title_hits=title_hits,
        body_hits=body_hits,
        codes=code_tokens(notice.cpv),
        buyer=buyer_tokens(notice.buyer),
    )


@functools.lru_cache(maxsize=20_000)
def code_tokens(cpv: tuple[str, ...]) -> tuple[str, ...]:
    """CPV prefixes of 2 to 5 and 8 digits; the main code's once more, marked ``!``."""
    tokens: dict[str, None] = {}
    for at, code in enumerate(cpv[:MAX_CODES]):
        code = code[:8]
        if not (code.isascii() and code.isdigit()):
            continue
        for token in (code[:2], code[:3], code[:4], code[:5], code.ljust(8, "0")):
            tokens[token] = None
            if at == 0:
                tokens["!" + token] = None
    return tuple(tokens) or NONE


@functools.lru_cache(maxsize=20_000)
def buyer_tokens(buyer: str | None) -> tuple[str, ...]:
    """Words of the buyer's name and the kinds of body it speaks of, marked ``kind:``.

    An e-tendering firm that stands where the buyer should is no buyer.
    """
    words = unique(split(buyer or "", 200))
    if not words or " ".join(words).startswith(PORTALS):
        return NONE
    held = set(words)
    kinds = [f"kind:{kind}" for kind, marks in BUYER_KINDS if held.intersection(marks)]
    return (*words, *(kinds or ["kind:other"]))


def pair_buckets(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Buckets of adjacent word pairs, one for each word but the last, from the words' hashes."""
    mixed = (words[:-1] * _MIX) ^ (words[1:] * np.uint64(3))
    mixed = (mixed * _MIX) >> np.uint64(40)
    return (mixed % np.uint64(PAIRS)).astype(np.int64)


def form_columns(parts: Parts) -> list[int]:
    """Columns (of 6) for a notice's outward form: what is missing, and how long it is."""
    columns = []
    if not parts.body:
        columns.append(0)
    elif len(parts.body) < 15:
        columns.append(1)
    elif len(parts.body) > 150:
        columns.append(2)
    if len(parts.title) < 4:
        columns.append(3)
    if parts.codes == NONE:
        columns.append(4)
    if parts.buyer == NONE:
        columns.append(5)
    return columns


FORMS = 6


def code_bucket(token: str) -> int:
    """The column of a CPV token."""
    return bucket("c:" + token, CODES)


def buyer_bucket(token: str) -> int:
    """The column of a buyer token."""
    return bucket("b:" + token, BUYER_WORDS)


@functools.cache
def cpv_names() -> dict[str, str]:
    """English names by 8-digit code: CPV 2008, Commission Regulation (EC) No 213/2008."""
    text = files("crawler.relevance").joinpath("cpv.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines())
