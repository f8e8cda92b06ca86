"""Which processes are one opportunity: pure, and the same whatever order they arrived in.

Rules, in this order of trust: a person's decision; an explicit reference (the same OCID, or one
portal's notice naming another's); on different portals the same buyer, title and closing day, with
values that do not contradict. Lots, years and call-offs keep different titles and stay apart. What
looks alike but is not certain becomes a doubtful pair for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import combinations

from crawler.items import Facts
from crawler.text import key as words

SAME, NEAR = "same:", "near:"
_CROWD = 8
_LONGEST_KEY = 300
_CLOSE = timedelta(days=14)
_SOON = timedelta(days=60)
_SAME_VALUE = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One contracting process on one portal, as far as grouping looks at it."""

    id: int
    source: str
    ocid: str
    first_date: datetime
    title_key: str
    deadline: datetime | None = None
    value: Decimal | None = None
    supplier: str | None = None

    @property
    def rank(self) -> tuple[datetime, str, str]:
        """The order of first publication; the lowest of a group names the opportunity."""
        return self.first_date, self.source, self.ocid


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The groups, and the pairs (lower id first) that may be one opportunity, each with why."""

    groups: tuple[frozenset[int], ...]
    doubtful: Mapping[tuple[int, int], str]


def title_key(facts: Facts) -> str:
    """Buyer and title as equal notices share them; empty when either is missing."""
    buyer, title = words(facts.buyer.name if facts.buyer else ""), words(facts.title)
    return f"{buyer}|{title}" if buyer and title else ""


def keys_of(facts: Facts) -> list[str]:
    """The keys under which this release's process may meet others."""
    keys = list(facts.references)
    name = title_key(facts)
    if name:
        keys.append(NEAR + name)
        if facts.deadline:
            keys.append(f"{SAME}{name}|{facts.deadline:%Y-%m-%d}")
    return [key if len(key) <= _LONGEST_KEY else _shortened(key) for key in keys]


def _shortened(key: str) -> str:
    """A long key's beginning and hash: indexes hold only so much."""
    return f"{key[: _LONGEST_KEY - 40]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"


class _Sets:
    """Disjoint sets that refuse to join what a person keeps apart."""

    def __init__(self, ids: Iterable[int], apart: Iterable[tuple[int, int]]) -> None:
        self._set = {at: frozenset((at,)) for at in ids}
        self._apart = set(apart)

    def join(self, one: int, other: int) -> bool:
        ours, theirs = self._set[one], self._set[other]
        if ours is theirs:
            return True
        if any(_pair(a, b) in self._apart for a in ours for b in theirs):
            return False
        both = ours | theirs
        for member in both:
            self._set[member] = both
        return True

    def together(self, one: int, other: int) -> bool:
        return self._set[one] is self._set[other]

    def all(self) -> tuple[frozenset[int], ...]:
        return tuple(sorted(set(self._set.values()), key=min))


def group(
    processes: Mapping[int, Process],
    keys: Mapping[str, Iterable[int]],
    decisions: Mapping[tuple[int, int], str] | None = None,
) -> Grouping:
    """Groups `processes` by their shared `keys`, under people's `decisions` on pairs."""
    decisions = decisions or {}
    apart = [pair for pair, word in decisions.items() if word == "apart"]
    sets = _Sets(processes, apart)
    doubtful: dict[tuple[int, int], str] = {}
    merged = [pair for pair, word in decisions.items() if word == "merge"]
    for one, other in sorted(
        (pair for pair in merged if set(pair) <= processes.keys()),
        key=lambda pair: sorted(processes[at].rank for at in pair),
    ):
        sets.join(one, other)
    for rule in (_by_reference, _by_likeness, _nearly):
        for key in sorted(keys):
            found = (processes[at] for at in set(keys[key]) if at in processes)
            members = sorted(found, key=lambda one: one.rank)
            if len(members) > 1:
                rule(key, members, sets, doubtful)
    open_pairs = {
        pair: why
        for pair, why in doubtful.items()
        if not sets.together(*pair) and pair not in decisions
    }
    return Grouping(groups=sets.all(), doubtful=open_pairs)


def _by_reference(
    key: str, members: list[Process], sets: _Sets, doubtful: dict[tuple[int, int], str]
) -> None:
    if key.startswith((SAME, NEAR)):
        return
    one_each = len({member.source for member in members}) == len(members)
    for one, other in combinations(members, 2):
        if one_each or (one.title_key and one.title_key == other.title_key):
            sets.join(one.id, other.id)
        elif len(members) <= _CROWD:
            doubtful[_pair(one.id, other.id)] = f"both name {key.partition(':')[2]}"


def _by_likeness(
    key: str, members: list[Process], sets: _Sets, doubtful: dict[tuple[int, int], str]
) -> None:
    if not key.startswith(SAME):
        return
    once = {source for source in _sources(members) if _sources(members).count(source) == 1}
    for one, other in combinations(members, 2):
        if one.source != other.source and {one.source, other.source} <= once:
            if _values_agree(one, other):
                sets.join(one.id, other.id)
            else:
                doubtful[_pair(one.id, other.id)] = "same buyer, title and closing day, other value"
        elif len(members) <= _CROWD and _may_be_one(one, other):
            doubtful[_pair(one.id, other.id)] = "same buyer, title and closing day"


def _nearly(
    key: str, members: list[Process], sets: _Sets, doubtful: dict[tuple[int, int], str]
) -> None:
    if not key.startswith(NEAR) or len(members) > _CROWD:
        return
    for one, other in combinations(members, 2):
        if sets.together(one.id, other.id) or not _may_be_one(one, other):
            continue
        if one.deadline and other.deadline:
            near = abs(one.deadline - other.deadline) <= _CLOSE
        else:
            near = abs(one.first_date - other.first_date) <= _SOON
        if near:
            doubtful.setdefault(_pair(one.id, other.id), "same buyer and title, dates close by")


def _sources(members: list[Process]) -> list[str]:
    return [member.source for member in members]


def _values_agree(one: Process, other: Process) -> bool:
    if one.value is None or other.value is None:
        return True
    return abs(one.value - other.value) <= _SAME_VALUE * max(one.value, other.value)


def _may_be_one(one: Process, other: Process) -> bool:
    """Call-offs of one framework share everything but the supplier."""
    if one.supplier and other.supplier and one.supplier != other.supplier:
        return False
    return _values_agree(one, other)


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
