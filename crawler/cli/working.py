"""``tenders worker``: does queued jobs on this machine; ``tenders jobs``: shows the queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from crawler import config, logs
from crawler.jobs import work_queue as job
from crawler.store import work_queue

commands = typer.Typer()
_STATES = {"todo": "waits", "doing": "runs", "succeeded": "done"}


@commands.command()
def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, max=100, help="How many jobs to do at once.")
    ] = 4,
) -> None:
    """Do the jobs that the scheduler queues, until stopped. Needs PostgreSQL."""
    settings = config.load()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logs.set_up(settings.log_format)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    job.work(settings, concurrency)


@commands.command()
def jobs(
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Show the queue: what runs, what waits, what ended last."""
    engine = job.engine_of(config.load())
    with engine.connect() as connection:
        rows = work_queue.listed(connection, limit)
        alive = work_queue.workers(connection, job.SILENT)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, default=str))
        return
    table = Table("job", "for", "state", "tries", "worker", "since", box=None)
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)
    typer.echo(f"{alive} workers alive." if alive != 1 else "1 worker alive.")


def _cells(row: Mapping[str, Any]) -> list[str]:
    state = _STATES.get(row["status"], row["status"])
    if row["status"] == "doing" and (row["worker"] is None or (row["silent"] or 0) > job.SILENT):
        state = "its worker died"
    at = f"{row['at']:%d %b %H:%M:%S}" if row["at"] else ""
    due = str(row["due"] or "")[:16].replace("T", " ")
    worker = "" if row["worker"] is None else str(row["worker"])
    return [row["job"] or "", due, state, str(row["tries"]), worker, at]
