"""``tenders export``: opportunities for other programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crawler import config
from crawler.errors import UsageError
from crawler.jobs import export as job
from crawler.store import database

commands = typer.Typer()


class Format(StrEnum):
    """What `export` writes."""

    jsonl = "jsonl"
    csv = "csv"
    ocds = "ocds"


@commands.command()
def export(
    form: Annotated[
        Format, typer.Option("--format", help="One of jsonl, csv, ocds.")
    ] = Format.jsonl,
    query: Annotated[
        str | None, typer.Option(help="Only those in which these words occur.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A file; standard output if not given.")
    ] = None,
) -> None:
    """Write opportunities: one JSON object a line, CSV, or the raw releases as an OCDS package."""
    engine = database.engine(config.load().database)
    lines = job.lines(engine, form.value, query, datetime.now(UTC))
    if output is None:
        sys.stdout.writelines(lines)
        return
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        partial.replace(output)
    except OSError as error:
        raise UsageError(f"--output {output} cannot be written: {error.strerror}.") from error
