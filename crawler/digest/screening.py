"""One opportunity against all subscriptions at once: who should hear of it, and who nearly did.

`crawler.digest.matching` says what fits and why. A `Screen` finds the same pairs by columns of
numbers, then asks it once for each distinct combination of what the words depend on. Nothing is
approximate: `tests/test_screening.py` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crawler.digest.columns import Choice, Columns, Mask, Numbers, Positions, pence
from crawler.digest.considering import Considered
from crawler.digest.matching import Match, decide
from crawler.digest.worth import lots_by_value
from crawler.store.subscribers import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Who an opportunity is for: positions of subscriptions, and each one's match.

    The match of `positions[i]` is ``matches[groups[i]]``.
    """

    positions: Positions
    groups: Positions
    matches: tuple[Match, ...]

    def __len__(self) -> int:
        return len(self.positions)


_NOBODY = np.array([], dtype=np.intp)
NONE = Hits(positions=_NOBODY, groups=_NOBODY, matches=())


class Screen:
    """An index over `wishes`, which it keeps in their order."""

    def __init__(self, wishes: Sequence[Subscription]) -> None:
        self.wishes = wishes
        self._columns = Columns(wishes)

    def hits(self, seen: Considered) -> Hits:
        """Everybody whom the opportunity fits, with what `matching.decide` says to each."""
        at = self.fitting(seen)
        if not len(at):
            return NONE
        first, groups = _grouped(self._keys(seen, at), len(at))
        found = [decide(seen, self.wishes[at[one]]) for one in first]
        assert all(isinstance(one, Match) for one in found), "the index and the rules disagree"
        matches = tuple(one for one in found if isinstance(one, Match))
        return Hits(positions=at, groups=groups, matches=matches)

    def fitting(self, seen: Considered) -> Positions:
        """The positions of everybody whom the opportunity fits, without the reasons."""
        if seen.useless or not self.wishes:
            return _NOBODY
        mask = np.ones(len(self.wishes), dtype=np.bool_)
        for fits in self._criteria(seen):
            mask &= fits
        return np.flatnonzero(mask)

    def near_misses(self, seen: Considered) -> Positions:
        """Everybody for whom it fails just one of the criteria that are theirs to change."""
        if seen.useless or not self.wishes:
            return _NOBODY
        failed = np.zeros(len(self.wishes), dtype=np.uint8)
        for fits in self._criteria(seen):
            failed += ~fits
        near = failed == 1
        if seen.stage == "awards":
            near &= _chosen(self._columns.stages, seen.stage)
        return np.flatnonzero(near)

    def _criteria(self, seen: Considered) -> list[Mask]:
        """For each criterion of `matching`, whom it lets through; the emptiest come first."""
        columns = self._columns
        found = [_chosen(columns.stages, seen.stage), _chosen(columns.bands, seen.kind)]
        if seen.maybe:
            found.append(columns.maybes)
        if seen.kind == "commissionable" and seen.outcomes:
            found.append(columns.outcomes.fits(seen.outcomes))
        if seen.kind != "commissionable" and seen.art_forms and "combined" not in seen.art_forms:
            found.append(columns.art_forms.fits(seen.art_forms))
        found.append(columns.places.fits(seen.where))
        if seen.high is not None or seen.low is not None:
            found.append(self._worth(seen))
        if seen.buyer is not None:
            found.append(columns.buyers.fits((seen.buyer,)))
        if not columns.phrases.idle:
            found += columns.phrases.fits(seen)
        return found

    def _worth(self, seen: Considered) -> Mask:
        mask = np.ones(len(self.wishes), dtype=np.bool_)
        if seen.high is not None:
            mask &= self._columns.least <= pence(seen.high, 0)
        if seen.low is not None:
            mask &= self._columns.most >= pence(seen.low, 0)
        return mask

    def _keys(self, seen: Considered, at: Positions) -> list[Numbers]:
        """Columns that agree wherever `matching.decide` must say the same."""
        columns = self._columns
        keys = [
            columns.art_forms.key(seen.art_forms, at),
            columns.outcomes.key(seen.outcomes, at),
            columns.buyers.open[at].astype(np.int64),
            columns.phrases.number[at],
            *columns.places.keys(seen.where, at),
        ]
        if seen.high is None and seen.low is None:
            keys.append(columns.valued[at].astype(np.int64))
        else:
            keys.append(self._beyond(seen, at))
        return keys

    def _beyond(self, seen: Considered, at: Positions) -> Numbers:
        """How far an opportunity is above what each can carry, and how many lots are not."""
        carried = self._columns.largest[at]
        amounts = [pence(amount, 0) for amount in (seen.low, seen.high) if amount is not None]
        sure = pence(seen.low, -1)
        above = carried < max(amounts)
        if not above.any():
            return above.astype(np.int64)
        lots = np.array([pence(lot.value, 0) for lot in lots_by_value(seen)], dtype=np.int64)
        reach = np.searchsorted(lots, carried, side="right")
        found: Numbers = np.where(above, 1 + (carried < sure) + 2 * reach, 0)
        return found


def _chosen(choice: Choice, code: str) -> Mask:
    """Who chose `code`; here who chose nothing takes nothing."""
    mask: Mask = choice.fits((code,)) & ~choice.open
    return mask


def _grouped(keys: Sequence[Numbers], count: int) -> tuple[Positions, Positions]:
    """The first position of each distinct combination of `keys`, and everybody's combination."""
    groups: Numbers = np.zeros(count, dtype=np.int64)
    for key in keys:
        if (key == key[0]).all():
            continue
        _, dense = np.unique(key, return_inverse=True)
        # Both are below `count`, and so is what comes out: this cannot overflow.
        _, groups = np.unique(groups * count + dense, return_inverse=True)
    _, first, dense = np.unique(groups, return_index=True, return_inverse=True)
    return first, dense
