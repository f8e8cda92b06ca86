"""Whether an opportunity is worth what somebody asked for, and whether they can carry it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from crawler import money
from crawler.digest import wording
from crawler.digest.considering import Considered
from crawler.digest.fitting import FINE, Fit, Refusal
from crawler.items import Lot
from crawler.store.subscribers import Subscription

_LOTS_NAMED = 2
_BEYOND = "worth more than you said you could carry"


def value(seen: Considered, wish: Subscription) -> Fit | Refusal:
    """Whether any amount that it may be worth is one that was asked for."""
    if wish.value_min is None and wish.value_max is None:
        return FINE
    low, high = seen.low, seen.high
    if low is None and high is None:
        return Fit(caveats=("The notice does not say in pounds what it is worth",))
    worth = money.spell(low, high, "GBP")
    if wish.value_min is not None and high is not None and high < wish.value_min:
        least = money.spell(wish.value_min, wish.value_min, "GBP")
        return Refusal(criterion="value", reason=f"It is worth {worth}, less than {least}")
    if wish.value_max is not None and low is not None and low > wish.value_max:
        most = money.spell(wish.value_max, wish.value_max, "GBP")
        return Refusal(criterion="value", reason=f"It is worth {worth}, more than {most}")
    return FINE


def largest(seen: Considered, wish: Subscription) -> Fit | Refusal:
    """What is larger than they could carry still fits: partners and lots exist."""
    most = wish.largest
    above = most is not None and any(
        amount is not None and amount > most for amount in (seen.low, seen.high)
    )
    if most is None or not above:
        return FINE
    sure = seen.low is not None and seen.low > most
    head = f"It {'is' if sure else 'may be'} {_BEYOND}"
    lots = [lot for lot in lots_by_value(seen) if _pounds(lot) <= most]
    if not lots:
        return Fit(caveats=(f"{head}: look for partners or lots",))
    named = [
        f"‘{wording.plain(lot.title or f'Lot {lot.id}', 60)}’"
        f" ({money.spell(lot.value, lot.value, 'GBP')})"
        for lot in lots[-_LOTS_NAMED:][::-1]
    ]
    more = len(lots) - len(named)
    listed = wording.listing([*named, f"{more} more"] if more else named)
    word = "lot" if len(lots) == 1 else "lots"
    caveat = f"{head}: look for partners, or at the {word} within your reach, {listed}"
    return Fit(caveats=(caveat,))


def beyond(caveats: Iterable[str]) -> bool:
    """Whether one of the caveats says that it takes more than them: a consortium, or single lots.

    Matches are stored with their caveats in words.
    """
    return any(_BEYOND in caveat for caveat in caveats)


def lots_by_value(seen: Considered) -> list[Lot]:
    """The lots whose value in pounds is known, the smallest first."""
    known = (
        lot
        for lot in seen.opportunity.lots
        if lot.value is not None and (lot.currency or "GBP") == "GBP"
    )
    return sorted(known, key=_pounds)


def _pounds(lot: Lot) -> Decimal:
    assert lot.value is not None
    return lot.value
