"""How good scores are: average precision, recall at a precision, calibration, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, precision_recall_curve

Doubles = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the middle 95 % of what resampling groups gives."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.2f}-{self.high:.2f})"


def average_precision(truth: Truth, scores: Doubles, weights: Doubles) -> float:
    """Area under precision and recall; 0 when there is nothing to find."""
    if not truth.any():
        return 0.0
    return float(average_precision_score(truth, scores, sample_weight=weights))


def recall_at(truth: Truth, scores: Doubles, weights: Doubles, precision: float = 0.9) -> float:
    """The largest recall of any threshold whose precision is at least `precision`."""
    if not truth.any():
        return 0.0
    precisions, recalls, _ = precision_recall_curve(truth, scores, sample_weight=weights)
    return float(recalls[precisions >= precision].max())


def calibration_error(truth: Truth, scores: Doubles, weights: Doubles, bins: int = 10) -> float:
    """Expected calibration error: in equal bins of probability, what was said less what came."""
    place = np.clip((scores * bins).astype(int), 0, bins - 1)
    gaps = np.bincount(place, weights * (scores - truth), bins)
    return float(np.abs(gaps).sum() / weights.sum())


def precision_recall(truth: Truth, said: Truth, weights: Doubles) -> tuple[float, float]:
    """Precision and recall of a yes or no."""
    right = float(weights[truth & said].sum())
    return (
        right / max(float(weights[said].sum()), 1e-9),
        right / max(float(weights[truth].sum()), 1e-9),
    )


def estimate(
    measure: Callable[[Truth, Doubles, Doubles], float],
    truth: Truth,
    scores: Doubles,
    weights: Doubles,
    group: npt.NDArray[np.integer],
) -> Estimate:
    """`measure` with an interval: whole groups are drawn, since their notices are alike."""
    names, member = np.unique(group, return_inverse=True)
    draw = np.random.default_rng(7)
    found = []
    for _ in range(RESAMPLES):
        times = np.bincount(draw.integers(0, len(names), len(names)), minlength=len(names))
        drawn = weights * times[member]
        kept = drawn > 0
        found.append(measure(truth[kept], scores[kept], drawn[kept]))
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(measure(truth, scores, weights), float(low), float(high))
