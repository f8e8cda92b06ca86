"""Adds a source to this installation: writes its row, tries it, keeps it if people agree."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.errors import ConfigError, UsageError
from crawler.jobs.crawl import Options, Result, check, crawl_rows
from crawler.sources import Source, is_loopback
from crawler.sources.registry import read, shipped
from crawler.sources.rows import ALLOWED
from crawler.text import one_line

SHOWN = 10
"""Items that a person sees before the row is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person says of a new source; empty where they say nothing."""

    key: str
    name: str
    publisher: str
    platform: str
    address: str
    terms: str
    links: str = ""
    title: str = ""
    body: str = ""
    buyer: str = ""
    place: str = ""
    min_items: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How reading the new source went: the first items as they would be judged, and the verdict."""

    items: tuple[Mapping[str, Any], ...]
    result: Result


def row(wanted: Wanted) -> str:
    """The TOML table of a source."""
    plain = {
        "name": wanted.name,
        "publisher": wanted.publisher,
        "platform": wanted.platform,
        "base_url": wanted.address,
        "buyer": wanted.buyer,
        "place": wanted.place,
        "terms": wanted.terms,
    }
    lines = [f"[{wanted.key}]"]
    lines += [f"{name} = {_text(words)}" for name, words in plain.items() if words]
    lines += [f"use = {_text(ALLOWED)}", f"min_items = {wanted.min_items}"]
    page = {"links": wanted.links, "title": wanted.title, "body": wanted.body}
    selectors = ", ".join(f"{name} = {_text(words)}" for name, words in page.items() if words)
    if selectors:
        lines.append(f"page = {{ {selectors} }}")
    return "\n".join(lines) + "\n"


def _text(words: str) -> str:
    """A TOML basic string: JSON's, but for a sign that TOML wants escaped too."""
    return json.dumps(one_line(words, 1000), ensure_ascii=False).replace("\x7f", "\\u007f")


def prepared(own: Path, wanted: Wanted) -> str:
    """The file of own sources with the new row at its end.

    Raises `UsageError` when the key is taken, `ConfigError` when the row says what cannot be.
    """
    text = own.read_text(encoding="utf-8") if own.exists() else _HEADER
    taken = {**shipped(), **(read(own) if own.exists() else {})}
    if wanted.key in taken:
        raise UsageError(
            f"there is a source {wanted.key!r} already ({taken[wanted.key].name}); choose another"
            f" key, or correct its row in {own.name}."
        )
    return f"{text.rstrip()}\n\n{row(wanted)}".lstrip()


_HEADER = "# Sources of our own; CONTRIBUTING.md, Adding a source, says what a row holds.\n"


@contextmanager
def _beside(own: Path, text: str) -> Iterator[Path]:
    """A file with `text` in the folder of `own`, gone when the block ends."""
    own.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".sources-", suffix=".toml", dir=own.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def tried(
    url: str, own: Path, wanted: Wanted, now: datetime, mirror: str | None = None
) -> tuple[Source, Trial]:
    """Reads up to `SHOWN` items of the new source, storing nothing.

    `mirror` is where it is read instead. Raises as `prepared` does, naming the line.
    """
    items: list[Mapping[str, Any]] = []

    def listen(event: dict[str, Any]) -> None:
        if event.get("event") == "release":
            items.append(event)

    if mirror is not None and not is_loopback(mirror):
        raise UsageError(f"--base-url {mirror} is for a mirror on this machine; leave it out.")
    with _beside(own, prepared(own, wanted)) as trial:
        try:
            source = read(trial)[wanted.key]
        except ConfigError as error:
            raise ConfigError(str(error).replace(trial.name, own.name)) from error
        options = Options(
            limit=SHOWN, dry_run=True, base_urls={wanted.key: mirror} if mirror else {}
        )
        check([source], options, now)
        (result,) = crawl_rows(url, [source], options, now, listen, rows=trial)
    return source, Trial(items=tuple(items[:SHOWN]), result=result)


def keep(own: Path, wanted: Wanted) -> None:
    """Writes the new row to the file of own sources: all of it, or nothing."""
    with _beside(own, prepared(own, wanted)) as ready:
        ready.chmod(own.stat().st_mode & 0o777 if own.exists() else 0o644)
        ready.replace(own)
