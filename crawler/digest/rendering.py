"""Writes a digest as HTML and as plain text; the words and their order are the templates' own.

Most of a mail is items that other readers get as well. What stands between ``{% call kept(…) %}``
and ``{% endcall %}`` is therefore written once for each item and may depend on nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from crawler.digest.composing import Digest
from crawler.digest.items import Item

TEMPLATES = Path(__file__).with_name("templates")
WIDTH = 72
_PIECES = 20_000
"""So many pieces of items are kept, of 1 or 2 kB each."""

_CLASS = re.compile(r' class="(\w+)"')


def html(digest: Digest, contact: str) -> str:
    """The digest as one HTML page: styles inlined, only those for small and dark screens apart."""
    return _digest("digest.html").render(digest=digest, contact=contact)


def text(digest: Digest, contact: str) -> str:
    """The digest as plain text, wrapped at `WIDTH` columns; addresses stay on one line."""
    return _digest("digest.txt").render(digest=digest, contact=contact).strip() + "\n"


@cache
def _digest(name: str) -> Template:
    """A template with pieces of its own: what is HTML in one is words in the other."""
    return _environment().get_template(name, globals={"kept": _Pieces().kept})


class _Loader(FileSystemLoader):
    """Reads templates; the styles of a page are put into its elements here, once.

    To do that in every mail takes as long as all the rest of its making. It is possible because
    an expression is plain text to an HTML parser. A template may hold none within a tag's name or
    attributes' names, between rows of a table, or in a class that has a style.
    """

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if template.endswith(".html"):
            source = _inlined(source)
        return source, path, fresh


def _inlined(source: str) -> str:
    """`source` with ``digest.css`` in its elements, and the rules for some screens in its head.

    Classes that those rules do not name have done their work and go.
    """
    always, sometimes = styles()
    inliner = css_inline.CSSInliner(
        load_remote_stylesheets=False, extra_css=always, minify_css=True
    )
    page = _CLASS.sub(
        lambda found: found[0] if f".{found[1]}" in sometimes else "", inliner.inline(source)
    )
    return page.replace("</head>", f"<style>\n{sometimes}</style>\n</head>", 1)


def styles() -> tuple[str, str]:
    """The rules that always hold, and those for small and for dark screens."""
    always, *sometimes = (TEMPLATES / "digest.css").read_text(encoding="utf-8").split("@media")
    return always, "".join(f"@media{rules}" for rules in sometimes)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Loader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["wrapped"] = wrapped
    environment.filters["mailto"] = mailto
    return environment


class _Pieces:
    """Pieces of templates that say something of one item, each written once.

    They are looked up by all that the item says, so that none can be out of date.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, Item], str] = {}

    def kept(self, what: str, item: Item, caller: Callable[[], str]) -> str:
        """What `caller` writes of `item`; `what` tells several pieces about one item apart."""
        found = self._written.get((what, item))
        if found is None:
            if len(self._written) >= _PIECES:
                self._written.clear()
            found = self._written[what, item] = caller()
        return found


def mailto(address: str, subject: str) -> str:
    """A link that opens a mail to `address` with `subject`."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}"


@lru_cache(maxsize=20_000)
def wrapped(words: str, indent: int = 0, hang: int | None = None) -> str:
    """`words` in lines of at most `WIDTH` columns, the further ones indented by `hang`.

    `textwrap` does the same and takes ten times as long; what comes here is one line of words.
    """
    further = " " * (indent if hang is None else hang)
    lines, line = [], " " * indent
    empty = True
    for word in words.split():
        if empty:
            line += word
        elif len(line) + 1 + len(word) <= WIDTH:
            line += f" {word}"
        else:
            lines.append(line)
            line = further + word
        empty = False
    return "\n".join([*lines, line])
