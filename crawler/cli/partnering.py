"""``tenders subscribers partnering``: shows somebody as a possible partner, or takes them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from crawler import config
from crawler.cli.people import ORIGIN, evidence, known, say
from crawler.digest import wish_places, wording
from crawler.digest.wish_places import Unclear
from crawler.errors import UsageError
from crawler.jobs import partnering as jobs
from crawler.jobs.partnering import Offer
from crawler.store import database, organisations

commands = typer.Typer()


@commands.command()
def partnering(
    email: Annotated[str, typer.Argument(help="whose address")],
    words: Annotated[str, typer.Option(help="what they say of themselves, to everybody")] = "",
    art_form: Annotated[list[str] | None, typer.Option(help="what they bring; repeatable")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="what for; repeatable")] = None,
    authority: Annotated[str, typer.Option(help="the council in whose area they are")] = "",
    agreed: Annotated[
        str | None, typer.Option("--consent", metavar="HOW", help="how they agreed to be shown")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="take them out, at once")] = False,
) -> None:
    """Show whether somebody is open to partnering; make them so (--consent), or take them out."""
    engine = database.engine(config.load().database)
    person, now = known(engine, email), datetime.now(UTC)
    if withdraw:
        gone = jobs.withdraw(engine, person, origin=ORIGIN, now=now)
        say(f"{person.email} is not shown any more." if gone else f"{person.email} was not shown.")
        return
    if agreed is None:
        with engine.connect() as connection:
            entry = organisations.own(connection, person.id)
        if words or art_form or outcome or authority:
            raise UsageError("say with --consent HOW how they agreed to be shown to everybody.")
        told = f"is shown to everybody: {entry.pitch}" if entry else "is not open to partnering"
        say(f"{person.email} {told}")
        return
    offer = Offer(
        words=words,
        art_forms=_codes(art_form or (), wording.ART_FORMS, "--art-form"),
        outcomes=_codes(outcome or (), wording.OUTCOMES, "--outcome"),
        authority=_authority(authority),
    )
    made = jobs.open_up(engine, person, offer, origin=f"{ORIGIN}: {evidence(agreed)}", now=now)
    say(f"{made.name} is shown to everybody as a possible partner: /partners/{made.key}")


def _codes(said: Sequence[str], known_: Mapping[str, str], option: str) -> tuple[str, ...]:
    wrong = [one for one in said if one not in known_]
    if wrong:
        raise UsageError(f"{option} {wrong[0]!r} is not known. Use one of: {', '.join(known_)}.")
    return tuple(said)


def _authority(words: str) -> str | None:
    if not words.strip():
        return None
    try:
        return wish_places.council(words).codes[0]
    except Unclear as error:
        raise UsageError(str(error)) from error
