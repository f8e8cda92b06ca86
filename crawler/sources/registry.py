"""Loads the source tables and refuses what it does not know.

Facts about each portal's interface and limits: its own API documentation, and what its answers say.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from crawler.errors import ConfigError, UsageError
from crawler.items import Facts

TABLES = ("portals.toml", "sites.toml")
_PACE = re.compile(r"(\d+)/(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?")
_SPAN = re.compile(r"(\d+)([hd])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A source's limit: `requests` in any `seconds`; `penalty` seconds of silence after a 403."""

    requests: int
    seconds: float
    penalty: float | None = None

    @classmethod
    def parse(cls, text: str) -> Pace:
        """The pace written as ``12/120`` or ``20/10,300``. Raises `UsageError`."""
        found = _PACE.fullmatch(text.strip())
        if not found or int(found[1]) < 1 or float(found[2]) <= 0:
            raise UsageError(
                f"--pace {text!r} is not REQUESTS/SECONDS[,PENALTY]; write 12/120 or 20/10,300."
            )
        penalty = float(found[3]) if found[3] is not None else None
        return cls(requests=int(found[1]), seconds=float(found[2]), penalty=penalty)

    def looser_than(self, other: Pace) -> bool:
        """Whether this pace asks more of a portal than `other` allows in any stretch of time."""
        spells = math.ceil(other.seconds / self.seconds)
        sooner = other.penalty is not None and (
            self.penalty is None or self.penalty < other.penalty
        )
        return self.requests * spells > other.requests or sooner

    def beside(self, published: Pace) -> Pace:
        """This pace, with the `published` penalty where it names none."""
        return replace(self, penalty=published.penalty) if self.penalty is None else self

    def __str__(self) -> str:
        penalty = f",{self.penalty:g}" if self.penalty is not None else ""
        return f"{self.requests}/{self.seconds:g}{penalty}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One row of the registry. `window` None means a calendar month.

    `unit` is what a crawl reads one of after the other; a source that is `by_name` is read only
    when somebody names it.
    """

    key: str
    name: str
    publisher: str
    platform: str
    base_url: str
    pace: Pace
    window: timedelta | None
    overlap: timedelta
    first: timedelta
    min_items: int
    filled: Mapping[str, float] = field(default_factory=dict)
    repairs: frozenset[str] = frozenset()
    notice_types: tuple[int, ...] = ()
    locale: int | None = None
    licence: str = ""
    enabled: bool = True
    note: str = ""
    unit: str = "window"
    by_name: bool = False


class _Pace(msgspec.Struct, forbid_unknown_fields=True):
    requests: int
    seconds: float
    penalty: float | None = None


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    publisher: str
    platform: str
    base_url: str
    pace: _Pace
    window: str
    overlap: str
    first: str
    min_items: int
    filled: dict[str, float] = {}
    repairs: list[str] = []
    notice_types: list[int] = []
    locale: int | None = None
    licence: str = ""
    enabled: bool = True
    note: str = ""
    unit: str = "window"
    by_name: bool = False


@cache
def load() -> Mapping[str, Source]:
    """Every source by key. Raises `ConfigError` naming the file, the source and the field."""
    sources: dict[str, Source] = {}
    for name in TABLES:
        path = Path(__file__).with_name(name)
        for key, source in read(path).items():
            if key in sources:
                raise ConfigError(f"{path.name}: source {key!r} stands twice; rename one.")
            sources[key] = source
    return sources


def read(path: Path) -> dict[str, Source]:
    """The sources in one TOML file. Raises `ConfigError`."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}. Correct that line.") from error
    return {key: _source(key, table, path.name) for key, table in tables.items()}


def _source(key: str, table: object, file: str) -> Source:
    try:
        row = msgspec.convert(table, _Row)
        return Source(
            key=key,
            window=None if row.window == "month" else _span(row.window),
            overlap=_span(row.overlap),
            first=_span(row.first),
            repairs=frozenset(row.repairs),
            notice_types=tuple(row.notice_types),
            filled=_fields(row.filled),
            **{name: getattr(row, name) for name in ("name", "publisher", "platform", "min_items")},
            pace=Pace(**msgspec.structs.asdict(row.pace)),
            base_url=row.base_url.rstrip("/"),
            locale=row.locale,
            licence=row.licence,
            enabled=row.enabled,
            note=row.note,
            unit=row.unit,
            by_name=row.by_name,
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{file}, source {key!r}: {error}. Correct that field.") from error


def _fields(filled: dict[str, float]) -> dict[str, float]:
    known = {one.name for one in fields(Facts)}
    for name in filled:
        if name not in known:
            raise ValueError(f"filled names {name!r}, which is no field of a release")
    return filled


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no span such as 6h or 30d")
    return timedelta(**{"h": {"hours": 1}, "d": {"days": 1}}[found[2]]) * int(found[1])


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

    Raises `UsageError` with the nearest keys for one that does not exist.
    """
    sources = load()
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in sources:
            near = difflib.get_close_matches(key, sources, n=3, cutoff=0.4) or list(sources)
            raise UsageError(f"there is no source {key!r}; did you mean {', '.join(near)}?")
    return [sources[key] for key in wanted] or [
        source for source in sources.values() if source.enabled and not source.by_name
    ]
