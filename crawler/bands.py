"""Three bands by thresholds in one place: shown, flagged for review, not shown.

The store keeps beside every opportunity what it is shown as, so that browsing need not judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from crawler.items import Judgement

Band = Literal["shown", "review", "hidden"]
ShownAs = Literal["arts", "commissionable", "adjacent", "review", "none"]
SHOWN_AS: tuple[ShownAs, ...] = get_args(ShownAs)

SHOWN = 0.50
"""From this probability of `arts` or `commissionable` on, people are shown a notice."""

REVIEW = 0.20
"""From this probability of `arts` or `commissionable` on, a person should look."""

REVIEW_NEAR = 0.60
"""From this probability of not being `none` on, a person should look."""


LEAST = 0.1
"""Below this probability of `arts` or `commissionable`, no notice is shown or flagged."""


def band(judgement: Judgement) -> Band:
    """Where a judged notice goes."""
    return band_of(judgement.scores)


def band_of(scores: Mapping[str, float]) -> Band:
    """The same from scores alone, as the store keeps them."""
    wanted = scores["arts"] + scores["commissionable"]
    if wanted >= SHOWN:
        return "shown"
    near = wanted + scores["adjacent"]
    return "review" if wanted >= REVIEW or (near >= REVIEW_NEAR and wanted >= LEAST) else "hidden"


def shown_as(relevance: str | None, scores: Mapping[str, float] | None) -> ShownAs:
    """What people find a judged notice under; ``none`` for what nobody has judged.

    ``review`` is what a person should look at before others are shown it.
    """
    if relevance is None or not scores:
        return "none"
    where = band_of(scores)
    if where == "shown":
        if relevance in ("arts", "commissionable"):
            return "arts" if relevance == "arts" else "commissionable"
        return likelier(scores)
    if relevance == "adjacent":
        return "adjacent"
    return "review" if where == "review" else "none"


def likelier(scores: Mapping[str, float]) -> Literal["arts", "commissionable"]:
    """Which of the two it is more likely to be."""
    return "arts" if scores["arts"] >= scores["commissionable"] else "commissionable"


def doubt(scores: Mapping[str, float]) -> float | None:
    """How far below `SHOWN` a notice in the review band lies; None outside that band.

    The nearer to the threshold, the more a person's decision teaches.
    """
    if band_of(scores) != "review":
        return None
    return SHOWN - scores["arts"] - scores["commissionable"]
