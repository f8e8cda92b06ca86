"""Makes bodies out of rows: the same organisation in several lists, under several names, once.

Grant lists name a body each time it was paid, museum lists name the site and not the trust. Rows
are one body when their names say the same once legal forms and little words are gone and nothing
that is known of their places contradicts it; close spellings only within one authority. Museums
keep apart from bodies that merely run them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rapidfuzz import fuzz, process

from crawler.buyers import kind_of
from crawler.partners.disciplines import art_forms_of
from crawler.text import key

CLOSE = 93.0
"""From this similarity of two keys on (rapidfuzz's ratio, 0 to 100), they may be one spelling."""

_FORMS = re.compile(
    r"\b(?:ltd|limited|plc|llp|cic|c i c|community interest company|cio|scio|charitable|"
    r"incorporated|inc|company|co|registered charity|charity|uk|the|and|of|a|group|org|"
    r"organisation|organization|no 1|trading as|t a)\b"
)
_TRADING = re.compile(
    r"\s*(?:\((?:t/?a|trading as)?\s*([^)]{3,})\)|\bt/a\b(.+)|\btrading as\b(.+))", re.I
)
_ASIDE = re.compile(
    r"^(?:group|holdings|uk|london|operated by|registered charity|diocese|part of|via|on behalf|"
    r"formerly|previously|the trust|no )",
    re.IGNORECASE,
)
_RUNS_MANY = frozenset({"council", "education", "nhs", "government", "housing"})
"""Kinds of body that run many others: sharing one of these does not make two bodies one."""

_NUMBER = re.compile(r"\d+")
_COMPANY = re.compile(r"\b(?:ltd|limited|plc|llp|cic)\b\.?", re.IGNORECASE)
_BRACKET = re.compile(r"\(([^)]+)\)")
_SHORT = 8
_TELLING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list: a body as that list names it. `authority` is a GSS code.

    `disciplines` are the list's own words or codes, `website` an address or None.
    """

    name: str
    source: str
    disciplines: tuple[str, ...] = ()
    alternative: str | None = None
    region: str | None = None
    authority: str | None = None
    postcode: str | None = None
    website: str | None = None
    charity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One organisation. `key` is stable for its name and place; `names` holds the other names.

    `rows` are the lines of lists that name it, in a fixed order: whoever keeps them can merge them
    with further lists.
    """

    key: str
    name: str
    names: tuple[str, ...]
    region: str | None
    authority: str | None
    postcode: str | None
    website: str | None
    charity: str | None
    art_forms: tuple[str, ...]
    sources: tuple[str, ...]
    rows: tuple[Row, ...] = ()


@dataclass(slots=True)
class _Group:
    rows: list[Row] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    authorities: set[str] = field(default_factory=set)
    charities: set[str] = field(default_factory=set)

    def take(self, row: Row) -> None:
        self.rows.append(row)
        self.keys.update(keys_of(row))
        self.regions.update([row.region] if row.region else [])
        self.authorities.update([row.authority] if row.authority else [])
        self.charities.update([row.charity] if row.charity else [])


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """What equal names share: lower-case words without legal forms and little words."""
    words = _FORMS.sub(" ", key(name)).split()
    # A museum and the trust that it is: "trust" goes where enough remains to tell it by.
    if len(words) > 2 and words[-1] == "trust":
        words.pop()
    return " ".join(words) or key(name)


def names_of(row: Row) -> tuple[str, ...]:
    """Every name in a row: its own without brackets, what stands in them, the alternative.

    A bracket is a name behind a company's; elsewhere it is a place or an aside.
    """
    found = [_TRADING.sub("", row.name).strip() or row.name]
    for match in _TRADING.finditer(row.name):
        inside = next((part.strip() for part in match.groups() if part), "")
        told = match[0].lower().lstrip(" (").startswith(("t/a", "trading"))
        company = _COMPANY.search(row.name) and len(inside.split()) > 1
        if told or (company and not _ASIDE.match(inside)):
            found.append(inside)
    if row.alternative:
        found.append(row.alternative.strip())
    return tuple(dict.fromkeys(name for name in found if len(name_key(name)) > 2))


def keys_of(row: Row) -> tuple[str, ...]:
    """The keys that tell who a row is: its own name's, and those of other names of its own.

    The council or university that runs a body is among its names and tells nothing.
    """
    own, *others = names_of(row) or (row.name,)
    telling = [
        name
        for name in others
        if kind_of(name) not in _RUNS_MANY and len(name_key(name)) > _SHORT and " " in name
    ]
    return tuple(dict.fromkeys(name_key(name) for name in (own, *telling)))


def merge(rows: Iterable[Row]) -> tuple[Body, ...]:
    """One body for all rows that name it; the outcome does not depend on the rows' order."""
    bodies: list[Body] = []
    taken: Counter[str] = Counter()
    found = map(_body, grouped(rows))
    for body in sorted(found, key=lambda one: (one.key, one.charity or "", one.name, one.sources)):
        # Two of one name in one place, told apart by charity numbers or brackets.
        taken[body.key] += 1
        number = taken[body.key]
        bodies.append(replace(body, key=f"{body.key}#{number}") if number > 1 else body)
    return tuple(bodies)


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each body."""
    ordered = sorted(set(rows), key=_order)
    by_key: dict[str, list[_Group]] = defaultdict(list)
    groups: list[_Group] = []
    for row in ordered:
        home = _home(row, by_key)
        if home is None:
            home = _Group()
            groups.append(home)
        home.take(row)
        for known in home.keys:
            if not any(other is home for other in by_key[known]):
                by_key[known].append(home)
    return [group.rows for group in _close_spellings(groups)]


def _place_rank(row: Row) -> int:
    """Rows that say where they are come first: those that do not join them."""
    return 0 if row.authority else 1 if row.region else 2


def _order(row: Row) -> tuple[object, ...]:
    """A fixed order of rows, whatever the order they came in."""
    rest = (row.alternative, row.region, row.authority, row.postcode, row.website, row.charity)
    told = tuple(cell or "" for cell in rest)
    return (_place_rank(row), row.name, row.source, *told, row.disciplines)


def _telling(row: Row) -> tuple[object, ...]:
    """Which row names a body: the surest place, then no capitals throughout, then the shortest."""
    return (_place_rank(row), row.name.isupper(), len(row.name), _order(row))


def _home(row: Row, by_key: dict[str, list[_Group]]) -> _Group | None:
    fitting: list[_Group] = []
    for found in keys_of(row):
        for group in by_key[found]:
            if not any(group is other for other in fitting) and _agrees(row, group, found):
                fitting.append(group)
    if len(fitting) == 1:
        return fitting[0]
    # Two namesakes in places that both agree: only the very same authority can tell.
    exact = [group for group in fitting if row.authority and row.authority in group.authorities]
    return exact[0] if exact else None


def _agrees(row: Row, group: _Group, shared: str) -> bool:
    """Whether nothing known of the two contradicts that they are one."""
    if any(_sites(row, other) for other in group.rows):
        return False
    if row.charity and group.charities:
        return row.charity in group.charities
    if _COMPANY.search(row.name) and any(
        name_key(other.name) == shared and _COMPANY.search(other.name) for other in group.rows
    ):
        return True  # registered names are unique in the United Kingdom
    if row.authority and group.authorities:
        if row.authority in group.authorities:
            return True
        # A touring company is paid in one place and sits in the next; two sites of one list are
        # two, and a common name is not enough.
        listed = any(row.source == other.source and other.postcode for other in group.rows)
        return row.region in group.regions and len(shared) > _TELLING and not listed
    if row.region and group.regions:
        return row.region in group.regions
    return len(shared) > _SHORT


def _sites(row: Row, other: Row) -> bool:
    """Whether one list tells two sites apart by their brackets: ``Mill (High)``, ``Mill (Low)``."""
    if row.source != other.source or row.name == other.name:
        return False
    ours, theirs = _BRACKET.findall(row.name), _BRACKET.findall(other.name)
    return bool(ours and theirs) and ours != theirs


def _close_spellings(groups: Sequence[_Group]) -> list[_Group]:
    """Joins groups of one authority whose names differ by a slip of spelling."""
    by_place: dict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        for authority in sorted(group.authorities):
            by_place[authority].append(group)
    joined: dict[int, _Group] = {}
    for place in sorted(by_place):
        _join(by_place[place], joined)
    kept = {id(_root(group, joined)): _root(group, joined) for group in groups}
    return list(kept.values())


def _root(group: _Group, joined: dict[int, _Group]) -> _Group:
    while id(group) in joined:
        group = joined[id(group)]
    return group


def _join(groups: Sequence[_Group], joined: dict[int, _Group]) -> None:
    named = [(word, group) for group in groups for word in sorted(group.keys) if len(word) > _SHORT]
    words = [word for word, _ in named]
    for at, (word, group) in enumerate(named):
        hits = process.extract(
            word, words[at + 1 :], scorer=fuzz.ratio, score_cutoff=CLOSE, limit=5
        )
        for _, _, offset in hits:
            other = named[at + 1 + offset]
            first, second = _root(group, joined), _root(other[1], joined)
            apart = any(_sites(one, two) for one in first.rows for two in second.rows)
            if first is not second and not apart and same_spelling(word, other[0]):
                for row in second.rows:
                    first.take(row)
                joined[id(second)] = first


def same_spelling(first: str, second: str) -> bool:
    """Whether two close keys are one name: numbers agree and one word at most is spelt otherwise.

    ``north street school`` and ``south street school`` are close and two; ``theatre`` and
    ``theater`` are one.
    """
    if _NUMBER.findall(first) != _NUMBER.findall(second):
        return False
    if first.replace(" ", "") == second.replace(" ", ""):
        return True
    ours, theirs = set(first.split()), set(second.split())
    left, right = ours - theirs, theirs - ours
    if len(left) > 1 or len(right) > 1:
        return False
    if not left or not right:
        return (left or right) <= {"trust", "theatre", "s", "arts", "ltd", "productions"}
    return fuzz.ratio(*left, *right) >= 80


def _body(found: Sequence[Row]) -> Body:
    rows = sorted(found, key=_telling)
    best = rows[0]
    names = tuple(dict.fromkeys(name for row in rows for name in names_of(row)))
    authority = next((row.authority for row in rows if row.authority), None)
    region = next((row.region for row in rows if row.region), None)
    forms = [form for row in rows for one in row.disciplines for form in art_forms_of(one)]
    return Body(
        key=f"{name_key(best.name)}|{authority or region or ''}",
        name=names[0] if names else best.name,
        names=names[1:],
        region=region,
        authority=authority,
        postcode=next((row.postcode for row in rows if row.postcode), None),
        website=next((row.website for row in rows if row.website), None),
        charity=next((row.charity for row in rows if row.charity), None),
        art_forms=tuple(dict.fromkeys(forms)),
        sources=tuple(sorted({row.source for row in rows})),
        rows=tuple(rows),
    )
