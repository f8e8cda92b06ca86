"""Subscriptions as columns of numbers, so that one opportunity meets all of them at once.

Each criterion is a boolean column over all subscriptions, in the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from crawler.buyers import BUYER_KINDS
from crawler.digest import phrases
from crawler.digest.considering import KINDS, Considered, Whereabouts
from crawler.digest.whereabouts import circle, home_regions
from crawler.items import ART_FORMS, OUTCOMES
from crawler.places import nearness
from crawler.places.authorities import authority
from crawler.places.regions import CODES, UK
from crawler.store.subscribers import WISH_STAGES, Subscription

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int64]

_UNBOUNDED = 2**62
_REGIONS = (*CODES, UK)


def bits(codes: Iterable[str], names: Sequence[str]) -> int:
    """`codes` as a set of bits, by their place among `names`; unknown ones have none."""
    return sum(1 << names.index(code) for code in set(codes) if code in names)


def pence(amount: Decimal | None, unbounded: int) -> int:
    """An amount in whole pence, or `unbounded` for None."""
    return unbounded if amount is None else int((amount * 100).to_integral_value())


class Choice:
    """A list of codes that people choose from; who chose none takes all."""

    def __init__(self, chosen: Sequence[Collection[str]], names: Sequence[str]) -> None:
        self.names = names
        self.bits = np.array([bits(one, names) for one in chosen], dtype=np.int64)
        self.open = np.array([not one for one in chosen], dtype=np.bool_)

    def fits(self, found: Collection[str]) -> Mask:
        """Who chose one of `found`, or chose nothing."""
        mask: Mask = (self.bits & bits(found, self.names)) != 0
        mask |= self.open
        return mask

    def key(self, found: Collection[str], at: Positions) -> Numbers:
        """What of `found` each chose: all that a reason depends on."""
        shared: Numbers = (self.bits[at] & bits(found, self.names)) * 2 + self.open[at]
        return shared


class Postings:
    """Who named what: the positions of subscriptions by a code or phrase."""

    def __init__(self, named: Sequence[Collection[str]]) -> None:
        found: dict[str, list[int]] = {}
        for at, names in enumerate(named):
            for name in set(names):
                found.setdefault(name, []).append(at)
        self.by_name = {name: np.array(at, dtype=np.intp) for name, at in found.items()}
        self.size = len(named)

    def any(self, names: Iterable[str]) -> Mask:
        """Who named any of `names`."""
        mask = np.zeros(self.size, dtype=np.bool_)
        for name in names:
            if name in self.by_name:
                mask[self.by_name[name]] = True
        return mask

    def counted(self, names: Iterable[str]) -> npt.NDArray[np.int32]:
        """How many of `names` each named."""
        count = np.zeros(self.size, dtype=np.int32)
        for name in names:
            if name in self.by_name:
                count[self.by_name[name]] += 1
        return count


class Circles:
    """The circles that people drew around postcodes, each postcode's distance taken once."""

    def __init__(self, wishes: Sequence[Subscription]) -> None:
        drawn = [(at, near) for at, wish in enumerate(wishes) if (near := circle(wish))]
        codes = list(dict.fromkeys(near[0] for _, near in drawn))
        number = {code: at for at, code in enumerate(codes)}
        points = [point for code in codes if (point := nearness.home(code))]
        self.x, self.y, self.z = np.array(points, dtype=np.float64).reshape(-1, 3).T.copy()
        self.at = np.array([at for at, _ in drawn], dtype=np.intp)
        self.home = np.array([number[near[0]] for _, near in drawn], dtype=np.intp)
        self.reach = np.array([nearness.reach(near[1]) for _, near in drawn], dtype=np.float64)
        self.grounds = Postings([nearness.at_home(code) for code in codes])
        regions = [home_regions(code) for code in codes]
        self.regions = np.array([bits(one, _REGIONS) for one in regions], dtype=np.int64)

    def near(self, where: Whereabouts) -> tuple[Positions, Positions]:
        """Positions of who lives near, and which postcode each named (below 0: by its ground)."""
        within = np.zeros(len(self.at), dtype=np.bool_)
        if where.point is not None:
            dx, dy, dz = self.x - where.point.x, self.y - where.point.y, self.z - where.point.z
            within = (dx * dx + dy * dy + dz * dz)[self.home] <= self.reach
        hit = within
        if where.authority is not None and where.authority in self.grounds.by_name:
            hit = within | self.grounds.any((where.authority,))[self.home]
        named = np.where(within, self.home + 1, -self.home - 1)
        return self.at[hit], named[hit]


class Places:
    """Regions, authorities and circles together: who works where the work is, and why."""

    def __init__(self, wishes: Sequence[Subscription]) -> None:
        self.regions = Choice([wish.regions for wish in wishes], _REGIONS)
        self.authorities = Postings([wish.authorities for wish in wishes])
        self.circles = Circles(wishes)
        self.anywhere = np.array(
            [not (wish.regions or wish.authorities) for wish in wishes], dtype=np.bool_
        )
        self.anywhere[self.circles.at] = False
        self.held = np.array([bits(_held(wish), _REGIONS) for wish in wishes], dtype=np.int64)
        self.around = np.zeros(len(wishes), dtype=np.int64)
        self.around[self.circles.at] = self.circles.regions[self.circles.home]

    def fits(self, where: Whereabouts) -> Mask:
        """Who asked for a place where the work is or may be."""
        if where.nationwide or where.unknown:
            return np.ones_like(self.anywhere)
        found = bits(where.regions, _REGIONS)
        mask: Mask = (self.regions.bits & found) != 0
        mask |= self.anywhere
        mask |= self.authorities.any(_kin(where))
        mask[self.circles.near(where)[0]] = True
        if where.authority is None:
            smaller = self.held if where.point is not None else self.held | self.around
            mask |= (smaller & found) != 0
        return mask

    def keys(self, where: Whereabouts, at: Positions) -> list[Numbers]:
        """What the words about the place depend on, for those at the positions `at`."""
        if where.nationwide:
            return []
        kin = [code for code in _kin(where) if code in self.authorities.by_name]
        named = [np.zeros(len(self.anywhere), dtype=np.int64) for _ in range(0, len(kin), 60)]
        for number, code in enumerate(kin):
            named[number // 60][self.authorities.by_name[code]] |= 1 << number % 60
        homes = np.zeros(len(self.anywhere), dtype=np.int64)
        people, codes = self.circles.near(where)
        homes[people] = codes
        return [
            self.regions.key(where.regions, at),
            self.anywhere[at].astype(np.int64),
            *(one[at] for one in named),
            homes[at],
        ]


def _held(wish: Subscription) -> set[str]:
    """The regions of the authorities asked for."""
    return {code for gss in wish.authorities if (a := authority(gss)) for code in a.regions}


def _kin(where: Whereabouts) -> Mapping[str, str]:
    return nearness.relatives(where.authority) if where.authority else {}


class Phrases:
    """The words that people require or leave out."""

    def __init__(self, wishes: Sequence[Subscription]) -> None:
        require = [_telling(wish.require) for wish in wishes]
        exclude = [_telling(wish.exclude) for wish in wishes]
        self.book = phrases.Phrasebook({one for said in (*require, *exclude) for one in said})
        self.required, self.excluded = Postings(require), Postings(exclude)
        self.needed = np.array([len(said) for said in require], dtype=np.int32)
        numbers: dict[tuple[str, ...], int] = {}
        self.number = np.array(
            [numbers.setdefault(wish.require, len(numbers)) for wish in wishes], dtype=np.int64
        )

    @property
    def idle(self) -> bool:
        """Whether nobody asks for words."""
        return not (self.required.by_name or self.excluded.by_name)

    def fits(self, seen: Considered) -> tuple[Mask, Mask]:
        """Who finds all that they require, and who nothing that they left out."""
        heard = self.book.found(seen.said)
        return self.required.counted(heard) == self.needed, ~self.excluded.any(heard)


def _telling(said: Collection[str]) -> set[str]:
    return {one for one in said if phrases.words(one)}


class Columns:
    """Everything that `wishes` ask for, in columns."""

    def __init__(self, wishes: Sequence[Subscription]) -> None:
        self.stages = Choice([wish.stages for wish in wishes], WISH_STAGES)
        self.bands = Choice([wish.bands for wish in wishes], KINDS)
        self.art_forms = Choice([wish.art_forms for wish in wishes], ART_FORMS)
        self.outcomes = Choice([wish.outcomes for wish in wishes], OUTCOMES)
        self.buyers = Choice([wish.buyer_kinds for wish in wishes], BUYER_KINDS)
        self.maybes = np.array([wish.maybes for wish in wishes], dtype=np.bool_)
        self.least = np.array([pence(w.value_min, -1) for w in wishes], dtype=np.int64)
        self.most = np.array([pence(w.value_max, _UNBOUNDED) for w in wishes], dtype=np.int64)
        self.valued = (self.least >= 0) | (self.most < _UNBOUNDED)
        self.largest = np.array([pence(w.largest, _UNBOUNDED) for w in wishes], dtype=np.int64)
        self.places = Places(wishes)
        self.phrases = Phrases(wishes)
