"""``tenders sources``: how each source is and what to do about it; add one of your own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates
from crawler.errors import UsageError
from crawler.health import Health, sparkline
from crawler.jobs import adding
from crawler.jobs.health import advice
from crawler.sources import Source, load
from crawler.store import database
from crawler.store import sources as states
from crawler.store.health import health
from crawler.text import one_line

commands = typer.Typer()
app = typer.Typer(help="The sources and how they are.", no_args_is_help=False)
commands.add_typer(app, name="sources", invoke_without_command=True)

_COLUMNS = ("source", "verdict", "last good", "new a day, last 4 weeks")
AsJson = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]
Everything = Annotated[bool, typer.Option("--all", help="Those that are not enabled as well.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One source as the table shows it."""

    source: Source
    health: Health
    state: states.State

    @property
    def verdict(self) -> str:
        if not self.source.enabled:
            return "not enabled"
        return self.health.verdict or "not read"

    @property
    def wrong(self) -> str:
        if not self.source.enabled:
            return self.source.use or self.source.note
        return self.health.reason

    def advice(self, now: datetime) -> str:
        if self.state.quiet_until and self.state.quiet_until > now and self.source.enabled:
            return f"wait: it asked for silence until {_briefly(self.state.quiet_until)}"
        return advice(self.source, self.health)

    def as_json(self, now: datetime) -> dict[str, Any]:
        one = self.health
        moments = {
            "since": one.since,
            "last_good": one.last_good,
            "failing_since": one.failing_since,
            "read_to": self.state.watermark,
            "quiet_until": self.state.quiet_until,
        }
        return {
            "source": self.source.key,
            "name": self.source.name,
            "platform": self.source.platform,
            "enabled": self.source.enabled,
            "state": one.state,
            "verdict": one.verdict or None,
            **{name: at.isoformat() if at else None for name, at in moments.items()},
            "per_day": list(one.per_day),
            "wrong": self.wrong or None,
            "first_errors": list(one.first_errors),
            "do": self.advice(now) or None,
            "terms": self.source.terms or None,
            "use": self.source.use or None,
        }


def _lines(now: datetime, everything: bool) -> Iterator[_Line]:
    engine = database.engine(config.load().database)
    with engine.connect() as connection:
        reached, how = states.states_of(connection), health(connection, now)
    for key, source in load().items():
        if source.enabled or everything:
            yield _Line(
                source=source,
                health=how.get(key, Health(state="new")),
                state=reached.get(key, states.State()),
            )


def _briefly(moment: datetime | None) -> str:
    return f"{moment.astimezone(dates.LONDON):%d %b %H:%M}" if moment else "never"


@app.callback(invoke_without_command=True)
def sources(
    context: typer.Context, as_json: AsJson = False, everything: Everything = False
) -> None:
    """Show how each source is, what is wrong and what to do; `add` one of your own."""
    if context.invoked_subcommand is None:
        list_sources(as_json, everything)


@app.command("list")
def list_sources(as_json: AsJson = False, everything: Everything = False) -> None:
    """Show how each source is, what is wrong and what to do about it."""
    now = datetime.now(UTC)
    lines = list(_lines(now, everything or as_json))
    if as_json:
        for line in lines:
            sys.stdout.write(json.dumps(line.as_json(now), ensure_ascii=False) + "\n")
        return
    _table(lines, now)
    rest = sum(not one.enabled for one in load().values())
    if rest and not everything:
        typer.echo(f"\n{rest} boards are not enabled: tenders sources list --all")


def _table(lines: Sequence[_Line], now: datetime) -> None:
    """A line a source that fits 80 columns; beneath it what is wrong and what to do."""
    table = Table(*_COLUMNS, box=None, padding=(0, 1), pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for line in lines:
        cells = (
            line.source.key,
            line.verdict,
            _briefly(line.health.last_good),
            sparkline(line.health.per_day) if line.health.verdict else "",
        )
        table.add_row(*map(Text, cells))
    Console().print(table)
    for line in lines:
        said = (("What is wrong", line.wrong), ("What to do", line.advice(now)))
        if any(words for _, words in said):
            typer.echo(f"\n{line.source.key}")
        for heading, words in said:
            if words:
                typer.echo(f"  {heading}: {one_line(words, 600)}")


_ASKED = {
    "key": "Key, such as leeds-arts-board",
    "name": "Name, as people say it",
    "publisher": "Who publishes it",
    "platform": "feed (RSS, Atom) or listing (a page that links to its items)",
    "address": "Address of the feed or list page",
    "links": "CSS selector of the links to the items",
    "terms": "What its robots.txt and terms say about reading it, and when you looked",
}


@app.command()
def add(
    key: Annotated[str, typer.Argument(help="What to call it: small letters, hyphens.")] = "",
    name: Annotated[str, typer.Option(help="Its name, as people say it.")] = "",
    publisher: Annotated[str, typer.Option(help="Who publishes it.")] = "",
    platform: Annotated[str, typer.Option(help="feed or listing.")] = "",
    address: Annotated[str, typer.Option(help="Of the feed or the list page.")] = "",
    links: Annotated[str, typer.Option(help="Selector of the links to the items.")] = "",
    title: Annotated[str, typer.Option(help="Selector of the title on an item's page.")] = "",
    body: Annotated[str, typer.Option(help="Selector of the text on an item's page.")] = "",
    buyer: Annotated[str, typer.Option(help="Who buys, if it is always the same body.")] = "",
    place: Annotated[str, typer.Option(help="Region or nation, if it is always the same.")] = "",
    terms: Annotated[str, typer.Option(help="What robots.txt and terms say; who allowed it.")] = "",
    allowed: Annotated[
        bool, typer.Option("--allowed", help="The terms, or a written answer, allow reading it.")
    ] = False,
    min_items: Annotated[int, typer.Option(min=0, help="Fewer items mean it is ill.")] = 1,
    base_url: Annotated[str | None, typer.Option(help="Try it on a mirror here.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; write it if it works.")] = False,
) -> None:
    """Add a feed or a list page: asks, tries it, shows ten items, writes its row."""
    said = {"key": key, "name": name, "publisher": publisher, "platform": platform}
    said |= {"address": address, "links": links, "terms": terms}
    _complete(said, yes)
    if not allowed and (yes or not typer.confirm("Do these terms allow us to read and keep it?")):
        raise UsageError(
            "a source is added only where its terms allow it: ask its publisher, then say so with"
            " --allowed and write who allowed it, and when, into --terms."
        )
    wanted = adding.Wanted(
        **said, title=title, body=body, buyer=buyer, place=place, min_items=min_items
    )
    settings = config.load()
    own, now = settings.own_sources, datetime.now(UTC)
    source, trial = adding.tried(settings.database, own, wanted, now, base_url)
    _show(source, trial)
    if trial.result.verdict != "ok" or not trial.items:
        words = trial.result.reason or "no item is new"
        raise UsageError(f"{source.key} was not added: {words}. Correct it and try again.")
    if not yes and not typer.confirm(f"Write it to {own.name}?"):
        raise typer.Exit(1)
    adding.keep(own, wanted)
    typer.echo(f"{source.key} stands in {own}. `tenders crawl {source.key}` reads it now.")


def _complete(said: dict[str, str], yes: bool) -> None:
    """Asks for what is missing. Raises `UsageError` with all of it where nothing may be asked."""
    missing = [
        name
        for name in _ASKED
        if not said[name] and (name != "links" or said["platform"] == "listing" or not yes)
    ]
    if yes and missing:
        names = ", ".join("KEY" if name == "key" else f"--{name}" for name in missing)
        raise UsageError(f"sources add --yes asks nothing, so say {names}.")
    for name in missing:
        if name != "links" or said["platform"] == "listing":
            said[name] = str(typer.prompt(_ASKED[name])).strip()


def _show(source: Source, trial: adding.Trial) -> None:
    table = Table("relevance", "title", "closes", "value", "where", box=None)
    for one in trial.items:
        closes = dates.parse(one["deadline"]) if one.get("deadline") else None
        cells = (
            one.get("relevance") or "",
            one.get("title") or one.get("error") or "",
            dates.spell(closes) if closes else "",
            one.get("value") or "",
            " ".join(one.get("regions") or ()),
        )
        # A page's words are no markup of ours.
        table.add_row(*map(Text, cells))
    Console().print(table)
    for words in trial.result.tally.first_errors:
        typer.echo(f"  {words}", err=True)
    result = trial.result
    typer.echo(f"{source.key}: {result.verdict}, {len(trial.items)} items shown", err=True)
