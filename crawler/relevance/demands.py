"""Demands in a notice's words that keep small organisations from bidding, each told with its words.

Read sentence by sentence: one that says that something is not needed demands nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

MUCH_COVER = Decimal(5_000_000)
"""Pounds of cover from which a small organisation pays for more than it has."""

_SENTENCES = re.compile(r"(?<=[.;!?])\s+(?=[A-Z(“\"•*-])|\n+|[•●▪]")
_MOST_SENTENCES = 400
_LONGEST = 600
_BESIDE = 80
_NOT = re.compile(
    r"\b(?:not|no longer|never|nor)\s+(?:be\s+)?(?:\w+\s+){0,2}"
    r"(?:require|need|necessary|expect|appl|ask|insist|demand|arise|envisage|essential)"
    r"|\bno\s+(?:\w+\s+){0,3}(?:is|are|will be)\s+(?:require|need|ask|expect)"
    r"|\bno need\b|\bwithout (?:the )?need\b|\bno (?:minimum )?turnover\b|\bno tupe\b"
    r"|\bno (?:bond|guarantee|accreditation)s?\b",
    re.IGNORECASE,
)
_INSURED = re.compile(
    r"\b(?:insur\w+|indemnity|public liability|products? liability)", re.IGNORECASE
)
_KINDS = re.compile(
    r"\b(?:(employer)\w*|public|professional|products?|cyber|third[- ]party)\b", re.IGNORECASE
)
_SUM = re.compile(
    r"(?:£|€|\bGBP\s?)\s?(?P<sum>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>m(?:illions?|n)?\b|bn\b|k\b)?"
    r"|\b(?P<words>five|ten|\d{1,3})\s+millions?\b(?=\s+pounds?|\s+\(?£|\s+(?:of\s+)?cover)",
    re.IGNORECASE,
)
_SPELT = {"five": 5, "ten": 10}
_UNITS = {"m": 1_000_000, "b": 1_000_000_000, "k": 1_000}
_TUPE = re.compile(
    r"\bTUPE\b|transfer of undertakings|\bstaff (?:will|may|would) transfer\b", re.IGNORECASE
)
_YEARS = (
    r"(?:\d|one|two|three|four|five)(?:\s*\(\d\))?[\s-]+"
    r"(?:full\s+|financial\s+|most recent\s+)?years?"
)
_ACCOUNTS = re.compile(
    rf"\b{_YEARS}[’']?s?[’']?\s+(?:of\s+)?(?:\w+\s+){{0,3}}accounts\b"
    rf"|\baccounts\b[^.]{{0,50}}\b(?:last|past|previous|latest|most recent)\s+{_YEARS}"
    rf"|\b(?:audited|filed|published|statutory)\s+(?:\w+\s+){{0,2}}accounts\b",
    re.IGNORECASE,
)
_GUARANTEE = re.compile(
    r"\b(?:bank|parent company|performance|financial)\s+(?:guarantee|bond)s?\b|\bsurety\b"
    r"|\bletters? of credit\b",
    re.IGNORECASE,
)
_ACCREDITED = re.compile(
    r"\bISO\s?(?:/IEC\s?)?\d{4,5}\b|\bcyber essentials(?: plus)?\b|\bCHAS\b|\bsafe ?contractor\b"
    r"|\bconstructionline\b|\bCQC[- ]regist\w+|\bregistered with the care quality commission\b"
    r"|\binvestors in people\b|\b(?:must|shall|should) (?:be|hold|have) [^.]{0,40}accredit\w+"
    r"|\baccreditation\b[^.]{0,40}\b(?:required|essential|mandatory)\b",
    re.IGNORECASE,
)
_ONE_LOT = re.compile(
    r"\b(?:not|nor)\s+(?:be\s+|been\s+)?(?:divided|split|broken down)\s+(?:up\s+)?"
    r"into\s+(?:\w+\s+)?lots\b"
    r"|\b(?:as|is|be|comprises|forms)\s+(?:a single|one|1) lot\b(?! or)|\bthere are no lots\b",
    re.IGNORECASE,
)


def demands(text: str) -> Iterator[tuple[str, str]]:
    """Each demand in `text` as a stable code and words for people; every code once."""
    seen: set[str] = set()
    # Most notices demand none of this, and are done with here.
    low = text.lower()
    possible = [demand for demand in _DEMANDS if any(word in low for word in demand[1])]
    if not possible and "lot" not in low:
        return
    for said in _sentences(text):
        if "one_lot" not in seen and _ONE_LOT.search(said):
            seen.add("one_lot")
            yield "one_lot", "It is let as one lot: small organisations cannot bid for a part"
        found = [
            (code, words)
            for code, _, find in possible
            if code not in seen and (words := find(said))
        ]
        if found and not _NOT.search(said):
            seen.update(code for code, _ in found)
            yield from found


def _sentences(text: str) -> Iterator[str]:
    """Sentences, long ones in pieces: some portals give a whole specification without a stop."""
    for sentence in _SENTENCES.split(text)[:_MOST_SENTENCES]:
        for at in range(0, len(sentence), _LONGEST):
            yield sentence[at : at + _LONGEST]


def _insurance(said: str) -> str | None:
    """The largest cover of at least `MUCH_COVER`; five million for employees is the law."""
    named = list(_INSURED.finditer(said))
    if not named:
        return None
    sums = [(_pounds(match), match) for match in _SUM.finditer(said) if _near(named, match)]
    high = [(pounds, match) for pounds, match in sums if pounds >= MUCH_COVER]
    asked = [pair for pair in high if not _for_employees(said, pair[1])]
    if not asked:
        return None
    _, match = max(asked, key=lambda pair: pair[0])
    return f"It asks for high insurance cover: “{' '.join(match[0].split())}”"


def _near(named: Sequence[re.Match[str]], at: re.Match[str]) -> bool:
    """Whether a sum stands where insurance is spoken of, and is not the contract's value."""
    return any(max(one.start() - at.end(), at.start() - one.end()) <= _BESIDE for one in named)


def _pounds(match: re.Match[str]) -> Decimal:
    if match["words"]:
        number = match["words"].lower()
        return Decimal(_SPELT.get(number) or int(number)) * 1_000_000
    unit = (match["unit"] or "").lower()
    return Decimal(match["sum"].replace(",", "")) * _UNITS.get(unit[:1], 1)


def _for_employees(said: str, at: re.Match[str]) -> bool:
    """Whether the kind of insurance that stands nearest to the sum is that for employees."""
    kinds = [
        (at.start() - kind.end() if kind.end() <= at.start() else kind.start() - at.end(), kind)
        for kind in _KINDS.finditer(said)
    ]
    return bool(kinds) and min(kinds, key=lambda pair: pair[0])[1][1] is not None


def _matching(pattern: re.Pattern[str], words: str) -> Callable[[str], str | None]:
    def find(said: str) -> str | None:
        match = pattern.search(said)
        return words.format(" ".join(match[0].split())[:80]) if match else None

    return find


_DEMANDS: tuple[tuple[str, tuple[str, ...], Callable[[str], str | None]], ...] = (
    ("insurance", ("insur", "indemnity", "liability"), _insurance),
    (
        "tupe",
        ("tupe", "undertakings", "transfer"),
        _matching(_TUPE, "Staff may have to be taken over from the present provider (TUPE)"),
    ),
    ("accounts", ("accounts",), _matching(_ACCOUNTS, "It asks for accounts: “{}”")),
    (
        "guarantee",
        ("guarantee", "bond", "surety", "of credit"),
        _matching(_GUARANTEE, "It asks for a financial guarantee: “{}”"),
    ),
    (
        "accreditation",
        (
            "iso",
            "essentials",
            "chas",
            "contractor",
            "constructionline",
            "cqc",
            "commission",
            "investors",
            "accredit",
        ),
        _matching(_ACCREDITED, "It asks for an accreditation: “{}”"),
    ),
)
"""Code, words of which one stands in any text that makes the demand, and how it is found."""
