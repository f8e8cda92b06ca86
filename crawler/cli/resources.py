"""``tenders resources``: the library of evidence, toolkits and policy, and whether links answer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from crawler import config, dates
from crawler.cli.people import ORIGIN, say
from crawler.errors import UsageError
from crawler.items import ART_FORMS, OUTCOMES
from crawler.jobs import asking, library, link_checking
from crawler.library import KINDS, NATIONS
from crawler.partners import shelf
from crawler.store import database, resources
from crawler.store.resources import Kept

commands = typer.Typer()
group = typer.Typer(help="Evidence, toolkits and policy to cite.", no_args_is_help=True)
commands.add_typer(group, name="resources")

AsJson = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]


def _engine() -> sa.Engine:
    """The database, with the library that ships in it."""
    engine = database.engine(config.load().database)
    library.refresh(engine, datetime.now(UTC))
    return engine


@group.command("list")
def list_(
    outcome: Annotated[str, typer.Option(help=f"one of {', '.join(OUTCOMES)}")] = "",
    art_form: Annotated[str, typer.Option(help=f"one of {', '.join(ART_FORMS)}")] = "",
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(KINDS)}")] = "",
    nation: Annotated[str, typer.Option(help=f"one of {', '.join(NATIONS)}")] = "",
    dead: Annotated[bool, typer.Option("--dead", help="Only whose link does not answer.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Those retired as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the library holds."""
    for name, value, allowed in (
        ("--outcome", outcome, OUTCOMES),
        ("--art-form", art_form, ART_FORMS),
        ("--kind", kind, KINDS),
        ("--nation", nation, NATIONS),
    ):
        if value and value not in allowed:
            words = ", ".join(allowed)
            raise UsageError(f"{name} {value[:40]!r} is not known. Write one of {words}.")
    with _engine().connect() as connection:
        kept = resources.everything(connection, retired=everything)
    found = [
        one
        for one in kept
        if (not outcome or outcome in one.resource.outcomes)
        and (not art_form or art_form in one.resource.art_forms)
        and (not kind or kind == one.resource.kind)
        and (not nation or nation == one.resource.nation)
        and (not dead or (one.link is not None and one.link.state == "dead"))
    ]
    if as_json:
        for one in found:
            sys.stdout.write(json.dumps(_as_json(one), ensure_ascii=False) + "\n")
    elif found:
        _table(found)
    else:
        say("The library holds nothing like that.")


def _as_json(one: Kept) -> dict[str, Any]:
    link, resource = one.link, one.resource
    return {
        **shelf.cells(resource),
        "year": resource.year,
        "outcomes": list(resource.outcomes),
        "art_forms": list(resource.art_forms),
        "measures": list(resource.measures),
        "confirmed": resource.confirmed,
        "origin": one.origin,
        "edited_by": one.edited_by,
        "retired_at": one.retired_at.isoformat() if one.retired_at else None,
        "link": link
        and {
            "state": link.state,
            "status": link.status,
            "words": link.words,
            "checked_at": link.checked_at.isoformat(),
            "moved_to": link.moved_to or None,
            "failing_since": link.failing_since.isoformat() if link.failing_since else None,
        },
    }


def _table(found: list[Kept]) -> None:
    """Two lines each: keys are to be copied, so that nothing is cut."""
    for one in found:
        title = f"(retired) {one.resource.title}" if one.retired_at else one.resource.title
        say(f"{one.resource.key}  [{one.resource.kind}, {one.resource.nation}, link {_link(one)}]")
        say(f"  {title}")


def _link(one: Kept) -> str:
    if not one.resource.url:
        return "not known"
    if one.link is None:
        return "not asked yet"
    if one.link.state == "dead" and one.link.failing_since:
        return f"dead since {dates.spell(one.link.failing_since)}"
    return {"ok": "answers", "barred": "wants no machines"}.get(one.link.state, one.link.state)


@group.command()
def add(
    key: Annotated[str, typer.Argument(help="What to call it: small letters, digits, hyphens.")],
    title: Annotated[str, typer.Option(help="As it stands on it.")],
    publisher: Annotated[str, typer.Option(help="Who published it.")],
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(KINDS)}")],
    summary: Annotated[str, typer.Option(help="What it gives, in a sentence of your own.")],
    nation: Annotated[str, typer.Option(help=f"one of {', '.join(NATIONS)}")] = "UK",
    year: Annotated[str, typer.Option(help="When it was published.")] = "",
    url: Annotated[str, typer.Option(help="Where it is.")] = "",
    outcome: Annotated[list[str] | None, typer.Option(help="Repeat for several.")] = None,
    art_form: Annotated[list[str] | None, typer.Option(help="Repeat for several.")] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A scale or framework that it explains; repeatable.")
    ] = None,
) -> None:
    """Add a resource of your own."""
    said = {
        "key": key,
        "title": title,
        "publisher": publisher,
        "kind": kind,
        "summary": summary,
        "nation": nation,
        "year": year,
        "url": url,
        "outcomes": ";".join(outcome or ()),
        "art_forms": ";".join(art_form or ()),
        "measures": ";".join(measure or ()),
        "confirmed": "yes" if url else "no",
    }
    try:
        made = shelf.resource(said)
    except shelf.Unfit as error:
        raise UsageError(f"the resource was not added: {error}.") from error
    with database.writing(_engine(), alone=False) as connection:
        library.add(connection, made, ORIGIN, datetime.now(UTC))
    say(f"{made.key} is in the library.")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV; its first line names its columns.")],
) -> None:
    """Take in a list of your own; bad lines are named, the rest goes in, twice changes nothing."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}). Name another file.") from error
    taken = library.take(_engine(), raw, file.name, ORIGIN, datetime.now(UTC))
    for line, reason in taken.refused:
        typer.echo(f"{file.name} line {line}: {reason}", err=True)
    say(
        f"{taken.new} new, {taken.changed} changed, {taken.same} the same,"
        f" {len(taken.refused)} refused"
    )
    if taken.refused:
        raise typer.Exit(1)


@group.command()
def check(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY…]", help="Only these.")] = None,
) -> None:
    """Ask whether the links still answer, a request a second to a domain."""
    settings, engine = config.load(), _engine()
    wanted = tuple(keys or ())
    with engine.connect() as connection:
        library.known(connection, wanted)
    agent = asking.agent(settings)
    ask = asking.asker(agent)
    say(str(link_checking.check(engine, agent, ask, lambda: datetime.now(UTC), only=wanted)))
