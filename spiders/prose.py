"""The words of a piece of HTML as people read them: one line a block, nothing that is no text."""

from __future__ import annotations

from parsel import Selector

from crawler.text import clean

_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
        "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
    }
)  # fmt: skip
_SILENT = frozenset(
    {
        "script", "style", "template", "noscript", "svg", "iframe", "object", "form", "nav",
        "button", "select", "head",
    }
)  # fmt: skip
_DEEPEST = 200


def prose(node: Selector) -> str:
    """The text of an element with a line break at each block; scripts and forms left out."""
    parts: list[str] = []
    if not isinstance(node.root, str):
        _walk(node.root, parts, 0, outermost=True)
    return clean("".join(parts))


def prose_of(html: str) -> str:
    """The text of a piece of HTML, such as a feed's description."""
    if "<" not in html and "&" not in html:
        return clean(html)
    return prose(Selector(text=html, type="html")) if html.strip() else ""


def _walk(element: object, parts: list[str], depth: int, *, outermost: bool = False) -> None:
    tag = getattr(element, "tag", None)
    if not isinstance(tag, str):  # a comment or an instruction
        return
    name = tag.lower()
    if (name in _SILENT and not outermost) or depth > _DEEPEST:
        return
    block = name in _BLOCKS
    if block:
        parts.append("\n")
    parts.append(_line(getattr(element, "text", None)))
    for child in element:  # type: ignore[attr-defined]
        _walk(child, parts, depth + 1)
        parts.append(_line(child.tail))
    if block:
        parts.append("\n")


def _line(text: str | None) -> str:
    """Line ends in HTML's source mean nothing."""
    return text.replace("\r", " ").replace("\n", " ") if text else ""
