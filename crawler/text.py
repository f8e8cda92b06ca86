"""Plain text out of what portals publish, and keys that make equal texts equal."""

from __future__ import annotations

import html
import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|<br\s*/?>|</p>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n\s*\n\s*\n+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_MOJIBAKE = re.compile("[\u00c2\u00c3\u00e2][\u0080-\u00bf\u2018-\u203a\u20ac\u2122\u0152-\u0192]")
_NON_WORD = re.compile(r"[\W_]+")


def clean(text: str) -> str:
    """`text` as a person would have typed it.

    Unescapes entities (twice: ``&amp;apos;`` occurs), drops tags, control and direction marks,
    mends UTF-8 that was read as Windows-1252 (``Â£``), and evens out blanks and blank lines.
    """
    if not text:
        return ""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "\r" in text or "<" in text:
        text = _TAG.sub(" ", _BREAKS.sub("\n", text))
    if not text.isascii():
        text = _CONTROL.sub("", _mend(text))
    elif not text.isprintable():
        text = _CONTROL.sub("", text)
    text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n\n", text.replace(" \n", "\n").replace("\n ", "\n"))
    return text.strip()


def _mend(text: str) -> str:
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text.replace("Â£", "£").replace("Â ", " ").replace("â€™", "’").replace("â€“", "–")


def key(text: str) -> str:
    """Lower-case words of `text` without accents or punctuation: what equal names share.

    Digits stay, so that lots and years that differ keep different keys.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NON_WORD.sub(" ", text.lower().replace("&", " and ")).strip()


def one_line(text: str, width: int = 300) -> str:
    """`text` on one line, cut at a word within `width` characters with an ellipsis."""
    line = " ".join(text.split())
    if len(line) <= width:
        return line
    return line[: width - 1].rsplit(" ", 1)[0].rstrip(",;:.-") + "…"
