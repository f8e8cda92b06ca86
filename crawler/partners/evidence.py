"""Three resources for one opportunity: evidence to cite, a way to measure, policy to refer to.

Each fits the opportunity's outcomes or art forms and its nation, and says why it was chosen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, get_args

from crawler.items import OUTCOMES
from crawler.library import Nation, Resource
from crawler.partners import subjects
from crawler.partners.subjects import Audience, Index, Subject
from crawler.places import Resolved, resolve_buyer

Role = Literal["cite", "measure", "context"]
ROLES: tuple[Role, ...] = get_args(Role)

MOST = 3
_NATIONS: dict[str, Nation] = {"TLL": "Wales", "TLM": "Scotland", "TLN": "Northern Ireland"}
_WHOLE_NATIONS = frozenset({"UK", *_NATIONS})
_GENERAL = ("community_cohesion", "place_economy")
"""What work in the arts is about where its notice names no outcome."""

_OUTCOME, _BY_DEFAULT, _ART_FORM = 4.0, 1.5, 3.0
_BROAD, _EACH_MORE = 4, 0.25
"""Where a notice names no outcome, what is about several, not all, says most of the arts."""

_SAME_NATION, _OTHER_NATION, _OWN_RULES = 0.5, -0.75, 1.5
_MANY = 3
"""What names so many art forms is about the arts, and not about these."""

_OTHER_ART_FORM, _ONE_ART_FORM, _OTHER_PEOPLE, _PRISONS = -3.0, -2.5, -1.5, -4.0
_UNCONFIRMED, _NOWHERE, _VALIDATED, _NAMED = -0.5, -1.0, 1.0, 0.25
_STUDY = -1.5
_SCALE = re.compile(r"\b(?:scales?|questions?|items)\b", re.IGNORECASE)
"""What names a scale with questions of its own, rather than a framework."""
_DEAD = -100.0
_LEAST = 0.5
_SUMMARY = 0.7
"""What a word of a summary counts beside one of a title."""

_WORDS, _MOST_FOR_WORDS = 1.2, 3.0
"""What it is worth to share a notice's own words, beside sharing its tags."""

_SAME_PEOPLE = 0.5
_AS_GOOD = 0.5
_REMEMBERED = 512
_JOINT = re.compile(r"/|,|\(| with | for | and | via |: | Cultural Commissioning")
_WHOM: Mapping[str, Audience] = MappingProxyType(
    {"children_young_people": "young", "older_people": "grown"}
)
NOTHING = Subject("", "")
"""What is not known to be about anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A resource, what it is good for, and what it shares with the opportunity.

    `outcomes` are those that the opportunity stands for, or by default those of all arts work.
    """

    role: Role
    resource: Resource
    outcomes: tuple[str, ...]
    art_forms: tuple[str, ...]


class Library:
    """The resources to choose from, read once: what each is about, and whom."""

    def __init__(self, resources: Iterable[Resource], dead: Collection[str] = ()) -> None:
        """Keys of resources whose link does not answer are `dead`: those come last."""
        self._resources = sorted(resources, key=lambda one: one.key)
        self._dead = frozenset(dead)
        self._said = [_words(one) for one in self._resources]
        self._index = Index(self._said)
        self._narrow = [
            _narrow(one, said) for one, said in zip(self._resources, self._said, strict=True)
        ]
        self._fitting = lru_cache(maxsize=_REMEMBERED)(self._fits)

    def choose(
        self,
        *,
        outcomes: Sequence[str],
        art_forms: Sequence[str],
        regions: Collection[str],
        authority: str | None = None,
        subject: Subject = NOTHING,
    ) -> tuple[Chosen, ...]:
        """The best resource for each role in the order of `ROLES`, then the next best up to `MOST`.

        Outcomes that the notice's title names count like those it is tagged with; without any, what
        its description comes back to, and else what is about the arts in general. `regions` are
        ITL1 codes or ``UK``, `authority` is the GSS code of the opportunity's place, `subject` what
        its own words say: of resources that fit alike, the one that shares more of them comes
        first, and none is chosen that is for children where it is for older people, or the other
        way round.
        Policy and guidance of another nation, or of one council or region elsewhere, is left out:
        nobody there goes by it.
        """
        shared = self._index.alike(subject)
        outcomes = tuple(dict.fromkeys((*outcomes, *subject.aims))) or subject.hints
        whom = subject.audiences | _meant(outcomes)
        ranked = [
            (
                base
                + min(_WORDS * math.sqrt(shared.get(at, 0.0)), _MOST_FOR_WORDS)
                + _SAME_PEOPLE * (bool(whom) and self._narrow[at] == whom),
                found,
            )
            for at, base, found in self._fitting(
                tuple(outcomes), tuple(art_forms), tuple(regions), authority
            )
            if not whom or not self._narrow[at] or self._narrow[at] & whom
        ]
        ranked.sort(key=lambda pair: -pair[0])
        picked: list[Chosen] = []
        for role in (*ROLES, None, None, None):
            taken = {one.resource.key for one in picked}
            left = [
                pair
                for pair in ranked
                if role in (pair[1].role, None) and pair[1].resource.key not in taken
            ]
            if left and len(picked) < MOST:
                picked.append(_another_voice(left, picked))
        return tuple(picked)

    def _fits(
        self,
        outcomes: tuple[str, ...],
        art_forms: tuple[str, ...],
        regions: tuple[str, ...],
        authority: str | None,
    ) -> list[tuple[int, float, Chosen]]:
        """Position, score and role of each resource that fits by its tags."""
        nations = _nations(regions)
        aims = outcomes or (_GENERAL if art_forms else ())
        weight = _OUTCOME if outcomes else _BY_DEFAULT
        fitting: list[tuple[int, float, Chosen]] = []
        for at, one in enumerate(self._resources):
            found = _fit(one, aims, art_forms, nations)
            if found is None or (found.role == "context" and not _goes_by(one, regions, authority)):
                continue
            score = _score(found, aims, art_forms, nations, weight)
            if score > _LEAST:
                fitting.append((at, score + _DEAD * (one.key in self._dead), found))
        return fitting


def _words(one: Resource) -> dict[str, float]:
    """The words that tell what a resource is about, the title's counting most."""
    rest = subjects.words(f"{one.summary} {' '.join(one.measures)}")
    return dict.fromkeys(rest, _SUMMARY) | dict.fromkeys(subjects.words(one.title), 1.0)


def _narrow(one: Resource, said: Iterable[str]) -> frozenset[Audience]:
    """The one audience that a resource is for, if its words name one and its outcomes no other."""
    named = subjects.audiences(said)
    return named if len(named | _meant(one.outcomes)) == 1 else frozenset()


def _meant(outcomes: Iterable[str]) -> frozenset[Audience]:
    return frozenset(_WHOM[aim] for aim in outcomes if aim in _WHOM)


def _another_voice(left: Sequence[tuple[float, Chosen]], picked: Sequence[Chosen]) -> Chosen:
    """The best that is left, or one as good by a publisher who was not chosen yet."""
    best = left[0][0]
    heard = {_house(one.resource) for one in picked}
    return next(
        (
            found
            for score, found in left
            if score >= best - _AS_GOOD and _house(found.resource) not in heard
        ),
        left[0][1],
    )


def _house(one: Resource) -> str:
    """The first of its publishers, by which two resources are of one house."""
    return _JOINT.split(one.publisher, maxsplit=1)[0].strip().lower()


def _nations(regions: Collection[str]) -> frozenset[str]:
    """The nations that an opportunity is of; none where that is not known or it is UK-wide."""
    if not regions or "UK" in regions:
        return frozenset()
    return frozenset(_NATIONS.get(region, "England") for region in regions)


def _role(one: Resource) -> Role | None:
    if one.kind in ("evidence", "case_study"):
        # A study of how arts are bought proves nothing of what they do.
        return "context" if _of_buying(one) else "cite"
    if one.kind == "toolkit":
        return "measure" if one.measures else "context"
    return "context" if one.kind in ("policy", "guidance") else None


def _of_buying(one: Resource) -> bool:
    return one.kind in ("evidence", "case_study") and "commissioning" in one.title.lower()


def _at_home(one: Resource, nations: frozenset[str]) -> bool:
    """Whether it holds where the work is; where that is the whole UK, England's is what most do."""
    if one.nation == "UK" or one.nation in nations:
        return True
    return not nations and one.nation == "England"


def _goes_by(one: Resource, regions: Collection[str], authority: str | None) -> bool:
    """Whether a buyer there may be held to it: what one place published holds for that place."""
    publisher = _publisher(one.publisher)
    if publisher is None:
        return True
    if publisher.authority:
        return publisher.authority == authority
    if publisher.kind == "national" or not _WHOLE_NATIONS.isdisjoint(publisher.regions):
        return True
    return bool(regions) and set(regions) <= set(publisher.regions)


@lru_cache(maxsize=2_000)
def _publisher(name: str) -> Resolved | None:
    return resolve_buyer(name)


def _fit(
    one: Resource, aims: Sequence[str], art_forms: Sequence[str], nations: frozenset[str]
) -> Chosen | None:
    role = _role(one)
    if role is None or (role == "context" and not _at_home(one, nations)):
        return None
    shared = tuple(aim for aim in one.outcomes if aim in aims)
    forms = tuple(form for form in one.art_forms if form in art_forms)
    if not (shared or (forms and not aims)):
        return None
    return Chosen(role=role, resource=one, outcomes=shared, art_forms=forms)


def _score(
    found: Chosen,
    aims: Sequence[str],
    art_forms: Sequence[str],
    nations: frozenset[str],
    weight: float,
) -> float:
    """The more it shares and the less else it is about, the better it fits."""
    one = found.resource
    score = weight * len(found.outcomes) / math.sqrt(max(1, len(one.outcomes)))
    if weight == _BY_DEFAULT and len(one.outcomes) <= _BROAD:
        score = weight * len(found.outcomes) + _EACH_MORE * len(one.outcomes)
    if found.art_forms:
        score += _ART_FORM
    elif 0 < len(one.art_forms) < _MANY:
        score += _OTHER_ART_FORM if art_forms else _ONE_ART_FORM
    if one.nation != "UK" and not _at_home(one, nations):
        score += _OTHER_NATION
    elif one.nation not in ("UK", "England"):
        score += _OWN_RULES if found.role == "context" else _SAME_NATION
    elif one.nation != "UK":
        score += _SAME_NATION
    if _of_buying(one):
        score += _STUDY
    if one.measures and found.role == "measure":
        validated = any(_SCALE.search(name) for name in one.measures)
        score += _VALIDATED if validated else _NAMED
    if not one.confirmed:
        score += _UNCONFIRMED if one.url else _NOWHERE
    return score + _strangers(one, aims)


def _strangers(one: Resource, aims: Sequence[str]) -> float:
    """What counts against a resource about people whom the opportunity is not for.

    One that is about young and old alike is about everybody.
    """
    others = {"older_people", "children_young_people"}.intersection(one.outcomes)
    score = _OTHER_PEOPLE if len(others) == 1 and others.isdisjoint(aims) else 0.0
    if "criminal_justice" in one.outcomes and len(one.outcomes) < len(OUTCOMES):
        score += 0.0 if "criminal_justice" in aims else _PRISONS
    return score
