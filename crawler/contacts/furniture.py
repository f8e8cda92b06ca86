"""What stands on every page of a site and speaks for none: taken out before a page is read."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Comment, Tag

_NEVER = (
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "svg",
    "select",
    "button",
    "textarea",
)
_ROLES = frozenset(
    {"banner", "navigation", "contentinfo", "search", "alert", "dialog", "alertdialog"}
)
_NAMES = re.compile(
    r"cookie|consent|feedback|breadcrumb|skip-?link|social|share-|newsletter|survey|"
    r"page-?(?:helpful|rating|useful)|site-?(?:header|footer|nav)|(?:main|top|side|mega)-?(?:nav|menu)|"
    r"(?:global|page)-?(?:header|footer)|screen-?reader|masthead|gdpr|modal|popup",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CONTENT = ("main", "article", "section")
_KEPT = frozenset({"html", "body", "main", "article"})


def strip(soup: BeautifulSoup, own_contacts: bool) -> None:
    """Removes header, navigation, footer, banners, feedback forms, hidden parts and comments.

    With `own_contacts` (the site's page of contacts) header and footer stay: there they speak for
    the body itself.
    """
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(True):
        if tag.decomposed or tag.name in _KEPT:
            continue
        if tag.name in _NEVER or _hidden(tag) or _furniture(tag, own_contacts):
            tag.decompose()


def _hidden(tag: Tag) -> bool:
    style = tag.get("style")
    return tag.has_attr("hidden") or (isinstance(style, str) and bool(_HIDDEN.search(style)))


def _furniture(tag: Tag, own_contacts: bool) -> bool:
    role = str(tag.get("role") or "")
    if tag.name == "nav" or role in _ROLES - {"banner", "contentinfo"}:
        return True
    if tag.name in ("header", "footer") or role in ("banner", "contentinfo"):
        return not own_contacts and tag.find_parent(_CONTENT) is None
    if tag.name == "form":
        return True
    names = [*tag.get_attribute_list("class"), str(tag.get("id") or "")]
    found = [name for name in names if name and _NAMES.search(str(name))]
    if own_contacts:
        found = [name for name in found if not re.search("footer|header|masthead", str(name), re.I)]
    return bool(found)
