"""``tenders users``: who may sign in to the web app, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates
from crawler.cli.people import ORIGIN, say
from crawler.errors import UsageError
from crawler.store import audit, database, users

commands = typer.Typer()
group = typer.Typer(help="Who may sign in: reviewers, staff, admins.", no_args_is_help=True)
commands.add_typer(group, name="users")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="where sign-in links go")]


@group.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option(help="what they are called; stands beside decisions")],
    role: Annotated[str, typer.Option(help="reviewer, staff or admin")] = "reviewer",
) -> None:
    """Let somebody sign in. They are sent a link whenever they ask for one."""
    settings, now = config.load(), datetime.now(UTC)
    with database.writing(database.engine(settings.database)) as connection:
        user = users.add(connection, email=email, name=name, role=role, now=now)
        audit.record(
            connection, who=ORIGIN, what="added a user", about=user.name, at=now, detail=user.role
        )
    say(f"{user.name} may sign in as {user.role}: {settings.base_url.rstrip('/')}/sign-in")


@group.command("list")
def list_() -> None:
    """Show who may sign in."""
    with database.engine(config.load().database).connect() as connection:
        found = users.everybody(connection)
    if not found:
        say("Nobody may sign in yet. Add somebody with: tenders users add EMAIL --name NAME")
        return
    table = Table()
    for heading in ("Name", "Role", "Address", "Signed in last"):
        table.add_column(heading, overflow="fold")
    for one in found:
        last = dates.spell(one.seen_at) if one.seen_at else "never"
        table.add_row(*(Text(words) for words in (one.name, one.role, one.email, last)))
    Console().print(table)


@group.command()
def remove(email: Email) -> None:
    """Let somebody in no more, at once. What they decided stays."""
    now = datetime.now(UTC)
    with database.writing(database.engine(config.load().database)) as connection:
        user = users.find(connection, email)
        if user is None:
            raise UsageError(f"{email[:80]!r} may not sign in. See: tenders users list")
        users.remove(connection, user)
        audit.record(connection, who=ORIGIN, what="removed a user", about=user.name, at=now)
    say(f"{user.name} is signed out and may sign in no more.")
