"""``tenders match`` and ``tenders digest``: find what fits whom, look at the digests, send them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, dates
from crawler.digest import outbox, wording
from crawler.jobs import match as matching
from crawler.jobs import send as sending
from crawler.jobs.drafting import Draft
from crawler.store import database
from crawler.store import outbox as store

commands = typer.Typer()
group = typer.Typer(help="Look at the digests, and send them.", no_args_is_help=True)
commands.add_typer(group, name="digest")

To = Annotated[str | None, typer.Option("--to", metavar="EMAIL", help="this subscriber only")]


@commands.command()
def match(
    everything: Annotated[
        bool, typer.Option("--all", help="look at every opportunity again, not only the new ones")
    ] = False,
) -> None:
    """Find which opportunities fit whom."""
    settings = config.load()
    done = matching.match(
        database.engine(settings.database), datetime.now(UTC), everything=everything
    )
    if not done.subscriptions:
        _say("Nobody is subscribed yet. Begin with: tenders subscribers add name@example.org")
        return
    _say(f"{done}.")


@group.command()
def preview(to: To = None) -> None:
    """Write what would be sent, and send nothing."""
    settings = config.load()
    engine = database.engine(settings.database)
    folder, now = settings.var / "preview", datetime.now(UTC)
    drafts = [
        (draft, _write(draft, folder)) for draft in sending.preview(settings, engine, now, to)
    ]
    if not drafts:
        _say("Nobody is subscribed yet. Begin with: tenders subscribers add name@example.org")
        return
    if len(drafts) == 1:
        _show(drafts[0][0])
    else:
        table = Table("To", "Subject")
        for draft, _ in drafts:
            table.add_row(Text(draft.subscriber.email), Text(draft.digest.subject))
        Console().print(table)
    for draft, _ in drafts:
        if not draft.subscriber.may_be_written_to(now):
            _say(f"{draft.subscriber.email} is {draft.subscriber.state}: not sent as it is.")
    _say("Nothing was sent. To read it as people will see it, open:")
    for _, path in drafts:
        _say(f"  {path}")


def _write(draft: Draft, folder: Path) -> Path:
    """Writes a draft as mail and as a page, and gives the page's path."""
    page = outbox.FileMailer(folder).write(draft.message).with_suffix(".html")
    body = draft.message.get_body(("html",))
    page.write_text(body.get_content() if body else "", encoding="utf-8")
    return page


def _show(draft: Draft) -> None:
    body = draft.message.get_body(("plain",))
    _say(f"To: {draft.subscriber.email}\nSubject: {draft.digest.subject}\n")
    _say(body.get_content().replace("\r\n", "\n") if body else "")


@group.command()
def send(
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="EMAIL", help="one test to this subscriber, recorded nowhere"),
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="everybody who had no digest today, due or not")
    ] = False,
) -> None:
    """Send the digests that are due, and what else waits in the outbox."""
    settings = config.load()
    engine = database.engine(settings.database)
    if to is not None:
        draft = sending.send_test(settings, engine, to, datetime.now(UTC))
        _say(f"A test went to {draft.subscriber.email}; it counts as no digest.")
        if not settings.smtp_url:
            _say(f"No mail server is set, so it lies in {settings.outbox}")
        return
    done = sending.send(settings, engine, datetime.now(UTC), everyone=everyone)
    _say(f"{done}.")
    if done.delivered.sent and not settings.smtp_url:
        _say(f"No mail server is set, so they lie in {settings.outbox}")
    for email, reason in done.written.broken.items():
        _say(f"Not written for {email}: {reason}")
    for email, reason in done.delivered.failed:
        _say(f"Not sent to {email}: {reason}")
    raise typer.Exit(0 if done.well else 1)


@group.command("outbox")
def outbox_(
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many failures to list")] = 50,
) -> None:
    """Say how many mails wait or are sent, and which were not delivered and why."""
    engine = database.engine(config.load().database)
    with engine.connect() as connection:
        counts = store.counts(connection)
        failures = store.failures(connection, limit)
    if not counts:
        _say("The outbox is empty: nothing was ever queued.")
        return
    known = {state: counts.get(state, 0) for state in store.STATES}
    _say(", ".join(f"{number} {state}" for state, number in known.items()) + ".")
    if failures:
        table = Table("When", "To", "Kind", "State", "Why")
        for one in failures:
            words = (dates.spell(one.at), one.recipient, one.kind, one.state, one.words)
            table.add_row(*(Text(wording.plain(word, 300)) for word in words))
        Console().print(table)


def _say(words: str) -> None:
    Console().print(Text(words), soft_wrap=True)
