"""``tenders contacts``: whom to talk to at each authority, and who asked to be forgotten."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates, keys
from crawler.errors import UsageError
from crawler.sources.councils import bodies, chosen
from crawler.store import contacts, database
from crawler.store.contacts import Known

commands = typer.Typer()
group = typer.Typer(help="Whom to talk to at each authority.", no_args_is_help=True)
commands.add_typer(group, name="contacts")


@group.command("list")
def list_(
    authority: Annotated[
        list[str] | None, typer.Option(help="GSS code such as E07000081; repeatable")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One contact a line.")] = False,
) -> None:
    """Show the contacts: roles' own first, then officers'. Stale ones are marked."""
    codes = [body.gss for body in chosen(authority)] if authority else []
    engine = database.engine(config.load().database)
    with engine.connect() as connection:
        known = contacts.listed(connection, codes)
    if as_json:
        for one in known:
            sys.stdout.write(json.dumps(record(one), ensure_ascii=False) + "\n")
        return
    if not known:
        typer.echo("No contacts yet. Read a council's site with: tenders crawl councils --only GSS")
        return
    table = Table("Authority", "Role", "Email", "Phone", "Page", "Last seen")
    for one in known:
        table.add_row(*(Text(words) for words in _row(one)))
    Console().print(table)


def record(one: Known) -> dict[str, Any]:
    """`one` as plain data; days in ISO 8601. The first of its pages is the plainest evidence."""
    best = one.evidence[0]
    body = bodies().get(one.authority)
    return {
        "authority": one.authority,
        "authority_name": body.name if body else None,
        "role": one.role,
        "name": one.name,
        "email": one.email,
        "phone": one.phone,
        "phone_written": one.phone_written,
        "form": one.form,
        "outcomes": list(one.outcomes),
        "page": best.page,
        "headings": list(best.headings),
        "sentence": best.sentence,
        "basis": best.basis,
        "pages": [evidence.page for evidence in one.evidence],
        "first_seen": one.first_seen.date().isoformat(),
        "last_seen": one.last_seen.date().isoformat(),
        "stale": one.stale_since is not None,
        "stale_since": one.stale_since.date().isoformat() if one.stale_since else None,
    }


def _row(one: Known) -> tuple[str, ...]:
    body = bodies().get(one.authority)
    seen = dates.spell(one.last_seen.astimezone(dates.LONDON).date())
    return (
        body.name if body else one.authority,
        f"{one.role} ({one.name})" if one.name else one.role,
        one.email or one.form or "",
        one.phone_written or "",
        one.evidence[0].page,
        f"{seen}, no longer published" if one.stale_since else seen,
    )


@group.command()
def forget(
    email: Annotated[str, typer.Argument(help="the address to forget")],
) -> None:
    """Delete whatever is kept under an address, and never take it in again."""
    if email.count("@") != 1 or email.strip().startswith("@"):
        raise UsageError(f"{email!r} is no email address. Write it in full: name@example.org")
    settings = config.load()
    engine = database.engine(settings.database)
    key = keys.forget_key(settings)
    with database.writing(engine) as connection:
        gone = contacts.forget(connection, key, email, datetime.now(UTC))
    typer.echo(f"Forgotten: {gone} entries deleted. Later crawls will leave this address out.")
