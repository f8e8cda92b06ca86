"""Who could deliver a piece of work together with its reader, each with the reasons in words.

Nearby bodies come first, then those that bring what the reader lacks, and those that won such work
before. Somebody is named only with a reason that has to do with the work: being near is none. Each
further body of one art form counts less, so that a festival does not get eight choirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

from crawler.buyers import kind_of
from crawler.partners.bodies import name_key
from crawler.places import nearness
from crawler.places.authorities import authority
from crawler.places.nearness import Point
from crawler.places.regions import NATIONWIDE
from crawler.places.regions import name as region_name

MOST = 8
NEAR_KM = 25
AROUND_KM = 60

_BORDER = 1.5
"""What it costs to sit across a region's border: near, but mostly not who works there."""

_NOT_ASKED = frozenset({"council", "government", "nhs", "justice", "housing"})
"""Kinds of body that buy such work instead of delivering it; a museum of theirs is ``culture``."""

_SCHOOL = re.compile(r"\b(?:school|academy trust|college|multi academy)\b")
_WORSHIP = re.compile(
    r"\b(?:parochial|pcc|church|diocese|diocesan|chapel|ministry|ministries|fellowship|synagogue|"
    r"mosque|temple|congregation)\b"
)
_TRADE = re.compile(
    r"\b(?:marketing|hire|bars?|pubs?|inns?|nightclub|entertainments?|catering|leisure|hotel|"
    r"ticketing|sound and light|lighting|staging|security|printers?)\b"
)
_DELIVERS = ("performing", "music", "visual", "combined", "film_digital")
"""Forms that work for outcomes (health, youth, …) is mostly delivered in."""

_SERVE = MappingProxyType(
    {
        "festivals_events": ("performing", "music", "combined"),
        "combined": ("performing", "music", "visual", "film_digital"),
    }
)
"""Forms that are part of another: lists hardly name festivals, but who plays at them."""

_STANDING = MappingProxyType(
    {
        "ACE NPO": (0.9, "in Arts Council England’s national portfolio 2018–22"),
        "UKCAT": (0.5, "an arts charity"),
    }
)
"""What being named by a list, by the beginning of its name, says of a body's substance."""

_WORKS = 1.5
"""From this worth on, somebody works in what is asked for; below, they only could."""

_COMPARED = 50
"""The best so many are compared for variety."""

_AGAIN, _MOST_TAKEN = 0.55, 2.0
"""How quickly further bodies of one art form count less, and how much less at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be delivered, and what its reader brings.

    `id` is the opportunity's public one. `regions` are ITL1 codes or ``UK``, `authority` a GSS
    code, `art_forms` and `outcomes` what is asked for; `has` are those of both that the reader
    has, `reader` the name of their organisation.
    """

    id: str
    regions: tuple[str, ...] = ()
    authority: str | None = None
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    buyer: str | None = None
    buyer_key: str = ""
    has: frozenset[str] = frozenset()
    reader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A contract that somebody won. `id` is the opportunity's public one."""

    id: str
    title: str
    buyer_key: str = ""
    regions: tuple[str, ...] = ()
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who might be named. `sources` are lists that name them.

    `open` if they said that they are open to partnering.
    """

    key: str
    name: str
    region: str | None = None
    authority: str | None = None
    postcode: str | None = None
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    won: tuple[Past, ...] = ()
    sources: tuple[str, ...] = ()
    charity: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Somebody who is named, and why: each reason is a short clause without a full stop."""

    candidate: Candidate
    reasons: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Reason:
    worth: float
    words: str = ""


_NOTHING = _Reason(0.0)


def suggest(
    work: Work,
    candidates: Iterable[Candidate],
    names: dict[str, str],
    *,
    most: int = MOST,
) -> tuple[Suggestion, ...]:
    """At most `most` bodies, the best first, none of them twice.

    `names` says art forms and outcomes in words. The order of `candidates` plays no part; where two
    are equally good, another one comes first for another opportunity.
    """
    seen: dict[str, tuple[float, Suggestion]] = {}
    for one in candidates:
        made = _weigh(work, one, names)
        if made is None:
            continue
        # The same body from a list and in its own words is one; its own words come first.
        name = name_key(one.name)
        rank = made.score + (100 if one.open else 0)
        if name not in seen or (rank, one.key) > (seen[name][0], seen[name][1].candidate.key):
            seen[name] = (rank, made)
    return _varied(work, [made for _, made in seen.values()], most)


def _varied(work: Work, found: Sequence[Suggestion], most: int) -> tuple[Suggestion, ...]:
    """The best, where each further body of an art form that was chosen already counts less."""
    left = sorted(found, key=lambda one: (-one.score, _lot(work, one.candidate)))
    chosen: list[Suggestion] = []
    times: dict[str, int] = {}
    while left and len(chosen) < most:
        best = max(
            range(min(len(left), _COMPARED)), key=lambda at: (_still_worth(left[at], times), -at)
        )
        one = left.pop(best)
        chosen.append(one)
        for form in one.candidate.art_forms:
            times[form] = times.get(form, 0) + 1
    return tuple(chosen)


def _still_worth(one: Suggestion, times: dict[str, int]) -> float:
    forms = one.candidate.art_forms
    before = min((times.get(form, 0) for form in forms), default=0)
    return one.score - _MOST_TAKEN * (1.0 - math.pow(_AGAIN, before / 2))


def _lot(work: Work, one: Candidate) -> bytes:
    """Draws lots, the same each time: nobody is first everywhere because of their name."""
    return blake2b(f"{work.id} {one.key}".encode(), digest_size=8).digest()


def _weigh(work: Work, one: Candidate, names: dict[str, str]) -> Suggestion | None:
    if not _could(work, one):
        return None
    place, brings, won = _place(work, one), _brings(work, one, names), _won(work, one)
    if not (brings.worth or won.worth):
        return None
    if not place.worth and not _reaches(work, one):
        return None
    open_ = _Reason(1.5, "open to partnering") if one.open else _NOTHING
    known = _Reason(*standing(one.name, one.sources, charity=one.charity))
    if known.worth < 0 and brings.worth < _WORKS and not won.worth and not one.open:
        return None  # a venue's bar, a hirer of lights: not for what only might fit
    reasons = (place, brings, won, open_, known)
    return Suggestion(
        candidate=one,
        reasons=tuple(reason.words for reason in reasons if reason.words),
        score=sum(reason.worth for reason in reasons),
    )


def _could(work: Work, one: Candidate) -> bool:
    """Whether it makes sense to name them: neither buyer nor reader, and no council or school."""
    name = name_key(one.name)
    if name in {name_key(other) for other in (work.buyer, work.reader) if other}:
        return False
    if one.open:
        return True
    words = one.name.lower()
    kind = kind_of(one.name)
    if _SCHOOL.search(words) or (_WORSHIP.search(words) and kind != "culture"):
        return False
    return kind not in _NOT_ASKED or bool(one.won)


def _reaches(work: Work, one: Candidate) -> bool:
    """Whether somebody who is not near works there all the same, as what they won shows."""
    if _everywhere(work):
        return True
    return any(
        _alike(work, win) > 0 and (set(win.regions) & set(work.regions) or _same_buyer(work, win))
        for win in one.won
    )


def _same_buyer(work: Work, win: Past) -> bool:
    return bool(win.buyer_key) and win.buyer_key == work.buyer_key


def _everywhere(work: Work) -> bool:
    return not work.authority and (not work.regions or work.regions == NATIONWIDE)


def _place(work: Work, one: Candidate) -> _Reason:
    """Nearby first: the same authority, then by distance, then the region."""
    if work.authority:
        relation = nearness.relatives(work.authority).get(one.authority or "")
        if relation == "same":
            return _Reason(4.0, f"in {_body(work.authority)} itself")
        if relation:
            return _Reason(3.5, f"in {_body(one.authority)}")
        km = _apart(work.authority, one)
        beyond = bool(work.regions) and one.region not in work.regions
        if km is not None and km <= NEAR_KM:
            return _Reason(3.2 - km / NEAR_KM * 0.5 - _BORDER * beyond, _away(one, km))
        if km is not None and km <= AROUND_KM and not beyond:
            return _Reason(2.4 - km / AROUND_KM, _away(one, km))
    if one.region and one.region in work.regions:
        return _Reason(1.5 if not work.authority else 0.8, f"in {region_name(one.region)}")
    return _NOTHING


def _apart(gss: str, one: Candidate) -> float | None:
    there, here = nearness.middle(gss), _point(one)
    return nearness.kilometres(there, here) if there and here else None


def _point(one: Candidate) -> Point | None:
    point = nearness.home(one.postcode) if one.postcode else None
    return point or (nearness.middle(one.authority) if one.authority else None)


def _away(one: Candidate, km: float) -> str:
    rounded = max(1, round(km)) if km < 10 else round(km / 5) * 5
    where = f", in {_body(one.authority)}" if one.authority else ""
    return f"about {rounded} km away{where}"


def _body(gss: str | None) -> str:
    found = authority(gss) if gss else None
    return found.short_name if found else "the area"


def _brings(work: Work, one: Candidate, names: dict[str, str]) -> _Reason:
    """What the work asks for and they bring; what the reader lacks counts most."""
    forms = [form for form in one.art_forms if form in work.art_forms]
    outcomes = [word for word in one.outcomes if word in work.outcomes]
    shared = [*forms, *outcomes]
    lacking = [word for word in shared if word not in work.has]
    if shared:
        said = _listing([names.get(word, word) for word in (lacking or shared)[:3]])
        if lacking and work.has:
            return _Reason(2.2 + 0.4 * len(lacking), f"brings {said}, which you did not name")
        return _Reason((1.8 if lacking else 0.9) + 0.3 * len(shared), f"works in {said}")
    delivers = [form for form in one.art_forms if form in serving(work)]
    if delivers:
        said = _listing([names.get(form, form) for form in delivers[:2]])
        new = 0.4 if not set(delivers) & work.has else 0.0
        return _Reason(0.8 + new, f"could bring {said}")
    return _NOTHING


def serving(work: Work) -> frozenset[str]:
    """The art forms that could serve `work`, beyond those that it asks for."""
    if not work.art_forms:
        return frozenset(_DELIVERS) if work.outcomes else frozenset()
    return frozenset(form for asked in work.art_forms for form in _SERVE.get(asked, ()))


def standing(name: str, sources: Iterable[str], *, charity: bool) -> tuple[float, str]:
    """How likely a body delivers such work, as lists and its name say: about -1 to 1, in words."""
    told = [said for one in sources for begin, said in _STANDING.items() if one.startswith(begin)]
    worth, words = max(told, default=(0.3, "a charity") if charity else (0.0, ""))
    kind = kind_of(name)
    worth += 0.3 if kind == "culture" else 0.0
    worth -= 0.8 if kind == "other" and _TRADE.search(name.lower()) else 0.0
    return worth, words


def _listing(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _won(work: Work, one: Candidate) -> _Reason:
    """What they won that is like this: the same buyer's first, then the same kind of work."""
    past = [(_alike(work, win), win) for win in one.won if win.id != work.id]
    like = sorted((pair for pair in past if pair[0] > 0), key=lambda pair: -pair[0])
    if not like:
        return _NOTHING
    worth, best = like[0]
    title = best.title if len(best.title) <= 80 else best.title[:79].rsplit(" ", 1)[0] + "…"
    for_them = " for this buyer" if _same_buyer(work, best) else ""
    return _Reason(worth + 0.2 * min(len(like) - 1, 3), f"won ‘{title}’{for_them}")


def _alike(work: Work, win: Past) -> float:
    asked = {*work.art_forms, *work.outcomes}
    shared = asked & {*win.art_forms, *win.outcomes}
    if not shared:
        return 0.0
    worth = 1.2 + 0.3 * min(len(shared), 3)
    if _same_buyer(work, win):
        worth += 1.2
    if set(win.regions) & set(work.regions):
        worth += 0.6
    return worth
