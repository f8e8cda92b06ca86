"""Which outcome a role serves, by the table of roles that commission work (``roles.csv``)."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from crawler.contacts import lists
from crawler.text import key

_RANKS = lists.words("ranks")
_VAGUE = frozenset(
    {
        "senior management", "management structure", "directors", "director", "chief officers",
        "organisational structure", "contact us", "our team", "who we are", "board members",
        "partners", "contact", "office staff", "members and democratic services", "clerk s office",
        "democratic services", "region", "committee", "agenda", "membership", "moderngov", "trust",
        "contact the icb", "contact the clerk", "your councillors", "place", "providers", "sector",
        "programmes", "contracts", "executive members", "clerk", "partnership", "participation",
        "education",
        "management", "mayor", "decisions", "communities or partnerships", "charity", "delivery",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One row: phrases as sets of word stems, the plainest first."""

    outcome: str
    titles: tuple[frozenset[str], ...]
    department: frozenset[str]
    hints: tuple[frozenset[str], ...]


@cache
def table() -> tuple[Role, ...]:
    """The roles that commission work, with the outcome each serves."""
    with files(__package__).joinpath("roles.csv").open(encoding="utf-8") as handle:
        return tuple(_role(row) for row in csv.DictReader(handle))


def _role(row: dict[str, str]) -> Role:
    titles = [row["role"], *row["synonyms"].split(";")]
    hints = [hint for hint in row["page_hints"].split(";") if key(hint) not in _VAGUE]
    vague = key(row["department"]) in _VAGUE
    return Role(
        outcome=row["outcome"],
        titles=tuple(core for title in titles if (core := _core(title))),
        department=frozenset() if vague else _core(row["department"]),
        hints=tuple(core for hint in hints if (core := _core(hint))),
    )


def stem(word: str) -> str:
    """`word` without its plural: enough for titles of teams."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _core(phrase: str) -> frozenset[str]:
    """The words of a title that say what it is about."""
    return frozenset(stem(word) for word in key(phrase).split() if word not in _RANKS)


@cache
def vocabulary() -> frozenset[str]:
    """The stems that occur in the table: words of services, not of people."""
    words: set[str] = set()
    for role in table():
        words.update(*role.titles, role.department, *role.hints)
    return frozenset(words)


def outcomes_of(role: str, headings: Sequence[str]) -> tuple[str, ...]:
    """The outcomes that a contact serves, by its role or, failing that, by where it stands.

    A title says most, a department less, a page's topic least; only the best are given.
    """
    said = frozenset(stem(word) for word in re.split(r"\W+", key(role)) if word)
    scores: dict[str, float] = {}
    for row in table():
        score = _score(row, said)
        scores[row.outcome] = max(score, scores.get(row.outcome, 0.0))
    best = max(scores.values())
    if best == 0 and headings:
        around = frozenset(stem(word) for text in headings for word in key(text).split())
        for row in table():
            if any(hint <= around for hint in row.hints if len(hint) > 1):
                scores[row.outcome] = best = 1.0
    if best == 0:
        return ()
    return tuple(outcome for outcome, score in scores.items() if score == best)


def _score(row: Role, said: frozenset[str]) -> float:
    """How plainly the words of a role name this row: longer phrases say more."""
    score = 0.0
    for weight, phrases in ((3.0, row.titles), (2.5, (row.department,)), (2.0, row.hints)):
        for phrase in phrases:
            if phrase and phrase <= said:
                score = max(score, weight + 0.5 * (len(phrase) - 1))
    return score
