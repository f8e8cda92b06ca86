"""The register as the spiders need it: whose site lies where, by GSS code.

`crawler.sources.register` writes ``councils.toml``; this module reads it.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crawler.errors import UsageError

_FILE = Path(__file__).with_name("councils.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A council, combined authority or integrated care board, with its sites where known.

    `kind` is the table it stands in: ``council``, ``combined_authority`` or ``board``. `platform`
    names the software of the democracy site.
    """

    gss: str
    kind: str
    name: str
    website: str | None
    democracy: str | None = None
    platform: str | None = None


@cache
def bodies() -> Mapping[str, Body]:
    """Every body of the register by its GSS code."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        gss: Body(
            gss=gss,
            kind=kind,
            name=row["name"],
            website=row.get("website"),
            democracy=row.get("democracy"),
            platform=row.get("platform"),
        )
        for kind, rows in tables.items()
        for gss, row in rows.items()
    }


def chosen(codes: Iterable[str]) -> list[Body]:
    """The bodies that `codes` name; all councils if there are none.

    Raises `UsageError` with the nearest codes for one that does not exist.
    """
    known = bodies()
    wanted = list(dict.fromkeys(codes))
    for code in wanted:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=3, cutoff=0.4)
            raise UsageError(
                f"there is no authority {code!r} in the register;"
                f" did you mean {', '.join(near) or 'a GSS code such as E07000081'}?"
            )
    return [known[code] for code in wanted] or [
        body for body in known.values() if body.kind == "council"
    ]
