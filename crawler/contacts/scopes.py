"""Which addresses of a page belong together: those of one row, card, labelled line or section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crawler.contacts.blocks import MARK, Block, Heading, Page, Slot, elements_over
from crawler.contacts.records import Record
from crawler.contacts.words import Kind, kind, speaks_of_others

_PIECES = re.compile(r"\s*(?:[:,;|•·\ue000-\uf8ff]|\s[–—-]\s|^[–—-]\s|\s[–—-]$|\(|\)|\s/\s)\s*")
_HOURS = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b.*|\d{1,2}(?:[:.]\d\d)?\s?[ap]m\b.*|"
    r"\b(?:ext(?:ension)?|option)\.? ?\d*|\b(?:home|mobile|work|office|direct|main)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\ue000-\uf8ff])")
_PRIVATE = re.compile(
    r"\b(?:home|private|personal) (?:e-?mail|tele?phone|phone|tel|number|address)", re.I
)


@dataclass(slots=True)
class Line:
    """One line that holds addresses, and the lines of its block up to it."""

    text: str
    block: Block
    before: tuple[str, ...] = ()


@dataclass(slots=True)
class Group:
    """Addresses that belong together, with where they stand."""

    headings: tuple[Heading, ...]
    record: Record | None = None
    lines: list[Line] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def sentence_of(self, slot: Slot, page: Page) -> str:
        """The sentence or cell in which `slot` stands."""
        for line in self.lines:
            for sentence in _SENTENCE.split(line.text):
                if slot in page.slots_in(sentence):
                    label = line.before[-1] if line.before and len(sentence) < 60 else ""
                    return page.shown(f"{label} {sentence}".strip())
        return ""

    @property
    def other_body(self) -> bool:
        """Whether the nearest words name a national body, so that the address is not this one's."""
        near = [one for one in self.headings if kind(one.text) not in ("field", "generic")][-1:]
        if any(kind(one.text) == "other body" for one in near):
            return True
        return any(
            speaks_of_others(MARK.sub(" ", words))
            for line in self.lines
            for words in (*line.before[-1:], *_with_marks(line.text))
        )


def _with_marks(text: str) -> Iterator[str]:
    """The sentences that hold addresses, and the one before each short one."""
    before = ""
    for sentence in _SENTENCE.split(text):
        if MARK.search(sentence):
            yield f"{before} {sentence}" if len(sentence) < 40 else sentence
        before = sentence


def pieces(text: str) -> list[tuple[str, Kind]]:
    """The parts of a line between its addresses and signs, with what each says."""
    parts = [
        _HOURS.sub("", part).strip(" .–—-") for part in _PIECES.split(MARK.sub("\ue000", text))
    ]
    return [(part, what) for part in parts if part and (what := kind(part))]


def own_words(text: str) -> bool:
    """Whether a line says more than the name of a field: then it speaks for its own addresses."""
    return any(what not in ("field", "generic") for _, what in pieces(text))


def grouped(page: Page, records: Mapping[int, Record]) -> Iterator[Group]:
    """The groups of a page, in its order."""
    groups: dict[tuple[object, ...], Group] = {}
    said: list[Block] = []
    for block in page.blocks:
        record = _record(block, records)
        said = _said(block, said)
        start = 0
        for at, text in enumerate(block.lines):
            if own_words(text):
                start = at
            slots = page.slots_in(text)
            if not slots or _PRIVATE.search(text):
                continue
            before = tuple(block.lines[start:at]) if own_words(block.lines[start]) else ()
            place = _place(block, record, before, text, start)
            if said and place[0] == "heading":
                place = ("said", id(said[0]))
                before = tuple(one.lines[0] for one in said)
            group = groups.setdefault(place, Group(headings=block.headings, record=record))
            group.lines.append(Line(text=text, block=block, before=before))
            group.slots += slots
    yield from groups.values()


def _said(block: Block, said: list[Block]) -> list[Block]:
    """The short lines right above, under the same headings, that name a person or a role."""
    same = [one for one in said if one.headings == block.headings]
    if MARK.search(block.text):
        return same
    if len(block.lines) == 1 and kind(block.lines[0]) in ("person", "team"):
        fresh = bool(same) and kind(same[-1].lines[0]) == kind(block.lines[0])
        return [block] if fresh or len(same) > 1 else [*same, block]
    return []


def _record(block: Block, records: Mapping[int, Record]) -> Record | None:
    return next(
        (records[id(element)] for element in elements_over(block) if id(element) in records), None
    )


def _place(
    block: Block, record: Record | None, before: tuple[str, ...], text: str, start: int
) -> tuple[object, ...]:
    """What addresses must share to belong together."""
    if record is not None:
        return ("record", record.id)
    if before or own_words(text):
        return ("line", id(block), start)
    row = block.element.find_parent("tr") if block.element.name not in ("tr",) else block.element
    if row is not None:
        return ("row", id(row))
    over = [one for one in block.headings if kind(one.text) != "field"]
    return ("heading", over[-1].id if over else 0)
