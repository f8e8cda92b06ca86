"""Reads the contacts off one page: addresses, grouped as they belong together, with their role.

Nothing is guessed: an address whose role no card, label, heading or sentence tells, and whose
mailbox tells none, is refused and counted. A name is kept only beside the role it is published for.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from crawler.contacts import emails, furniture
from crawler.contacts.blocks import Page, Slot, page_of
from crawler.contacts.faults import Faults
from crawler.contacts.records import Card, cards_in, records_in
from crawler.contacts.roles import outcomes_of
from crawler.contacts.scopes import Group, grouped
from crawler.contacts.telling import Told, told_by, told_by_mailbox
from crawler.contacts.words import of_service, personal
from crawler.pages import BASES, Contact, Extract
from crawler.text import one_line

_CONTACT_PAGE = re.compile(r"\bcontact|cysylltu|get in touch", re.IGNORECASE)
_NESTED = re.compile(
    r"<(/?)(?:div|span|table|ul|ol|dl|section|article|font|b|i|em|strong|blockquote|center|a|"
    r"h[1-6])\b",
    re.I,
)
_DEEPEST = 700
_HEAVIEST = 300_000
"""What the depths of a page's elements may come to together: reading takes time by that sum, and
a long real page has a twentieth of it."""

_POSTCODE = re.compile(r",?\s*\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_STREET = re.compile(
    r"\b\d{1,4}[a-z]?,? (?:[A-Z][\w'’-]+ ){1,4}(?:Street|Road|Lane|Avenue|Close|Drive|Way|Gardens|"
    r"Crescent|Grove|Terrace|Place|Court|Rise|Hill|Park|St|Rd|Ave)\b"
)


def extract(text: str, url: str, others: Collection[str] = ()) -> Extract:
    """The contacts on the page `text` (HTML, decoded) that was read from `url`.

    `others` are the registered domains of other public bodies: their mailboxes are not this body's.
    """
    faults = Faults()
    if _too_deep(text):
        return Extract(refused={"page nested too deeply": 1})
    soup = BeautifulSoup(text, "lxml")
    if weight(soup) > _HEAVIEST:
        return Extract(refused={"page nested too deeply": 1})
    own = _own_contacts(soup, url)
    cards = cards_in(soup, faults, own)
    furniture.strip(soup, own)
    page = page_of(soup, url, faults)
    found = [_of_card(card, page, url, others, faults) for card in cards]
    for group in grouped(page, records_in(soup)):
        found += _of_group(group, page, url, others, faults)
    contacts = _merged([one for one in found if one is not None])
    return Extract(
        contacts=_without_doubles(contacts, faults),
        repaired=dict(faults.repaired),
        refused=dict(+faults.refused),
    )


def _too_deep(text: str) -> bool:
    """Whether elements lie in each other as no person writes them: reading those takes for ever."""
    depth = 0
    for match in _NESTED.finditer(text):
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def weight(soup: BeautifulSoup) -> int:
    """The depths of all elements added up: elements that nobody closes lie in each other.

    Whatever their names are, half-sentences without end tags make a page of n elements n deep, and
    each of them asks its ancestors: that is n² steps. Stops counting where it is too much.
    """
    total = 0
    waiting: list[tuple[Tag, int]] = [(soup, 0)]
    while waiting and total <= _HEAVIEST:
        tag, depth = waiting.pop()
        total += depth
        waiting += [(child, depth + 1) for child in tag.children if isinstance(child, Tag)]
    return total


def _own_contacts(soup: BeautifulSoup, url: str) -> bool:
    """Whether this is the site's page of contacts, by its heading or address."""
    last = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
    heading = soup.find("h1")
    return bool(
        _CONTACT_PAGE.search(last)
        or (heading and _CONTACT_PAGE.match(heading.get_text(" ").strip()))
    )


def _of_card(
    card: Card, page: Page, url: str, others: Collection[str], faults: Faults
) -> Contact | None:
    if card.email and emails.foreign(card.email, others):
        faults.refused["mailbox of another body"] += 1
        return None
    return Contact(
        role=card.role,
        basis="card",
        name=card.name,
        email=card.email,
        phone=card.phone.number if card.phone else None,
        phone_written=card.phone.written if card.phone else None,
        page=url,
        headings=(page.title,) if page.title else (),
        outcomes=outcomes_of(card.role, [page.title]),
        personal=bool(card.name or (card.email and personal(card.email.split("@")[0]))),
    )


def _of_group(
    group: Group, page: Page, url: str, others: Collection[str], faults: Faults
) -> list[Contact | None]:
    """The contacts of addresses that belong together: one for each mailbox, else one."""
    if group.other_body:
        faults.refused["another body’s"] += len(group.slots)
        return []
    mails, numbers, forms = (
        [slot for slot in group.slots if slot.kind == kind] for kind in ("email", "phone", "form")
    )
    kept = [slot for slot in mails if not emails.foreign(slot.value, others)]
    if len(kept) < len(mails):
        faults.refused["mailbox of another body"] += len(mails) - len(kept)
    if mails and not kept:
        return []
    told = told_by(group, page)
    found: list[Contact | None] = []
    distinct = {slot.value: slot for slot in reversed(numbers)}
    for mail in {slot.value: slot for slot in kept}.values():
        near = numbers[0] if numbers and (len(distinct) == 1 or len(kept) == 1) else None
        form = forms[0] if forms and len(kept) == 1 else None
        role = told_by_mailbox(told, mail.value, page)
        found.append(_contact(role, group, page, url, faults, mail=mail, phone=near, form=form))
    used = (
        {numbers[0].value} if numbers and kept and (len(kept) == 1 or len(distinct) == 1) else set()
    )
    for value, slot in distinct.items():
        if value not in used:
            form = forms[0] if forms and not kept and len(distinct) == 1 else None
            found.append(_contact(told, group, page, url, faults, phone=slot, form=form))
    if forms and not found:
        found.append(_contact(told, group, page, url, faults, form=forms[0]))
    return found


def _contact(
    told: Told | None,
    group: Group,
    page: Page,
    url: str,
    faults: Faults,
    *,
    mail: Slot | None = None,
    phone: Slot | None = None,
    form: Slot | None = None,
) -> Contact | None:
    if told is None or not told.role or not _speaks(told, mail, phone):
        faults.refused["no role told"] += 1
        return None
    headings = tuple(dict.fromkeys([page.title, *(one.text for one in group.headings)]))
    slot = mail or phone or form
    assert slot is not None
    return Contact(
        role=one_line(told.role, 100),
        basis=told.basis,
        name=told.name,
        email=mail.value if mail else None,
        phone=phone.value if phone else None,
        phone_written=phone.shown if phone else None,
        form=form.value if form else None,
        page=url,
        headings=tuple(one_line(text, 120) for text in headings if text),
        sentence=_evidence(group.sentence_of(slot, page)),
        outcomes=outcomes_of(told.role, headings),
        personal=bool(told.name or (mail and personal(mail.value.split("@")[0]))),
    )


def _speaks(told: Told, mail: Slot | None, phone: Slot | None) -> bool:
    """Whether a role is told plainly enough for an address that says nothing of it itself."""
    if mail is not None:
        return not (told.topic and personal(mail.value.split("@")[0])) or of_service(told.role)
    if phone is not None:
        return told.basis != "page" or not told.topic or of_service(told.role)
    return told.basis != "page" and not told.topic


def _evidence(sentence: str) -> str:
    """The sentence without street addresses and postcodes: nobody's home is kept."""
    return one_line(_POSTCODE.sub("", _STREET.sub("…", sentence)), 300)


def _merged(found: list[Contact]) -> list[Contact]:
    """One contact an address: the plainest evidence, completed by the others."""
    kept: dict[str, Contact] = {}
    for one in sorted(found, key=lambda contact: BASES.index(contact.basis)):
        best = kept.get(one.key)
        if best is None:
            kept[one.key] = one
            continue
        if best.phone is None and one.phone:
            best = dataclasses.replace(best, phone=one.phone, phone_written=one.phone_written)
        kept[one.key] = dataclasses.replace(
            best,
            form=best.form or one.form,
            name=best.name or (one.name if one.role == best.role else None),
        )
    return list(kept.values())


def _without_doubles(contacts: list[Contact], faults: Faults) -> tuple[Contact, ...]:
    """A number told with a mailbox is no contact of its own, unless its role is told plainly."""
    with_mail = {one.phone for one in contacts if one.email}
    plain = ("card", "label", "heading")
    kept = []
    for one in contacts:
        if not one.email and one.phone in with_mail and one.basis not in plain:
            faults.refused["number told already"] += 1
            continue
        kept.append(one)
    return tuple(sorted(kept, key=lambda one: (one.personal, one.role, one.key)))
