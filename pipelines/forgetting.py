"""Takes people who asked to be forgotten out of releases before they are kept.

A part of the last step: the list is asked inside the transaction that writes, so that no release
slips in between somebody's request and the sweep of what is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from crawler.errors import ReleaseError
from crawler.items import Batch, Facts, Judgement, Place, RawRelease
from crawler.redaction import Gone, cleared, release, without
from crawler.store.releases import facts_in


def redacted(batch: Batch, gone: Gone, read: Callable[[str, bytes], Facts]) -> Batch:
    """`batch` without the addresses to be forgotten; each content hash stays the original's."""
    return replace(
        batch,
        url=without(batch.url, gone),
        releases=tuple(_redacted(one, batch.source, gone, read) for one in batch.releases),
    )


def _redacted(
    one: RawRelease, source: str, gone: Gone, read: Callable[[str, bytes], Facts]
) -> RawRelease:
    raw = release(one.raw, gone)
    if raw is one.raw:
        return one
    error = without(one.error, gone) if one.error else None
    try:
        facts = facts_in(source, raw, one.content_hash, read) if one.facts else None
    except ReleaseError as unreadable:
        facts, error = None, str(unreadable)
    judgement, place = one.judgement, one.place
    if judgement is not None:
        judgement = msgspec.convert(cleared(msgspec.to_builtins(judgement), gone), Judgement)
    if place is not None:
        place = msgspec.convert(cleared(msgspec.to_builtins(place), gone), Place)
    return replace(one, raw=raw, facts=facts, error=error, judgement=judgement, place=place)
