"""A trained model: from notices to judgements, in batches and with numpy alone.

Every word's share of every logit is worked out once and remembered, so that judging is looking up
and adding. The file holds hashed features and numbers, never text.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from crawler.errors import ModelError
from crawler.items import ART_FORMS, OUTCOMES, RELEVANCES, Judgement, Notice
from crawler.relevance import layout
from crawler.relevance.evidence import term_columns
from crawler.relevance.features import (
    TITLE_WORDS,
    Parts,
    buyer_bucket,
    code_bucket,
    form_columns,
    ordered_pair_buckets,
    pair_buckets,
    take_apart,
)
from crawler.relevance.words import gram_buckets, unique

Floats = npt.NDArray[np.float32]
CLASSES = len(RELEVANCES)
TAGS = (*ART_FORMS, *OUTCOMES)
BATCH = 256
MAX_WORDS = 300_000
"""Words remembered before the memory is emptied: about 60 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a model file holds. `table` has one row a column of `layout`, plus none for the rest."""

    columns: npt.NDArray[np.int32]
    coefficients: npt.NDArray[np.float16]
    intercepts: Floats
    idf: npt.NDArray[np.float16]
    thresholds: Floats
    about: str

    def to_bytes(self) -> bytes:
        """The file: an npz without pickles; the same numbers give the same bytes."""
        held = io.BytesIO()
        np.savez_compressed(
            held,
            columns=self.columns,
            coefficients=self.coefficients,
            intercepts=self.intercepts,
            idf=self.idf,
            thresholds=self.thresholds,
            about=np.frombuffer(self.about.encode(), np.uint8),
        )
        return held.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Numbers:
        """Read such a file. Raises `ModelError`, naming `name`, when it is not one."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as held:
                numbers = cls(
                    columns=held["columns"],
                    coefficients=held["coefficients"],
                    intercepts=held["intercepts"],
                    idf=held["idf"],
                    thresholds=held["thresholds"],
                    about=held["about"].tobytes().decode(),
                )
        except Exception as error:  # zip, zlib, format and key errors have no common root
            raise ModelError(
                f"the model {name} is damaged ({error}); run tenders train --rollback, or reinstall"
            ) from error
        outputs = CLASSES + len(TAGS)
        if (
            numbers.coefficients.shape != (len(numbers.columns), outputs)
            or numbers.columns.max(initial=0) >= layout.column_count()
        ):
            raise ModelError(
                f"the model {name} was made by another version of this program; "
                "run tenders train to make it anew, or tenders train --rollback"
            )
        return numbers


class Model:
    """Judges notices. `version` names the numbers; equal numbers have equal versions."""

    def __init__(self, data: bytes, name: str) -> None:
        numbers = Numbers.from_bytes(data, name)
        self.version = hashlib.blake2b(data, digest_size=6).hexdigest()
        self.about: dict[str, object] = json.loads(numbers.about)
        self.intercepts = numbers.intercepts
        self.thresholds = numbers.thresholds
        self._idf = numbers.idf.astype(np.float32)
        width = numbers.coefficients.shape[1]
        self._row = np.zeros(layout.column_count(), np.int32)
        self._row[numbers.columns] = np.arange(1, len(numbers.columns) + 1)
        self._table = np.vstack(
            [np.zeros((1, width), np.float32), numbers.coefficients.astype(np.float32)]
        )
        self.terms = self._rows(np.arange(layout.AT_TERMS, layout.column_count())) * layout.TERM
        self._forget()

    def _forget(self) -> None:
        width = self._table.shape[1]
        self._numbers: dict[str, int] = {}
        self.title_words = np.zeros((1024, width), np.float32)
        self.body_words = np.zeros((1024, width), np.float32)
        self.squares = np.zeros(1024, np.float32)
        self.hashes = np.zeros(1024, np.uint64)

    def _rows(self, columns: npt.NDArray[np.integer]) -> Floats:
        """Coefficients of `columns`, zero where training met none."""
        return self._table[self._row[columns]]

    def number(self, word: str) -> int:
        """The row of `word` in `title_words`, `body_words`, `squares` and `hashes`."""
        known = self._numbers.get(word)
        if known is not None:
            return known
        at = len(self._numbers)
        if at == len(self.squares):
            self._grow()
        hashed = crc32(word.encode())
        buckets = np.array(gram_buckets(word), np.int64)
        spelling = self._rows(buckets + layout.AT_GRAMS)
        shared = (spelling.sum(axis=0) + spelling[0]) / np.float32(np.sqrt(len(buckets)))
        whole = self._table[self._row[layout.AT_TITLE_WORDS + hashed % TITLE_WORDS]]
        idf = self._idf[hashed % layout.IDF_BUCKETS]
        self.body_words[at] = layout.BODY * idf * shared
        self.title_words[at] = idf * (layout.TITLE * shared + layout.TITLE_WORD * whole)
        self.squares[at] = idf * idf
        self.hashes[at] = hashed
        self._numbers[word] = at
        return at

    def _grow(self) -> None:
        for name in ("title_words", "body_words", "squares", "hashes"):
            held = getattr(self, name)
            setattr(self, name, np.concatenate([held, np.zeros_like(held)]))

    def pair_rows(self, numbers: Sequence[int]) -> Floats:
        """Contributions, before length, of each distinct pair of neighbours."""
        buckets = pair_buckets(self.hashes[np.asarray(numbers, np.intp)])
        return self._rows(buckets + layout.AT_PAIRS)

    def pairs_in_order(self, numbers: npt.NDArray[np.intp]) -> Floats:
        """The same for each pair as it stands in the text."""
        buckets = ordered_pair_buckets(self.hashes[numbers])
        return self._rows(buckets + layout.AT_PAIRS)

    def code_row(self, token: str) -> Floats:
        """Contribution, before length, of one CPV token."""
        return self._table[self._row[layout.AT_CODES + code_bucket(token)]] * layout.CODE

    def buyer_row(self, token: str) -> Floats:
        """Contribution, before length, of one buyer token."""
        return self._table[self._row[layout.AT_BUYER + buyer_bucket(token)]] * layout.BUYER

    def logits(self, parts: Parts) -> Floats:
        """Class and tag logits of one notice taken apart."""
        total = self.intercepts.copy()
        for words, table, scale in (
            (parts.title, "title_words", layout.TITLE),
            (parts.body, "body_words", layout.BODY),
        ):
            if not words:
                continue
            numbers = [self.number(word) for word in words]
            distinct = np.array(unique(numbers), np.intp)
            total += getattr(self, table)[distinct].sum(axis=0) / np.sqrt(
                self.squares[distinct].sum()
            )
            pairs = self.pair_rows(numbers)
            if len(pairs):
                total += pairs.sum(axis=0) * np.float32(scale * layout.PAIR / np.sqrt(len(pairs)))
        for tokens, row in ((parts.codes, self.code_row), (parts.buyer, self.buyer_row)):
            total += sum(map(row, tokens), np.zeros_like(total)) / np.float32(np.sqrt(len(tokens)))
        forms = np.array(form_columns(parts), np.int64) + layout.AT_FORMS
        total += layout.FORM * self._rows(forms).sum(axis=0)
        columns = term_columns(parts)
        if columns:
            values = np.fromiter(columns.values(), np.float32, len(columns))
            total += values @ self.terms[np.fromiter(columns, np.intp, len(columns))]
        return total

    def judge(self, notices: Sequence[Notice]) -> list[Judgement]:
        """A judgement for each notice, in order. Any text will do; an empty one is `none`."""
        from crawler.relevance.reasons import reasons

        judged = []
        for notice in notices:
            if len(self._numbers) > MAX_WORDS:
                self._forget()
            parts = take_apart(notice)
            logits = self.logits(parts)
            chances = softmax(logits[:CLASSES])
            label = RELEVANCES[int(chances.argmax())]
            told = 1 / (1 + np.exp(-logits[CLASSES:])) >= self.thresholds
            judged.append(
                Judgement(
                    relevance=label,
                    scores={name: float(p) for name, p in zip(RELEVANCES, chances, strict=True)},
                    art_forms=_told(ART_FORMS, told[: len(ART_FORMS)], label in ("arts", "adjacent")),
                    outcomes=_told(
                        OUTCOMES, told[len(ART_FORMS) :], label in ("arts", "commissionable")
                    ),
                    reasons=reasons(self, notice, parts, chances, int(chances.argmax())),
                    model=self.version,
                )
            )
        return judged


def softmax(logits: Floats) -> Floats:
    """Probabilities of one notice's classes."""
    raised = np.exp(logits - logits.max())
    return np.asarray(raised / raised.sum(), np.float32)


def _told(names: Sequence[str], told: npt.NDArray[np.bool_], apt: bool) -> tuple[str, ...]:
    return tuple(name for name, yes in zip(names, told, strict=True) if yes) if apt else ()


def read(path: Path) -> Model:
    """The model in `path`. Raises `ModelError` when there is none or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read ({error}); reinstall, or train") from error
    return Model(data, str(path))
