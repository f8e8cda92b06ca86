"""A trained model: from notices to judgements, in batches and with numpy alone.

Every word's share of every logit is worked out once and remembered, so that judging is looking up
and adding. The file holds hashed features and numbers, never text.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
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
    FORMS,
    TITLE_WORDS,
    Parts,
    buyer_bucket,
    code_bucket,
    form_columns,
    pair_buckets,
    take_apart,
)
from crawler.relevance.reasons import Explanation, towards_label
from crawler.relevance.silence import STOP
from crawler.relevance.words import gram_buckets, unique

Floats = npt.NDArray[np.float32]
CLASSES = len(RELEVANCES)
TAGS = (*ART_FORMS, *OUTCOMES)
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


@dataclass(frozen=True, slots=True)
class Field:
    """The words of one field as rows of a model's word tables.

    `numbers` are in order, `distinct` without repetition; `scale` is one over the field's length;
    `pairs` is what each two neighbours add, in order.
    """

    numbers: npt.NDArray[np.intp]
    distinct: npt.NDArray[np.intp]
    scale: np.float32
    pairs: Floats


class _Numbering(dict[str, int]):
    """Rows by word; a word not met before is learnt."""

    def __init__(self, learn: Callable[[str], int]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, word: str) -> int:
        return self._learn(word)


class Model:
    """Judges notices. `version` names the numbers; equal numbers have equal versions."""

    def __init__(self, data: bytes, name: str) -> None:
        numbers = Numbers.from_bytes(data, name)
        self.version = hashlib.blake2b(data, digest_size=6).hexdigest()
        self.about: dict[str, object] = json.loads(numbers.about)
        self.intercepts = numbers.intercepts
        self.thresholds = numbers.thresholds
        self._tag_logits = np.log(numbers.thresholds / (1 - numbers.thresholds))
        self._idf = numbers.idf.astype(np.float32)
        self.width = numbers.coefficients.shape[1]
        self._row = np.zeros(layout.column_count(), np.int32)
        self._row[numbers.columns] = np.arange(1, len(numbers.columns) + 1)
        self._table = np.vstack(
            [np.zeros((1, self.width), np.float32), numbers.coefficients.astype(np.float32)]
        )
        self.terms = self._rows(np.arange(layout.AT_TERMS, layout.column_count())) * layout.TERM
        self._forms = self._rows(np.arange(FORMS) + layout.AT_FORMS) * layout.FORM
        self._forget()

    def _forget(self) -> None:
        """Start with empty memories."""
        self._numbers = _Numbering(self._learn)
        self._codes: dict[tuple[str, ...], Floats] = {}
        self._buyers: dict[tuple[str, ...], Floats] = {}
        self.title_words = np.zeros((1024, self.width), np.float32)
        self.body_words = np.zeros((1024, self.width), np.float32)
        self.squares = np.zeros(1024, np.float32)
        self.hashes = np.zeros(1024, np.uint64)
        self.silent = np.zeros(1024, np.bool_)

    def _rows(self, columns: npt.NDArray[np.integer]) -> Floats:
        """Coefficients of `columns`, zero where training met none."""
        found: Floats = self._table[self._row[columns]]
        return found

    def _learn(self, word: str) -> int:
        """A row for `word` in every word table."""
        at = len(self._numbers)
        if at == len(self.squares):
            for name in ("title_words", "body_words", "squares", "hashes", "silent"):
                held = getattr(self, name)
                setattr(self, name, np.concatenate([held, np.zeros_like(held)]))
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
        self.silent[at] = word in STOP
        self._numbers[word] = at
        return at

    def field(self, words: list[str]) -> Field:
        """`words`, of which there is at least one, as rows of the word tables."""
        numbers = np.array([*map(self._numbers.__getitem__, words)], np.intp)
        distinct = np.array(unique(numbers.tolist()), np.intp)
        scale = np.float32(1 / np.sqrt(self.squares[distinct].sum()))
        buckets = pair_buckets(self.hashes[numbers])
        pairs = self._rows(buckets + layout.AT_PAIRS)
        pairs *= np.float32(layout.PAIR / np.sqrt(max(len(buckets), 1)))
        return Field(numbers, distinct, scale, pairs)

    def code_rows(self, codes: tuple[str, ...]) -> Floats:
        """What each CPV token adds, in order."""
        return self._token_rows(codes, self._codes, code_bucket, layout.AT_CODES, layout.CODE)

    def buyer_rows(self, buyer: tuple[str, ...]) -> Floats:
        """What each buyer token adds, in order."""
        return self._token_rows(buyer, self._buyers, buyer_bucket, layout.AT_BUYER, layout.BUYER)

    def _token_rows(
        self,
        tokens: tuple[str, ...],
        memory: dict[tuple[str, ...], Floats],
        place: Callable[[str], int],
        offset: int,
        scale: float,
    ) -> Floats:
        known = memory.get(tokens)
        if known is None:
            columns = np.array([place(token) for token in tokens], np.int64) + offset
            known = self._rows(columns) * np.float32(scale / np.sqrt(len(tokens)))
            memory[tokens] = known
        return known

    def logits(self, parts: Parts, title: Field | None, body: Field | None) -> Floats:
        """Class and tag logits of one notice taken apart and read."""
        total = self.intercepts.copy()
        for field, table, scale in (
            (title, self.title_words, layout.TITLE),
            (body, self.body_words, layout.BODY),
        ):
            if field is None:
                continue
            total += table[field.distinct].sum(axis=0) * field.scale
            total += field.pairs.sum(axis=0) * np.float32(scale)
        total += self.code_rows(parts.codes).sum(axis=0)
        total += self.buyer_rows(parts.buyer).sum(axis=0)
        for form in form_columns(parts):
            total += self._forms[form]
        columns = term_columns(parts)
        values = np.fromiter(columns.values(), np.float32, len(columns))
        total += values @ self.terms[np.fromiter(columns, np.intp, len(columns))]
        return total

    def read(self, parts: Parts) -> tuple[Field | None, Field | None]:
        """Title and body as rows of the word tables; None for one without words."""
        if len(self._numbers) > MAX_WORDS or len(self._codes) + len(self._buyers) > MAX_WORDS:
            self._forget()
        return (
            self.field(parts.title) if parts.title else None,
            self.field(parts.body) if parts.body else None,
        )

    def judge(self, notices: Sequence[Notice]) -> list[Judgement]:
        """A judgement for each notice, in order. Any text will do; an empty one is `none`."""
        return [self._judge(notice) for notice in notices]

    def _judge(self, notice: Notice) -> Judgement:
        parts = take_apart(notice)
        title, body = self.read(parts)
        logits = self.logits(parts, title, body)
        chances = softmax(logits[:CLASSES])
        best = int(chances.argmax())
        label = RELEVANCES[best]
        told = logits[CLASSES:] >= self._tag_logits
        return Judgement(
            relevance=label,
            scores=dict(zip(RELEVANCES, chances.tolist(), strict=True)),
            art_forms=_told(ART_FORMS, told[: len(ART_FORMS)]) if label in FORMED else (),
            outcomes=_told(OUTCOMES, told[len(ART_FORMS) :]) if label in PURPOSEFUL else (),
            reasons=Explanation(
                self, notice, parts, towards_label(chances, best, self.width)
            ).reasons(title, body),
            model=self.version,
        )

    def tags(self, parts: Parts) -> frozenset[str]:
        """Art forms and outcomes of a notice taken apart, whatever its label would be."""
        logits = self.logits(parts, *self.read(parts))
        return frozenset(_told(TAGS, logits[CLASSES:] >= self._tag_logits))


FORMED = ("arts", "adjacent")
PURPOSEFUL = ("arts", "commissionable")


def softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Probabilities of one notice's classes."""
    raised = np.exp((logits - logits.max()).astype(np.float64))
    return np.asarray(raised / raised.sum(), np.float64)


def _told(names: Sequence[str], told: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, yes in zip(names, told.tolist(), strict=True) if yes)


def read(path: Path) -> Model:
    """The model in `path`. Raises `ModelError` when there is none or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model {path} cannot be read ({error}); reinstall, or train"
        ) from error
    return Model(data, str(path))
