"""An honest estimate: every labelled notice judged by a model that never saw its group.

Calibration and tag thresholds are fitted anew inside every training part, so that nothing reported
was chosen by what is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crawler.errors import UsageError
from crawler.items import RELEVANCES, Judgement, Notice
from crawler.relevance import bands
from crawler.relevance.baselines import by_code, by_keyword
from crawler.relevance.corpus import Corpus
from crawler.relevance.fitting import (
    CLASSES,
    TAGS,
    f1,
    fit,
    folds,
    logits_of,
    probabilities,
    tags_of,
)
from crawler.relevance.metrics import (
    Doubles,
    Estimate,
    Truth,
    average_precision,
    calibration_error,
    estimate,
    precision_recall,
    recall_at,
)
from crawler.relevance.model import Model
from crawler.relevance.rows import Row, notice_of
from crawler.relevance.train import corpus_of, pack

Progress = Callable[[str], None]
TARGETS = ("arts", "commissionable", "adjacent", "arts or commissionable")


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models that did not know a notice said of it: rows as in the labelled file."""

    chances: Doubles
    tag_chances: Doubles
    thresholds: Doubles
    judgements: tuple[Judgement, ...]

    def part(self, rows: Sequence[int]) -> OutOfFold:
        """The same for some rows."""
        at = np.array(rows, np.intp)
        told = tuple(self.judgements[i] for i in rows)
        return OutOfFold(self.chances[at], self.tag_chances[at], self.thresholds[at], told)


def out_of_fold(
    corpus: Corpus, notices: Sequence[Notice], repeats: int, progress: Progress
) -> OutOfFold:
    """Judge every notice `repeats` times by grouped, stratified five-fold models, and average.

    Judgements (for reasons) are those of the first repeat's shipped form of the model.
    """
    count = len(notices)
    chances = np.zeros((count, CLASSES))
    tag_chances = np.zeros((count, len(TAGS)))
    thresholds = np.zeros((count, len(TAGS)))
    judgements: list[Judgement | None] = [None] * count
    for repeat in range(repeats):
        for number, (train, test) in enumerate(folds(corpus, seed=100 + repeat), 1):
            progress(f"repeat {repeat + 1} of {repeats}, fold {number}")
            fitted = fit(corpus.take(train))
            logits = logits_of(fitted, corpus.take(test))
            chances[test] += probabilities(logits[:, :CLASSES]) / repeats
            tag_chances[test] += 1 / (1 + np.exp(-logits[:, CLASSES:])) / repeats
            thresholds[test] += fitted.thresholds / repeats
            if repeat == 0:
                model = Model(pack(fitted, {}), "a fold's model")
                for row, judged in zip(test, model.judge([notices[i] for i in test]), strict=True):
                    judgements[row] = judged
    told = tuple(judgement for judgement in judgements if judgement is not None)
    return OutOfFold(chances, tag_chances, thresholds, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that `tenders evaluate` tells; rates by name of target."""

    notices: int
    precision: dict[str, Estimate]
    weighted_precision: dict[str, float]
    recall_at_90: Estimate
    error: float
    weighted_error: float
    bands: dict[str, tuple[float, float, int]]
    confusion: npt.NDArray[np.int64]
    tags: dict[str, tuple[float, int]]
    micro: dict[str, float]
    baselines: dict[str, float]
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """One of the worst mistakes: what a reader said and what the model said, and why."""

    title: str
    truth: str
    judgement: Judgement


def evaluate(
    rows: Sequence[Row],
    repeats: int,
    progress: Progress = lambda _: None,
    only: frozenset[str] = frozenset(),
) -> list[Report]:
    """Cross-validate on labelled `rows` (with our written notices in training only).

    One report on all; with `only`, a second from the same judgements on the rows with these ids.
    """
    corpus = corpus_of(rows)
    notices = [notice_of(row) for row in rows]
    judged = out_of_fold(corpus, notices, repeats, progress)
    parts = [list(range(len(rows)))]
    if only:
        parts.append([i for i, row in enumerate(rows) if row.get("id") in only])
        if not parts[1]:
            raise UsageError("none of the ids to report on is among the labelled notices")
    return [
        report(
            corpus.take(np.array(part, np.intp)),
            [rows[i] for i in part],
            [notices[i] for i in part],
            judged.part(part),
        )
        for part in parts
    ]


def report(
    labels: Corpus, rows: Sequence[Row], notices: Sequence[Notice], judged: OutOfFold
) -> Report:
    """Figures from what was judged out of fold."""
    ones = np.ones(len(rows))
    weights = labels.weight.astype(np.float64)
    truths = {name: _truth(labels, name) for name in TARGETS}
    scores = {name: _score(judged.chances, name) for name in TARGETS}
    wanted = TARGETS[-1]
    said = judged.chances.argmax(axis=1)
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (labels.relevance, said), 1)
    shown = {"shown": bands.SHOWN, "shown or review": bands.REVIEW}
    return Report(
        notices=len(rows),
        precision={
            name: estimate(average_precision, truths[name], scores[name], ones, labels.group)
            for name in TARGETS
        },
        weighted_precision={
            name: average_precision(truths[name], scores[name], weights) for name in TARGETS
        },
        recall_at_90=estimate(recall_at, truths[wanted], scores[wanted], ones, labels.group),
        error=_error(labels, judged.chances, ones),
        weighted_error=_error(labels, judged.chances, weights),
        bands={
            name: (
                *precision_recall(truths[wanted], scores[wanted] >= least, ones),
                int((scores[wanted] >= least).sum()),
            )
            for name, least in shown.items()
        },
        confusion=confusion,
        tags=_tag_scores(labels, judged),
        micro=_micro(labels, judged),
        baselines={
            "CPV division 92 without sport": average_precision(
                truths["arts"], by_code(notices), ones
            ),
            "arts keywords": average_precision(truths["arts"], by_keyword(notices), ones),
        },
        misses=_misses(labels, rows, judged),
    )


def _truth(labels: Corpus, name: str) -> Truth:
    if name == TARGETS[-1]:
        return np.asarray(labels.relevance < 2)
    return np.asarray(labels.relevance == RELEVANCES.index(name))


def _score(chances: Doubles, name: str) -> Doubles:
    if name == TARGETS[-1]:
        return np.asarray(chances[:, 0] + chances[:, 1])
    return np.asarray(chances[:, RELEVANCES.index(name)])


def _error(labels: Corpus, chances: Doubles, weights: Doubles) -> float:
    """Calibration error, the mean of the four classes'."""
    return float(
        np.mean(
            [
                calibration_error(labels.relevance == k, chances[:, k], weights)
                for k in range(CLASSES)
            ]
        )
    )


def _tag_scores(labels: Corpus, judged: OutOfFold) -> dict[str, tuple[float, int]]:
    """F1 and number of notices by tag, among notices that are not `none`."""
    truth, said = _tags(labels, judged)
    return {
        tag: (f1(truth[:, at], said[:, at]), int(truth[:, at].sum())) for at, tag in enumerate(TAGS)
    }


def _micro(labels: Corpus, judged: OutOfFold) -> dict[str, float]:
    truth, said = _tags(labels, judged)
    forms = np.arange(len(TAGS)) < 8
    return {
        "art forms": f1(truth[:, forms].ravel(), said[:, forms].ravel()),
        "outcomes": f1(truth[:, ~forms].ravel(), said[:, ~forms].ravel()),
    }


def _tags(labels: Corpus, judged: OutOfFold) -> tuple[Truth, Truth]:
    carriers = labels.relevance < CLASSES - 1
    said = judged.tag_chances >= judged.thresholds
    return tags_of(labels)[carriers], np.asarray(said[carriers])


def _misses(
    labels: Corpus, rows: Sequence[Row], judged: OutOfFold, count: int = 12
) -> tuple[Miss, ...]:
    own = judged.chances[np.arange(len(rows)), labels.relevance]
    return tuple(
        Miss(
            title=str(rows[i]["title"]),
            truth=RELEVANCES[labels.relevance[i]],
            judgement=judged.judgements[i],
        )
        for i in np.argsort(own, kind="stable")[:count]
    )
