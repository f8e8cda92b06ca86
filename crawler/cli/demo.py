"""``tenders demo``: the whole way on sample portals that we wrote, offline, in a minute."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer

from crawler import config, dates
from crawler import demo as demo_data
from crawler.cli import demo_outcomes, demo_people, serving
from crawler.demo.notices import SOURCES
from crawler.demo.portals import SamplePortals
from crawler.errors import TendersError
from crawler.jobs import crawl as crawling
from crawler.jobs import match as matching
from crawler.jobs import organisations, suppliers
from crawler.jobs import send as sending
from crawler.sources import Pace
from crawler.store import database, duplicates, opportunities

commands = typer.Typer()

DATABASE = "demo.sqlite"
_PACE = Pace(requests=1000, seconds=1)
_WEEK = timedelta(days=7)
_MOVED = "sell2wales"


@commands.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Start the web app when the work is done.")] = True,
) -> None:
    """Show the whole thing on sample notices: crawl, judge, match, digest. Needs no network."""
    settings = config.load()
    path = settings.var / DATABASE
    for old in (path, *path.parent.glob(f"{DATABASE}-*")):
        old.unlink(missing_ok=True)
    settings = settings.model_copy(update={"database_url": f"sqlite:///{path}", "smtp_url": ""})
    engine = database.engine(settings.database)
    now = datetime.now(UTC)
    people = demo_people.join(settings, engine, now)
    with SamplePortals(now=now) as portals:
        _say(
            "1. Four sample portals are up on this machine. Crawling them as if for the first time."
        )
        _crawl(settings, portals, since="40d")
        _judged(engine)
        _partners(engine)
        _say(f"2. Matching what came, and writing the first digests to {people} organisations.")
        _digest(settings, engine, now)
        portals.publish_later(at=datetime.now(UTC))
        _say("3. A week passes: deadlines move, two notices are cancelled, contracts are awarded.")
        _crawl(settings, portals, since=None)
        _say(f"   {suppliers.refresh(engine)}")
        _say("4. Matching again, and writing the next week's digests with what has changed.")
        _digest(settings, engine, now + _WEEK)
        told = demo_outcomes.tell(settings, engine, now + _WEEK)
        _say(f"   {told} more, made up as well, have said what became of their bids: see /impact.")
        seen = demo_people.review(engine, datetime.now(UTC))
        _say(
            f"5. A reviewer has decided on {seen} unsure notices; then Sell2Wales moves its pages."
        )
        _break(settings, portals)
    _look(settings, path, serve)
    if serve:
        port = urlsplit(settings.base_url).port or serving.PORT
        serving.run(settings, "127.0.0.1", port)


def _say(words: str) -> None:
    typer.echo(words)


def _crawl(settings: config.Settings, portals: SamplePortals, since: str | None) -> None:
    options = crawling.Options(
        since=since,
        base_urls={key: portals.base_url(key) for key in SOURCES},
        paces=dict.fromkeys(SOURCES, _PACE),
    )
    results = crawling.crawl(settings.database, SOURCES, options, datetime.now(UTC))
    _told(results)
    if any(result.verdict != "ok" for result in results):
        raise TendersError(f"the demo's crawl went wrong: {results}. Please report this.")


def _told(results: Sequence[crawling.Result]) -> None:
    for result in results:
        counted = result.tally
        _say(
            f"   {result.source:26} {result.verdict:8} {counted.new:3} new"
            f" {counted.changed:3} changed {counted.same:3} same"
        )


def _break(settings: config.Settings, portals: SamplePortals) -> None:
    """Reads a source where it is not any more, so that staff find one to mend."""
    options = crawling.Options(
        base_urls={_MOVED: f"{portals.base_url(_MOVED)}/moved"}, paces={_MOVED: _PACE}
    )
    results = crawling.crawl(settings.database, [_MOVED], options, datetime.now(UTC))
    _told(results)
    if any(result.verdict != "failed" for result in results):
        raise TendersError(f"the demo's broken source was read: {results}. Please report this.")


def _judged(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        words = [word for _, word in opportunities.relevances(connection).values()]
        pairs = duplicates.undecided(connection)
    counts = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(filter(None, words))))
    _say(f"   {len(words)} opportunities after merging copies: {counts}.")
    _say(
        f"   {len(pairs)} doubtful pair{'s' * (len(pairs) != 1)} kept apart for a person to review."
    )


def _partners(engine: sa.Engine) -> None:
    file = resources.files(demo_data).joinpath("partners.csv").read_text("utf-8")
    bodies = organisations.take(engine, io.StringIO(file)).new
    _say(f"   {bodies} possible partners out of a sample list; {suppliers.refresh(engine)}")


def _digest(settings: config.Settings, engine: sa.Engine, now: datetime) -> None:
    _say(f"   {matching.match(engine, now)}")
    _say(f"   {sending.send(settings, engine, now)}")


def _look(settings: config.Settings, path: Path, serve: bool) -> None:
    _say(f"Done, {dates.spell(datetime.now(UTC))}. Where to look:")
    for mail in sorted(settings.outbox.glob("*.eml")):
        _say(f"   {mail}")
    command = f"TENDERS_DATABASE_URL=sqlite:///{path} {sys.argv[0]}"
    _say(f"   {command} export --query museum | head -1")
    _say(f"   {command} sources")
    base = settings.base_url.rstrip("/")
    if not serve:
        _say(f"   {command} serve")
    _say(f"   {base}{'' if serve else ', once that is running'}")
    addresses = ", ".join(email for email, *_ in demo_people.DESK)
    _say(f"   {base}/sign-in as {addresses}: the links come to var/outbox")
    _say("The notices are samples that we wrote: their links lead nowhere.")
