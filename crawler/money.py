"""Amounts of money: which of them mean something, and how people read them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_WRITTEN = re.compile(
    r"(?:£|gbp)? ?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,6})?"
    r" ?(k|thousand|m|mn|million|bn|billion)?"
)
_SIZES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
_LARGEST = Decimal("1e12")


def amount(number: float | None) -> Decimal | None:
    """`number` in whole pence, or None where portals write a placeholder.

    Contracts Finder asks for a value, so buyers who will not say write 0 or 1; above a thousand
    billion it is a slip of the keyboard (`maximumParticipants` 7.9e28 has been seen).
    """
    if number is None:
        return None
    try:
        value = Decimal(str(number)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return value if 1 < value <= _LARGEST else None


def pounds(text: str) -> Decimal | None:
    """The amount that somebody typed: ``£10k``, ``25,000``, ``1.2m``, ``£1.5 million``; or None.

    More than nothing, at most a thousand billion, in whole pence. A comma parts thousands only.
    """
    found = _WRITTEN.fullmatch(" ".join(text.lower().split())) if len(text) <= 40 else None
    if found is None:
        return None
    whole, part, size = found.groups()
    exact = Decimal(whole.replace(",", "") + (part or "")).scaleb(_SIZES.get(size or "", 0))
    value = exact.quantize(Decimal("0.01"))
    return value if exact == value and 0 < value <= _LARGEST else None


def spell(low: Decimal | None, high: Decimal | None, currency: str | None) -> str:
    """A value range in words: ``£25,000``, ``£40,000 to £1.2 million``, or ``value not stated``."""
    if low is None and high is None:
        return "value not stated"
    if low is None or high is None or low == high:
        only = high if high is not None else low
        assert only is not None
        return ("up to " if low is None else "from " if high is None else "") + _one(only, currency)
    return f"{_one(low, currency)} to {_one(high, currency)}"


def _one(value: Decimal, currency: str | None) -> str:
    sign = _SIGNS.get(currency or "GBP", f"{currency} ")
    for size, word in ((Decimal(10**9), "billion"), (Decimal(10**6), "million")):
        if value >= size:
            return f"{sign}{(value / size).quantize(Decimal('0.01')).normalize():f} {word}"
    return f"{sign}{value.quantize(Decimal(1)):,}"
