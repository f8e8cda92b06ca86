"""``tenders subscribers``: who gets digests, and what they asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates, keys
from crawler.cli import partnering, previewing, subscriber_files, wish_options
from crawler.cli import preferences as preference_commands
from crawler.cli.people import ORIGIN, evidence, known, say, unreached
from crawler.cli.wish_options import Given
from crawler.digest import wording
from crawler.digest.refusing import why
from crawler.digest.wish_wording import when, wish
from crawler.digest.wishes import Asked
from crawler.jobs import consent, preferences, reconfirming
from crawler.mailboxes import address
from crawler.store import consents, database, subscribers, suppressions
from crawler.store.subscribers import Subscriber
from crawler.store.suppressions import Suppression

commands = typer.Typer()
group = typer.Typer(help="Who gets digests, and what they asked for.", no_args_is_help=True)
commands.add_typer(group, name="subscribers")
group.add_typer(preference_commands.commands)
group.add_typer(subscriber_files.commands)
group.add_typer(previewing.commands)
group.add_typer(partnering.commands)

_ANSWERS = {
    "asked": "{email} gets a mail with a link to confirm. Until they do, nothing else is sent.",
    "again": "{email} gets a mail with a link to confirm, again. Earlier links stop working; until"
    " they do confirm, nothing else is sent.",
    "known": "{email} is subscribed already, and gets a mail that says so. Nothing was changed;"
    " see: tenders subscribers show {email}",
    "enough": "{email} has had three such mails within a day. Try again tomorrow.",
}


@group.command()
@wish_options.takes()
def add(
    email: Annotated[str, typer.Argument(help="where the digest goes")],
    organisation: Annotated[str | None, typer.Option(help="how the digest greets them")] = None,
    agreed: Annotated[
        str | None,
        typer.Option(
            "--consent",
            metavar="HOW",
            help="how they agreed, such as 'by phone, 3 May': begins at once, without asking them",
        ),
    ] = None,
    *,
    given: Given,
) -> None:
    """Add somebody, who is asked to confirm by mail. What is left out narrows nothing.

    Exit 1 where nothing was done, since they have been asked three times within a day.
    """
    settings = config.load()
    engine = database.engine(settings.database)
    asked = wish_options.read(given)
    email = address(email)
    _notes(asked)
    now = datetime.now(UTC)
    done = "Added"
    if agreed is None:
        answer = consent.ask(
            settings,
            engine,
            email=email,
            organisation=organisation,
            subscription=asked.subscription,
            schedule=asked.schedule,
            origin=ORIGIN,
            network=None,
            now=now,
        )
        say(_ANSWERS[answer].format(email=email))
        if answer == "enough":
            raise typer.Exit(1)
        if answer == "known":
            return
        barred = reconfirming.suppression(settings, engine, email)
        if barred:
            say(f"They had to be left out: {why(barred, 'their')}. Confirming ends that.")
        done = "Asked again:" if answer == "again" else "Added"
    else:
        lifted = consent.enrol(
            settings,
            engine,
            email=email,
            organisation=organisation,
            subscription=asked.subscription,
            schedule=asked.schedule,
            origin=f"{ORIGIN}: {evidence(agreed)}",
            now=now,
        )
        if lifted:
            say(f"{email} is written to again. They had been left out: {why(lifted, 'their')}.")
    say(f"{done} {email} for {wish(asked.subscription)}")
    say(f"They are written to {when(asked.schedule)}.")
    say(previewing.hindsight(engine, asked.subscription, now))
    say("Next: tenders match, then tenders digest preview")


def _notes(asked: Asked) -> None:
    for note in asked.notes:
        say(note)


@group.command("list")
def list_() -> None:
    """Show everybody with what they asked for."""
    settings = config.load()
    engine = database.engine(settings.database)
    table = Table(show_lines=True)
    for heading in ("Address", "Organisation", "State", "Asked for", "Last digest"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Address")
    with engine.connect() as connection:
        everybody = list(subscribers.iterate(connection))
        addresses = [person.email for person in everybody]
        barred = suppressions.found(connection, keys.suppression_key(settings), addresses)
    for person in everybody:
        row = _row(person, barred.get(person.email))
        table.add_row(*(Text(words) for words in row))
    if not table.row_count:
        say("Nobody is subscribed yet. Begin with: tenders subscribers add name@example.org")
        return
    Console().print(table)


def _row(person: Subscriber, barred: Suppression | None) -> tuple[str, ...]:
    wishes = "\n".join(wording.sentence(wish(one)) for one in person.subscriptions)
    state = _state(person) + (f"; nothing is sent: {why(barred, 'their')}" if barred else "")
    return (person.email, person.organisation or "", state, wishes, _last(person))


def _state(person: Subscriber) -> str:
    if person.state == "paused" and person.paused_until:
        return f"paused until {_day(person.paused_until)}"
    return {"pending": "not confirmed yet"}.get(person.state, person.state)


def _last(person: Subscriber) -> str:
    return _day(person.digest_at) if person.digest_at else "none yet"


def _day(moment: datetime) -> str:
    return dates.spell(moment.astimezone(dates.LONDON).date())


@group.command()
def show(email: Annotated[str, typer.Argument(help="whose address")]) -> None:
    """Show somebody: what they asked for, by number, and how they agreed."""
    settings = config.load()
    engine = database.engine(settings.database)
    person = known(engine, email)
    barred = reconfirming.suppression(settings, engine, person.email)
    with engine.connect() as connection:
        kept = consents.of(connection, person.id)
    say(f"{person.email} ({_state(person)}; last digest: {_last(person)})")
    if barred:
        say(unreached(person.email, barred))
    if person.organisation:
        say(f"Organisation: {person.organisation}")
    say(f"Written to {when(person.schedule)}.")
    for one in person.subscriptions:
        label = f" ({one.label})" if one.label else ""
        say(f"Subscription {one.id}{label}: {wish(one)}")
    for one_kept in kept:
        network = f", network {one_kept.network}" if one_kept.network else ""
        version = f", wording {one_kept.wording}" if one_kept.wording else ""
        at = dates.spell(one_kept.at)
        say(f"{wording.sentence(one_kept.event)} on {at} by {one_kept.origin}{version}{network}")


@group.command()
def erase(
    email: Annotated[str, typer.Argument(help="whose address")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Erase somebody: address, wishes, consents, matches, and the mails to them."""
    settings = config.load()
    engine = database.engine(settings.database)
    person = known(engine, email)
    if not yes:
        typer.confirm(f"Erase {person.email} and everything kept about them?", abort=True)
    gone = preferences.erase_person(settings, engine, person)
    with_them = [
        wording.count(number, what)
        for number, what in ((gone.mails, "mail"), (gone.files, "file"))
        if number
    ]
    say(f"Erased {person.email}{' and ' if with_them else ''}{wording.listing(with_them)}.")


group.command("remove", hidden=True)(erase)
