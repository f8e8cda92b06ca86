"""``tenders subscribers import|export``: everybody as CSV, one person as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from crawler import config
from crawler.cli.people import evidence, known, say
from crawler.digest.wording import count
from crawler.errors import UsageError
from crawler.jobs import importing, preferences, subscriber_file
from crawler.store import database, subscribers

commands = typer.Typer()

_SHOWN = 50


@commands.command()
def export(
    email: Annotated[
        str | None, typer.Argument(help="everything kept about this person, as JSON")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="a file; else it is printed")] = None,
) -> None:
    """Write everybody as CSV, which import takes back, or all that is kept of one as JSON."""
    settings = config.load()
    engine = database.engine(settings.database)
    if email is not None:
        told = preferences.export_person(settings, engine, known(engine, email), datetime.now(UTC))
        with _into(output) as file:
            file.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        return
    with engine.connect() as connection, _into(output) as file:
        people = subscriber_file.write(subscribers.iterate(connection), file)
    if output:
        say(f"Wrote {count(people, 'person', 'people')} to {output}.")


@contextmanager
def _into(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise UsageError(
            f"--output {output} cannot be written ({error.strerror}). Name another file."
        ) from error


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="a CSV file, with a column email at least")],
    agreed: Annotated[
        str | None,
        typer.Option(
            "--consent",
            metavar="HOW",
            help="how everybody in the file agreed; without it, they are asked by mail",
        ),
    ] = None,
) -> None:
    """Take in a file of people; bad lines are named, the rest goes in. Exit 1 if any was bad."""
    settings = config.load()
    engine = database.engine(settings.database)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}). Name a CSV file.") from error
    content = subscriber_file.decoded(raw, file.name)
    how = None if agreed is None else evidence(agreed)
    done = importing.run(settings, engine, content, file.name, how, datetime.now(UTC))
    for line in done.refused[:_SHOWN]:
        who = f" ({line.email})" if line.email else ""
        say(f"line {line.number}{who}: {line.reason}")
    if len(done.refused) > _SHOWN:
        say(f"and {len(done.refused) - _SHOWN} more lines")
    asked = f", {done.asked} asked to confirm by mail" if done.asked else ""
    say(
        f"{count(done.new, 'person', 'people')} new{asked}, {done.changed} changed,"
        f" {done.same} as before; {count(len(done.refused), 'line')} refused."
    )
    if done.refused:
        raise typer.Exit(1)
