"""A phrase of folded words, found again where the notice wrote it."""

from __future__ import annotations

import html
import re

from crawler.items import Notice
from crawler.relevance.words import MAX_CHARS

_BETWEEN = r"(?:['’]s)?[\W_]+(?:\w*\d\w*[\W_]+){0,2}"
"""What may stand between two words that the model saw as neighbours: marks, and numbers."""


_ENDS = re.compile(r"\s*(?:[;:•·|]|[.?!](?=\s)|\s\d+\.(?=\s))\s*")


def quote(notice: Notice, field: str, words: tuple[str, ...]) -> tuple[str, str]:
    """The field where the phrase stands and its words as the notice writes them."""
    wanted = " ".join(words).replace("_", " ")
    if field == "title":
        fields = [("title", notice.title)]
    else:
        fields = [("description", notice.description[:MAX_CHARS])]
        fields += [("lots", lot) for lot in notice.lots]
    for name, text in fields:
        at = text.lower().find(wanted)
        if at >= 0 and len(text.lower()) == len(text) and _stands_alone(text, at, len(wanted)):
            return name, text[at : at + len(wanted)]
    pattern = re.compile(
        r"\b" + _BETWEEN.join(map(re.escape, wanted.split())) + r"\b", re.IGNORECASE
    )
    for name, text in fields:
        found = pattern.search(html.unescape(text) if "&" in text else text)
        if found:
            return name, _within_sentence(" ".join(found.group().split()))
    return field, wanted


def _within_sentence(quoted: str) -> str:
    """The longest part of `quoted` that no end of a sentence or line item cuts in two."""
    return max(_ENDS.split(quoted), key=len).strip() or quoted


def _stands_alone(text: str, at: int, length: int) -> bool:
    """Whether no letter or digit touches the stretch of `text` on either side."""
    before = text[at - 1] if at else " "
    after = text[at + length] if at + length < len(text) else " "
    return not (before.isalnum() or after.isalnum())
