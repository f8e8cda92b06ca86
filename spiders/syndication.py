"""RSS (0.9x, 1.0, 2.0) and Atom as published: broken, in the wrong charset, or hostile.

Entities that a document defines itself are refused, whatever they say: no feed needs them, and
every attack on XML readers begins there. Nothing is ever fetched while parsing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from lxml import etree

from crawler import dates
from crawler.errors import SourceChanged
from spiders.prose import prose_of

_ROOTS = frozenset({"rss", "feed", "rdf"})
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(\[)?", re.IGNORECASE)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENDS = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*$", re.IGNORECASE | re.S)
_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)(\w{1,32};)?")
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_TEXTS = ("encoded", "content", "description", "summary")
_LARGEST_TEXT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item: `link` is absolute or empty, `text` plain, `published` aware UTC or None."""

    title: str
    link: str
    text: str
    published: datetime | None


def entries(body: bytes, url: str, charset: str | None = None) -> list[Entry]:
    """The items of the feed that `url` answered, in its order; `charset` is the HTTP header's.

    Raises `SourceChanged` for what is no feed: a web page, a cut-off document, a hostile one.
    """
    root = _root(_text(body, charset))
    base = urljoin(url, root.get(_BASE) or "")
    return [_entry(node, base) for node in _items(root)]


def _text(body: bytes, charset: str | None) -> str:
    """The document as text: by its mark, its declaration, the header, UTF-8, Windows-1252."""
    declared = _DECLARED.match(body[:400].lstrip(b"\xef\xbb\xbf"))
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        guesses = ["utf-16"]
    else:
        guesses = [
            *(["utf-8-sig"] if body.startswith(b"\xef\xbb\xbf") else []),
            *([declared[1].decode("ascii")] if declared else []),
            *([charset] if charset else []),
            "utf-8",
            "cp1252",
        ]
    for guess in guesses:
        # By their names these two lack the signs that everybody writes under them.
        name = "cp1252" if guess.lower() in ("iso-8859-1", "latin-1", "latin1") else guess
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", errors="replace")


def _root(text: str) -> etree._Element:
    text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).strip()
    beginning = text[:400].lower()
    if not text or "<html" in beginning or "<!doctype html" in beginning:
        raise SourceChanged("the answer is a web page, no feed" if text else "the answer is empty")
    doctype = _DOCTYPE.search(text[:20_000])
    if (doctype and doctype[1]) or "<!ENTITY" in text:
        raise SourceChanged("the feed defines entities of its own, which is refused")
    encoded = text.encode("utf-8", errors="replace")
    try:
        root = etree.fromstring(encoded, _parser(recover=False))
    except etree.XMLSyntaxError as error:
        # One bad sign is no reason to lose a feed; a document that was cut off is.
        if not _ENDS.search(text[-2000:]):
            raise SourceChanged(f"the feed is cut off or no XML: {error}") from error
        mended = _AMPERSAND.sub(_escaped, text).encode("utf-8", errors="replace")
        root = etree.fromstring(mended, _parser(recover=True))
    if root is None or _name(root) not in _ROOTS:
        kind = _name(root) if root is not None else "nothing"
        raise SourceChanged(f"the answer is XML but no feed (<{kind[:40]}>)")
    return root


def _escaped(found: re.Match[str]) -> str:
    """A sign that HTML names and XML does not, or an ampersand left unescaped."""
    sign = html.unescape(found[0]) if found[1] else found[0]
    return found[0].replace("&", "&amp;") if sign == found[0] else sign


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname.lower() if isinstance(node.tag, str) else ""


def _items(root: etree._Element) -> Iterator[etree._Element]:
    """Items stand in the feed itself (Atom, RSS 1.0) or in its channel."""
    wanted = "entry" if _name(root) == "feed" else "item"
    for child in root:
        if _name(child) == wanted:
            yield child
        elif _name(child) == "channel":
            yield from (one for one in child if _name(one) == wanted)


def _entry(node: etree._Element, base: str) -> Entry:
    fields: dict[str, list[etree._Element]] = {}
    for child in node:
        fields.setdefault(_name(child), []).append(child)
    title = next((words for one in fields.get("title", ()) if (words := _words(one))), "")
    texts = (words for name in _TEXTS for one in fields.get(name, ()) if (words := _words(one)))
    return Entry(
        title=prose_of(title).replace("\n", " "),
        link=_link(fields, urljoin(base, node.get(_BASE) or "")),
        text=prose_of(next(texts, "")[:_LARGEST_TEXT]),
        published=_published(fields),
    )


def _words(node: etree._Element) -> str:
    """An element's text, or its markup where it holds markup (Atom's xhtml)."""
    if len(node) == 0:
        return (node.text or "").strip()
    return str(etree.tostring(node, encoding="unicode", with_tail=False)).strip()


def _link(fields: dict[str, list[etree._Element]], base: str) -> str:
    written = [
        (one.get("href") or one.text or "").strip()
        for one in fields.get("link", ())
        if one.get("rel", "alternate") == "alternate"
    ]
    written += [
        (one.text or "").strip()
        for one in fields.get("guid", ())
        if one.get("isPermaLink", "true").lower() != "false"
    ]
    for link in written:
        try:
            found = urljoin(base, link) if link else ""
        except ValueError:
            continue
        if found.startswith(("http://", "https://")) and not re.search(r"\s", found):
            return found
    return ""


def _published(fields: dict[str, list[etree._Element]]) -> datetime | None:
    for name in ("pubdate", "published", "issued", "date", "updated", "modified"):
        for node in fields.get(name, ()):
            moment = _moment((node.text or "").strip())
            if moment is not None:
                return moment
    return None


def _moment(text: str) -> datetime | None:
    """A moment as RFC 822 or ISO 8601 writes it, or as people do."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return dates.parse(text[:60])
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if 1990 <= moment.year <= 2100 else None
