"""Whom to talk to about an opportunity and where bids go, in words, the nearest first.

First the notice's own contact point; then the roles that the authority publishes for what the
opportunity is to bring about, its own before its county's or combined authority's; for a buyer of
the NHS those of its integrated care board.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from crawler.contacts import bidding
from crawler.contacts.emails import unwanted
from crawler.digest import wording
from crawler.errors import UsageError
from crawler.mailboxes import address
from crawler.opportunity import Opportunity
from crawler.places import authorities, boards, resolve_buyer
from crawler.redaction import Gone
from crawler.store import bidding as bids
from crawler.store import contacts, forgotten
from crawler.store.contacts import Known
from crawler.text import key as wording_key

MOST = 3
_CULTURE = "place_economy"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContact:
    """Whom the notice itself names; at least one of `email` and `phone`."""

    name: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidding:
    """Where bids go. `basis` says who says so, `evidence` where; `site` is the host, if named.

    ``notice`` this notice · ``notices`` others of the buyer · ``page`` the buyer's own page.
    """

    portal: str
    basis: Literal["notice", "notices", "page"]
    site: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known locally of one opportunity: whom to talk to, the nearest first, where to bid.

    `roles` are the authority's (for the NHS the board's) that serve the opportunity's outcomes.
    """

    notice: NoticeContact | None
    roles: tuple[Known, ...]
    bidding: Bidding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What the digest says of the place: a line on bidding, and whom to talk to, a line each."""

    bidding: str = ""
    contacts: tuple[str, ...] = ()


def around(connection: sa.Connection, opportunity: Opportunity, key: bytes) -> Around:
    """What is known locally of `opportunity`. `key` is that of the forget list.

    The digest, the web pages and ``tenders contacts for`` all show this.
    """
    bodies = bodies_of(opportunity)
    known = contacts.listed(connection, bodies) if bodies else []
    return Around(
        notice=notice_contact(
            opportunity, lambda email: bool(forgotten.among(connection, key, [email]))
        ),
        roles=tuple(chosen(known, bodies, outcomes_of(opportunity))),
        bidding=where_to_bid(connection, opportunity),
    )


def local(connection: sa.Connection, opportunity: Opportunity, key: bytes) -> Local:
    """The same in words, as much of it as a digest has room for."""
    found = around(connection, opportunity, key)
    own = (told_by_notice(found.notice),) if found.notice else ()
    roles = (told_by_role(one) for one in found.roles)
    lines = tuple(dict.fromkeys([*own, *roles]))
    said = told_of_bidding(found.bidding) if found.bidding else ""
    return Local(bidding=said, contacts=lines[: MOST + len(own)])


def where_to_bid(connection: sa.Connection, opportunity: Opportunity) -> Bidding | None:
    """Where bids for `opportunity` go: as it says itself, else as is known of its buyer."""
    own = bidding.of_notice(opportunity.urls, opportunity.description)
    if own:
        return Bidding(portal=own.portal, basis="notice", site=own.site, evidence=own.site)
    buyer = opportunity.buyer.name if opportunity.buyer else None
    authority = bidding.authority_of(buyer)
    if authority is None:
        return _of_other_notices(connection, buyer) if buyer else None
    for used in bids.used_by(connection, [authority]):
        return Bidding(portal=used.portal, basis=used.basis, site=used.site, evidence=used.evidence)
    # A store in which nothing has been kept since the facts came with a new version.
    for fact in bidding.page_facts():
        if fact.authority == authority:
            return Bidding(portal=fact.portal, basis="page", site="", evidence=fact.page)
    return None


def _of_other_notices(connection: sa.Connection, buyer: str) -> Bidding | None:
    """The portal that most notices of a buyer name that is no authority, such as a trust."""
    counts = Counter(bids.named_by(connection, buyer))
    if not counts:
        return None
    portal, site = min(counts, key=lambda one: (-counts[one], *one))
    return Bidding(portal=portal, basis="notices", site=site, evidence=site)


def bodies_of(opportunity: Opportunity) -> list[str]:
    """The GSS codes of those whose roles concern the opportunity, the nearest first."""
    name = opportunity.buyer.name if opportunity.buyer else ""
    board = _board(name)
    if board:
        return [board]
    resolved = resolve_buyer(name) if name else None
    nearest = (resolved.authority if resolved else None) or opportunity.place.authority
    authority = authorities().get(nearest or "")
    if authority is None:
        return []
    above = (authority.county, authority.combined_authority)
    return list(dict.fromkeys(code for code in (authority.gss, *above) if code))


def _board(name: str) -> str | None:
    """The integrated care board that a buyer of the NHS is, or belongs to by its name."""
    words = f" {wording_key(name)} "
    if not any(f" {word} " in words for word in ("nhs", "icb", "integrated care board")):
        return None
    named = (
        (len(short), board.gss)
        for board in boards().values()
        if f" {(short := wording_key(board.short_name))} " in words
    )
    return max(named, default=(0, None))[1]


def outcomes_of(opportunity: Opportunity) -> tuple[str, ...]:
    """What the opportunity is to bring about; for art itself, what culture teams answer for."""
    judgement = opportunity.judgement
    if judgement is None:
        return (_CULTURE,)
    more = (_CULTURE,) if judgement.relevance != "commissionable" else ()
    return tuple(dict.fromkeys((*judgement.outcomes, *more)))


def chosen(
    known: Iterable[Known], bodies: Sequence[str], outcomes: Sequence[str]
) -> Iterator[Known]:
    """The contacts that serve one of `outcomes`: by body, roles before officers, by outcome."""
    fitting = [one for one in known if set(one.outcomes) & set(outcomes) and not one.stale_since]
    yield from sorted(
        fitting,
        key=lambda one: (
            bodies.index(one.authority),
            one.personal,
            min(outcomes.index(name) for name in one.outcomes if name in outcomes),
        ),
    )


def notice_contact(opportunity: Opportunity, gone: Gone | None) -> NoticeContact | None:
    """Whom the notice itself names, unless they asked to be forgotten, which `gone` says.

    Of a private mailbox, or one that takes no mail, the number alone is passed on; so it is of
    what is no address.
    """
    buyer = opportunity.buyer
    if buyer is None or not (buyer.contact_email or buyer.contact_phone):
        return None
    email, name = buyer.contact_email, buyer.contact_name
    if email and gone and gone(email.lower()):
        return None
    if email and not _reached(email):
        email, name = None, None
    if not (email or buyer.contact_phone):
        return None
    return NoticeContact(name=name, email=email, phone=buyer.contact_phone)


def _reached(email: str) -> bool:
    """Whether a notice's own address is one to pass on."""
    try:
        return unwanted(address(email)) is None
    except UsageError:
        return False


def told_by_notice(one: NoticeContact) -> str:
    """Whom the notice names, in a line."""
    parts = (wording.plain(part, 120) for part in (one.name, one.email, one.phone) if part)
    return f"Named in the notice: {', '.join(parts)}"


def told_by_role(one: Known) -> str:
    """A role, whose it is and how to reach it, in a line."""
    body = authorities().get(one.authority) or boards().get(one.authority)
    who = f"{one.role} ({one.name})" if one.name else one.role
    reached = [part for part in (one.email, one.phone_written) if part] or [one.form or ""]
    whose = f", {body.short_name}" if body else ""
    return wording.plain(f"{who}{whose}: {', '.join(reached)}", 240)


def told_of_bidding(where: Bidding) -> str:
    """Where bids go and who says so, in a line."""
    says = {
        "notice": f"the notice names {where.site}",
        "notices": f"the buyer’s notices name {where.site}",
        "page": "the buyer’s own page says so",
    }[where.basis]
    return f"Bids go through {wording.plain(where.portal, 80)}: {says}"
