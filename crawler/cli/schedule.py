"""``tenders schedule``: the scheduler, as ``python scheduler.py``."""

from __future__ import annotations

from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def schedule(
    show: Annotated[bool, typer.Option("--list", help="Show what runs when next.")] = False,
    now: Annotated[str | None, typer.Option(metavar="JOB", help="Run one job at once.")] = None,
) -> None:
    """Run every job at its time until stopped."""
    import scheduler  # top level, beside this package

    arguments = ["--list"] if show else ["--now", now] if now else []
    raise typer.Exit(scheduler.main(arguments))
