"""How well the classifier does, as the about page tells it; MODEL.md says how it was measured.

A test compares these with MODEL.md, so that neither can move alone. All of them are by grouped
cross-validation on labelled notices, unweighted.
"""

from __future__ import annotations

from dataclasses import dataclass

LABELLED = 1801
UNREAD = 388


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: over all labelled notices, and over those never read by the authors."""

    name: str
    meaning: str
    all: str
    unread: str


FIGURES = (
    Figure("Arts and culture", "average precision", "0.931 (0.90-0.96)", "0.952 (0.90-0.99)"),
    Figure(
        "Outcomes you could deliver",
        "average precision",
        "0.880 (0.82-0.92)",
        "0.822 (0.63-0.94)",
    ),
    Figure("Either of the two", "average precision", "0.924 (0.90-0.95)", "0.919 (0.84-0.97)"),
    Figure("Of what we show, how much is right", "precision", "0.887", "0.839"),
    Figure("Of what is right, how much we show", "recall", "0.836", "0.810"),
)
CODES = ("0.248", "0.280")
"""Average precision for arts of searching by the CPV codes for culture alone."""

KEYWORDS = ("0.410", "0.434")
"""The same by arts keywords."""
