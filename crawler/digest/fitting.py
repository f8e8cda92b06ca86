"""What one criterion says of an opportunity for one person: that it fits, or that it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Criterion = Literal[
    "over", "relevance", "stage", "review", "band", "art_form", "outcome", "place", "value",
    "buyer", "require", "exclude",
]  # fmt: skip
PERSONAL: tuple[Criterion, ...] = (
    "stage", "review", "band", "art_form", "outcome", "place", "value", "buyer", "require",
    "exclude",
)  # fmt: skip
"""What somebody could change about their subscription; what fails just one of these came near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A criterion that is met: why, and what to check first."""

    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


FINE = Fit()
"""There is nothing to say about this criterion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an opportunity does not fit, in words, and which criterion says so."""

    reason: str
    criterion: Criterion
