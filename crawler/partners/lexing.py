"""Cuts a clause of a notice into the few kinds of token that say how long a contract runs.

``two (2) further periods of one year`` is a number, filler words and a span. Words that are no
token are kept as `word`, since what stands between two tokens decides how they belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal[
    "span", "times", "number", "chain", "date", "extend", "initial", "total", "begin", "until",
    "contract", "unrelated", "joint", "filler", "word",
]  # fmt: skip

_ONES = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_ONES, 1)} | {
    "a": 1, "an": 1, "single": 1, "another": 1, "a second": 1,
    "a third": 1, "a fourth": 1, "twenty": 20, "twenty four": 24, "thirty": 30, "thirty six": 36,
    "forty eight": 48, "sixty": 60,
}  # fmt: skip
_SPELT = "|".join(word.replace(" ", r"[\s-]") for word in sorted(_NUMBERS, key=len, reverse=True))
_NUMBER = rf"(?:\d{{1,3}}|(?:{_SPELT})\b)"
_UNIT = r"(?:days?|weeks?|months?|mths?|years?|yrs?|annum)\b"
_MORE = r"(?:(?:calendar|full|further|additional|extra|more|optional)[\s-]+)"
_MONTHS = {"d": 1 / 30.4375, "w": 7 / 30.4375, "m": 1.0, "y": 12.0, "a": 12.0}
_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip

_PATTERNS: tuple[tuple[Kind, str], ...] = (
    (
        "date",
        r"\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
        r"[a-z]*,?\s+\d{4}|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}-\d{2}-\d{2}",
    ),
    (
        "chain",
        rf"(?<![\d.£])\d{{1,3}}(?:[\s-]*{_UNIT})?(?:\s*\+\s*\d{{1,3}}(?:[\s-]*{_UNIT})?)+",
    ),
    ("span", rf"(?<![\d.,£/]){_NUMBER}(?:\s*\(\s*{_NUMBER}\s*\))?[\s-]*{_MORE}?{_UNIT}"),
    (
        "times",
        rf"twice\b|thrice\b|once (?:more|again)\b|{_NUMBER}(?:\s*\(\s*{_NUMBER}\s*\))?\s+"
        r"(?:(?:further|more|separate|successive|consecutive|additional)\s+)?(?:times|occasions)\b|"
        rf"[x×]\s?\d{{1,2}}\b(?![\s-]*{_MORE}?{_UNIT})",
    ),
    ("number", rf"(?<![\d.,£/])(?:\d{{1,2}}|(?:{_SPELT})\b)(?!\s*(?:%|[.,]\d|:\d|/\d))(?!\d)"),
    (
        "extend",
        r"(?:re)?exten(?:d(?:s|ed|ing|able|ible)?|sions?)\b|renew(?:al|als|able|ed)?\b|optional\b|"
        r"options?\b(?!\s+appraisal)",
    ),
    ("initial", r"initial(?:ly)?\b|fixed\b|core term\b|first term\b|minimum term\b|primary term\b"),
    (
        "total",
        r"maximum\b|total(?:l?ing)?\b|overall\b|altogether\b|making\b|in all\b|inclusive of\b|"
        r"including\b|no more than\b|not exceed(?:ing)?\b|longest\b|latest\b|full term\b",
    ),
    (
        "begin",
        r"from\b|commenc(?:e|es|ed|ing|ement)\b|start(?:s|ed|ing)?\b|begin(?:s|ning)?\b|"
        r"with effect from\b|effective\b",
    ),
    (
        "until",
        r"until\b|till\b|end(?:s|ed|ing)?\b|expir(?:e|es|ed|y|ing|ation)\b|conclud(?:e|es|ing)\b|to\b|"
        r"through to\b",
    ),
    (
        "contract",
        r"contract(?:s|ual)?\b|(?<!by )(?<!mutual )agreement\b|framework\b|term\b|"
        r"duration\b|dps\b|appointment\b|"
        r"commission(?:ed)?\b|concession\b|let\b|funded for\b|funding period\b|grant period\b|"
        r"partnership\b|licen[cs]e\b|lease\b|awarded\b|"
        r"services? (?:will|shall|is to|are to|to) run\b",
    ),
    (
        "unrelated",
        r"warrant\w*|guarantee\w*|experience\b|aged?\b|ages\b|old\b|within\b|payments?\b|accounts\b|"
        r"turnover\b|notice\b|past\b|(?<!will )(?<!shall )last\b(?! for)|previous\b|preceding\b|"
        r"ago\b|insurance\b|ret(?:ain|ention)\w*|standstill\b|valid\w*|every\b|frequency\b|"
        r"break clause\b|defects\b|history\b|deadline\b|clarif\w+|submi\w+|tender returns?\b|"
        r"bids?\b|expressions? of interest\b|anniversary\b|festival\b|exhibition\b|mobilis\w+|"
        r"turnaround\b|reports?\b|review\w*|under\b|over the age\b",
    ),
    ("joint", r"plus\b|with\b|and\b|\(|then\b|followed by\b|or\b|,"),
    (
        "filler",
        r"further\b|additional\b|extra\b|more\b|potential\b|possible\b|possibly\b|subsequent\b|x\b|x(?=\d)|×|"
        r"separate\b|successive\b|consecutive\b|individual\b|annual\b|periods?\b|each\b|of\b|up\b|for\b|"
        r"by\b|on\b|basis\b|years?\b|terms\b|increments?\b|no\b|at\b|being\b|lasting\b|be\b|is\b|\)",
    ),
    ("word", r"\w[\w’'-]*"),
)
_LEXER = re.compile("|".join(f"(?P<{kind}>{words})" for kind, words in _PATTERNS), re.IGNORECASE)
_CLAUSES = re.compile(r"(?<!\d)[.;](?!\d)|[.;](?=\s)|\n+|[•●▪]|\brn\b")
_TIMES = re.compile(r"\b(?:twice|thrice|times|occasions)\b", re.IGNORECASE)
_TELLING = re.compile(
    rf"day|week|month|mth|year|yr|annum|\+|(?:19|20)\d\d|{_TIMES.pattern}", re.IGNORECASE
)
"""What a clause must hold to hold a span, chain, date or number of times: the others need no
cutting up."""
_LONGEST = 20_000
_SPELT_SPAN = re.compile(rf"\b(?:{_SPELT})[\s-]+{_UNIT}", re.IGNORECASE)
_PARTS = re.compile(rf"(\d{{1,3}})(?:[\s-]*({_UNIT}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `months` of a span, `number` of a number or times, `parts` (months) of a chain."""

    kind: Kind
    text: str
    months: int = 0
    number: int = 0
    day: date | None = None
    parts: tuple[int, ...] = ()
    spelt_unit: bool = True


def clauses(text: str) -> Iterator[tuple[str, list[Token]]]:
    """The clauses of `text` that hold a span, chain, date or number of times, with their tokens."""
    for clause in _CLAUSES.split(text[:_LONGEST]):
        if not _TELLING.search(clause):
            continue
        numbered = any(char.isdigit() for char in clause) or _SPELT_SPAN.search(clause)
        if numbered or _TIMES.search(clause):
            tokens = [_token(match) for match in _LEXER.finditer(clause)]
            yield " ".join(clause.split()), tokens


def _token(match: re.Match[str]) -> Token:
    kind: Kind = match.lastgroup  # type: ignore[assignment]
    text = match[0]
    if kind == "span":
        return Token(kind, text, months=_months(text))
    if kind == "number":
        return Token(kind, text.lower(), number=_number(text))
    if kind == "times":
        return Token(kind, text.lower(), number=_times(text.lower()))
    if kind == "date":
        day = _day(text)
        return Token(kind, text, day=day) if day else Token("word", text)
    if kind == "chain":
        parts, spelt = _parts(text)
        return Token(kind, text, parts=parts, spelt_unit=spelt)
    return Token(kind, text.lower())


def _number(text: str) -> int:
    first = re.split(r"\s*\(", text)[0].lower().strip()
    return int(first) if first.isdigit() else _NUMBERS[re.sub(r"[\s-]+", " ", first)]


def _times(text: str) -> int:
    if text.startswith("once"):
        return 1
    if text.startswith(("twice", "thrice")):
        return 2 if text.startswith("twice") else 3
    counted = re.search(rf"{_NUMBER}", text)
    return _number(counted[0]) if counted else 1


def _months(text: str) -> int:
    """The months of a span, to the nearest whole one; 0 for less than half a month."""
    counted = re.match(rf"{_NUMBER}", text, re.IGNORECASE)
    unit = re.search(rf"({_UNIT})$", text, re.IGNORECASE)
    assert counted is not None
    assert unit is not None
    return round(_number(counted[0]) * _MONTHS[unit[0][0].lower()])


def _parts(text: str) -> tuple[tuple[int, ...], bool]:
    """The months of each part of ``2+1+1 years``, and whether a unit was written.

    A unit counts for the parts before it that have none. Without any, parts up to ten are years.
    """
    found = _PARTS.findall(text)
    last = next((unit for _, unit in reversed(found) if unit), "")
    numbers = [int(number) for number, _ in found]
    if not last:
        return tuple(n * (12 if max(numbers) <= 10 else 1) for n in numbers), False
    months: list[int] = []
    unit = last
    for number, own in reversed(found):
        unit = own or unit
        months.append(round(int(number) * _MONTHS[unit[0].lower()]))
    return tuple(reversed(months)), True


def _day(text: str) -> date | None:
    numbers = re.findall(r"\d+", text)
    try:
        if re.match(r"\d{4}-", text):
            return date.fromisoformat(text)
        if len(numbers) == 3:
            return date(int(numbers[2]), int(numbers[1]), int(numbers[0]))
        name = re.search(r"[a-z]{3}", re.sub(r"\d+(?:st|nd|rd|th)?|\bof\b", "", text.lower()))
        return date(int(numbers[1]), _NAMES.index(name[0]) + 1, int(numbers[0])) if name else None
    except ValueError:
        return None
