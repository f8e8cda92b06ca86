"""``tenders doctor``: looks the installation over and says what to do."""

from __future__ import annotations

import typer

from crawler import config
from crawler.jobs import doctor as job

commands = typer.Typer()

_SIGNS = {"good": "ok   ", "note": "note ", "wrong": "WRONG"}


@commands.command()
def doctor() -> None:
    """Say what is unset or wrong and what to do; exit status 1 if anything is wrong."""
    settings = config.load()
    typer.echo("ok    settings: they can be read")
    wrong = False
    for finding in job.examine(settings):
        typer.echo(f"{_SIGNS[finding.grade]} {finding.about}: {finding.words.rstrip('.')}.")
        wrong = wrong or finding.grade == "wrong"
    raise typer.Exit(1 if wrong else 0)
