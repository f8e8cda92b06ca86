"""From numbers to coefficients: the classes, their calibration, and the tags.

Nothing here reads text. Every step is deterministic, so the same corpus gives the same bytes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from crawler.items import ART_FORMS, OUTCOMES, RELEVANCES
from crawler.relevance.corpus import UNSAID, WRITTEN, Corpus, Floats, inverse_frequency
from crawler.relevance.design import matrix

CLASSES = len(RELEVANCES)
TAGS = (*ART_FORMS, *OUTCOMES)
STRENGTH = 4.0
TAG_STRENGTH = 6.0
FOLDS = 5

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Coefficients by column: four classes, then each tag. `thresholds` are for tags."""

    columns: npt.NDArray[np.int32]
    coefficients: Floats
    intercepts: Floats
    idf: Floats
    thresholds: Floats


def fit(corpus: Corpus) -> Fit:
    """The model of `corpus`: class and tag coefficients, calibrated on folds of its own."""
    # Two threads add in another order than one, and the last bits of a sum would differ.
    with threadpool_limits(1):
        return _fit(corpus)


def fit_relevance(corpus: Corpus) -> Fit:
    """What `fit` tells of classes before it calibrates, and no tags, with far less work."""
    with threadpool_limits(1):
        idf, columns, held = _held(corpus)
        weights = corpus.trust.astype(np.float64)
        return _fitted(idf, columns, *fit_classes(held, corpus.relevance, weights))


def _held(corpus: Corpus) -> tuple[Floats, npt.NDArray[np.intp], sp.csr_matrix]:
    """Inverse frequencies, the columns that occur, and `corpus` in those columns."""
    idf = inverse_frequency(corpus.take(corpus.real()))
    full = matrix(corpus, idf)
    columns = np.flatnonzero(np.asarray(abs(full).sum(axis=0)).ravel() > 0)
    return idf, columns, full[:, columns].tocsr()


def _fit(corpus: Corpus) -> Fit:
    idf, columns, held = _held(corpus)
    weights = corpus.trust.astype(np.float64)
    coefficients, intercepts = fit_classes(held, corpus.relevance, weights)
    tag_coefficients, tag_intercepts = fit_tags(held, corpus, weights)
    logits, tag_logits, rows = _out_of_fold(held, corpus, weights)
    slope, shift = calibration(logits, corpus.relevance[rows])
    coefficients, intercepts = coefficients * slope, intercepts * slope + shift
    told = corpus.tags[rows] != UNSAID
    rows = rows[told]
    return _fitted(
        idf,
        columns,
        np.hstack([coefficients, tag_coefficients]),
        np.concatenate([intercepts, tag_intercepts]),
        tag_thresholds(tag_logits[told], tags_of(corpus)[rows], corpus.relevance[rows]),
    )


def _fitted(
    idf: Floats,
    columns: npt.NDArray[np.intp],
    coefficients: Doubles,
    intercepts: Doubles,
    thresholds: Doubles | None = None,
) -> Fit:
    return Fit(
        columns=columns.astype(np.int32),
        coefficients=coefficients.astype(np.float32),
        intercepts=intercepts.astype(np.float32),
        idf=idf,
        thresholds=np.zeros(0, np.float32) if thresholds is None else thresholds.astype(np.float32),
    )


def fit_classes(
    held: sp.csr_matrix, relevance: npt.NDArray[np.int8], weights: Doubles
) -> tuple[Doubles, Doubles]:
    """Multinomial logistic regression: coefficients (columns × classes) and intercepts."""
    model = LogisticRegression(C=STRENGTH, max_iter=400, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(held, relevance, sample_weight=weights)
    coefficients = np.zeros((held.shape[1], CLASSES))
    intercepts = np.full(CLASSES, -20.0)
    coefficients[:, model.classes_] = model.coef_.T
    intercepts[model.classes_] = model.intercept_
    return coefficients, intercepts


def fit_tags(held: sp.csr_matrix, corpus: Corpus, weights: Doubles) -> tuple[Doubles, Doubles]:
    """One logistic regression a tag; a tag met fewer than three times stays silent.

    Notices whose label says nothing of tags are passed over.
    """
    said = corpus.tags != UNSAID
    wanted, held, weights = tags_of(corpus)[said], held[said], weights[said]
    coefficients = np.zeros((held.shape[1], len(TAGS)))
    intercepts = np.full(len(TAGS), -10.0)
    for tag in range(len(TAGS)):
        if wanted[:, tag].sum() < 3:
            continue
        model = LogisticRegression(C=TAG_STRENGTH, max_iter=200, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(held, wanted[:, tag], sample_weight=weights)
        coefficients[:, tag] = model.coef_[0]
        intercepts[tag] = model.intercept_[0]
    return coefficients, intercepts


def tags_of(corpus: Corpus) -> npt.NDArray[np.bool_]:
    """Tags of every notice, rows × tags."""
    return np.asarray(corpus.tags[:, None] >> np.arange(len(TAGS)) & 1, np.bool_)


def folds(corpus: Corpus, seed: int) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Grouped, stratified folds: rows to fit on, and labelled rows to be judged."""
    kept = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    judged = corpus.origin != WRITTEN
    for train, test in kept.split(corpus.relevance, corpus.relevance, corpus.group):
        yield train, test[judged[test]]


def _out_of_fold(
    held: sp.csr_matrix, corpus: Corpus, weights: Doubles
) -> tuple[Doubles, Doubles, npt.NDArray[np.intp]]:
    """Class and tag logits of labelled rows by models that have not seen their group."""
    logits = np.zeros((len(corpus), CLASSES))
    tag_logits = np.zeros((len(corpus), len(TAGS)))
    for train, test in folds(corpus, seed=0):
        coefficients, intercepts = fit_classes(held[train], corpus.relevance[train], weights[train])
        logits[test] = held[test] @ coefficients + intercepts
        coefficients, intercepts = fit_tags(held[train], corpus.take(train), weights[train])
        tag_logits[test] = held[test] @ coefficients + intercepts
    rows = corpus.real()
    return logits[rows], tag_logits[rows], rows


def calibration(logits: Doubles, relevance: npt.NDArray[np.int8]) -> tuple[float, Doubles]:
    """A slope and a shift per class that make out-of-fold probabilities honest.

    They minimise log loss; the shift is held near zero, since classes are thin.
    """

    def loss(free: Doubles) -> float:
        likelihood = log_softmax(logits * np.exp(free[0]) + free[1:], axis=1)
        picked = likelihood[np.arange(len(relevance)), relevance]
        return float(-picked.mean() + 0.002 * (free[1:] ** 2).sum())

    found = minimize(loss, np.zeros(1 + CLASSES), method="L-BFGS-B").x
    return float(np.exp(found[0])), np.asarray(found[1:])


def tag_thresholds(
    logits: Doubles, wanted: npt.NDArray[np.bool_], relevance: npt.NDArray[np.int8]
) -> Doubles:
    """For each tag the probability from which it is told, by F1 among notices that carry tags."""
    chances = 1 / (1 + np.exp(-logits))
    carriers = relevance != RELEVANCES.index("none")
    steps = np.arange(0.15, 0.65, 0.05)
    best = np.full(len(TAGS), 0.4)
    for tag in range(len(TAGS)):
        truth = wanted[carriers, tag]
        if truth.sum() < 5:
            continue
        scores = [f1(truth, chances[carriers, tag] >= step) for step in steps]
        smooth = np.convolve(scores, np.ones(3) / 3, mode="same")
        best[tag] = steps[1 + int(np.argmax(smooth[1:-1]))]
    return best


def f1(truth: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> float:
    """F1 of one tag; 0 when nothing is right."""
    right = float((truth & said).sum())
    return 2 * right / float(truth.sum() + said.sum()) if right else 0.0


def probabilities(logits: Doubles) -> Doubles:
    """Class probabilities, rows × classes."""
    return np.asarray(softmax(logits, axis=1))


def logits_of(fitted: Fit, corpus: Corpus) -> Doubles:
    """Class and tag logits of every notice of `corpus`."""
    held = matrix(corpus, fitted.idf)[:, fitted.columns]
    return np.asarray(held @ fitted.coefficients + fitted.intercepts, np.float64)
