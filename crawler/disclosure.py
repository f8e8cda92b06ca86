"""Numbers about organisations, made safe to publish: nobody can work out what a few of them did.

Counts below `FEWEST` are kept back. Since a number that is kept back could be found by subtracting
the rest from a total, another is kept back with it where it is alone or those that are kept back
stand for fewer than `FEWEST` between them. What is shown is rounded to the nearest `STEP`, and the
total to the finest step at which no total whatever would give one of them away: that step follows
from what is shown, so that it gives nothing away itself. Pure; see `tests/test_disclosure.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

FEWEST = 5
"""Organisations that must stand behind a number for it to be shown."""

STEP = 5
"""Counts are shown to the nearest of these."""

Shown = int | None
"""A count that may be published; None for one that is kept back. Nobody at all is shown as 0."""

_STEPS = (STEP, 2 * STEP, 4 * STEP, 10 * STEP, 20 * STEP)
"""To the nearest of which a total is shown, the finest first."""

_LARGEST = 1_000_000
_DIGITS = 2
"""Digits of a sum of money that are shown: £84,300 is shown as £84,000."""

Range = tuple[int, int]
"""The least and the most that a number can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One measure as it may be published: its total, and its cells by table and name."""

    total: Shown
    tables: Mapping[str, Mapping[str, Shown]]


def published(total: int, tables: Mapping[str, Mapping[str, int]]) -> Published:
    """What may be shown of a `total` and of `tables` that break it down, each in its own way.

    It is taken that a table's cells add up to the total: where cells overlap, less can be worked
    out. Of a total that is too small nothing is shown, not even where nobody is: what is left would
    say where the few are.
    """
    if 0 < total < FEWEST:
        nothing = {name: dict.fromkeys(cells) for name, cells in tables.items()}
        return Published(total=None, tables=nothing)
    shown = {name: _shown(cells) for name, cells in tables.items()}
    step = next((one for one in _STEPS if all(_safe(cells, one) for cells in shown.values())), 0)
    return Published(total=_total(total, step), tables=shown)


def rounded(count: int, step: int = STEP) -> int:
    """A count to the nearest `step`."""
    return (count + step // 2) // step * step


def money(amount: Decimal) -> Decimal:
    """A sum to two digits."""
    if amount <= 0:
        return Decimal(0)
    size = Decimal(10) ** (amount.adjusted() - _DIGITS + 1)
    return (amount / size).quantize(Decimal(1)) * size


def _total(total: int, step: int) -> Shown:
    if not step or (0 < total < FEWEST):
        return None
    return rounded(total, step) or (None if total else 0)


def _shown(cells: Mapping[str, int]) -> dict[str, Shown]:
    """The cells without those that are too small, and without one that protects them."""
    small = {name for name, count in cells.items() if 0 < count < FEWEST}
    rest = [(count, name) for name, count in cells.items() if count >= FEWEST]
    between = sum(cells[name] for name in small)
    if small and rest and (len(small) == 1 or between < FEWEST):
        small.add(min(rest)[1])
    return {name: None if name in small else rounded(count) for name, count in cells.items()}


def _safe(cells: Mapping[str, Shown], step: int) -> bool:
    """Whether no total, shown to the nearest `step`, would leave a kept back cell one value.

    Whoever reads it is taken to know these rules, and how many of those kept back are too small.
    """
    seen = [_range(count, STEP) for count in cells.values() if count]
    hidden = sum(count is None for count in cells.values())
    smallest = min((most for _, most in seen), default=_LARGEST)
    return all(_guessing(seen, group, step) for group in _groups(hidden, smallest))


def _groups(hidden: int, smallest: int) -> list[list[Range]]:
    """What the kept back cells can be: all too small, or all but the one that protects them.

    That one is no larger than the `smallest` of those that are shown.
    """
    few = FEWEST - 1
    found = [[(1, few)] * hidden]
    if 2 <= hidden <= FEWEST:
        most = few - (hidden - 2)  # between them the small ones stand for fewer than `FEWEST`
        found.append([*[(1, most)] * (hidden - 1), (FEWEST, smallest)])
    return found


def _guessing(seen: list[Range], group: list[Range], step: int) -> bool:
    """Whether each of `group` could be two numbers or more, whatever total is shown."""
    low = sum(least for least, _ in (*seen, *group))
    high = sum(most for _, most in (*seen, *group))
    near = range(rounded(low, step) - step, rounded(low, step) + 3 * step, step)
    far = range(rounded(high, step) - 3 * step, rounded(high, step) + 2 * step, step)
    for shown in {max(0, one) for one in (*near, *far)}:
        least, most = _range(shown, step)
        for lowest, highest in group:
            bottom = max(lowest, least - (high - highest))
            top = min(highest, most - (low - lowest))
            if bottom == top:
                return False
    return True


def _range(shown: int, step: int) -> Range:
    """What a count is that is shown as `shown`; 0 stands for a total that is kept back."""
    if shown == 0:
        return 1, max(FEWEST, step - step // 2) - 1
    return max(FEWEST, shown - step // 2), shown - step // 2 + step - 1
