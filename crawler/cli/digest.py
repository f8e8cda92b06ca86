"""``tenders match`` and ``tenders digest``: find what fits whom, look at the digests, send them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config
from crawler.digest import outbox
from crawler.jobs import match as matching
from crawler.jobs import send as sending
from crawler.jobs.drafting import Draft
from crawler.store import database

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
    folder = settings.var / "preview"
    drafts = [
        (draft, _write(draft, folder))
        for draft in sending.preview(settings, engine, datetime.now(UTC), to)
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
def send(to: To = None) -> None:
    """Send everybody today's digest, unless they had it."""
    settings = config.load()
    engine = database.engine(settings.database)
    done = sending.send(settings, engine, datetime.now(UTC), to)
    _say(f"{done}.")
    if done.sent and not settings.smtp_url:
        _say(f"No mail server is set, so they lie in {settings.outbox}")
    for email, reason in done.failed.items():
        _say(f"Not sent to {email}: {reason}")
    raise typer.Exit(1 if done.failed else 0)


def _say(words: str) -> None:
    Console().print(Text(words), soft_wrap=True)
