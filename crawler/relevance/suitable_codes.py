"""Which CPV codes suit work of an art form or for an outcome, and which nobody would look under.

CPV 2008 has no code for creative work that serves a social purpose, so buyers choose by habit.
These are the codes that such notices carry most and that arts organisations watch.
"""

from __future__ import annotations

from collections.abc import Iterable

_BY_TAG = {
    "performing": ("92340000", "92312000"),
    "music": ("92312100", "92312000"),
    "visual": ("92312000", "92311000"),
    "film_digital": ("92111000", "92312000"),
    "literature_libraries": ("92511000", "92312000"),
    "museums_heritage": ("92521000", "92522000"),
    "festivals_events": ("79953000", "79952100"),
    "combined": ("92312000", "92000000"),
    "health_wellbeing": ("85312000", "85323000"),
    "older_people": ("85311100", "85312100"),
    "children_young_people": ("85311300", "80310000"),
    "criminal_justice": ("85312500", "80400000"),
    "learning_skills": ("80000000", "80400000"),
    "community_cohesion": ("85322000", "85312000"),
    "place_economy": ("79952100", "92000000"),
    "environment": ("80540000", "92000000"),
}
_ALWAYS = ("92312000", "85312000", "85322000")
_LOOKED_UNDER = ("92", "7995", "80", "85", "98", "3731")
"""Culture, events, education, social care, community services, musical instruments."""


def suitable(art_forms: Iterable[str], outcomes: Iterable[str]) -> tuple[str, ...]:
    """8-digit codes that suit such work, the most particular first, each once."""
    own = [_BY_TAG[tag] for tag in (*art_forms, *outcomes)]
    first, second = [codes[0] for codes in own], [codes[1] for codes in own]
    return tuple(dict.fromkeys((*first, *second, *_ALWAYS)))


def particular_to(tags: Iterable[str]) -> frozenset[str]:
    """Those that suit one of these art forms or outcomes and not just any such work."""
    return frozenset(code for tag in tags for code in _BY_TAG[tag])


def looked_under(code: str) -> bool:
    """Whether people who watch for arts, education or social work would meet this code."""
    return code.startswith(_LOOKED_UNDER)
