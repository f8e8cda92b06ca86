"""What would change how a draft is judged, found by trying: codes, phrases left out, sentences.

Only what fits the words is tried: codes and sentences for the art forms and outcomes that the words
suggest. For one thread at a time, as judging is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from crawler.bands import LEAST, REVIEW, SHOWN
from crawler.jobs.unpublished import Draft, chance, seen
from crawler.opportunity import Opportunity
from crawler.relevance.features import MAX_CODES, cpv_names
from crawler.relevance.leaning import Leaning
from crawler.relevance.model import Model
from crawler.relevance.suitable_codes import looked_under, particular_to, suitable

Kind = Literal["drop_code", "drop_words", "add_code", "swap_code", "add_words"]
MOVES = 0.03
"""What moves the chance of being shown by less is not worth saying."""

TOGETHER = 3
_CODES = 3
_TRIED = 8
_AGAINST = 0.3
"""Log-odds by which a code must speak against the words before it is said not to fit."""

_PEOPLE = re.compile(
    r"(?:[\w-]+ )*(?:adults?|child(?:ren)?|people|women|men|residents|families|carers|patients"
    r"|pupils)",
    re.IGNORECASE,
)
"""Whom the work is for is never advised away."""

_SENTENCES: tuple[tuple[str, frozenset[str]], ...] = (
    ("Artists and arts organisations are welcome to bid.", frozenset()),
    (
        "The work includes creative workshops led by artists.",
        frozenset({"combined", "visual", "children_young_people", "learning_skills",
                   "criminal_justice", "community_cohesion"}),
    ),
    (
        "The work includes music, dance or drama sessions.",
        frozenset({"music", "performing", "older_people", "children_young_people"}),
    ),
    (
        "The work supports people’s wellbeing through creative activity.",
        frozenset({"health_wellbeing", "older_people"}),
    ),
    (
        "The work includes a community arts programme.",
        frozenset({"combined", "community_cohesion", "place_economy", "festivals_events"}),
    ),
    ("The work includes a public art commission.", frozenset({"visual", "place_economy"})),
    ("The work includes museum, heritage or exhibition work.", frozenset({"museums_heritage"})),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to a draft: what it is in words, and how to make it."""

    kind: Kind
    what: str
    make: Callable[[Draft], Draft]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A draft after some changes."""

    changes: tuple[Change, ...]
    then: Opportunity

    @property
    def chance(self) -> float:
        """That it is something arts organisations could deliver."""
        assert self.then.judgement is not None
        return chance(self.then.judgement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What was tried. `misfits` are codes under which nobody looks for what the words say.

    `codes` are put in place of the misfits, or first where there are none. `together` is what
    several changes do where one is not enough. `unlike` says that no code makes it look like work
    for arts organisations: then nothing else was tried.
    """

    unlike: bool
    misfits: tuple[Tried, ...] = ()
    codes: tuple[Tried, ...] = ()
    singles: tuple[Tried, ...] = ()
    together: Tried | None = None


def attempt(
    draft: Draft, first: Opportunity, leaning: Leaning, model: Model, now: datetime
) -> Attempts:
    """Try on `draft`, which is judged as `first`, what may help."""

    def tried(start: Draft, *changes: Change) -> Tried:
        changed = start
        for change in changes:
            changed = change.make(changed)
        return Tried(changes=changes, then=seen(changed, model, now))

    assert first.judgement is not None
    before = chance(first.judgement)
    dropped = [tried(draft, change) for change in _drops(draft.cpv[:MAX_CODES])]
    bare = tried(draft, Change(kind="drop_code", what="", make=_only(()))).chance
    misfits = [
        one
        for one in dropped
        if not _fits(code := one.changes[0].what[:8], bare, tried(draft, _alone(code)).chance)
    ]
    wrong = frozenset(one.changes[0].what[:8] for one in misfits)
    codes = [tried(draft, change) for change in _codes(draft, leaning, wrong)]
    best = max((one.chance for one in (*dropped, *codes)), default=before)
    if max(best, before) < _hope(leaning, first.judgement.relevance):
        return Attempts(unlike=True)
    words = [tried(draft, change) for change in (*_cuts(draft, leaning), *_sentences(leaning))]
    useful = sorted(
        (one for one in (*dropped, *codes, *words) if one.chance - before >= MOVES),
        key=lambda one: -one.chance,
    )
    helps = [one.changes[0] for one in useful][:_TRIED]
    enough = before >= SHOWN or any(one.chance >= SHOWN for one in useful)
    return Attempts(
        unlike=False,
        misfits=tuple(misfits),
        codes=_best_codes(codes, leaning),
        singles=tuple(useful),
        together=None if enough else _together(draft, helps, tried),
    )


def _hope(leaning: Leaning, relevance: str) -> float:
    """The chance that the best code must give, for more to be tried.

    Words that name people or an aim deserve more patience than road works. An art form does not:
    guards for a carnival and a museum's roof name one too.
    """
    return LEAST if leaning.outcomes and relevance != "adjacent" else REVIEW


def _best_codes(tried: Sequence[Tried], leaning: Leaning) -> tuple[Tried, ...]:
    """The codes to name: the best for the art forms, for the outcomes, and of what is left."""
    order = sorted(tried, key=lambda one: -one.chance)
    chosen: list[Tried] = []
    for tags in (leaning.art_forms, leaning.outcomes):
        own = particular_to(tags)
        fitting = [one for one in order if one.changes[0].what[:8] in own and one not in chosen]
        chosen += fitting[:1]
    chosen += [one for one in order if one not in chosen]
    return tuple(chosen[:_CODES])


def _together(draft: Draft, helps: Sequence[Change], tried: Callable[..., Tried]) -> Tried | None:
    """The best change, with it the next best, and so on until the line is crossed."""
    held: Tried | None = None
    left = list(helps)
    while left and (held is None or (held.chance < SHOWN and len(held.changes) < TOGETHER)):
        made = held.changes if held else ()
        best = max((tried(draft, *made, one) for one in left), key=lambda one: one.chance)
        if held is not None and best.chance - held.chance < MOVES:
            break
        held = best
        # One change to the codes is enough: the first takes the place of the misfits.
        coded = best.changes[-1].kind.endswith("_code")
        left = [
            one
            for one in left
            if one is not best.changes[-1] and not (coded and one.kind.endswith("_code"))
        ]
    return held if held is not None and len(held.changes) > 1 else None


def _fits(code: str, bare: float, alone: float) -> bool:
    """Whether a code may stay: `bare` is the chance without any code, `alone` with this one only.

    Beside another that does not fit, leaving one out may change nothing.
    """
    # A code that no list knows is told as such.
    return looked_under(code) or code not in cpv_names() or _odds(bare) - _odds(alone) < _AGAINST


def _alone(code: str) -> Change:
    return Change(kind="drop_code", what=code, make=_only((code,)))


def _only(codes: tuple[str, ...]) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, cpv=codes)


def _odds(of: float) -> float:
    held = min(max(of, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))


def _drops(codes: Sequence[str]) -> Iterator[Change]:
    names = cpv_names()
    for code in codes:
        yield Change(
            kind="drop_code", what=named(code, names), make=_with_codes(drop=frozenset({code}))
        )


def _codes(draft: Draft, leaning: Leaning, wrong: frozenset[str]) -> Iterator[Change]:
    """Codes that suit what the words suggest, each in front of those that may stay."""
    names = cpv_names()
    for code in suitable(leaning.art_forms, leaning.outcomes):
        if code not in draft.cpv:
            kind: Kind = "swap_code" if wrong else "add_code"
            yield Change(kind=kind, what=named(code, names), make=_with_codes(add=code, drop=wrong))


def _with_codes(*, add: str = "", drop: frozenset[str] = frozenset()) -> Callable[[Draft], Draft]:
    def make(draft: Draft) -> Draft:
        left = tuple(code for code in draft.cpv if code not in drop)
        return replace(draft, cpv=(add, *left) if add else left)

    return make


def _cuts(draft: Draft, leaning: Leaning) -> Iterator[Change]:
    for reason in leaning.away:
        if reason.field in ("title", "description"):
            make = _cut(reason.text)
            made = make(draft)
            if made.title.strip() and made != draft and not _PEOPLE.fullmatch(reason.text):
                yield Change(kind="drop_words", what=reason.text, make=make)


def _cut(phrase: str) -> Callable[[Draft], Draft]:
    spelt = r"\s+".join(re.escape(word) for word in phrase.split())
    pattern = re.compile(rf"(?<!\w){spelt}(?!\w)", re.IGNORECASE)
    return lambda draft: replace(
        draft,
        title=pattern.sub(" ", draft.title),
        description=pattern.sub(" ", draft.description),
    )


def _sentences(leaning: Leaning) -> Iterator[Change]:
    """Sentences that are near what the words suggest; all of them where they suggest nothing."""
    tags = {*leaning.art_forms, *leaning.outcomes}
    for sentence, about in _SENTENCES:
        if not tags or not about or tags & about:
            yield Change(kind="add_words", what=sentence, make=_add(sentence))


def _add(sentence: str) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, description=f"{draft.description}\n\n{sentence}".strip())


def named(code: str, names: Mapping[str, str]) -> str:
    """``92312000 (Artistic services)``; the code alone where it has no name."""
    name = names.get(code)
    return f"{code} ({name})" if name else code
