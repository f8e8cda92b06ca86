"""The twelve regions as a map of equal tiles: where each stands, and how full it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.places.regions import name

SIDE, GAP = 104, 8
_PLACES = {
    "TLM": (1, 0), "TLN": (0, 1), "TLC": (2, 1), "TLD": (1, 2), "TLE": (2, 2), "TLL": (0, 3),
    "TLG": (1, 3), "TLF": (2, 3), "TLH": (3, 3), "TLK": (1, 4), "TLJ": (2, 4), "TLI": (3, 4),
}  # fmt: skip
_LINES = {
    "TLE": ("Yorkshire &", "The Humber"),
    "TLN": ("Northern", "Ireland"),
    "TLH": ("East of", "England"),
}
WIDTH = 4 * SIDE + 3 * GAP
HEIGHT = 5 * SIDE + 4 * GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One region: its corner in the drawing, its name in one or two lines, how warm it is (0-3)."""

    code: str
    name: str
    lines: tuple[str, ...]
    x: int
    y: int
    count: int
    heat: int


def tiles(counts: Mapping[str, int]) -> tuple[Tile, ...]:
    """A tile for each region in the order of the map, warmer the more it has of the fullest."""
    most = max((counts.get(code, 0) for code in _PLACES), default=0)
    return tuple(
        Tile(
            code=code,
            name=name(code),
            lines=_LINES.get(code) or _broken(name(code)),
            x=column * (SIDE + GAP),
            y=row * (SIDE + GAP),
            count=counts.get(code, 0),
            heat=_heat(counts.get(code, 0), most),
        )
        for code, (column, row) in _PLACES.items()
    )


def _broken(words: str) -> tuple[str, ...]:
    return tuple(words.split(" ", 1))


def _heat(count: int, most: int) -> int:
    if count == 0:
        return 0
    return min(3, 1 + 3 * (count - 1) // most) if most > 1 else 2
