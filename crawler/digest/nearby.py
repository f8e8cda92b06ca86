"""Whom to talk to and where bids go, as a mail shows it: by item, and by body.

Where bids go and whom the notice names belong to one item. The roles of a council serve several of
a week's items, so a mail names each council once, at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import sqlalchemy as sa

from crawler.contacts import bidding
from crawler.digest import local, wording
from crawler.digest.local import Bidding
from crawler.opportunity import Opportunity
from crawler.places import authorities, boards
from crawler.redaction import Gone
from crawler.store import contacts, forgotten
from crawler.store.contacts import Known

BODIES = 6
ROLES = 4
ITEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What is known locally of one opportunity.

    `bidding` says where bids go, `named` whom the notice itself names; `roles` are those of `body`
    and of the bodies above it, a line each.
    """

    bidding: str = ""
    named: str = ""
    body: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A council or board behind a mail's items: its roles, a line each, and which items."""

    name: str
    roles: tuple[str, ...]
    items: tuple[str, ...]


class Neighbourhood:
    """What is known locally, by one connection: each body and each buyer is asked about once.

    `key` is that of the forget list. What `local` says of one opportunity, this says of very many.
    """

    def __init__(self, connection: sa.Connection, key: bytes) -> None:
        self._connection = connection
        self._key = key
        self._listed: dict[tuple[str, ...], list[Known]] = {}
        self._bids: dict[str, Bidding | None] = {}

    def near(self, opportunity: Opportunity) -> Near:
        """What is known locally of `opportunity`."""
        bodies = local.bodies_of(opportunity)
        outcomes = local.outcomes_of(opportunity)
        found = local.chosen(self._known(tuple(bodies)), bodies, outcomes)
        roles = dict.fromkeys(local.told_by_role(one) for one in found)
        notice = local.notice_contact(opportunity, self._gone)
        where = self._bidding(opportunity)
        return Near(
            bidding=local.told_of_bidding(where) if where else "",
            named=wording.plain(local.told_by_notice(notice), 240) if notice else "",
            body=next((name for code in bodies if (name := _name(code))), ""),
            roles=tuple(roles)[: local.MOST],
        )

    @cached_property
    def _gone(self) -> Gone | None:
        return forgotten.listed(self._connection, self._key)

    def _known(self, bodies: tuple[str, ...]) -> list[Known]:
        if bodies not in self._listed:
            self._listed[bodies] = contacts.listed(self._connection, bodies) if bodies else []
        return self._listed[bodies]

    def _bidding(self, opportunity: Opportunity) -> Bidding | None:
        """Where bids go: as the notice says itself, else as is known of its buyer."""
        if bidding.of_notice(opportunity.urls, opportunity.description):
            return local.where_to_bid(self._connection, opportunity)
        buyer = opportunity.buyer.name if opportunity.buyer else ""
        if buyer not in self._bids:
            self._bids[buyer] = local.where_to_bid(
                self._connection, replace(opportunity, urls=(), description="")
            )
        return self._bids[buyer]


def _name(code: str) -> str:
    body = authorities().get(code) or boards().get(code)
    return body.short_name if body else ""


def gathered(items: Iterable[tuple[str, Near]]) -> tuple[Body, ...]:
    """Each body once, in the order of the `items` (what a mail calls them, what is near them)."""
    roles: dict[str, dict[str, None]] = {}
    names: dict[str, list[str]] = {}
    for name, one in items:
        if one.roles:
            body = one.body or "The buyer"
            roles.setdefault(body, {}).update(dict.fromkeys(one.roles))
            names.setdefault(body, []).append(name)
    return tuple(
        Body(
            name=wording.plain(body, 80),
            roles=tuple(roles[body])[:ROLES],
            items=tuple(names[body][:ITEMS]),
        )
        for body in list(roles)[:BODIES]
    )
