"""Whom to talk to and where bids go, as a mail shows it: by item, and by body.

Where bids go and whom the notice names belong to one item. The roles of a council serve several of
a week's items, so a mail names each council once, at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from crawler.digest import wording
from crawler.digest.local import bodies_of, local
from crawler.opportunity import Opportunity
from crawler.places import authorities, boards

BODIES = 6
ROLES = 4
ITEMS = 3
_NAMED = "Named in the notice: "


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


def near(connection: sa.Connection, opportunity: Opportunity, key: bytes) -> Near:
    """What is known locally of `opportunity`. `key` is that of the forget list."""
    known = local(connection, opportunity, key)
    named = next((line for line in known.contacts if line.startswith(_NAMED)), "")
    roles = tuple(line for line in known.contacts if line != named)
    bodies = bodies_of(opportunity) if roles else []
    body = next((found for code in bodies if (found := _name(code))), "")
    return Near(bidding=known.bidding, named=named, body=body, roles=roles)


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
