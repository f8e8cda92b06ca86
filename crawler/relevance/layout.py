"""Where each kind of feature has its columns, and how loudly each kind speaks.

One row of coefficients per column; training and judging both count by these offsets.
"""

from __future__ import annotations

from crawler.relevance.evidence import term_column_count
from crawler.relevance.features import (
    BUYER_WORDS,
    CODES,
    FORMS,
    PAIRS,
    TITLE_WORDS,
)
from crawler.relevance.words import GRAMS

AT_GRAMS = 0
AT_TITLE_WORDS = AT_GRAMS + GRAMS
AT_PAIRS = AT_TITLE_WORDS + TITLE_WORDS
AT_CODES = AT_PAIRS + PAIRS
AT_BUYER = AT_CODES + CODES
AT_FORMS = AT_BUYER + BUYER_WORDS
AT_TERMS = AT_FORMS + FORMS
IDF_BUCKETS = 1 << 16

TITLE = 1.5
BODY = 1.5
TITLE_WORD = 0.7
PAIR = 0.7
CODE = 1.5
BUYER = 0.5
TERM = 0.6
FORM = 0.5
"""Scales, chosen in cross-validation on the training part: a larger one is regularised less."""


def column_count() -> int:
    """How many columns there are in all."""
    return AT_TERMS + term_column_count()
