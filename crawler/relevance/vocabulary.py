"""The curated vocabulary, matched on words: which groups of terms a text touches, and where.

`vocabulary.toml` is the source; nothing here knows a field of a notice. Homonyms are matched first
and melt into one word.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from crawler.relevance.words import split, stem

HOMONYM = "homonym"
MAX_WORDS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Terms that speak for the same thing. `kind` pairs with other kinds as evidence."""

    name: str
    kind: str
    art_form: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A term met at word `start`, `length` words long, of the group numbered `group`."""

    group: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Term:
    rest: tuple[str, ...]
    open_end: bool
    group: int


class Vocabulary:
    """All groups, ready to be looked up word by word. Built once by `vocabulary`."""

    def __init__(self, tables: dict[str, dict[str, object]]) -> None:
        self.groups: list[Group] = []
        self._heads: dict[str, list[_Term]] = {}
        self._open: dict[str, list[int]] = {}
        self._seen = _Known(self._terms)
        for name, table in tables.items():
            number = len(self.groups)
            self.groups.append(
                Group(
                    name=name,
                    kind=str(table["kind"]),
                    art_form=_optional(table.get("art_form")),
                    outcome=_optional(table.get("outcome")),
                )
            )
            terms = table["terms"]
            assert isinstance(terms, list)
            for term in terms:
                self._add(str(term), number)
        self.kinds = sorted({group.kind for group in self.groups if group.kind != HOMONYM})
        self.homonym = next(i for i, group in enumerate(self.groups) if group.name == HOMONYM)

    def _add(self, term: str, group: int) -> None:
        open_end = term.endswith("*")
        words = split(term.rstrip("*"))
        stems = [*map(stem, words[:-1]), words[-1] if open_end else stem(words[-1])]
        if open_end and len(stems) == 1:
            self._open.setdefault(stems[0][:3], []).append(group)
            self._heads.setdefault("*" + stems[0], []).append(_Term((), True, group))
            return
        self._heads.setdefault(stems[0], []).append(_Term(tuple(stems[1:]), open_end, group))

    def _terms(self, word: str) -> tuple[_Term, ...]:
        """The terms that may begin with `word`, longest first, homonyms before all."""
        found = list(self._heads.get(stem(word), ()))
        if word[:3] in self._open:
            for end in range(3, len(word) + 1):
                found.extend(self._heads.get("*" + word[:end], ()))
        return tuple(sorted(found, key=lambda term: (term.group != self.homonym, -len(term.rest))))

    def match(self, words: list[str]) -> tuple[list[str], list[Hit]]:
        """`words` with homonyms melted, and every hit, by position in the list returned."""
        if len(self._seen) > MAX_WORDS:
            self._seen.clear()
        hits: list[Hit] = []
        melts: list[tuple[int, int]] = []
        done = 0
        for at, terms in enumerate(map(self._seen.__getitem__, words)):
            if not terms or at < done:
                continue
            for term in terms:
                if term.rest and not _follows(words, at + 1, term):
                    continue
                if term.group == self.homonym:
                    done = at + 1 + len(term.rest)
                    melts.append((at, done))
                    hits.append(Hit(term.group, at, 1))
                    break
                hits.append(Hit(term.group, at, 1 + len(term.rest)))
        return _melt(words, hits, melts) if melts else (words, hits)


class _Known(dict[str, tuple[_Term, ...]]):
    """Terms by first word, looked up once a word."""

    def __init__(self, look_up: Callable[[str], tuple[_Term, ...]]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, word: str) -> tuple[_Term, ...]:
        self[word] = terms = self._look_up(word)
        return terms


def _melt(
    words: list[str], hits: list[Hit], melts: list[tuple[int, int]]
) -> tuple[list[str], list[Hit]]:
    """Join the words of every melt, and move hits to where their words then stand."""
    places: list[int] = []
    melted: list[str] = []
    ends = dict(melts)
    at = 0
    while at < len(words):
        end = ends.get(at, at + 1)
        places.extend([len(melted)] * (end - at))
        melted.append("_".join(words[at:end]))
        at = end
    moved = []
    for hit in hits:
        start = places[hit.start]
        length = places[hit.start + hit.length - 1] - start + 1
        moved.append(Hit(hit.group, start, length))
    return melted, moved


def _follows(words: list[str], at: int, term: _Term) -> bool:
    rest = term.rest
    if at + len(rest) > len(words):
        return False
    last = len(rest) - 1
    for i, wanted in enumerate(rest):
        word = words[at + i]
        if word == wanted:
            continue
        if term.open_end and i == last:
            if not word.startswith(wanted):
                return False
        elif stem(word) != wanted:
            return False
    return True


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


@functools.cache
def vocabulary() -> Vocabulary:
    """The vocabulary of this package."""
    text = files("crawler.relevance").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return Vocabulary(tomllib.loads(text))
