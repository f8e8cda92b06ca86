"""Amounts of money: which of them mean something, and how people read them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

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
