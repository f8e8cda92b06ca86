"""Whether a text holds a word or phrase: whole words, in any case, with or without accents or an s.

Both sides are taken down to the same plain words, so that "Children's theatres" holds "childrens
theatre" and "art" is not found in "party".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from crawler import text

_APOSTROPHES = re.compile("['’ʼ`]")
_HISSING = ("sses", "shes", "ches", "xes", "zes")
_NO_PLURAL = ("ss", "us", "is", "as")

Words = tuple[str, ...]


@lru_cache(maxsize=65536)
def _singular(word: str) -> str:
    """`word` without the ending of an English plural: roughly, and the same for both sides."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_HISSING) else word[:-1]


@lru_cache(maxsize=4096)
def words(phrase: str) -> Words:
    """The plain words of a phrase; none for one that has no letters or digits we can compare."""
    return tuple(_singular(word) for word in text.key(_APOSTROPHES.sub("", phrase)).split())


@lru_cache(maxsize=64)
def spoken(*texts: str) -> str:
    """The plain words of `texts`, each between blanks, to look phrases up in with `holds`.

    A phrase does not reach from one text into the next.
    """
    parts = (" ".join(map(_singular, text.key(_APOSTROPHES.sub("", one)).split())) for one in texts)
    return f" {' | '.join(part for part in parts if part)} "


def holds(said: str, phrase: str) -> bool:
    """Whether `said` (of `spoken`) holds the phrase. One without plain words is in every text."""
    return f" {' '.join(words(phrase))} " in said if words(phrase) else True


class Phrasebook:
    """Many phrases, all looked up in a text at once, in time that grows with the text alone."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, dict[Words, list[str]]] = {}
        for phrase in phrases:
            plain = words(phrase)
            if plain:
                self._by_first.setdefault(plain[0], {}).setdefault(plain, []).append(phrase)

    def found(self, said: str) -> set[str]:
        """The phrases that `said` (of `spoken`) holds, of those that have plain words."""
        heard: set[str] = set()
        for first in {word for word in said.split() if word in self._by_first}:
            for plain, phrases in self._by_first[first].items():
                if f" {' '.join(plain)} " in said:
                    heard.update(phrases)
        return heard
