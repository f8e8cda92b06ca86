"""Two notices side by side: which facts and which sentences the other does not have. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from crawler.web.showing import Fact
from crawler.web.speaking import Segment

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SPACES = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One fact of one notice; `differs` where the other's is another, or is not stated."""

    label: str
    text: str
    differs: bool


def facts(own: Sequence[Fact], other: Sequence[Fact]) -> tuple[Compared, ...]:
    """The facts of one notice, each held against the other's."""
    theirs = {fact.label: _folded(fact.text) for fact in other}
    return tuple(
        Compared(
            label=fact.label,
            text=fact.text,
            differs=theirs.get(fact.label) != _folded(fact.text),
        )
        for fact in own
    )


def title(own: str, other: str) -> tuple[Segment, ...]:
    """A title, its words marked that do not occur in the other's."""
    known = {_folded(word) for word in other.split()}
    return _marked(own.split(), known)


def text(own: str, other: str) -> list[tuple[Segment, ...]]:
    """The paragraphs of a text, its sentences marked that do not stand in the other's."""
    known = {_folded(one) for one in _sentences(other)}
    parts = (part.strip() for part in re.split(r"\n\s*\n", own))
    return [_marked(_sentences(part), known) for part in parts if part]


def _sentences(text: str) -> list[str]:
    return [one for line in text.splitlines() for one in _SENTENCE.split(line.strip()) if one]


def _marked(parts: Sequence[str], known: Collection[str]) -> tuple[Segment, ...]:
    made: list[Segment] = []
    for place, part in enumerate(parts):
        if place:
            made.append(Segment(" "))
        folded = _folded(part)
        made.append(Segment(part, marked=bool(folded) and folded not in known))
    return tuple(made)


def _folded(text: str) -> str:
    """`text` without what differs between portals and says nothing: case, spaces, punctuation."""
    return _SPACES.sub(" ", text).strip().casefold()
