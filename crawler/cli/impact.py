"""``tenders impact``: what the service brings, safe to publish."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config
from crawler.cli.people import say
from crawler.disclosure import FEWEST
from crawler.errors import UsageError
from crawler.jobs import impact as job
from crawler.store import database

commands = typer.Typer()


@commands.command()
def impact(
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, for funders.")] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Every number as it is: not to be passed on.")
    ] = False,
) -> None:
    """Show reach, bids, wins and value, counted in organisations."""
    if as_csv and exact:
        raise UsageError("--csv is to be passed on, and --exact is not. Leave one of them out.")
    with database.engine(config.load().database).connect() as connection:
        report = (job.exact if exact else job.safe)(connection, datetime.now(UTC))
    if as_csv:
        job.write(report, sys.stdout)
        return
    table = Table("", *job.MEASURES.values(), "Value won", box=None, pad_edge=False)
    for one in (report.total, *(row for rows in report.tables.values() for row in rows)):
        counts = [_number(one.counts[measure]) for measure in job.MEASURES]
        table.add_row(*map(Text, (one.name, *counts, _pounds(one.value))))
    Console().print(table)
    say(f"Digests sent: {_number(report.digests)}. Items told: {_number(report.items)}.")
    if not exact:
        say(
            f"Organisations, rounded. “–” is kept back: fewer than {FEWEST}, or a number from which"
            " such a one could be worked out."
        )


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _pounds(value: Decimal | None) -> str:
    return "–" if value is None else f"£{value:,.0f}"
