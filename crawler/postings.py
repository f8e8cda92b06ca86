"""What a website posts (a feed's item, an entry of a list), as an OCDS release of our own making.

Written down as a release it goes the way of every notice: hashed, judged, placed, merged, made anew
by `reprocess`. The same posting always gives the same content hash, whenever it is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.decoding import content_hash
from crawler.items import RawRelease
from crawler.text import clean, one_line

NOTICE_TYPE = "posting"
_LONGEST = 20_000
_AHEAD = timedelta(days=1)
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id")
# How portals refer to one another: a website must not be able to join its text to their notices.
_REFERENCE = re.compile(r"\((?=(?:SC|WA) Ref)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One item as its site posts it. `published` is what the site says; moments are aware.

    `buyer` and `place` are the source's, where all that it posts is one body's or of one place.
    """

    source: str
    url: str
    title: str
    text: str = ""
    buyer: str = ""
    place: str = ""
    published: datetime | None = None
    deadline: datetime | None = None
    value_min: Decimal | None = None
    value_max: Decimal | None = None


def address(url: str) -> str:
    """`url` without fragment and tracking: what makes two links one item's."""
    parts = urlsplit(url.strip())
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0])
    ]
    return urlunsplit(
        (parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", urlencode(query), "")
    )


def release_of(posting: Posting, seen: datetime) -> RawRelease | None:
    """The release that says what `posting` does, first `seen` then; None without a title.

    Its date is that of publication, or `seen` where the site says none or one in the future. The
    date is no part of the content hash: a page read again tomorrow has not changed.
    """
    title = one_line(clean(posting.title), 300)
    if not title:
        return None
    published = posting.published
    believed = published is not None and published <= seen + _AHEAD
    moment = published if believed and published is not None else seen
    node = _release(posting, title)
    return RawRelease(
        raw=_bytes(node | {"date": moment.astimezone(UTC).isoformat()}),
        content_hash=content_hash(_bytes(node)),
    )


def _bytes(node: dict[str, Any]) -> bytes:
    text = json.dumps(node, ensure_ascii=False, sort_keys=True)
    return text.encode("utf-8", errors="replace")


def _release(posting: Posting, title: str) -> dict[str, Any]:
    number = blake2b(address(posting.url).encode("utf-8", "replace"), digest_size=10).hexdigest()
    document = {
        "id": number,
        "documentType": "tenderNotice",
        "noticeType": NOTICE_TYPE,
        "url": posting.url,
    }
    text = clean(posting.text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rsplit(" ", 1)[0] + "…"
    tender: dict[str, Any] = {
        "id": number,
        "title": _REFERENCE.sub("[", title),
        "description": _REFERENCE.sub("[", text),
        "status": "active",
        "documents": [document],
    }
    if posting.deadline:
        tender["tenderPeriod"] = {"endDate": posting.deadline.astimezone(UTC).isoformat()}
    for name, value in (("minValue", posting.value_min), ("value", posting.value_max)):
        if value is not None:
            tender[name] = {"amount": float(value), "currency": "GBP"}
    if posting.place:
        where = {"region": posting.place}
        tender["items"] = [{"id": "1", "deliveryAddresses": [where]}]
    release: dict[str, Any] = {
        "ocid": f"posting-{posting.source}-{number}",
        "id": number,
        "tag": ["tender"],
        "language": "en",
        "tender": tender,
    }
    if posting.buyer:
        party = {"id": f"posting-{posting.source}", "name": posting.buyer}
        release |= {"buyer": party, "parties": [party | {"roles": ["buyer"]}]}
    return release
