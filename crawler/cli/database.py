"""``tenders db``: create, check, back up; ``tenders reprocess``: make everything anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from crawler import config, keys
from crawler.jobs import forgetting, keeping, library, restoring, upgrading
from crawler.jobs import reprocess as job
from crawler.relevance import in_force
from crawler.store import copying, database

commands = typer.Typer()
db = typer.Typer(help="The database.", no_args_is_help=True)
commands.add_typer(db, name="db")


@db.command()
def upgrade() -> None:
    """Create the database, or bring its schema to this version's."""
    engine = database.connect(config.load().database)
    revision = upgrading.upgrade(engine)
    library.refresh(engine, datetime.now(UTC))
    typer.echo(f"The database has schema {revision}.")


@db.command()
def check() -> None:
    """Say what is wrong with the database; exit status 1 if anything is."""
    problems = database.check(database.connect(config.load().database))
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo("The database is sound.")


@db.command()
def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; var/backups if not given, the last ones kept.")
    ] = None,
) -> None:
    """Write a consistent copy of the database, also while a crawl runs."""
    settings = config.load()
    engine = database.connect(settings.database)  # an older or newer schema is backed up as well
    now = datetime.now(UTC)
    path = database.backup(engine, folder, now) if folder else keeping.backup(settings, engine, now)
    typer.echo(str(path))


@db.command()
def copy(
    to: Annotated[
        str, typer.Option("--to", help="An empty database: sqlite:///FILE or postgresql://…")
    ],
    source: Annotated[
        str | None, typer.Option("--from", help="Instead of the database in force.")
    ] = None,
) -> None:
    """Copy the database into an empty one, of the other kind too, and compare every table."""
    origin = database.connect(source or config.load().database)
    done = copying.copy(origin, database.connect(to))
    for name, content in sorted(done.items()):
        typer.echo(f"{name:<16} {content.rows:>9} rows  {content.digest}")
    typer.echo(
        "Every table has arrived, row for row. What was written here since the copy began is not"
        " in it. To work with the copy, set TENDERS_DATABASE_URL to it and start again."
    )


@db.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup, as `tenders db backup` wrote it.")],
    replace: Annotated[
        bool, typer.Option(help="Replace a database that holds something; it is kept aside.")
    ] = False,
) -> None:
    """Put a backup in the place of the database; people who stopped or left since stay so."""
    settings = config.load()
    done = restoring.restore(settings, file, datetime.now(UTC), replace=replace)
    for line in restoring.told(done):
        typer.echo(line)


@db.command()
def prune() -> None:
    """Drop raw releases, contacts and mail texts past their time; what was learnt stays."""
    settings = config.load()
    engine = database.engine(settings.database)
    dropped = keeping.prune(engine, settings.keep_raw_months, datetime.now(UTC))
    unseen = keeping.prune_contacts(engine, settings.keep_contacts_months, datetime.now(UTC))
    mails = keeping.prune_mails(engine, settings.keep_mail_days, datetime.now(UTC))
    typer.echo(f"{dropped} raw releases, {unseen} contacts and the texts of {mails} mails dropped.")


@db.command()
def forget() -> None:
    """Apply the forget list again: after a restore, old data would bring people back."""
    settings = config.load()
    engine = database.engine(settings.database)
    key = keys.forget_key(settings)
    done = forgetting.again(engine, key, datetime.now(UTC), settings.forgotten)
    typer.echo(
        f"{done.contacts} contacts deleted, {done.releases} raw releases and {done.rows} other"
        " entries redacted."
    )


@commands.command()
def reprocess(
    judgements: Annotated[
        bool, typer.Option(help="List each opportunity that is judged otherwise now.")
    ] = False,
) -> None:
    """Recompute everything from the raw releases: facts, judgements, places, merging."""
    settings = config.load()
    engine = database.engine(settings.database)
    done = job.reprocess(engine, in_force(settings.model), datetime.now(UTC))
    for moved in done.moved if judgements else ():
        typer.echo(json.dumps(moved, ensure_ascii=False))
    typer.echo(
        f"{done.releases} releases read, {done.errors} unreadable, {done.pruned} pruned earlier;"
        f" {len(done.moved)} opportunities judged otherwise than before."
    )
