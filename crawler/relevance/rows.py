"""Labelled rows as people keep them (JSON lines) into notices and what is known of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from crawler.errors import UsageError
from crawler.items import ART_FORMS, OUTCOMES, RELEVANCES, Notice
from crawler.relevance.corpus import WRITTEN, Label
from crawler.relevance.features import Parts, take_apart
from crawler.relevance.grouping import groups

TAGS = (*ART_FORMS, *OUTCOMES)
Row = Mapping[str, Any]
TRUST = {"high": 1.0, "medium": 0.8, "low": 0.5, "written": 0.4}
"""How much a label counts in fitting, by the reader's own confidence."""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Labelled rows of a JSON-lines file. Raises `UsageError` naming the line that is wrong."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: no JSON ({error})") from error
        if (
            not isinstance(row, dict)
            or row.get("relevance") not in RELEVANCES
            or not row.get("title")
        ):
            raise UsageError(
                f"{path}, line {number}: a labelled notice needs a title and a relevance among "
                + ", ".join(RELEVANCES)
            )
        rows.append(row)
    if not rows:
        raise UsageError(f"{path} holds no labelled notice")
    return rows


def notice_of(row: Row) -> Notice:
    """The notice of one row; what is missing or null is empty."""

    def many(key: str) -> tuple[str, ...]:
        return tuple(str(value) for value in row.get(key) or ())

    return Notice(
        id=row.get("id"),
        title=str(row.get("title") or ""),
        description=str(row.get("description") or ""),
        lots=many("lots"),
        cpv=many("cpv"),
        category=row.get("category"),
        buyer=row.get("buyer"),
        region=many("region"),
        nuts=many("nuts"),
        postcode=many("postcode"),
    )


def tag_mask(row: Row) -> int:
    """Art forms and outcomes as bits, in the order of `TAGS`. Unknown ones raise `UsageError`."""
    mask = 0
    for tag in (*(row.get("art_forms") or ()), *(row.get("outcomes") or ())):
        if tag not in TAGS:
            raise UsageError(f"notice {row.get('id')}: {tag!r} is neither art form nor outcome")
        mask |= 1 << TAGS.index(tag)
    return mask


def labelled(rows: Sequence[Row]) -> list[tuple[Parts, Label]]:
    """Every row taken apart, with its label."""
    tied = groups([str(row["title"]) for row in rows], [row.get("buyer") for row in rows])
    return [
        (
            take_apart(notice_of(row)),
            Label(
                relevance=RELEVANCES.index(row["relevance"]),
                tags=tag_mask(row),
                weight=float(row.get("weight") or 1.0),
                trust=TRUST.get(row.get("confidence") or "high", 1.0),
                group=group,
            ),
        )
        for row, group in zip(rows, tied, strict=True)
    ]


def written() -> list[tuple[Parts, Label]]:
    """Notices that we wrote ourselves for thin classes: training only, each a group of its own.

    ``written.tsv`` holds relevance, tags, title, description, buyer and CPV codes.
    """
    text = files("crawler.relevance").joinpath("written.tsv").read_text(encoding="utf-8")
    found = []
    for number, line in enumerate(line for line in text.splitlines() if line and line[0] != "#"):
        fields = [*line.split("\t"), *[""] * 5]
        relevance, tags, title, description, buyer, codes = fields[:6]
        row: dict[str, Any] = {"title": title, "description": description, "buyer": buyer or None}
        row["art_forms"] = tags.split(",") if tags else ()
        row["cpv"] = codes.split(",") if codes else ()
        label = Label(
            relevance=RELEVANCES.index(relevance),
            tags=tag_mask(row),
            trust=TRUST["written"],
            group=-1 - number,
            origin=WRITTEN,
        )
        found.append((take_apart(notice_of(row)), label))
    return found
