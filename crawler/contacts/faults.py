"""Counts what was wrong with the addresses of a page: mended, or left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """What was repaired and what was refused on one page, by reason."""

    repaired: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
