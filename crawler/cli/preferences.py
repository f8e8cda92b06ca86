"""``tenders subscribers change|pause|resume|stop|subscription``: what somebody wants changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from crawler import config, dates
from crawler.cli import wish_options
from crawler.cli.people import ORIGIN, evidence, known, say, unreached
from crawler.cli.wish_options import Given
from crawler.digest.wish_wording import when, wish
from crawler.errors import UsageError
from crawler.jobs import preferences, reconfirming
from crawler.store import database

commands = typer.Typer()
subscription = typer.Typer(
    help="One of somebody's subscriptions; their numbers stand in: tenders subscribers show EMAIL",
    no_args_is_help=True,
)
commands.add_typer(subscription, name="subscription")

Email = Annotated[str, typer.Argument(help="whose address")]
Number = Annotated[int, typer.Argument(help="of the subscription", min=1)]


@commands.command()
@wish_options.takes(wish=False)
def change(
    email: Email,
    organisation: Annotated[
        str | None, typer.Option(help="how the digest greets them; '' for not at all")
    ] = None,
    new_email: Annotated[
        str | None, typer.Option("--email", help="a new address; needs --consent")
    ] = None,
    agreed: Annotated[
        str | None, typer.Option("--consent", metavar="HOW", help="how they agreed to that")
    ] = None,
    *,
    given: Given,
) -> None:
    """Change when somebody is written to, their organisation's name or their address."""
    settings = config.load()
    engine = database.engine(settings.database)
    person = known(engine, email)
    asked = wish_options.read(given, schedule=person.schedule)
    now = datetime.now(UTC)
    if new_email is not None:
        if agreed is None:
            raise UsageError(
                "--email needs --consent HOW: say how the owner of the new address agreed."
                f" Or let them confirm it themselves: tenders subscribers add {new_email[:80]}"
            )
        person = preferences.readdress(
            settings,
            engine,
            person,
            new_email,
            origin=f"{ORIGIN}: {evidence(agreed)}",
            now=now,
        )
    person = preferences.change(
        engine,
        person,
        organisation=person.organisation if organisation is None else organisation,
        schedule=asked.schedule,
        origin=ORIGIN,
        now=now,
    )
    greeted = f" ({person.organisation})" if person.organisation else ""
    say(f"{person.email}{greeted} is written to {when(person.schedule)}.")


@commands.command()
def pause(
    email: Email,
    until: Annotated[
        str | None, typer.Option(help="the day it begins again, such as 2026-09-01")
    ] = None,
) -> None:
    """Send somebody nothing for a while, or until further notice."""
    engine = database.engine(config.load().database)
    person = known(engine, email)
    end = dates.parse(until) if until else None
    if until and end is None:
        raise UsageError(f"--until {until[:40]!r} is no date. Write one such as 2026-09-01.")
    preferences.pause(engine, person, end, origin=ORIGIN, now=datetime.now(UTC))
    rest = f" until {dates.spell(end)}" if end else f". Begin again: {_again(person.email)}"
    say(f"Paused {person.email}{rest}")


def _again(email: str) -> str:
    return f"tenders subscribers resume {email}"


@commands.command()
def resume(email: Email) -> None:
    """Write to somebody again who has paused."""
    settings = config.load()
    engine = database.engine(settings.database)
    person = known(engine, email)
    preferences.resume(engine, person, origin=ORIGIN, now=datetime.now(UTC))
    barred = reconfirming.suppression(settings, engine, person.email)
    if barred:
        say(f"{person.email} is not paused any more. {unreached(person.email, barred)}")
        return
    say(f"{person.email} is written to {when(person.schedule)}.")


@commands.command()
def stop(email: Email) -> None:
    """Send somebody nothing any more, and keep the evidence of what they had agreed to."""
    engine = database.engine(config.load().database)
    person = known(engine, email)
    new = preferences.stop(engine, person, origin=ORIGIN, now=datetime.now(UTC))
    say(f"{'Stopped' if new else 'Already stopped:'} {person.email}")


@subscription.command("add")
@wish_options.takes(schedule=False)
def add_(email: Email, *, given: Given) -> None:
    """Add a subscription: what fits either of theirs comes in the same mail."""
    engine = database.engine(config.load().database)
    person = known(engine, email)
    asked = wish_options.read(given)
    for note in asked.notes:
        say(note)
    after = preferences.add_wish(
        engine, person, asked.subscription, origin=ORIGIN, now=datetime.now(UTC)
    )
    say(
        f"Added subscription {after.subscriptions[-1].id}: {wish(asked.subscription)}"
        if len(after.subscriptions) > len(person.subscriptions)
        else f"{person.email} asks for just that already."
    )


@subscription.command("change")
@wish_options.takes(schedule=False)
def change_(email: Email, number: Number, *, given: Given) -> None:
    """Change a subscription; what is left out stays, '' clears."""
    engine = database.engine(config.load().database)
    person = known(engine, email)
    old = preferences.theirs(person, number)
    asked = wish_options.read(given, old)
    for note in asked.notes:
        say(note)
    preferences.change_wish(
        engine, person, asked.subscription, origin=ORIGIN, now=datetime.now(UTC)
    )
    say(f"Subscription {number}: {wish(asked.subscription)}")


@subscription.command("remove")
def remove_(email: Email, number: Number) -> None:
    """Remove a subscription."""
    engine = database.engine(config.load().database)
    person = known(engine, email)
    preferences.remove_wish(engine, person, number, origin=ORIGIN, now=datetime.now(UTC))
    say(f"Removed subscription {number} of {person.email}.")
