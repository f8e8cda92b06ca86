"""Training notices as numbers: hashed words, n-grams, codes and terms, and not a word of text.

This is what ships beside the model so that `tenders train` can add reviewers' decisions to what the
model already knows. Building it from notices needs their text; training from it does not.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from crawler.errors import ModelError
from crawler.relevance.evidence import term_columns
from crawler.relevance.features import (
    Parts,
    buyer_bucket,
    code_bucket,
    form_columns,
    pair_buckets,
)
from crawler.relevance.layout import IDF_BUCKETS
from crawler.relevance.words import gram_buckets, unique

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

LABELLED, WRITTEN, DECIDED = 0, 1, 2
"""Origins: read and labelled, written by us for training, decided by a reviewer."""

UNSAID = -1
"""In place of a mask of tags: the label says nothing of them."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of unequal length: row ``i`` is ``values[starts[i]:starts[i + 1]]``."""

    starts: Ints
    values: Ints

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | Ints]) -> Ragged:
        """Rows put end to end."""
        held = [np.asarray(row, np.int32) for row in rows]
        starts = np.zeros(len(held) + 1, np.int32)
        np.cumsum([len(row) for row in held], out=starts[1:])
        return cls(starts, np.concatenate(held) if held else np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, at: int) -> Ints:
        """Row number `at`."""
        return self.values[self.starts[at] : self.starts[at + 1]]

    def take(self, rows: npt.NDArray[np.intp]) -> Ragged:
        """The rows asked for, in that order."""
        return Ragged.of(self.row(int(i)) for i in rows)

    def joined(self, other: Ragged, shift: Ints | None = None) -> Ragged:
        """These rows, then `other`'s; `shift` renumbers the values of `other`."""
        values = other.values if shift is None else shift[other.values]
        return Ragged(
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]).astype(np.int32),
            np.concatenate([self.values, values]).astype(np.int32),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Notices as numbers. `words` are hashes; `grams` says which n-gram buckets each word holds.

    `title` and `body` hold positions in `words`; `relevance` is a position in `RELEVANCES`, `tags`
    a mask over art forms then outcomes, or `UNSAID`; `weight` says how many notices of the whole
    one stands for (for estimates), `trust` how much it counts in fitting; `origin` is `LABELLED`,
    `WRITTEN` or `DECIDED`; `group` ties buyers and near-duplicate titles together.
    """

    words: npt.NDArray[np.uint32]
    grams: Ragged
    title: Ragged
    body: Ragged
    title_pairs: Ragged
    body_pairs: Ragged
    codes: Ragged
    buyer: Ragged
    forms: Ragged
    terms: Ragged
    term_values: Floats
    relevance: npt.NDArray[np.int8]
    tags: Ints
    weight: Floats
    trust: Floats
    group: Ints
    origin: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.relevance)

    def real(self) -> npt.NDArray[np.intp]:
        """Rows that are notices of a portal, not of our writing: only these are ever judged."""
        return np.flatnonzero(self.origin != WRITTEN)

    def take(self, rows: npt.NDArray[np.intp]) -> Corpus:
        """The rows asked for; words are kept."""
        values = [self.term_values[self.terms.starts[i] : self.terms.starts[i + 1]] for i in rows]
        changed: dict[str, object] = {
            name: getattr(self, name).take(rows) for name in _RAGGED if name != "grams"
        }
        changed |= {name: getattr(self, name)[rows] for name in _PER_ROW}
        changed["term_values"] = np.concatenate(values) if values else np.zeros(0, np.float32)
        return replace(self, **changed)  # type: ignore[arg-type]

    def joined(self, other: Corpus) -> Corpus:
        """These notices, then `other`'s. Words of one hash count as one word."""
        known = {int(word): at for at, word in enumerate(self.words)}
        shift = np.zeros(len(other.words), np.int32)
        fresh: list[int] = []
        for at, word in enumerate(other.words):
            place = known.get(int(word))
            if place is None:
                place = len(self.words) + len(fresh)
                fresh.append(at)
            shift[at] = place
        rows = np.asarray(fresh, np.intp)
        changed: dict[str, object] = {
            name: getattr(self, name).joined(getattr(other, name))
            for name in _RAGGED
            if name not in ("grams", "title", "body")
        }
        changed |= {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in (*_PER_ROW, "term_values")
        }
        return replace(
            self,
            words=np.concatenate([self.words, other.words[rows]]),
            grams=self.grams.joined(other.grams.take(rows)),
            title=self.title.joined(other.title, shift),
            body=self.body.joined(other.body, shift),
            **changed,  # type: ignore[arg-type]
        )

    def save(self, path: Path) -> None:
        """Write the corpus as npz, the same bytes for the same numbers."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, Ragged):
                arrays[f"{name}.starts"] = value.starts
                arrays[f"{name}.values"] = value.values
            else:
                arrays[name] = value
        held = io.BytesIO()
        np.savez_compressed(held, **arrays)  # type: ignore[arg-type]
        path.write_bytes(held.getvalue())

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """The corpus in `path`. Raises `ModelError` when there is none or it is damaged."""
        try:
            with np.load(path, allow_pickle=False) as held:
                values: dict[str, object] = {
                    name: Ragged(held[f"{name}.starts"], held[f"{name}.values"])
                    if name in _RAGGED
                    else held[name]
                    for name in (field.name for field in fields(cls))
                }
        except (OSError, KeyError, ValueError, EOFError) as error:
            raise ModelError(
                f"the training features {path} cannot be read ({error}); reinstall, or make them "
                "anew with python -m crawler.relevance.train"
            ) from error
        return cls(**values)  # type: ignore[arg-type]


_RAGGED = (
    "grams",
    "title",
    "body",
    "title_pairs",
    "body_pairs",
    "codes",
    "buyer",
    "forms",
    "terms",
)
_PER_ROW = ("relevance", "tags", "weight", "trust", "group", "origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of one training notice besides its features; fields as in `Corpus`."""

    relevance: int
    tags: int = 0
    weight: float = 1.0
    trust: float = 1.0
    group: int = 0
    origin: int = LABELLED


def gather(notices: Sequence[tuple[Parts, Label]]) -> Corpus:
    """Turn notices into numbers. Words of a row are sorted, so that their order is not kept."""
    numbers: dict[str, int] = {}

    def place(words: list[str]) -> list[int]:
        return sorted(numbers.setdefault(word, len(numbers)) for word in unique(words))

    parts = [part for part, _ in notices]
    labels = [label for _, label in notices]
    columns = [term_columns(part) for part in parts]
    title = Ragged.of(place(part.title) for part in parts)
    body = Ragged.of(place(part.body) for part in parts)
    return Corpus(
        words=np.array([crc32(word.encode()) for word in numbers], np.uint32),
        grams=Ragged.of(gram_buckets(word) for word in numbers),
        title=title,
        body=body,
        title_pairs=Ragged.of(_pairs(part.title) for part in parts),
        body_pairs=Ragged.of(_pairs(part.body) for part in parts),
        codes=Ragged.of([code_bucket(token) for token in part.codes] for part in parts),
        buyer=Ragged.of([buyer_bucket(token) for token in part.buyer] for part in parts),
        forms=Ragged.of(form_columns(part) for part in parts),
        terms=Ragged.of(list(held) for held in columns),
        term_values=np.array([v for held in columns for v in held.values()], np.float32),
        relevance=np.array([label.relevance for label in labels], np.int8),
        tags=np.array([label.tags for label in labels], np.int32),
        weight=np.array([label.weight for label in labels], np.float32),
        trust=np.array([label.trust for label in labels], np.float32),
        group=np.array([label.group for label in labels], np.int32),
        origin=np.array([label.origin for label in labels], np.int8),
    )


def _pairs(words: list[str]) -> Ints:
    hashes = np.array([crc32(word.encode()) for word in words], np.uint64)
    return np.sort(pair_buckets(hashes)).astype(np.int32)


def inverse_frequency(corpus: Corpus) -> Floats:
    """Per bucket of a word's hash, how telling a word is: ln((n + 1) / (met in + 1)) + 1."""
    met = np.zeros(IDF_BUCKETS)
    for row in range(len(corpus)):
        held = np.union1d(corpus.title.row(row), corpus.body.row(row))
        met[np.unique(corpus.words[held] % IDF_BUCKETS)] += 1
    return (np.log((len(corpus) + 1) / (met + 1)) + 1).astype(np.float32)
