"""``tenders doctor``: looks the installation over and says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated

import typer

from crawler import config
from crawler.jobs import doctor as job
from crawler.jobs.findings import Finding

commands = typer.Typer()

_SIGNS = {"good": "ok   ", "note": "note ", "wrong": "WRONG"}


@commands.command()
def doctor(
    offline: Annotated[bool, typer.Option(help="Ask no mail server, DNS or source.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say what is unset or wrong and what to do; exit status 1 if anything is wrong."""
    settings = config.load()
    findings = job.examine(settings, datetime.now(UTC), offline=offline)
    wrong = False
    for finding in chain([Finding("settings", "good", "they can be read")], findings):
        words = f"{finding.words.rstrip('.')}."
        if as_json:
            row = {"about": finding.about, "grade": finding.grade, "words": words}
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(f"{_SIGNS[finding.grade]} {finding.about}: {words}")
        wrong = wrong or finding.grade == "wrong"
    raise typer.Exit(1 if wrong else 0)
