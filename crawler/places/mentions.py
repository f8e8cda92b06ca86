"""Places that a notice's own words name: the weakest evidence, so read with suspicion.

Only words with a capital count. A name that is also a word or a surname ("Reading", "Deal") needs
company that makes it a place ("in Reading", "Reading Library"); a name that begins a street, a
person's honour or a product ("London Road", "Duke of Edinburgh", "London Living Wage") is none.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from crawler.places.gazetteer import Spot, spots
from crawler.places.namesakes import names_place
from crawler.places.wording import key

READ = 1500
# One of these stands in whatever `_NATIONWIDE` matches: looking for them is ten times as fast.
_HINTS = ("across", "throughout", "all over", "all of", "whole of", "nation", "wide")
_RUN = re.compile(
    r"[A-Z][\w'\u2019]*(?:(?:[ -]| (?:of|upon|and|on|the|le|in|under|by|nan|y|a) | & |"
    r"-(?:of|upon|on|le|in|under|by|the|super|cum)-|, )[A-Z][\w'\u2019]*)*"
)
_NATIONWIDE = re.compile(
    r"\b(?:across|throughout|all (?:over|of)|whole of) (?:the )?(?:UK|United Kingdom|England|"
    r"country|Great Britain)\b|\b(?:nationwide|UK[- ]wide|nationally)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One place named in a text, in its own words; `official` when a council's name says it."""

    spot: Spot
    text: str
    official: bool


@cache
def _first_words() -> dict[str, int]:
    """The words that begin a place's name, with the number of words in the longest such name."""
    found: dict[str, int] = {}
    for name in spots():
        words = name.split()
        found[words[0]] = max(found.get(words[0], 0), len(words))
    return found


def _words(run: str) -> list[str]:
    """The words of ``key(run)``, in a third of the time for the usual letters."""
    if not run.isascii():
        return key(run).split()
    plain = run.lower().replace("'", "").replace("-", " ").replace(",", " ").replace("_", " ")
    return plain.replace("&", " and ").split()


def mentions(text: str) -> list[Mention]:
    """Places named in the first `READ` characters of `text`, in their order, repeats too."""
    found: list[Mention] = []
    text = text[:READ]
    first = _first_words()
    for run in _RUN.finditer(text):
        word = run[0]
        # Most runs are one word that begins a sentence.
        if " " in word or "-" in word or "'" in word or not word.isascii() or word.lower() in first:
            found += _in_run(word, text[max(0, run.start() - 12) : run.start()])
    return found


def _in_run(run: str, before: str) -> list[Mention]:
    words = _words(run)
    first, known = _first_words(), spots()
    found: list[Mention] = []
    start, count = 0, len(words)
    while start < count:
        longest = first.get(words[start], 0)
        for stop in range(min(count, start + longest), start, -1):
            name = " ".join(words[start:stop])
            if name in known:
                spot = known[name]
                if spot.regions and names_place(words, start, stop, name, before):
                    official = "council" in words[start : stop + 3]
                    found.append(Mention(spot, spot.name, official))
                start = stop - 1
                break
        start += 1
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What a notice's words say of its place: regions, maybe an authority, and in which words."""

    regions: tuple[str, ...]
    authority: str | None
    words: str
    field: str


def search(title: str, rest: str) -> Found | None:
    """The place that the title names, else the one that the rest clearly prefers, else None."""
    named = mentions(title)
    if named and (found := _judged(named, "title", 1.0)):
        return found
    if not rest:
        return None
    return _judged(mentions(rest), "description", 0.8)


def _judged(named: list[Mention], field: str, needed: float) -> Found | None:
    votes: Counter[str] = Counter()
    for mention in named:
        for region in mention.spot.regions:
            votes[region] += 3 if mention.official else 1
    if not votes:
        return None
    region, most = votes.most_common(1)[0]
    if most / votes.total() < needed:
        return None
    there = [mention.spot for mention in named if region in mention.spot.regions]
    names = list(dict.fromkeys(spot.name for spot in there))
    codes = {spot.gss for spot in there if spot.gss}
    only = codes.pop() if len(codes) == 1 else None
    return Found((region,), only, ", ".join(names[:3]), field)


def nationwide(title: str, rest: str) -> str | None:
    """The words with which a notice says that the work is nationwide, if it does."""
    for text in (title, rest[:READ]):
        lowered = text.lower()
        if any(hint in lowered for hint in _HINTS) and (found := _NATIONWIDE.search(text)):
            return found[0]
    return None
