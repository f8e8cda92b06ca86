"""Three resources for one opportunity: evidence to cite, a way to measure, policy to refer to.

Each fits the opportunity's outcomes or art forms and its nation, and says why it was chosen.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from crawler.items import OUTCOMES
from crawler.library import Nation, Resource
from crawler.places import Resolved, resolve_buyer

Role = Literal["cite", "measure", "context"]
ROLES: tuple[Role, ...] = get_args(Role)

MOST = 3
_NATIONS: dict[str, Nation] = {"TLL": "Wales", "TLM": "Scotland", "TLN": "Northern Ireland"}
_WHOLE_NATIONS = frozenset({"UK", *_NATIONS})
_GENERAL = ("community_cohesion", "place_economy")
"""What work in the arts is about where its notice names no outcome."""

_OUTCOME, _BY_DEFAULT, _ART_FORM = 4.0, 1.5, 3.0
_SAME_NATION, _OTHER_NATION = 0.5, -2.0
_OTHER_ART_FORM, _OTHER_PEOPLE, _PRISONS = -3.0, -1.5, -4.0
_UNCONFIRMED, _NOWHERE, _VALIDATED, _NAMED = -1.0, -3.0, 1.0, 0.25
_SCALE = re.compile(r"\b(?:scales?|questions?|items)\b", re.IGNORECASE)
"""What names a scale with questions of its own, rather than a framework."""
_DEAD = -100.0
_LEAST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A resource, what it is good for, and what it shares with the opportunity.

    `outcomes` are those that the opportunity stands for, or by default those of all arts work.
    """

    role: Role
    resource: Resource
    outcomes: tuple[str, ...]
    art_forms: tuple[str, ...]


def choose(
    library: Iterable[Resource],
    *,
    outcomes: Sequence[str],
    art_forms: Sequence[str],
    regions: Collection[str],
    authority: str | None = None,
    dead: Collection[str] = (),
) -> tuple[Chosen, ...]:
    """The best resource for each role in the order of `ROLES`, then the next best up to `MOST`.

    Without outcomes, what is about the arts in general fits as well. `regions` are ITL1 codes or
    ``UK``, `authority` is the GSS code of the opportunity's place; `dead` are keys of resources
    whose link does not answer: they come last. Policy and guidance of another nation, or of one
    council or region elsewhere, is left out: nobody there goes by it.
    """
    nations = _nations(regions)
    aims = tuple(outcomes) or (_GENERAL if art_forms else ())
    weight = _OUTCOME if outcomes else _BY_DEFAULT
    ranked: list[tuple[float, Chosen]] = []
    for one in library:
        found = _fit(one, aims, art_forms, nations)
        if found and found.role == "context" and not _goes_by(one, regions, authority):
            continue
        score = _score(found, aims, nations, weight) if found else 0.0
        if found and score > _LEAST:
            ranked.append((score + _DEAD * (one.key in dead), found))
    ranked.sort(key=lambda pair: (-pair[0], pair[1].resource.key))
    order = [found for _, found in ranked]
    first = [next((one for one in order if one.role == role), None) for role in ROLES]
    picked = [one for one in first if one is not None]
    rest = [one for one in order if one not in picked]
    return tuple([*picked, *rest][:MOST])


def _nations(regions: Collection[str]) -> frozenset[str]:
    """The nations that an opportunity is of; none where that is not known or it is UK-wide."""
    if not regions or "UK" in regions:
        return frozenset()
    return frozenset(_NATIONS.get(region, "England") for region in regions)


def _role(one: Resource) -> Role | None:
    if one.kind in ("evidence", "case_study"):
        return "cite"
    if one.kind == "toolkit":
        return "measure" if one.measures else "context"
    return "context" if one.kind in ("policy", "guidance") else None


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


@functools.lru_cache(maxsize=2_000)
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


def _score(found: Chosen, aims: Sequence[str], nations: frozenset[str], weight: float) -> float:
    """The more it shares and the less else it is about, the better it fits."""
    one = found.resource
    score = weight * len(found.outcomes) / math.sqrt(max(1, len(one.outcomes)))
    if one.art_forms:
        score += _ART_FORM if found.art_forms else _OTHER_ART_FORM
    if one.nation != "UK":
        score += _SAME_NATION if _at_home(one, nations) else _OTHER_NATION
    if one.measures:
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
