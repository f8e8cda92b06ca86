"""Takes the addresses of people who asked to be forgotten out of texts and releases: pure.

Only hashes of those addresses are kept, so every address that a text holds is asked about. Portals
and pages write addresses in many ways (``[at]``, entities, capitals, run into other words); what an
address is asked about as covers those.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Gone = Callable[[str], bool]
"""Whether an address, in lower case, is to be forgotten."""

MARKS = ("@", "%40", "at]", "at )", "at)", "at }", "at}", "at ]", "#64", "#064", "#x40", "commat")
"""Without one of these no text holds an address, however it is written (in lower case)."""

_AT = r"(?:@|%40|\\u0040|\s{0,2}[\[({]\s{0,2}at\s{0,2}[\])}]\s{0,2})"
_DOT = r"(?:\.|\s{0,2}[\[({]\s{0,2}dot\s{0,2}[\])}]\s{0,2})"
_ADDRESS = re.compile(
    rf"(?<![\w.+'&-])([\w.+'&-]{{1,120}})({_AT})([\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,8}})", re.I
)
_DOTS = re.compile(_DOT, re.I)
_CASE = re.compile(r"(?<=[a-z])(?=\.?[A-Z])")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_BROKEN = re.compile(r"(?<=[A-Za-z]) {4}(?=[a-z])")
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)", re.I)
_HIDING = (
    *MARKS[1:], "&apos", "&#39", "&#039", "&amp;", "\\u200", "\\u2060", "\\ufeff", "\\u00ad",
    "\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff",
)  # fmt: skip
"""What may hide an address from a glance at JSON text (in lower case), so that it must be read."""

_HIDDEN = re.compile(r"\\u00[0-7]|[a-z] {4}[a-z]")
_AROUND = 250

_POINT = re.compile(r"(?:additional)?contactpoints?", re.I)
_PERSON = ("name", "telephone", "faxNumber", "url", "uri")
_BUYER = ("contact_name", "contact_email", "contact_phone")
_LEFT_OUT = "…"


def without(text: str, gone: Gone) -> str:
    """`text` with an ellipsis in the place of each address to be forgotten."""
    low = text.lower()
    if not any(mark in low for mark in MARKS):
        return text
    shorter = _ADDRESS.sub(lambda match: _left(match, gone), text)
    if shorter == text:
        shorter = text
    plain = _BROKEN.sub("", _INVISIBLE.sub("", html.unescape(html.unescape(shorter))))
    if plain == shorter:
        return shorter
    # Written so that only a reader of the page sees it: then the text stays as that reader sees it.
    read = _ADDRESS.sub(lambda match: _left(match, gone), plain)
    return shorter if read == plain else read


def _left(match: re.Match[str], gone: Gone) -> str:
    """What is left of one address, which may have run into the words around it."""
    local, domain = match[1], match[3]
    for start in _starts(local):
        for end in _ends(domain):
            host = _DOTS.sub(".", domain[:end])
            if gone(f"{local[start:]}@{host}".lower()):
                return f"{local[:start]}{_LEFT_OUT}{domain[end:]}"
    return match[0]


def _starts(local: str) -> Iterator[int]:
    """Where the mailbox may begin: at once, or after a sign that belongs to the words before."""
    yield 0
    yield from (at + 1 for at, sign in enumerate(local[:-1]) if sign in ".+'&-_")


def _ends(domain: str) -> Iterator[int]:
    """Where the domain may end, the longest first: a sentence may go on without a blank."""
    ends = {len(domain), *(match.start() for match in _CASE.finditer(domain))}
    ends |= {at for at, sign in enumerate(domain) if sign in "-_"}
    yield from sorted((end for end in ends if "." in _DOTS.sub(".", domain[:end])), reverse=True)


def cleared(value: Any, gone: Gone) -> Any:
    """A JSON value without the addresses; `value` itself where none stands in it.

    A contact point that gives such an address loses the name and the numbers beside it too, since
    they are the same person's.
    """
    if isinstance(value, str):
        return without(value, gone)
    if isinstance(value, list):
        parts = [cleared(part, gone) for part in value]
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else parts
    if not isinstance(value, dict):
        return value
    found = {name: _member(name, part, gone) for name, part in value.items()}
    if "contact_email" in found and found["contact_email"] != value["contact_email"]:
        return found | dict.fromkeys(_BUYER)
    same = all(found[name] is value[name] for name in value)
    return value if same else found


def _member(name: str, part: Any, gone: Gone) -> Any:
    if not _POINT.fullmatch(name):
        return cleared(part, gone)
    if isinstance(part, list):
        points = [_point(one, gone) for one in part]
        return part if all(new is old for new, old in zip(points, part, strict=True)) else points
    return _point(part, gone)


def _point(point: Any, gone: Gone) -> Any:
    """A contact point; one of a person to be forgotten keeps what is nobody's."""
    clear = cleared(point, gone)
    if not isinstance(point, dict) or clear is point:
        return clear
    left = {name: part for name, part in clear.items() if name not in _PERSON}
    said = left.pop("email", None)
    if isinstance(said, str) and "@" in said:  # somebody else's beside it
        left["email"] = said.strip(f" ;,{_LEFT_OUT}")
    return left


def _plainly_without(text: str, low: str, gone: Gone) -> bool:
    """Whether a glance at JSON text shows that no address to be forgotten stands in it."""
    if any(mark in low for mark in _HIDING) or (
        ("\\u00" in low or "    " in low) and _HIDDEN.search(low)
    ):
        return False
    at = text.find("@")
    while at >= 0:
        near = _ESCAPE.sub(" ", text[max(0, at - _AROUND) : at + _AROUND])
        if any(_left(match, gone) != match[0] for match in _ADDRESS.finditer(near)):
            return False
        at = text.find("@", at + 1)
    return True


def release(raw: bytes, gone: Gone) -> bytes:
    """A raw release without the addresses; `raw` itself where none stands in it."""
    text = raw.decode("utf-8", errors="replace")
    if _plainly_without(text, text.lower(), gone):
        return raw
    try:
        node = json.loads(text, strict=False)
        clear = cleared(node, gone)
        return raw if clear is node else json.dumps(clear).encode()
    except (ValueError, RecursionError):
        # What is no JSON, or no number that Python reads, is kept as text.
        shorter = without(text, gone)
        return raw if shorter == text else shorter.encode("utf-8", errors="replace")
