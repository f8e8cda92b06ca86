"""Teach the classifier from what people decided: reviewers, and subscribers' "not for us".

The job is handed plain decisions and a folder (HOME/var/model); the store that keeps decisions and
the judgements already made are not its business. A new model replaces the one in force only if it
is at least as good on labels, and on labels and decisions together, that neither was fitted on; the
previous one is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crawler.errors import ModelError, UsageError
from crawler.items import RELEVANCES, Notice, Relevance
from crawler.relevance.corpus import DECIDED, UNSAID, WRITTEN, Corpus, Label, gather
from crawler.relevance.features import take_apart
from crawler.relevance.fitting import Fit, fit, fit_relevance, logits_of, probabilities
from crawler.relevance.grouping import groups
from crawler.relevance.metrics import average_precision
from crawler.relevance.model import Model
from crawler.relevance.rows import Row, notice_of, tag_mask
from crawler.relevance.shipped import CORPUS, TRAINED
from crawler.relevance.train import pack

PREVIOUS = "previous.npz"
HISTORY = "history.jsonl"
REVIEWER = 1.0
SUBSCRIBER = 0.3
"""What one subscriber's "not for us" counts beside a reviewer: it may only mean "not for me"."""

HELD_SHARE = 5
LEAST_DECISIONS = 5
SLACK = 0.002
"""How much average precision may wobble by chance and still count as at least as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one person decided about one notice. `by` is ``reviewer`` or ``subscriber``.

    A subscriber's "not for us" is relevance `none`. Tags are optional: None leaves them unsaid.
    """

    notice: Notice
    relevance: Relevance
    by: str = "reviewer"
    art_forms: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What training came to: `before` and `after` are average precision on held labels."""

    replaced: bool
    decisions: int
    before: float
    after: float
    version: str | None
    message: str


def train(
    decisions: Sequence[Decision], folder: Path, now: datetime, shipped_features: Path = CORPUS
) -> Outcome:
    """Fit on the shipped features and `decisions`, and replace the model in `folder` if no worse.

    Raises `UsageError` when there are too few decisions to learn from, `ModelError` when the
    shipped features are missing. Judgements in the store stay as they are.
    """
    if len(decisions) < LEAST_DECISIONS:
        raise UsageError(
            f"decisions to learn from: {len(decisions)}. That is too few; review at least "
            f"{LEAST_DECISIONS} notices (tenders review list) and train again"
        )
    shipped = Corpus.load(shipped_features)
    taught = shipped.joined(_corpus(decisions, int(shipped.group.max()) + 1))
    train_rows, held = _split(taught)
    known = train_rows[taught.origin[train_rows] != DECIDED]
    old, new = (fit_relevance(taught.take(rows)) for rows in (known, train_rows))
    labels = taught.take(held[taught.origin[held] != DECIDED])
    everything = taught.take(held)
    before, after = _precision(old, labels), _precision(new, labels)
    worse = _precision(new, everything) < _precision(old, everything) - SLACK
    if worse or after < before - SLACK:
        outcome = Outcome(
            replaced=False,
            decisions=len(decisions),
            before=before,
            after=after,
            version=None,
            message="The model was not replaced: with these decisions it finds less on the held "
            "part. Look for decisions that contradict the guide, then train again.",
        )
    else:
        about: dict[str, object] = {"decisions": len(decisions), "origin": "trained"}
        data = pack(fit(taught), about | {"trained": now.isoformat()})
        outcome = Outcome(
            replaced=True,
            decisions=len(decisions),
            before=before,
            after=after,
            version=_install(folder, data),
            message="The model was replaced; tenders reprocess --judgements applies it to what is "
            "stored, tenders train --rollback takes it back.",
        )
    _record(folder, now, outcome)
    return outcome


def rollback(folder: Path, now: datetime) -> str:
    """Put the previous model back in force (the shipped one if there is none); says what was done.

    Raises `UsageError` when no model of this folder is in force.
    """
    current, previous = folder / TRAINED, folder / PREVIOUS
    if not current.exists():
        raise UsageError("the shipped model is in force; there is nothing to roll back")
    if previous.exists():
        previous.replace(current)
        done = "the previous model is in force again"
    else:
        current.unlink()
        done = "the shipped model is in force again"
    _append(folder, {"at": now.isoformat(), "rollback": done})
    return done


def decisions_of(rows: Sequence[Row]) -> list[Decision]:
    """Decisions from plain rows: a labelled notice each, with ``by`` and optional tags."""
    return [
        Decision(
            notice=notice_of(row),
            relevance=row["relevance"],
            by=str(row.get("by") or "reviewer"),
            art_forms=_tags(row, "art_forms"),
            outcomes=_tags(row, "outcomes"),
        )
        for row in rows
    ]


def _tags(row: Row, name: str) -> tuple[str, ...] | None:
    return None if row.get(name) is None else tuple(row[name])


def _corpus(decisions: Sequence[Decision], first_group: int) -> Corpus:
    """Decisions as numbers; of several about one title and buyer the latest reviewer's counts."""
    ranked = sorted(decisions, key=lambda one: one.by == "reviewer")
    latest = {(one.notice.title, one.notice.buyer): one for one in ranked}
    kept = list(latest.values())
    tied = groups([one.notice.title for one in kept], [one.notice.buyer for one in kept])
    return gather(
        [
            (take_apart(one.notice), _label(one, first_group + group))
            for one, group in zip(kept, tied, strict=True)
        ]
    )


def _label(one: Decision, group: int) -> Label:
    tags = tag_mask({"art_forms": one.art_forms, "outcomes": one.outcomes})
    if one.relevance != "none" and one.art_forms is None and one.outcomes is None:
        tags = UNSAID
    return Label(
        relevance=RELEVANCES.index(one.relevance),
        tags=tags,
        trust=SUBSCRIBER if one.by == "subscriber" else REVIEWER,
        group=group,
        origin=DECIDED,
    )


def _split(corpus: Corpus) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows to fit on and rows to judge: every fifth group, by its number, is held."""
    scattered = (corpus.group.astype(np.int64) * 2_654_435_761) >> 8
    held = (scattered % HELD_SHARE == 0) & (corpus.origin != WRITTEN)
    return np.flatnonzero(~held), np.flatnonzero(held)


def _precision(fitted: Fit, held: Corpus) -> float:
    """Average precision for `arts` or `commissionable` of `fitted` on `held`."""
    chances = probabilities(logits_of(fitted, held))
    weights = held.trust.astype(np.float64)
    return average_precision(held.relevance < 2, chances[:, 0] + chances[:, 1], weights)


def _install(folder: Path, data: bytes) -> str:
    """Write the model beside the old one, keep the old one, and change over in one step."""
    version = Model(data, "the new model").version
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / "new.npz"
        fresh.write_bytes(data)
        if (folder / TRAINED).exists():
            (folder / TRAINED).replace(folder / PREVIOUS)
        fresh.replace(folder / TRAINED)
    except OSError as error:
        raise ModelError(f"the model cannot be kept in {folder}: {error.strerror}") from error
    return version


def _record(folder: Path, now: datetime, outcome: Outcome) -> None:
    _append(
        folder,
        {
            "at": now.isoformat(),
            "replaced": outcome.replaced,
            "decisions": outcome.decisions,
            "before": round(outcome.before, 4),
            "after": round(outcome.after, 4),
            "version": outcome.version,
        },
    )


def _append(folder: Path, line: dict[str, object]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(line) + "\n")
    except OSError as error:
        raise ModelError(f"{folder / HISTORY} cannot be written: {error.strerror}") from error
