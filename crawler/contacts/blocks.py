"""A page as blocks of text under headings, with its addresses taken out and numbered.

Every address becomes a `Slot`, and in the text of its block one character of the private use area
stands for it: what surrounds it can be read without its letters, and put together again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement

from crawler.contacts import emails, lists, phones
from crawler.contacts.faults import Faults
from crawler.contacts.words import kind

_FIRST = 0xE000
_MOST = 1000
"""Addresses of one page: more are a directory of something else."""

_LONGEST = 100_000
MARK = re.compile("[\ue000-\uf8ff]")
_BLOCKS = lists.words("blocks")
_ASIDE = ("aside", "footer", "article")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_FORM = re.compile(
    r"(?:contact|enquir(?:y|ies)|e-?mail|online|get in touch|ask|our|this).{0,25}\bform\b|"
    r"^(?:contact us online|email us|get in touch|contact us|"
    r"e-?mail (?:the )?(?:[\w&]+ ){0,3}team)$",
    re.IGNORECASE,
)
_SHY = re.compile(r"fax", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slot:
    """One address on the page; `shown` is what people read there."""

    kind: Literal["email", "phone", "form"]
    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading over a block; `id` tells two of the same text apart."""

    id: int
    level: int
    text: str
    within: int = 0


@dataclass(slots=True)
class Block:
    """The text that stands directly in one element, line by line, under `headings`."""

    element: Tag
    headings: tuple[Heading, ...]
    text: str = ""
    bold: bool = True
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A page in blocks. `words` is its text without addresses."""

    blocks: list[Block]
    slots: list[Slot]
    title: str
    words: str = ""

    def slots_in(self, text: str) -> list[Slot]:
        """The addresses that stand in `text`."""
        return [self.slots[ord(mark) - _FIRST] for mark in MARK.findall(text)]

    def shown(self, text: str) -> str:
        """`text` as people read it."""
        return " ".join(
            MARK.sub(lambda mark: self.slots[ord(mark[0]) - _FIRST].shown, text).split()
        )


def page_of(soup: BeautifulSoup, url: str, faults: Faults) -> Page:
    """`soup` (furniture gone; it is changed) in blocks, with every address found."""
    slots: list[Slot] = []
    title = _title(soup)
    for anchor in soup.select("a[href], [data-cfemail]"):
        _replace(anchor, url, slots, faults)
    blocks = _blocks(soup)
    for block in blocks:
        block.text = _plain_addresses(emails.plain(block.text), slots, faults)
        block.lines = [" ".join(line.split()) for line in block.text.split("\n") if line.strip()]
    kept = [block for block in blocks if block.lines]
    words = "\n".join(MARK.sub(" ", block.text) for block in kept)
    return Page(blocks=kept, slots=slots, title=title, words=words[:_LONGEST])


def _title(soup: BeautifulSoup) -> str:
    """What the page calls itself: its first heading, else the first part of its title."""
    heading = soup.find("h1")
    words = " ".join(heading.get_text(" ").split()) if heading else ""
    if not words and soup.title:
        words = re.split(r"\s[|–—-]\s", soup.title.get_text(" ").strip())[0]
    return words


def _mark(slots: list[Slot], slot: Slot) -> str:
    if len(slots) >= _MOST:
        return f" {slot.shown} "
    slots.append(slot)
    return chr(_FIRST + len(slots) - 1)


def _replace(anchor: Tag, url: str, slots: list[Slot], faults: Faults) -> None:
    """Puts the mark of its address in the place of a link, after words that are more than it."""
    if anchor.decomposed:
        return
    href = str(anchor.get("href") or "").strip()
    shown = " ".join(emails.plain(anchor.get_text(" ")).split())
    found: list[Slot] = []
    cipher = str(anchor.get("data-cfemail") or "")
    if not cipher and (inner := anchor.select_one("[data-cfemail]")):
        cipher = str(inner.get("data-cfemail") or "")
    hidden = re.search(r"/cdn-cgi/l/email-protection#([0-9a-f]+)", href)
    scheme = href.split(":")[0].lower()
    if cipher or hidden:
        addresses = emails.of_cloudflare(cipher or (hidden[1] if hidden else ""), faults)
        shown = "" if "protected" in shown else shown
        found = [Slot("email", address, address) for address in addresses]
    elif scheme == "mailto":
        found = _mail(href, shown, faults)
    elif scheme in ("tel", "callto"):
        phone = phones.of_tel(href, shown, faults)
        before = str(anchor.previous_sibling or "")[-20:]
        if phone and _SHY.search(before):
            faults.refused["fax or number of another thing"] += 1
        elif phone:
            found = [Slot("phone", phone.number, phone.written)]
    elif _FORM.search(shown) and (form := _form(urljoin(url, href))):
        found = [Slot("form", form, shown)]
    else:
        return
    marks = " ".join(_mark(slots, slot) for slot in found)
    anchor.replace_with(NavigableString(f"{_rest(shown, found)} {marks} "))


def _mail(href: str, shown: str, faults: Faults) -> list[Slot]:
    addresses = emails.of_mailto(href, faults)
    seen = [
        found for text in emails.FOUND.findall(shown) if (found := emails.mended(text, Faults()))
    ]
    if seen and addresses and seen[0] not in addresses:
        faults.repaired["link and text name different addresses"] += 1
        addresses = seen
    return [Slot("email", address, address) for address in addresses or seen]


def _form(target: str) -> str | None:
    parts = urlsplit(target)
    about_form = re.search(r"form|enquir|contact|service", parts.path + parts.query, re.IGNORECASE)
    return target if parts.scheme in ("http", "https") and about_form else None


def _rest(shown: str, found: list[Slot]) -> str:
    """The words of a link that are not its address: a name or a team."""
    rest = emails.FOUND.sub(" ", shown)
    for slot in found:
        rest = rest.replace(slot.shown, " ") if slot.kind != "form" else ""
    return "" if sum(char.isdigit() for char in rest) > 5 else rest


def _blocks(soup: BeautifulSoup) -> list[Block]:
    blocks: dict[int, Block] = {}
    stack: list[Heading] = []
    loose: tuple[int, Heading] | None = None
    last: Block | None = None
    for node in (soup.body or soup).descendants:
        if isinstance(node, Tag):
            if node.name in _HEADINGS:
                level = _HEADINGS[node.name]
                words = " ".join(node.get_text(" ").split())
                stack = [one for one in stack if one.level < level]
                if MARK.sub("", words).strip():
                    stack.append(Heading(id(node), level, words, _apart(node)))
                loose = None
            elif node.name == "br" and last is not None:
                last.text += "\n"
            continue
        element = _around(node)
        if not str(node).strip() and id(element) not in blocks:
            continue
        if id(element) not in blocks:
            loose = _loose(last, loose)
            fits = loose is not None and loose[0] == id(element.parent)
            over = _over(element, stack)
            headings = (*over, loose[1]) if fits and loose else over
            blocks[id(element)] = Block(element=element, headings=headings)
        last = blocks[id(element)]
        last.text += str(node) if _within(node, ("pre",)) else re.sub(r"\s+", " ", str(node))
        strong = _within(node, ("strong", "b")) is not None
        last.bold = last.bold and (strong or not str(node).strip())
    return list(blocks.values())


def _over(element: Tag, stack: list[Heading]) -> tuple[Heading, ...]:
    """The headings that speak for `element`: a sidebar or footer has its own."""
    around = {id(parent) for parent in element.parents} | {0, id(element)}
    beside = _within(element, ("aside", "footer"))
    return tuple(
        one
        for one in stack
        if one.within in around and (beside is None or one.level == 1 or one.within == id(beside))
    )


def _apart(heading: Tag) -> int:
    """The id of the part of the page beyond which a heading says nothing; 0 if there is none."""
    part = _within(heading, _ASIDE)
    return id(part) if part is not None else 0


def _within(node: PageElement, names: tuple[str, ...]) -> Tag | None:
    """The nearest element of one of `names` around `node`: a tenth of what `find_parent` costs."""
    return next((parent for parent in node.parents if parent.name in names), None)


def _loose(last: Block | None, now: tuple[int, Heading] | None) -> tuple[int, Heading] | None:
    """A short bold paragraph is the heading of its neighbours, as people use it."""
    if last is None or last.element.name not in ("p", "div") or not last.bold:
        return now
    words = " ".join(last.text.split())
    if len(words) > 90 or MARK.search(words) or kind(words) in ("", "field", "prose"):
        return now
    return id(last.element.parent), Heading(id(last.element), 7, words)


def _around(node: object) -> Tag:
    parent = node.parent  # type: ignore[attr-defined]
    while parent.name not in _BLOCKS and parent.parent is not None:
        parent = parent.parent
    assert isinstance(parent, Tag)
    return parent


def _plain_addresses(text: str, slots: list[Slot], faults: Faults) -> str:
    """`text` with marks for the addresses that are no links."""

    def mail(match: re.Match[str]) -> str:
        found = emails.mended(match[0], faults)
        end = "." if match[0].endswith(".") else ""
        return _mark(slots, Slot("email", found, found)) + end if found else " "

    text = emails.FOUND.sub(mail, text) if "@" in text else text
    for phone in sorted(phones.found_in(text, faults), key=lambda one: -one.start):
        mark = _mark(slots, Slot("phone", phone.number, phone.written))
        text = text[: phone.start] + mark + text[phone.end :]
    return text


def elements_over(block: Block) -> Iterator[Tag]:
    """The block's own element and those around it, the nearest first."""
    yield block.element
    for parent in block.element.parents:
        if isinstance(parent, Tag):
            yield parent
