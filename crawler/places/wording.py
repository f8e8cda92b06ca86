"""Keys that make names of places and bodies comparable, and words that carry no place."""

from __future__ import annotations

import html

from crawler import text as floor

_WITHOUT = str.maketrans("", "", "'`\u2019\u2018\u00b4")


def key(name: str) -> str:
    """Lower-case words of `name` with "&" as "and", without accents, apostrophes, punctuation.

    ``"King&#039;s Lynn & West Norfolk"`` gives ``"kings lynn and west norfolk"``.
    """
    if "&" in name:
        name = html.unescape(html.unescape(name))
    return floor.key(name.translate(_WITHOUT))


def listed(names: list[str]) -> str:
    """Names as a person lists them: ``"A, B and C"``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
