"""Whom to talk to about an opportunity and where bids go, in words, the nearest first.

First the notice's own contact point; then the roles that the authority publishes for what the
opportunity is to bring about, its own before its county's or combined authority's; for a buyer of
the NHS those of its integrated care board.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from crawler.contacts import bidding
from crawler.contacts.bidding import BidPortal
from crawler.contacts.emails import mended
from crawler.contacts.faults import Faults
from crawler.digest import wording
from crawler.opportunity import Opportunity
from crawler.places import authorities, boards, resolve_buyer
from crawler.store import bidding as bids
from crawler.store import contacts, forgotten
from crawler.store.contacts import Known
from crawler.text import key as wording_key

MOST = 3
_CULTURE = "place_economy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What the digest says of the place: a line on bidding, and whom to talk to, a line each."""

    bidding: str = ""
    contacts: tuple[str, ...] = ()


def local(connection: sa.Connection, opportunity: Opportunity, key: bytes) -> Local:
    """What is known locally of `opportunity`. `key` is that of the forget list."""
    bodies = bodies_of(opportunity)
    portal = bidding.of_notice(opportunity.urls, opportunity.description)
    if portal is None and opportunity.buyer:
        said = bids.notices_of(connection, opportunity.buyer.name)
        portal = bidding.of_authority(bodies[0] if bodies else None, said)
    own = notice_contact(connection, opportunity, key)
    known = contacts.listed(connection, bodies) if bodies else []
    roles = (_line(one) for one in chosen(known, bodies, outcomes_of(opportunity)))
    lines = tuple(dict.fromkeys([*own, *roles]))
    return Local(bidding=_bids(portal) if portal else "", contacts=lines[: MOST + len(own)])


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


def notice_contact(
    connection: sa.Connection, opportunity: Opportunity, key: bytes
) -> tuple[str, ...]:
    """Whom the notice itself names, unless they asked to be forgotten or the mailbox is private."""
    buyer = opportunity.buyer
    if buyer is None or not (buyer.contact_email or buyer.contact_phone):
        return ()
    email = buyer.contact_email
    if email and (not mended(email, Faults()) or forgotten.among(connection, key, [email.lower()])):
        return ()
    parts = (buyer.contact_name, buyer.contact_email, buyer.contact_phone)
    said = ", ".join(wording.plain(part, 120) for part in parts if part)
    return (f"Named in the notice: {said}",)


def _line(one: Known) -> str:
    body = authorities().get(one.authority) or boards().get(one.authority)
    who = f"{one.role} ({one.name})" if one.name else one.role
    reached = [part for part in (one.email, one.phone_written) if part] or [one.form or ""]
    whose = f", {body.short_name}" if body else ""
    return wording.plain(f"{who}{whose}: {', '.join(reached)}", 240)


def _bids(portal: BidPortal) -> str:
    says = {
        "notice": f"the notice names {portal.evidence}",
        "notices": f"the buyer’s notices name {portal.evidence}",
        "page": "the buyer’s own page says so",
    }[portal.basis]
    return f"Bids go through {wording.plain(portal.name, 80)}: {says}"
