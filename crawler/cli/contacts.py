"""``tenders contacts``: whom to talk to at each authority, and who asked to be forgotten."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates, keys
from crawler.bids import UsedPortal
from crawler.contacts.bidding import page_facts
from crawler.digest import local
from crawler.digest.local import Around
from crawler.errors import UsageError
from crawler.jobs import forgetting
from crawler.opportunity import Opportunity
from crawler.sources.councils import bodies, chosen
from crawler.store import bidding, contacts, database, opportunities, subscribers
from crawler.store.contacts import Known
from crawler.text import one_line

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
def portals(
    authority: Annotated[
        list[str] | None, typer.Option(help="GSS code such as E08000016; repeatable")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One portal a line.")] = False,
) -> None:
    """Show which e-tendering portal each authority uses, the most named first, and what says so."""
    codes = [body.gss for body in chosen(authority)] if authority else []
    engine = database.engine(config.load().database)
    with database.writing(engine) as connection:
        bidding.ship(connection, page_facts(), datetime.now(UTC))
        used = bidding.used_by(connection, codes)
    if as_json:
        for one in used:
            sys.stdout.write(json.dumps(portal_record(one), ensure_ascii=False) + "\n")
        return
    if not used:
        typer.echo("No portal is known yet. Notices tell them: tenders crawl, or tenders reprocess")
        return
    table = Table("Authority", "Portal", "Known from", "Evidence", "Last seen")
    for one in used:
        table.add_row(*(Text(words) for words in _portal_row(one)))
    Console().print(table)


def portal_record(one: UsedPortal) -> dict[str, Any]:
    """`one` as plain data; days in ISO 8601."""
    body = bodies().get(one.authority)
    return {
        "authority": one.authority,
        "authority_name": body.name if body else None,
        "portal": one.portal,
        "basis": one.basis,
        "site": one.site or None,
        "evidence": one.evidence,
        "note": one.note or None,
        "notices": one.notices,
        "first_seen": one.first_seen.date().isoformat(),
        "last_seen": one.last_seen.date().isoformat(),
    }


def _portal_row(one: UsedPortal) -> tuple[str, ...]:
    body = bodies().get(one.authority)
    notices = "1 notice" if one.notices == 1 else f"{one.notices} notices"
    return (
        body.name if body else one.authority,
        one.portal,
        f"{notices} ({one.site})" if one.basis == "notices" else "its own page",
        one.evidence,
        dates.spell(one.last_seen.astimezone(dates.LONDON).date()),
    )


@group.command("for")
def for_(
    opportunity: Annotated[str, typer.Argument(help="the id of an opportunity, as export has it")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show whom to talk to about an opportunity, the nearest first, and where bids go."""
    settings = config.load()
    engine = database.engine(settings.database)
    with engine.connect() as connection:
        found = opportunities.by_key(connection, opportunity)
        if found is None:
            raise UsageError(
                f"there is no opportunity {opportunity!r}. `tenders export` lists them with ids."
            )
        near = local.around(connection, found[1], keys.forget_key(settings))
    if as_json:
        sys.stdout.write(json.dumps(around_record(near), ensure_ascii=False) + "\n")
        return
    for line in _around_lines(found[1], near):
        typer.echo(line)


def around_record(near: Around) -> dict[str, Any]:
    """`near` as plain data, the roles as `contacts list --json` writes them."""
    return {
        "notice": asdict(near.notice) if near.notice else None,
        "roles": [record(one) for one in near.roles],
        "bidding": asdict(near.bidding) if near.bidding else None,
    }


def _around_lines(opportunity: Opportunity, near: Around) -> Iterator[str]:
    yield one_line(opportunity.title, 200)
    if opportunity.buyer:
        yield one_line(opportunity.buyer.name, 200)
    yield ""
    if near.notice:
        yield local.told_by_notice(near.notice)
    for role in near.roles:
        yield local.told_by_role(role)
        yield f"  {role.evidence[0].page}"
    if not near.notice and not near.roles:
        yield "Nobody is known yet. Read the council's site with: tenders crawl councils --only GSS"
    yield ""
    if near.bidding is None:
        yield "Where bids go is not known: see the notice."
        return
    yield local.told_of_bidding(near.bidding)
    if near.bidding.evidence != near.bidding.site:
        yield f"  {near.bidding.evidence}"


@group.command()
def forget(
    email: Annotated[str, typer.Argument(help="the address to forget")],
) -> None:
    """Delete whatever is kept under an address, everywhere, and never take it in again."""
    if email.count("@") != 1 or email.strip().startswith("@"):
        raise UsageError(f"{email!r} is no email address. Write it in full: name@example.org")
    settings = config.load()
    engine = database.engine(settings.database)
    key = keys.forget_key(settings)
    done = forgetting.forget(engine, key, email, datetime.now(UTC), settings.forgotten)
    typer.echo(
        f"Forgotten: {done.contacts} contacts deleted, {done.releases} raw releases and {done.rows}"
        " other entries redacted. Later crawls will leave this address out."
        " Mails, exports and backups made before are not changed."
    )
    with engine.connect() as connection:
        if subscribers.find(connection, email.strip().lower()):
            typer.echo(f"It is also a subscriber's: tenders subscribers erase {email.strip()}")
