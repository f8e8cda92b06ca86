"""How like two notices are, by the words that the classifier goes by. Pure.

Words are folded and stemmed as for a judgement; what says nothing is left out, neighbours count as
a pair, and what few of the notices say counts most (tf-idf, cosine).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crawler.items import Notice
from crawler.relevance.silence import STOP
from crawler.relevance.words import split, stem
from crawler.text import one_line

_READ = 4_000
_TITLE = 2
"""How much more a word of the title counts."""

_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+|[•●▪]")
_SHORTEST, _LONGEST = 30, 300

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """One of the notices that were compared: its place among them, 0 to 1 how like it is."""

    at: int
    likeness: float


def nearest(asked: Notice, others: Sequence[Notice], *, most: int, least: float) -> list[Like]:
    """The `most` of `others` that are most like `asked`, none of them less like it than `least`."""
    counts = [_counts(one) for one in (asked, *others)]
    heard = Counter(word for mine in counts for word in mine)
    rarity = {word: math.log((1 + len(counts)) / number) for word, number in heard.items()}
    first, *rest = (_weighed(mine, rarity) for mine in counts)
    found = [Like(at=at, likeness=_cosine(first, mine)) for at, mine in enumerate(rest)]
    close = (one for one in found if one.likeness >= least)
    return sorted(close, key=lambda one: (-one.likeness, one.at))[:most]


def passage(asked: Notice, text: str) -> str:
    """The sentence of `text` that says most of what `asked` says; empty where none says any."""
    wanted = set(_words(asked.title)) | set(_words(asked.description))
    best, most = "", 0.0
    for part in _SENTENCES.split(text[: 2 * _READ]):
        sentence = one_line(part, _LONGEST)
        if len(sentence) < _SHORTEST:
            continue
        said = set(_words(sentence))
        worth = len(said & wanted) / math.sqrt(8 + len(said))
        if worth > most:
            best, most = sentence, worth
    return best


def _words(text: str) -> list[str]:
    return [stem(word) for word in split(text, _READ) if word not in STOP]


def _counts(one: Notice) -> Counter[str]:
    title, body = _words(one.title), _words(one.description)
    found: Counter[str] = Counter()
    for words, worth in ((title, _TITLE), (body, 1)):
        for word in words:
            found[word] += worth
        for first, second in pairwise(words):
            found[f"{first} {second}"] += worth
    return found


def _weighed(counts: Counter[str], rarity: Weights) -> dict[str, float]:
    """Weights of length one; empty for a notice without words."""
    made = {word: (1 + math.log(number)) * rarity[word] for word, number in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in made.values()))
    return {word: weight / length for word, weight in made.items()} if length else {}


def _cosine(one: Weights, other: Weights) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)
