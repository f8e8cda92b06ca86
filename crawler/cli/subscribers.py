"""``tenders subscribers``: who gets digests, and what they asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates, text
from crawler.digest import outbox, wording
from crawler.digest.wish_wording import wish
from crawler.errors import UsageError
from crawler.places.regions import of_code, regions
from crawler.store import database, subscribers
from crawler.store.subscribers import DEFAULT_BANDS, Subscriber, Subscription

commands = typer.Typer()
group = typer.Typer(help="Who gets digests, and what they asked for.", no_args_is_help=True)
commands.add_typer(group, name="subscribers")


@group.command()
def add(
    email: Annotated[str, typer.Argument(help="where the digest goes")],
    organisation: Annotated[str | None, typer.Option(help="how the digest greets them")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="code or name, such as TLD or 'North West'; repeatable")
    ] = None,
    art_form: Annotated[list[str] | None, typer.Option(help="such as music; repeatable")] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="such as health_wellbeing; repeatable")
    ] = None,
    band: Annotated[
        list[str] | None,
        typer.Option(help="arts, commissionable, adjacent; the first two if left out; repeatable"),
    ] = None,
) -> None:
    """Add somebody. What is left out narrows nothing: no region means the whole UK."""
    wanted = Subscription(
        regions=tuple(dict.fromkeys(_region(words) for words in region or ())),
        art_forms=_chosen("--art-form", art_form, wording.ART_FORMS),
        outcomes=_chosen("--outcome", outcome, wording.OUTCOMES),
        bands=_chosen("--band", band, wording.BANDS) or DEFAULT_BANDS,
    )
    engine = database.engine(config.load().database)
    with database.writing(engine) as connection:
        added = subscribers.add(
            connection,
            email=email,
            organisation=wording.plain(organisation, 120) if organisation else None,
            subscription=wanted,
            now=datetime.now(UTC),
        )
    _say(f"Added {added.email} for {wish(wanted)}")
    _say("Next: tenders match, then tenders digest preview")


@group.command("list")
def list_() -> None:
    """Show everybody with what they asked for."""
    engine = database.engine(config.load().database)
    with engine.connect() as connection:
        people = subscribers.listed(connection)
    if not people:
        _say("Nobody is subscribed yet. Begin with: tenders subscribers add name@example.org")
        return
    table = Table(show_lines=True)
    for heading in ("Address", "Organisation", "Asked for", "Last digest"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Address")
    for person in people:
        table.add_row(*(Text(words) for words in _row(person)))
    Console().print(table)


def _row(person: Subscriber) -> tuple[str, ...]:
    wishes = "\n".join(wording.sentence(wish(one)) for one in person.subscriptions)
    last = person.digest_at.astimezone(dates.LONDON).date() if person.digest_at else None
    return (
        person.email,
        person.organisation or "",
        wishes,
        dates.spell(last) if last else "none yet",
    )


@group.command()
def erase(
    email: Annotated[str, typer.Argument(help="whose address")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Erase somebody: address, wishes, matches, and the digests to them that lie in files."""
    settings = config.load()
    engine = database.engine(settings.database)
    with engine.connect() as connection:
        person = subscribers.find(connection, email)
    if person is None:
        raise UsageError(f"{email!r} is not subscribed. See who is with: tenders subscribers list")
    if not yes:
        typer.confirm(f"Erase {person.email} and everything kept about them?", abort=True)
    with database.writing(engine) as connection:
        subscribers.remove(connection, person.email)
    folders = (settings.outbox, settings.var / "preview")
    files = sum(outbox.erase(folder, person.email) for folder in folders)
    _say(f"Erased {person.email}" + (f" and {wording.count(files, 'file')}." if files else "."))


group.command("remove", hidden=True)(erase)


def _region(words: str) -> str:
    """The ITL1 code that `words` name: a code, a name, or the beginning of just one name."""
    code = of_code(words)
    if code in regions():
        return str(code)
    wanted = text.key(words)
    names = {text.key(name): code for code, name in regions().items()}
    near = [code for name, code in names.items() if wanted and name.startswith(wanted)]
    if wanted in names or len(near) == 1:
        return names.get(wanted) or near[0]
    allowed = ", ".join(f"{code} ({name})" for code, name in regions().items())
    raise UsageError(
        f"--region {words[:80]!r} is no region. Write one of {allowed};"
        " leave --region out for the whole UK."
    )


def _chosen(
    option: str, words: Iterable[str] | None, allowed: Mapping[str, str]
) -> tuple[str, ...]:
    chosen = []
    for word in words or ():
        name = text.key(word).replace(" ", "_")
        if name not in allowed:
            known = ", ".join(allowed)
            raise UsageError(f"{option} {word[:80]!r} is not known. Write one of {known}.")
        chosen.append(name)
    return tuple(dict.fromkeys(chosen))


def _say(words: str) -> None:
    Console().print(Text(words), soft_wrap=True)
