"""How far each source is read and how its last run went, in words: for the web app's pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa

from crawler.digest import links
from crawler.sources import registry
from crawler.store import runs
from crawler.store import sources as states


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source of the registry. `read_until`: everything published before is stored.

    `verdict` is that of the last run (None before the first), `checked_at` when it ended.
    """

    key: str
    name: str
    publisher: str
    licence: str
    site: str
    read_until: datetime | None
    checked_at: datetime | None
    verdict: str | None


def sources(connection: sa.Connection) -> tuple[SourceState, ...]:
    """Every enabled source in the registry's order; those read only by name come last."""
    last = runs.latest(connection)
    reached = states.states_of(connection)
    rows = sorted((row for row in registry.load().values() if row.enabled), key=lambda r: r.by_name)
    return tuple(
        SourceState(
            key=row.key,
            name=row.name,
            publisher=row.publisher,
            licence=row.licence,
            site=row.base_url,
            read_until=reached[row.key].watermark if row.key in reached else None,
            checked_at=last.get(row.key, {}).get("finished"),
            verdict=last.get(row.key, {}).get("verdict"),
        )
        for row in rows
    )


def names() -> Mapping[str, str]:
    """The sources' names by key."""
    return MappingProxyType({row.key: row.name for row in registry.load().values()})


def portals() -> Mapping[str, str]:
    """The names of the portals that publish notices, by host."""
    rows = registry.load().values()
    return MappingProxyType({links.host_of(row.base_url): row.name for row in rows if row.base_url})
