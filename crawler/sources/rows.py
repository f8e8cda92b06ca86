"""A row of the source tables: what may stand in it, and what is made of it.

Facts about each portal's interface and limits: its own API documentation, and what its answers say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from crawler.errors import ConfigError, UsageError
from crawler.items import Facts
from crawler.sources.pace import Pace

POSTED = frozenset({"feed", "listing"})
"""Platforms that read what any website posts: a row needs no code, but terms that allow it."""

ALLOWED = "use"
"""What `use` says where the terms were read and allow reading and keeping what we keep."""

_DEFAULTS: Mapping[str, Any] = {
    # A website is not asked more than a person with a patient finger would.
    "pace": {"requests": 1, "seconds": 2},
    "window": "30d",
    "overlap": "0h",
    "first": "30d",
    "min_items": 1,
    "unit": "page",
    "when": "25 7,15 * * *",
}
_SPAN = re.compile(r"(\d+)([hd])")
_CRONTAB = re.compile(r"([\d*/,-]+ ){4}(\*|[a-z]{3}([,-][a-z]{3})*)")
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where things stand on a website's pages, as CSS selectors; empty for "where they usually do".

    `links` are the links to the items on a list page, or elements that hold one; `title` and `body`
    stand on an item's own page.
    """

    links: str = ""
    title: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One row of the registry. `window` None means a calendar month.

    `unit` is what a crawl reads one of after the other; a source that is `by_name` is read only
    when somebody names it. `fresh` is how old the newest notice may be before the source counts as
    ill, None for as old as it likes. `terms` is what its robots.txt and terms say, and `use` what
    follows for us. `when` is the crontab line by which the scheduler has it read. `buyer`
    and `place` hold for all that it posts, where it always means the same.
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
    fresh: timedelta | None = None
    repairs: frozenset[str] = frozenset()
    notice_types: tuple[int, ...] = ()
    locale: int | None = None
    licence: str = ""
    enabled: bool = True
    note: str = ""
    unit: str = "window"
    by_name: bool = False
    page: Page | None = None
    buyer: str = ""
    place: str = ""
    covers: str = ""
    terms: str = ""
    use: str = ""
    when: str

    @property
    def posted(self) -> bool:
        """Whether each reading holds all that the source shows, not a stretch of time."""
        return self.platform in POSTED

    def at_pace(self, asked: Pace, *, local: bool) -> Source:
        """This source at the pace `asked`, with its own penalty where that names none.

        Raises `UsageError` for more than it allows, unless the crawl is `local`: of this machine.
        """
        wanted = asked.beside(self.pace)
        if wanted.looser_than(self.pace) and not local:
            raise UsageError(
                f"--pace {self.key}={wanted} asks more than the published {self.pace}. That is"
                " only allowed towards this machine (--base-url with a loopback address)."
            )
        return replace(self, pace=wanted)


class _Pace(msgspec.Struct, forbid_unknown_fields=True):
    requests: int
    seconds: float
    penalty: float | None = None


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    links: str = ""
    title: str = ""
    body: str = ""


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
    fresh: str = ""
    repairs: list[str] = []
    notice_types: list[int] = []
    locale: int | None = None
    licence: str = ""
    enabled: bool = True
    note: str = ""
    unit: str = "window"
    by_name: bool = False
    page: _Page | None = None
    buyer: str = ""
    place: str = ""
    covers: str = ""
    terms: str = ""
    use: str = ""
    when: str = "10 5,11,17,23 * * *"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One TOML file: its name, its text (to say in which line a fault stands) and its tables."""

    name: str
    text: str
    tables: Mapping[str, Any]

    def line(self, key: str, named: str = "") -> int:
        """The line where table `key` begins, or in it the first line that begins with `named`."""
        head = rf"(?m)^[ \t]*\[[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*[.\]]"
        found = re.search(head, self.text)
        at = found.end() if found else 0
        if found and named:
            rest = self.text[found.end() :]
            inner = re.search(rf"(?m)^[ \t]*{re.escape(named)}[ \t]*=", rest)
            after = re.search(rf"(?m)^[ \t]*\[(?![ \t]*{re.escape(key)}\.)", rest)
            if inner and (after is None or inner.start() < after.start()):
                at = found.end() + inner.end()
        return self.text.count("\n", 0, at) + 1


def sheet(path: Path) -> Sheet:
    """The tables in a TOML file. Raises `ConfigError` with the line of a fault."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}. Correct that line.") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}). Give this user the right to read it."
        ) from error
    return Sheet(name=path.name, text=text, tables=tables)


def read(path: Path) -> dict[str, Source]:
    """The sources in one TOML file. Raises `ConfigError`."""
    one = sheet(path)
    return {key: source(key, table, one) for key, table in one.tables.items()}


def source(key: str, table: object, stands: Sheet) -> Source:
    """The source that a table says. Raises `ConfigError` naming file, line, source and field."""
    try:
        if not _KEY.fullmatch(key):
            raise ValueError(
                "a key is 3 to 40 small letters, digits and hyphens, such as leeds-arts-board"
            )
        if isinstance(table, dict) and table.get("platform") in POSTED:
            table = {**_DEFAULTS, **table}
        made = _made(key, msgspec.convert(table, _Row))
        if not _CRONTAB.fullmatch(made.when):
            raise ValueError(
                f"when = {made.when!r} is no crontab line: write minute, hour, day of month, month"
                " and weekday, such as '10 5,17 * * *' or '0 6 * * mon'"
            )
        _permitted(made)
    except (msgspec.ValidationError, ValueError) as error:
        words = str(error)
        named = re.search(r"unknown field `(\w+)`|`\$\.(\w+)", words)
        line = stands.line(key, next((n for n in named.groups() if n), "") if named else "")
        raise ConfigError(
            f"{stands.name}, line {line}, source {key!r}: {words}. Correct that field."
        ) from error
    return made


def _made(key: str, row: _Row) -> Source:
    named = (
        "name", "publisher", "platform", "min_items", "locale", "licence", "enabled", "note",
        "unit", "by_name", "buyer", "place", "covers", "terms", "use", "when",
    )  # fmt: skip
    return Source(
        key=key,
        window=None if row.window == "month" else _span(row.window),
        overlap=_span(row.overlap),
        first=_span(row.first),
        fresh=_span(row.fresh) if row.fresh else None,
        repairs=frozenset(row.repairs),
        notice_types=tuple(row.notice_types),
        filled=_fields(row.filled),
        pace=Pace(**msgspec.structs.asdict(row.pace)),
        page=Page(**msgspec.structs.asdict(row.page)) if row.page else None,
        # A website's address is written as it is; a portal's has paths put behind it.
        base_url=row.base_url if row.platform in POSTED else row.base_url.rstrip("/"),
        **{name: getattr(row, name) for name in named},
    )


def _permitted(row: Source) -> None:
    """Refuses what cannot be read rightly. Raises `ValueError`."""
    if not row.posted:
        return
    if not row.terms or not row.use:
        raise ValueError(
            "`terms` must say what robots.txt and the terms of the site say, and `use` what follows"
        )
    for name in ("links", "title", "body"):
        _readable(f"page.{name}", getattr(row.page, name) if row.page else "")
    if not row.enabled:
        return
    if row.use != ALLOWED:
        raise ValueError(
            f"use is {row.use!r}, so enabled must be false until the terms or a written answer"
            f" allow it; then write use = {ALLOWED!r} and in terms who allowed it and when"
        )
    parts = urlsplit(row.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base_url {row.base_url!r} is no address of a page; write https://…")
    if row.platform == "listing" and not (row.page and row.page.links):
        raise ValueError("page.links is missing: the CSS selector of the links to the items")


def _readable(name: str, selector: str) -> None:
    """Refuses what is no CSS selector of elements. Raises `ValueError`."""
    if not selector:
        return
    from cssselect import GenericTranslator, SelectorError  # only rows with selectors need it

    try:
        GenericTranslator().css_to_xpath(selector)
    except SelectorError as error:
        raise ValueError(f"{name} = {selector!r} is no CSS selector: {error}") from error


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
