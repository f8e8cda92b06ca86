"""Which notices must not be parted in training: one buyer's, and near-duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from crawler.relevance.words import split

PORTALS = (
    "due north", "bravosolution", "bip solutions", "in tend", "atamis", "eu supply", "proactis",
    "unknown",
)  # fmt: skip
"""Names of e-tendering firms that stand as buyer in old notices: they tie nothing together."""

ALIKE = 0.8


def groups(titles: Sequence[str], buyers: Sequence[str | None]) -> list[int]:
    """A group number per notice; equal numbers share a buyer or a near-duplicate title.

    Titles are near duplicates when four fifths of the words of the longer stand in the other.
    """
    forest = list(range(len(titles)))

    def root(at: int) -> int:
        while forest[at] != at:
            forest[at] = forest[forest[at]]
            at = forest[at]
        return at

    words = [frozenset(split(title, 400)) for title in titles]
    keys: dict[str, int] = {}
    for at, (title, buyer) in enumerate(zip(titles, buyers, strict=True)):
        name = " ".join(split(buyer or "", 200))
        own = ["t:" + " ".join(split(title, 400))]
        if name and not name.startswith(PORTALS):
            own.append("b:" + name)
        for key in own:
            forest[root(at)] = root(keys.setdefault(key, at))
    for at, other in _candidates(words):
        if len(words[at] & words[other]) >= ALIKE * max(len(words[at]), len(words[other])):
            forest[root(at)] = root(other)
    return [root(at) for at in range(len(titles))]


def _candidates(words: Sequence[frozenset[str]]) -> set[tuple[int, int]]:
    """Pairs that share one of their two rarest words or more; short titles are never alike."""
    met: dict[str, int] = defaultdict(int)
    for held in words:
        for word in held:
            met[word] += 1
    holders: dict[str, list[int]] = defaultdict(list)
    for at, held in enumerate(words):
        if len(held) > 2:
            rare = sorted(held, key=lambda word: (met[word], word))
            for word in rare[: max(2, len(rare) // 3 + 1)]:
                holders[word].append(at)
    return {
        (later, earlier)
        for held_by in holders.values()
        for i, later in enumerate(held_by)
        for earlier in held_by[max(0, i - 60) : i]
    }
