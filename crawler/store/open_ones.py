"""Which open opportunities are most like one: by art forms, outcomes and places in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from crawler.store.listings import BITS, mask, seconds
from crawler.store.tables import listings

_TAGS = sum(BITS["art_forms"].values()) + sum(BITS["outcomes"].values())
_PLACES = sum(BITS["regions"].values()) - BITS["regions"]["unknown"]
_SHOWN = mask("relevance", ["arts", "commissionable"])
_OPEN = mask("status", ["open", "unknown"])
_CANDIDATES = 2000
"""Open opportunities that are compared, those that close next first."""

_Cards = np.ndarray[Any, np.dtype[np.int64]]


class OpenOnes:
    """The cards of all that is open, as they were when they were read.

    What is done with them should read the opportunities themselves anew.
    """

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        rows = connection.execute(_QUERY, {"at": seconds(now)}).all()
        found = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 3)
        self._ids, self._cards, self._closes = found.T

    def like(self, card: int, but: int, *, now: datetime, most: int) -> list[int]:
        """Internal ids of those open at `now` that share most with `card`, without `but`.

        Of equals that come first which close first. None share anything with a card without tags.
        """
        tags = card & _TAGS
        fitting = (self._cards & tags) != 0
        fitting &= (self._closes >= seconds(now)) & (self._ids != but)
        chosen = np.flatnonzero(fitting)[:_CANDIDATES]
        cards = self._cards[chosen]
        shared = 2 * _bits(cards & tags) + _bits(cards & (card & _PLACES))
        best = chosen[np.argsort(-shared, kind="stable")[:most]]
        found: list[int] = self._ids[best].tolist()
        return found


def _bits(cards: _Cards) -> _Cards:
    found: _Cards = np.bitwise_count(cards).astype(np.int64)
    return found


_QUERY = (
    sa.select(listings.c.opportunity_id, listings.c.card, listings.c.closes)
    .where(
        listings.c.closes >= sa.bindparam("at", type_=sa.BigInteger),
        listings.c.card.bitwise_and(_OPEN) != 0,
        listings.c.card.bitwise_and(_SHOWN) != 0,
    )
    .order_by(listings.c.closes, listings.c.opportunity_id)
)
