"""Writes a digest as HTML and as plain text; the words and their order are the templates' own."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path
from urllib.parse import quote

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from crawler.digest.composing import Digest

TEMPLATES = Path(__file__).with_name("templates")
WIDTH = 72


def html(digest: Digest, contact: str) -> str:
    """The digest as one HTML page: styles inlined, only those for small and dark screens apart."""
    page = _environment().get_template("digest.html").render(digest=digest, contact=contact)
    return _inliner().inline(page)


def text(digest: Digest, contact: str) -> str:
    """The digest as plain text, wrapped at `WIDTH` columns; addresses stay on one line."""
    page = _environment().get_template("digest.txt").render(digest=digest, contact=contact)
    return page.strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = wrapped
    environment.filters["mailto"] = mailto
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def mailto(address: str, subject: str) -> str:
    """A link that opens a mail to `address` with `subject`."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}"


def wrapped(words: str, indent: int = 0, hang: int | None = None) -> str:
    """`words` in lines of at most `WIDTH` columns, the further ones indented by `hang`."""
    return textwrap.fill(
        words,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
