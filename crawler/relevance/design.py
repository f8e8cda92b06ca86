"""The matrix that a model is fitted on: one row a notice, one column a feature of `layout`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from crawler.relevance import layout
from crawler.relevance.corpus import Corpus, Floats, Ragged
from crawler.relevance.evidence import term_column_count
from crawler.relevance.features import BUYER_WORDS, CODES, FORMS, PAIRS, TITLE_WORDS
from crawler.relevance.words import GRAMS


def matrix(corpus: Corpus, idf: Floats) -> sp.csr_matrix:
    """Features of every notice, rows × `layout.column_count()`, with the scales of `layout`.

    A word weighs its inverse frequency and hands it in equal parts (twice to the whole word) to its
    n-grams; a field's words are then brought to length one.
    """
    words = _by_length(corpus.title, corpus, idf), _by_length(corpus.body, corpus, idf)
    spelling = _spelling(corpus)
    count = len(corpus.words)
    whole = sp.csr_matrix(
        (np.ones(count), (np.arange(count), corpus.words % TITLE_WORDS)), (count, TITLE_WORDS)
    )
    pairs = layout.TITLE * _even(corpus.title_pairs, PAIRS) + layout.BODY * _even(
        corpus.body_pairs, PAIRS
    )
    terms = sp.csr_matrix(
        (corpus.term_values, corpus.terms.values, corpus.terms.starts),
        (len(corpus), term_column_count()),
    )
    blocks = [
        (layout.TITLE * words[0] + layout.BODY * words[1]) @ spelling,
        layout.TITLE_WORD * words[0] @ whole,
        layout.PAIR * pairs,
        layout.CODE * _even(corpus.codes, CODES),
        layout.BUYER * _even(corpus.buyer, BUYER_WORDS),
        layout.FORM * _ones(corpus.forms, FORMS),
        layout.TERM * terms,
    ]
    whole_matrix = sp.csr_matrix(sp.hstack(blocks, format="csr"))
    whole_matrix.sum_duplicates()
    return whole_matrix


def _spelling(corpus: Corpus) -> sp.csr_matrix:
    """Words × n-gram buckets."""
    lengths = np.diff(corpus.grams.starts)
    values = np.repeat(1 / np.sqrt(lengths), lengths)
    values[corpus.grams.starts[:-1]] *= 2
    return sp.csr_matrix(
        (values, corpus.grams.values, corpus.grams.starts), (len(corpus.words), GRAMS)
    )


def _by_length(field: Ragged, corpus: Corpus, idf: Floats) -> sp.csr_matrix:
    """Notices × words, each row the words' inverse frequencies brought to length one."""
    values = idf[corpus.words[field.values] % layout.IDF_BUCKETS].astype(np.float64)
    rows = np.repeat(np.arange(len(field)), np.diff(field.starts))
    squares = np.bincount(rows, values**2, len(field))
    norms = np.sqrt(np.maximum(squares, 1e-12))
    return sp.csr_matrix(
        (values / norms[rows], field.values, field.starts), (len(field), len(corpus.words))
    )


def _even(field: Ragged, columns: int) -> sp.csr_matrix:
    """Rows of length one in which everything held counts the same."""
    lengths = np.diff(field.starts)
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    return sp.csr_matrix((values, field.values, field.starts), (len(field), columns))


def _ones(field: Ragged, columns: int) -> sp.csr_matrix:
    values: npt.NDArray[np.float64] = np.ones(len(field.values))
    return sp.csr_matrix((values, field.values, field.starts), (len(field), columns))
