"""``tenders organisations``: possible partners, from lists."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, keys
from crawler.cli import left_out
from crawler.digest import wording
from crawler.errors import UsageError
from crawler.jobs import organisations as jobs
from crawler.jobs import suppliers, unlisting
from crawler.places import authority
from crawler.places.regions import CODES, name
from crawler.store import database, organisations
from crawler.store.organisations import Organisation, Search

commands = typer.Typer()
group = typer.Typer(help="Possible partners, from lists and awards.", no_args_is_help=True)
commands.add_typer(group, name="organisations")
_SHOWN = 50


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV whose first line names its columns")],
    report: Annotated[
        Path | None, typer.Option(help="a CSV file for all that was left out")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="What was left out, a line each; ends with the counts.")
    ] = False,
) -> None:
    """Take in a list of bodies. Bad lines are named and the rest goes in; exit 1 then.

    A cell that cannot be meant is named as well, and its line goes in without it. Twice imported
    changes nothing.
    """
    if report and report.resolve() == file.resolve():
        raise UsageError(f"--report {report} is the list itself. Name another file.")
    settings = config.load()
    engine, key = database.engine(settings.database), keys.forget_key(settings)
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as open_file:
            done = jobs.take(engine, open_file, key)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}. Name a CSV file that is there."
        ) from error
    suppliers.refresh(engine, key)
    left_out.tell(file.name, done)
    if report:
        left_out.write(report, done)
    told = {
        "new": done.new,
        "changed": done.changed,
        "same": done.same,
        "refused": len(done.refused),
    }
    if as_json:
        for one in left_out.records(done):
            sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        typer.echo(left_out.summary(done))
    if done.refused:
        raise typer.Exit(1)


@group.command("list")
def list_(
    words: Annotated[str, typer.Argument(help="words of the name")] = "",
    region: Annotated[str | None, typer.Option(help="ITL1 code such as TLD, or its name")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One body a line, all of them.")] = False,
) -> None:
    """Show the bodies that everybody may see."""
    code = _region(region) if region else None
    engine = database.engine(config.load().database)
    with engine.connect() as connection:
        asked = Search(words=words, region=code)
        found = organisations.search(connection, asked, limit=None if as_json else _SHOWN)
    if as_json:
        for one in found.items:
            sys.stdout.write(json.dumps(record(one), ensure_ascii=False) + "\n")
        return
    if not found.total:
        typer.echo("Nobody found. Take in a list with: tenders organisations import FILE")
        return
    table = Table("Name", "Where", "Art forms", "Known from")
    for one in found.items:
        table.add_row(*(Text(cell) for cell in _row(one)))
    Console().print(table)
    if found.total > len(found.items):
        typer.echo(f"{len(found.items)} of {found.total}: say words of the name, or --json.")


@group.command()
def remove(
    key: Annotated[str, typer.Argument(help="its id: the end of its page's address")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Take a body out that asked for it. Later lists and awards leave it out, too."""
    settings = config.load()
    engine = database.engine(settings.database)
    if not yes:
        typer.confirm(f"Take {key} out for good?", abort=True)
    name_ = unlisting.unlist(
        engine, keys.forget_key(settings), key, datetime.now(UTC), settings.forgotten
    )
    typer.echo(f"{name_} is out, and stays out.")


def _region(said: str) -> str:
    for code in CODES:
        if said.strip().lower() in (code.lower(), name(code).lower()):
            return code
    names = ", ".join(name(code) for code in CODES)
    raise UsageError(f"{said!r} is no region. They are: {names}.")


def record(one: Organisation) -> dict[str, Any]:
    """`one` as plain data."""
    return {
        "id": one.key,
        "name": one.name,
        "names": list(one.names),
        "kinds": list(one.kinds),
        "region": one.region,
        "authority": one.authority,
        "postcode": one.postcode,
        "website": one.website,
        "charity": one.charity,
        "art_forms": list(one.art_forms),
        "outcomes": list(one.outcomes),
        "sources": list(one.sources),
        "wins": one.wins,
    }


def _row(one: Organisation) -> tuple[str, ...]:
    body = authority(one.authority) if one.authority else None
    where = [body.short_name] if body else []
    if one.region:
        where.append(name(one.region))
    known = [*one.sources]
    if one.wins:
        known.append(wording.count(one.wins, "award"))
    if one.subscriber_id is not None:
        known.append("open to partnering")
    return (one.name, ", ".join(where), ", ".join(one.art_forms), "; ".join(known))
