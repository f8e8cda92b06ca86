"""Markup that holds one contact: table rows, definition lists, hCards, microdata, JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup, Tag

from crawler.contacts import emails, phones
from crawler.contacts.faults import Faults
from crawler.contacts.words import kind, person, sentence_case
from crawler.text import clean, key

_ROLE = re.compile(
    r"(?:job )?(?:role|title|position|post|responsibility|responsible for|department|team|service|"
    r"service area|area|section|area of work|directorate|unit|enquiry|type of enquiry|contact for|"
    r"subject|swydd|adran|job)s?"
)
_NAME = re.compile(
    r"(?:full |officer |contact |staff )?name|officer|contact|contact (?:person|officer)|"
    r"lead officer|who|person|member of staff|enw"
)
_ADDRESS = re.compile(
    r".*\b(?:e ?mail|tele?phone|phone|tel|mobile|number|ebost|ffon|ff n)\b.*|address"
)
_CLASSES = ("vcard", "h-card", "hcard")
_TITLE = ("role", "title", "p-role", "p-job-title", "org", "p-org", "organization-unit", "category")
_NAMES = ("fn", "p-name", "name", "n")


@dataclass(frozen=True, slots=True)
class Record:
    """One contact as marked up: `id` of its element, the role and the person it names."""

    id: int
    role: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A contact out of JSON-LD, which stands in no place on the page."""

    role: str
    name: str | None
    email: str | None
    phone: phones.Phone | None


def records_in(soup: BeautifulSoup) -> dict[int, Record]:
    """The records of a page by the ids of the elements that hold their parts."""
    found: dict[int, Record] = {}
    for table in soup.find_all("table"):
        found.update(_table(table))
    for listing in soup.find_all("dl"):
        found.update(_definitions(listing))
    for card in soup.select("[itemscope]"):
        found[id(card)] = _microdata(card)
    for card in soup.find_all(class_=list(_CLASSES)):
        found[id(card)] = _record(card, _classed(card, _NAMES), _classed(card, _TITLE))
    return {key: record for key, record in found.items() if record.role or record.name}


def _words(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split()) if tag is not None else ""


def _record(element: Tag, name: str, role: str) -> Record:
    """A record whose name and role may have been exchanged or may hold a team."""
    if name and not person(name):
        role, name = role or name, ""
    bad = ("field", "generic", "other body", "")
    told = role if kind(role) not in bad and len(role) < 120 and not person(role) else None
    return Record(
        id(element), sentence_case(told) if told else None, person(name) if name else None
    )


def _table(table: Tag) -> Iterator[tuple[int, Record]]:
    rows = [list(row.find_all(["td", "th"], recursive=False)) for row in table.find_all("tr")]
    rows = [row for row in rows if row]
    if not rows:
        return
    if len(rows) > 1 and all(len(row) == 2 and _names_a_field(_words(row[0])) for row in rows):
        said = {key(_words(first)): _words(second) for first, second in rows}
        record = _record(table, _field(said, _NAME), _field(said, _ROLE))
        yield id(table), record
        return
    heads = [key(_words(cell)) for cell in rows[0]]
    headed = sum(_names_a_field(head) for head in heads) >= 2
    for row in rows[1:] if headed else rows:
        yield id(row[0].parent), _row(row, heads if headed else [])


def _row(row: list[Tag], heads: list[str]) -> Record:
    texts = [_words(cell) for cell in row]
    element = row[0].parent
    assert element is not None
    if heads and len(heads) == len(texts):
        said = dict(zip(heads, texts, strict=True))
        return _record(element, _field(said, _NAME), _field(said, _ROLE))
    plain = [
        text for text in texts if "@" not in text and not re.search(r"[\ue000-\uf8ff]|\d{4}", text)
    ]
    name = next((text for text in plain if person(text)), "")
    role = next((text for text in plain if text != name and kind(text) in ("team", "topic")), "")
    return _record(element, name, role)


def _names_a_field(text: str) -> bool:
    words = key(text)
    return any(pattern.fullmatch(words) for pattern in (_ROLE, _NAME, _ADDRESS))


def _field(said: dict[str, str], pattern: re.Pattern[str]) -> str:
    named = [text for head, text in said.items() if pattern.fullmatch(head) and text]
    clear = [text for text in named if "@" not in text and not re.search(r"[\ue000-\uf8ff]", text)]
    return re.sub(r"[\ue000-\uf8ff]", "", (clear or named or [""])[0]).strip()


def _definitions(listing: Tag) -> Iterator[tuple[int, Record]]:
    terms = listing.find_all("dt")
    if terms and all(_names_a_field(_words(term)) for term in terms):
        said: dict[str, str] = {}
        for term in terms:
            value = term.find_next_sibling("dd")
            said.setdefault(key(_words(term)), _words(value))
        yield id(listing), _record(listing, _field(said, _NAME), _field(said, _ROLE))
        return
    for term in terms:
        record = _term(term)
        sibling = term.find_next_sibling()
        while sibling is not None and sibling.name == "dd":
            yield id(sibling), record
            sibling = sibling.find_next_sibling()


def _term(term: Tag) -> Record:
    head = _words(term)
    texts: list[str] = []
    sibling = term.find_next_sibling()
    while sibling is not None and sibling.name == "dd":
        texts += [line.strip() for line in sibling.get_text("\n").split("\n")]
        sibling = sibling.find_next_sibling()
    if person(head):
        role = next(
            (text for text in texts if kind(text) in ("team", "topic") and "@" not in text), ""
        )
        return _record(term, head, role)
    return _record(term, next((text for text in texts if person(text)), ""), head)


def _classed(card: Tag, names: tuple[str, ...]) -> str:
    for name in names:
        found = card.find(class_=name)
        if isinstance(found, Tag) and _words(found):
            return re.sub(r"[\ue000-\uf8ff]", "", _words(found)).strip()
    return ""


def _microdata(card: Tag) -> Record:
    def said(*names: str) -> str:
        for name in names:
            found = card.find(None, {"itemprop": name})
            if isinstance(found, Tag):
                text = str(found.get("content") or "") or _words(found)
                return re.sub(r"[\ue000-\uf8ff]", "", text).strip()
        return ""

    return _record(card, said("name"), said("jobTitle", "contactType", "department", "roleName"))


def cards_in(soup: BeautifulSoup, faults: Faults, own_contacts: bool) -> list[Card]:
    """The contacts in a page's JSON-LD; a block that is no JSON is counted and passed over.

    An organisation's own block stands on every page: it counts with `own_contacts` only.
    """
    cards: list[Card] = []
    for script in soup.find_all("script", type=re.compile(r"application/ld\+json", re.IGNORECASE)):
        try:
            data = json.loads(script.get_text(), strict=False)
        except (ValueError, RecursionError):
            faults.refused["JSON-LD that is no JSON"] += 1
            continue
        cards += [card for node in _nodes(data) if (card := _card(node, faults, own_contacts))]
    return cards


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, outermost first, to a sane depth."""
    waiting: list[tuple[Any, int]] = [(data, 0)]
    while waiting:
        value, depth = waiting.pop(0)
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list) and depth < 12:
            waiting += [(part, depth + 1) for part in value[:500]]


def _card(node: dict[str, Any], faults: Faults, own_contacts: bool) -> Card | None:
    def said(name: str) -> str:
        value = node.get(name)
        if isinstance(value, dict):
            value = value.get("name")
        value = value[0] if isinstance(value, list) and value else value
        return " ".join(clean(value).split()) if isinstance(value, str) else ""

    wrote, called = said("email"), said("telephone")
    if not wrote and not called:
        return None
    found = emails.of_mailto(wrote, faults) if wrote else []
    phone = phones.of_tel(called, called, faults) if called else None
    if not found and phone is None:
        return None
    name = person(said("name"))
    role = said("jobTitle") or said("contactType") or said("department")
    if not role and "rganization" in str(node.get("@type")) and not own_contacts:
        return None
    role = role or ("" if name else said("name"))
    if not role or kind(role) in ("field", "other body", ""):
        return None
    return Card(sentence_case(role), name, found[0] if found else None, phone)
