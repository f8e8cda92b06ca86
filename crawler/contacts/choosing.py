"""Which pages of a site matter: by the words of their address and of the links to them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urldefrag, urlsplit, urlunsplit

_TOPICS = (
    (10.0, r"arts?\b|cultur|creative|percent for art|celfyddyd|diwylliant"),
    (9.0, r"contact|cysylltu|get in touch"),
    (
        8.0,
        r"museum|galler(?:y|ies)|theatre|heritage|archives|librar|festival|events?\b|whats on|"
        r"commissioning|procurement|tender(?:s|ing)?\b|contracts register|doing business|"
        r"selling to|supply to|supplier|guildhall|digwyddiad|caffael|llyfrgell|amgueddf",
    ),
    (
        7.0,
        r"public health|wellbeing|well being|adult social care|adult services|youth|young people|"
        r"community safety|economic development|regeneration|grants|funding|community cohesion",
    ),
    (
        5.0,
        r"health|social care|children|famil|education|skills|adult learning|tourism|town centre|"
        r"placemaking|parks?\b|communit|equalit|voluntary|climate|democratic|committee|"
        r"structure|organis|leadership|management team|senior manage|cabinet|licens|filming",
    ),
    (2.0, r"about|your council|the council|business|leisure|services|housing|environment|a to z"),
)
_WORDS = tuple((weight, re.compile(rf"\b(?:{words})")) for weight, words in _TOPICS)
_NEVER = re.compile(
    r"\b(?:log ?in|log ?on|log ?out|sign ?in|signin|register|my ?account|search|basket|checkout|"
    r"rss|feed|print|share|cookies?|webcal|ical|cdn cgi|wp (?:admin|json|login|content)|reply)\b"
)
_DATED = re.compile(
    r"/(?:19|20)\d\d(?:[/-]\d{1,2}){0,2}(?:/|$)|(?:^|[?&])(?:date|month|year|day|week|start|from|"
    r"offset|page|p|sort|order|filter|view|calendar)=",
    re.IGNORECASE,
)
_OLD_NEWS = re.compile(r"\b(?:news|newsroom|press releases?|blogs?|jobs?|vacanc(?:y|ies))\b")
DOCUMENT = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|csv|zip|rtf|jpe?g|png|gif|svg|mp[34]|ics|xml|json|epub)$",
    re.IGNORECASE,
)
WORTH_READING = 1.0
"""What a page must score to be read on a large site."""


def score(url: str, words: str = "") -> float:
    """How much a page promises, from its address and the words of a link to it; 0 for nothing.

    Deep pages promise less than those near the top; calendars, logins and searches nothing.
    """
    parts = urlsplit(url)
    path = re.sub(r"[\W_]+", " ", unquote(parts.path)).lower()
    words = re.sub(r"[\W_]+", " ", words.replace("’", "").replace("'", "")).lower()
    if (
        DOCUMENT.search(parts.path)
        or _NEVER.search(path)
        or _DATED.search(f"{parts.path}?{parts.query}")
    ):
        return 0.0
    said = f"{path} | {words}"
    best = next((weight for weight, pattern in _WORDS if pattern.search(said)), 0.0)
    if not best:
        return 0.0
    depth = len([part for part in parts.path.split("/") if part])
    best -= 0.4 * max(0, depth - 1) + (1.0 if parts.query else 0.0)
    return max(0.1, best / (4 if _OLD_NEWS.search(path) else 1))


def key(url: str) -> str:
    """What addresses of one page share: scheme, fragment, ``index.html`` and last slash aside."""
    parts = urlsplit(url)
    path = re.sub(r"/(?:index|default|home)\.\w+$", "/", parts.path)
    path = re.sub(r"\.(?:html?|aspx?|php)$", "", path).rstrip("/")
    host = parts.netloc.lower().removeprefix("www.")
    return f"{host}{path}?{parts.query}" if parts.query else f"{host}{path}"


def shape(url: str) -> str | None:
    """What the pages of one calendar or list share; None for a page without number or query."""
    parts = urlsplit(url)
    names = "&".join(sorted(pair.split("=")[0] for pair in parts.query.split("&") if pair))
    path = re.sub(r"\d+", "0", parts.path)
    return f"{parts.netloc}{path}?{names}" if names or path != parts.path else None


def plain(url: str) -> str:
    """`url` without fragment and session."""
    bare = urldefrag(url).url
    parts = urlsplit(bare)
    query = "&".join(
        pair
        for pair in parts.query.split("&")
        if pair and not re.match(r"(?:utm_\w+|gclid|fbclid|sid|phpsessid|jsessionid)=", pair, re.I)
    )
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
