"""Loads the source tables that ship, and the installation's own beside them.

An installation's own file (setting ``sources_file``, ``sources.toml`` in the home folder) holds
rows like those that ship. A table with the key of a row that ships changes the fields that it names
and no others, say ``enabled`` once a board has given its permission.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler import config
from crawler.errors import ConfigError, UsageError
from crawler.sources.pace import Pace
from crawler.sources.rows import Page, Sheet, Source, read, sheet, source

__all__ = ["Pace", "Page", "Source", "find", "is_loopback", "load", "own_file", "read", "shipped"]

TABLES = ("portals.toml", "sites.toml", "feeds.toml")


@cache
def own_file() -> Path:
    """Where this installation's own rows stand, whether or not there are any."""
    return config.load().own_sources


def load() -> Mapping[str, Source]:
    """Every source by key. Raises `ConfigError` naming file, line, source and field.

    The installation's own file is read again when it has changed.
    """
    path = own_file()
    try:
        stat = path.stat()
    except OSError:
        return shipped()
    return _with_own(path, stat.st_mtime_ns, stat.st_size)


@cache
def _sheets() -> Mapping[str, tuple[Sheet, dict[str, Any]]]:
    """The table of each source that ships, by key, with the file that it stands in."""
    found: dict[str, tuple[Sheet, dict[str, Any]]] = {}
    for name in TABLES:
        one = sheet(Path(__file__).with_name(name))
        for key, table in one.tables.items():
            if key in found:
                raise ConfigError(f"{name}: source {key!r} stands twice; rename one.")
            found[key] = one, table
    return found


@cache
def shipped() -> Mapping[str, Source]:
    """The sources that ship, by key."""
    return {key: source(key, table, one) for key, (one, table) in _sheets().items()}


@lru_cache(maxsize=4)
def _with_own(path: Path, changed: int, size: int) -> Mapping[str, Source]:
    del changed, size  # they only say that the file is another one
    own = sheet(path)
    rows = dict(shipped())
    for key, table in own.tables.items():
        if key not in rows or not isinstance(table, dict):
            rows[key] = source(key, table, own)
            continue
        made = source(key, {**_sheets()[key][1], **table}, own)
        if made.pace.looser_than(rows[key].pace):
            raise ConfigError(
                f"{own.name}, line {own.line(key, 'pace')}, source {key!r}: pace {made.pace} asks"
                f" more than the published {rows[key].pace}. Take that line out."
            )
        rows[key] = made
    return rows


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine by address or as localhost."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def find(keys: Iterable[str]) -> list[Source]:
    """The sources that `keys` name, in that order; if there are none, all that are enabled.

    Those that are read only by name are not among these.

    Raises `UsageError` with the nearest keys for one that does not exist, and with the reason for
    one that is not enabled.
    """
    sources = load()
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in sources:
            everyday = [one for one in sources if sources[one].enabled]
            near = difflib.get_close_matches(key, sources, n=3, cutoff=0.4) or everyday
            raise UsageError(f"there is no source {key!r}; did you mean {', '.join(near)}?")
        if not sources[key].enabled:
            raise UsageError(_not_enabled(sources[key]))
    return [sources[key] for key in wanted] or [
        one for one in sources.values() if one.enabled and not one.by_name
    ]


def _not_enabled(one: Source) -> str:
    why = f"{one.use}: {one.terms}" if one.use else one.note or "its row says so"
    return (
        f"{one.key} is not enabled ({why.rstrip('.')}). Once its publisher allows it, write"
        f' [{one.key}] with enabled = true, use = "use", and in terms who allowed it and when,'
        f" into {own_file().name} in the home folder."
    )
