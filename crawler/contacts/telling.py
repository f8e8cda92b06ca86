"""Whose contact a group of addresses is: the role, the name published for it, and what told it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from crawler.contacts.blocks import MARK, Page
from crawler.contacts.scopes import Group, pieces
from crawler.contacts.words import (
    asked_in,
    kind,
    of_mailbox,
    person,
    personal,
    sentence_case,
)
from crawler.pages import Basis

_CALLS = re.compile(
    r"^(?:please )?(?:contact|e-?mail|call|phone|ring|telephone|write to|speak to)"
    r"(?: the| our)? (?!us\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A role, the name published as that role's, and the basis; `topic` if it may be no team."""

    role: str
    basis: Basis
    name: str | None = None
    topic: bool = False


def told_by(group: Group, page: Page) -> Told | None:
    """What the page says of a group, the plainest way first; None if it says nothing."""
    labels = list(_labels(group))
    name = _one_person(labels, group)
    if group.record is not None and group.record.role:
        return Told(group.record.role, "card", group.record.name or name)
    if group.record is not None and group.record.name:
        name = group.record.name
    team = next((words for words, what in labels if what == "team"), None)
    if team:
        return Told(_tidy(team), "label", name)
    asked = next(
        (words for line in group.lines if (words := asked_in(MARK.sub(" ", line.text)))), None
    )
    if asked:
        return Told(_tidy(asked), "sentence", name)
    over = _over(group, page)
    titled = next((words for words, what in over if what == "team"), None)
    topic = _labelled(group)
    if topic:
        return Told(_tidy(topic), "label", name, topic=True)
    if titled and titled == next((words for words, what in over if what != "person"), None):
        return Told(_tidy(titled), "heading", name)
    subject = next((words for words, what in over if what == "topic" and _short(words)), None)
    if subject:
        return Told(_tidy(subject), "page", name, topic=True)
    return Told("General enquiries", "page") if _general(group) else None


def told_by_mailbox(told: Told | None, address: str, page: Page) -> Told | None:
    """The same for one mailbox, whose own name tells more than a mere topic does."""
    local = address.split("@")[0]
    if told is not None and not told.topic and told.basis != "page":
        return told
    if personal(local):
        return told
    own, sure = of_mailbox(local, page.words)
    if told is None or (sure and own != "General enquiries" and not _same(told.role, own)):
        return Told(own, "mailbox")
    if told.basis == "page" and sure and own != "General enquiries":
        return replace(told, basis="mailbox")
    return told


def _same(role: str, own: str) -> bool:
    """Whether topic and mailbox speak of one thing: then the topic's words are the better ones."""
    words = {word.lower()[:5] for word in re.findall(r"\w{3,}", own)}
    return bool(words & {word.lower()[:5] for word in re.findall(r"\w{3,}", role)})


def _labels(group: Group) -> Iterator[tuple[str, str]]:
    """The parts of the lines around a group's addresses, nearest lines first."""
    for line in group.lines:
        for text in (line.text, *reversed(line.before)):
            if len(text) > 160 and not text.startswith(tuple("•-")):
                yield from (
                    (words, what)
                    for words, what in pieces(text)
                    if what == "team" and len(words.split()) < 6 and words[:1].isupper()
                )
            else:
                yield from (
                    (_CALLS.sub("", words), kind(_CALLS.sub("", words)))
                    for words, _ in pieces(text)
                )


def _labelled(group: Group) -> str | None:
    """A topic that begins a short line and leads straight to its address: ``Libraries: …``."""
    for line in group.lines:
        for text in (line.text, *reversed(line.before)):
            parts = pieces(text) if len(text) < 120 else []
            others = {what for _, what in parts[1:]}
            if (
                parts
                and parts[0][1] == "topic"
                and others <= {"field", "generic", "person", "prose"}
            ):
                return parts[0][0] if _short(parts[0][0]) else None
    return None


def _one_person(labels: list[tuple[str, str]], group: Group) -> str | None:
    """The person whom the labels name, or the nearest heading; nobody if they name several."""
    named = {words for words, what in labels if what == "person"}
    nearest = [one.text for one in group.headings if kind(one.text) not in ("field", "generic")][
        -1:
    ]
    named |= {text for text in nearest if kind(text) == "person"}
    return person(named.pop()) if len(named) == 1 else None


def _over(group: Group, page: Page) -> list[tuple[str, str]]:
    """The headings above, nearest first, the page's title last; no fields, no "contact us"."""
    texts = [_CALLS.sub("", one.text) for one in reversed(group.headings)]
    kinds = [(text, kind(text)) for text in dict.fromkeys([*texts, page.title])]
    return [(text, what) for text, what in kinds if what in ("team", "topic", "person", "prose")]


def _general(group: Group) -> bool:
    return any(kind(one.text) == "generic" for one in group.headings[-1:])


def _short(words: str) -> bool:
    return len(words.split()) <= 6 and len(words) > 2 and words[:1].isalpha()


def _tidy(words: str) -> str:
    words = re.sub(r"^(?:the|our) ", "", _CALLS.sub("", words), flags=re.IGNORECASE)
    return sentence_case(re.sub(r"\s(?:at|on|by|via|or|and|using|through)$", "", words.strip()))
