"""Who could deliver a piece of work together with its reader, each with the reasons in words.

Nearby bodies come first, then those that bring what the reader lacks, and those that won such work
before. Somebody is named only with a reason that has to do with the work: being near is none. Each
further body of one art form counts less, so that a festival does not get eight choirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from operator import itemgetter
from types import MappingProxyType

from crawler.partners.bodies import name_key
from crawler.partners.closeness import near
from crawler.partners.standing import UNKNOWN, delivers, standing, works_elsewhere
from crawler.places.regions import NATIONWIDE

MOST = 8

_DELIVERS = ("performing", "music", "visual", "combined", "film_digital")
"""Forms that work for outcomes (health, youth, …) is mostly delivered in."""

_SERVE = MappingProxyType(
    {
        "festivals_events": ("performing", "music", "combined"),
        "combined": ("performing", "music", "visual", "film_digital"),
    }
)
"""Forms that are part of another: lists hardly name festivals, but who plays at them."""

_WORKS = 1.5
"""From this worth on, somebody works in what is asked for; below, they only could."""

_COMPARED = 50
"""The best so many are compared for variety."""

_AGAIN, _MOST_TAKEN = 0.55, 2.0
"""How quickly further bodies of one art form count less, and how much less at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be delivered, and what its reader brings.

    With `wide` those may serve who work in another art form than it names. `id` is the
    opportunity's public one. `regions` are ITL1 codes or ``UK``, `authority` a GSS
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
    wide: bool = False
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
    """What speaks for somebody; said only of those who are chosen."""

    worth: float
    words: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Somebody who might be named."""

    candidate: Candidate
    reasons: tuple[_Reason, ...]
    score: float


_NOTHING = _Reason(0.0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same of one piece of work for everybody who is weighed."""

    work: Work
    names: Mapping[str, str]
    itself: frozenset[str]
    wanted: frozenset[str]
    serving: frozenset[str]
    everywhere: bool


def _asked(work: Work, names: Mapping[str, str]) -> _Asked:
    return _Asked(
        work,
        names,
        itself=frozenset(name_key(other) for other in (work.buyer, work.reader) if other),
        wanted=frozenset((*work.art_forms, *work.outcomes)),
        serving=serving(work),
        everywhere=not work.authority and (not work.regions or work.regions == NATIONWIDE),
    )


def suggest(
    work: Work,
    candidates: Iterable[Candidate],
    names: Mapping[str, str],
    *,
    most: int = MOST,
) -> tuple[Suggestion, ...]:
    """At most `most` bodies, the best first, none of them twice.

    `names` says art forms and outcomes in words. The order of `candidates` plays no part; where two
    are equally good, another one comes first for another opportunity.
    """
    seen: dict[str, tuple[float, _Weighed]] = {}
    asked = _asked(work, names)
    for one in candidates:
        made = _weigh(asked, one)
        if made is None:
            continue
        # The same body from a list and in its own words is one; its own words come first.
        name = name_key(one.name)
        rank = made.score + (100 if one.open else 0)
        if name not in seen or (rank, one.key) > (seen[name][0], seen[name][1].candidate.key):
            seen[name] = (rank, made)
    chosen = _varied(work, [made for _, made in seen.values()], most)
    return tuple(_said(one) for one in chosen)


def _said(one: _Weighed) -> Suggestion:
    reasons = (reason.words() for reason in one.reasons)
    return Suggestion(
        candidate=one.candidate, reasons=tuple(filter(None, reasons)), score=one.score
    )


def _varied(work: Work, found: Sequence[_Weighed], most: int) -> Sequence[_Weighed]:
    """The best, where each further body of an art form that was chosen already counts less."""
    left = sorted(found, key=lambda one: (-one.score, _lot(work, one.candidate)))
    chosen: list[_Weighed] = []
    times: dict[str, int] = {}
    while left and len(chosen) < most:
        one = left.pop(_best(left, times))
        if any(_of_one_house(one.candidate, other.candidate) for other in chosen):
            continue
        chosen.append(one)
        for form in one.candidate.art_forms:
            times[form] = times.get(form, 0) + 1
    return chosen


def _best(left: Sequence[_Weighed], times: dict[str, int]) -> int:
    """Where the one stands that is still worth most; of equals the first."""
    best, most = 0, -math.inf
    for at, one in enumerate(left[:_COMPARED]):
        if one.score <= most:
            break  # nobody is worth more than their score, and the scores fall
        worth = _still_worth(one, times)
        if worth > most:
            best, most = at, worth
    return best


def _of_one_house(one: Candidate, other: Candidate) -> bool:
    """Whether a list names a gallery and another its trust, or the university that runs it."""
    if one.authority is None or one.authority != other.authority:
        return False
    short, long = sorted((name_key(one.name), name_key(other.name)), key=len)
    return " " in short and long.startswith(f"{short} ")


def _still_worth(one: _Weighed, times: Mapping[str, int]) -> float:
    forms = one.candidate.art_forms
    if not forms:
        return one.score
    before = min([times.get(form, 0) for form in forms])
    return one.score - _MOST_TAKEN * (1.0 - math.pow(_AGAIN, before / 2)) if before else one.score


def _lot(work: Work, one: Candidate) -> bytes:
    """Draws lots, the same each time: nobody is first everywhere because of their name."""
    return blake2b(f"{work.id} {one.key}".encode(), digest_size=8).digest()


def _weigh(asked: _Asked, one: Candidate) -> _Weighed | None:
    past = _like(asked, one)
    if not _could(asked, one, past):
        return None
    brings, won = _brings(asked, one), _won(asked.work, past)
    if not (brings.worth or won.worth):
        return None
    place = _place(asked.work, one)
    if not place.worth and not _reaches(asked, one, past):
        return None
    open_ = _OPEN if one.open else _NOTHING
    known = _told(standing(one.name, one.sources, charity=one.charity))
    unlikely = known.worth <= UNKNOWN or (known.worth < 0 and brings.worth < _WORKS)
    if unlikely and not won.worth and not one.open:
        return None  # a venue's bar, a hirer of lights, or nobody knows what
    reasons = (place, brings, won, open_, known)
    return _Weighed(one, reasons, sum([reason.worth for reason in reasons]))


_OPEN = _Reason(1.5, lambda: "open to partnering")


def _told(said: tuple[float, str]) -> _Reason:
    return _Reason(said[0], lambda: said[1])


def _could(asked: _Asked, one: Candidate, past: Sequence[tuple[float, Past]]) -> bool:
    """Whether it makes sense to name them: neither buyer nor reader, and no council or school."""
    if asked.itself and name_key(one.name) in asked.itself:
        return False
    if one.open:
        return True
    return delivers(one.name) or (bool(past) and not works_elsewhere(one.name))


def _reaches(asked: _Asked, one: Candidate, past: Sequence[tuple[float, Past]]) -> bool:
    """Whether somebody who is not near works there all the same, as what they won shows."""
    work = asked.work
    won = (win for _, win in past if _same_form(work, win))
    if not asked.everywhere:
        return any(_same_region(work, win) or _same_buyer(work, win) for win in won)
    wanted, brought = work.art_forms or work.outcomes, {*one.art_forms, *one.outcomes}
    return (one.open or next(won, None) is not None) and not brought.isdisjoint(wanted)


def _same_form(work: Work, win: Past) -> bool:
    """Whether what was won is of an art form that is asked for, where any is."""
    return not work.art_forms or not set(work.art_forms).isdisjoint(win.art_forms)


def _same_buyer(work: Work, win: Past) -> bool:
    return bool(win.buyer_key) and win.buyer_key == work.buyer_key


def _same_region(work: Work, win: Past) -> bool:
    return not set(win.regions).isdisjoint(work.regions)


def _place(work: Work, one: Candidate) -> _Reason:
    return _Reason(*near(work.regions, work.authority, one.region, one.authority, one.postcode))


def _brings(asked: _Asked, one: Candidate) -> _Reason:
    """What the work asks for and they bring; what the reader lacks counts most."""
    work, names = asked.work, asked.names
    forms = [form for form in one.art_forms if form in work.art_forms]
    outcomes = [word for word in one.outcomes if word in work.outcomes]
    shared = [*forms, *outcomes]
    lacking = [word for word in shared if word not in work.has]
    if forms or (outcomes and not work.art_forms):
        if lacking and work.has:
            told = partial(_named, "adds {} to what you do", lacking[:3], names)
            return _Reason(2.2 + 0.4 * len(lacking), told)
        told = partial(_works, forms or list(one.art_forms[:2]), outcomes, names)
        return _Reason((1.8 if lacking else 0.9) + 0.3 * len(shared), told)
    if outcomes:
        return _Reason(1.0, partial(_works, list(one.art_forms[:2]), outcomes, names))
    delivers = [form for form in one.art_forms if form in asked.serving]
    if delivers:
        new = 0.4 if not set(delivers) & work.has else 0.0
        return _Reason(0.8 + new, partial(_named, "could bring {}", delivers[:2], names))
    return _NOTHING


def _named(words: str, forms: Sequence[str], names: Mapping[str, str]) -> str:
    return words.format(_listing([_form(form, names) for form in forms]))


def serving(work: Work) -> frozenset[str]:
    """The art forms that could serve `work`, beyond those that it asks for."""
    if work.wide or not work.art_forms:
        return frozenset(_DELIVERS) if work.art_forms or work.outcomes else frozenset()
    return frozenset(form for asked in work.art_forms for form in _SERVE.get(asked, ()))


def _works(forms: Sequence[str], outcomes: Sequence[str], names: Mapping[str, str]) -> str:
    """``works in music, for older people``, ``works across several art forms``, ``works for …``."""
    for_whom = _listing([names.get(word, word) for word in outcomes[:2]])
    if not forms:
        return f"works for {for_whom}"
    alone = names.get(forms[0], forms[0])
    if len(forms) == 1 and alone.startswith("work "):
        words = f"works {alone.removeprefix('work ')}"
    else:
        words = f"works in {_listing([_form(form, names) for form in forms[:3]])}"
    return f"{words}, for {for_whom}" if for_whom else words


def _form(code: str, names: Mapping[str, str]) -> str:
    """What an art form or outcome is called in a list of them: ``several art forms``."""
    return names.get(code, code).removeprefix("work across ")


def _listing(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; with one more comma if a word has its own *and*."""
    if len(words) < 2:
        return "".join(words)
    last = ", and " if any(" and " in word for word in words) else " and "
    return f"{', '.join(words[:-1])}{last}{words[-1]}"


def _like(asked: _Asked, one: Candidate) -> list[tuple[float, Past]]:
    """What they won that is like this, and how much."""
    return [(worth, win) for win in one.won if (worth := _alike(asked, win))]


def _won(work: Work, past: Sequence[tuple[float, Past]]) -> _Reason:
    """What they won that is like this: the same buyer's first, then the same kind of work."""
    like = [pair for pair in past if pair[1].id != work.id]
    if not like:
        return _NOTHING
    worth, best = max(like, key=itemgetter(0))
    return _Reason(worth + 0.2 * min(len(like) - 1, 3), partial(_won_what, work, best))


def _won_what(work: Work, best: Past) -> str:
    title = best.title if len(best.title) <= 80 else best.title[:79].rsplit(" ", 1)[0] + "…"
    return f"won ‘{title}’{' for this buyer' if _same_buyer(work, best) else ''}"


def _alike(asked: _Asked, win: Past) -> float:
    """How much a contract is like the work; 0 if they share neither art form nor outcome."""
    work = asked.work
    if asked.wanted.isdisjoint(win.art_forms) and asked.wanted.isdisjoint(win.outcomes):
        return 0.0
    if _same_form(work, win):
        worth = 1.2
    else:
        shared = asked.wanted.intersection((*win.art_forms, *win.outcomes))
        worth = 0.4 + 0.3 * min(len(shared), 3)
    if _same_buyer(work, win):
        worth += 1.2
    if _same_region(work, win):
        worth += 0.6
    return worth
