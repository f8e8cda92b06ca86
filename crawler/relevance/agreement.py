"""How far two reviewers agree, and how much of that is more than chance (Cohen's kappa)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of two reviewers: what both decided, the share they agree on, and kappa.

    Kappa is 1 for full agreement and 0 for what chance would give; None where both always said one
    and the same label, since chance would do as well.
    """

    first: str
    second: str
    items: int
    share: float
    kappa: float | None


def agreements(labels: Iterable[Mapping[str, str]]) -> list[Agreement]:
    """Of every two reviewers who have both decided on something; most in common first.

    Each of `labels` is one item: what each reviewer said of it, by name.
    """
    both: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for said in labels:
        for one, other in combinations(sorted(said), 2):
            both[one, other].append((said[one], said[other]))
    found = [_agreement(one, other, pairs) for (one, other), pairs in both.items()]
    return sorted(found, key=lambda each: (-each.items, each.first, each.second))


def _agreement(first: str, second: str, pairs: list[tuple[str, str]]) -> Agreement:
    count = len(pairs)
    share = sum(one == other for one, other in pairs) / count
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(ours[label] * theirs[label] for label in ours) / count**2
    kappa = None if by_chance == 1 else (share - by_chance) / (1 - by_chance)
    return Agreement(first=first, second=second, items=count, share=share, kappa=kappa)
