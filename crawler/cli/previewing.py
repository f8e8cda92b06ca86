"""``tenders subscribers preview``: what a wish would have brought of late, before it is saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
import typer

from crawler import config
from crawler.cli import wish_options
from crawler.cli.people import say
from crawler.cli.wish_options import Given
from crawler.digest import wording
from crawler.digest.wish_wording import wish
from crawler.jobs.match import Hindsight, would_have_sent
from crawler.opportunity import Opportunity
from crawler.store import database
from crawler.store.subscribers import Subscription

commands = typer.Typer()


@commands.command()
@wish_options.takes(schedule=False)
def preview(
    limit: Annotated[int, typer.Option(min=0, help="how many to show")] = 15,
    *,
    given: Given,
) -> None:
    """Show what a subscription would have brought in the last four weeks. Saves nothing."""
    engine = database.engine(config.load().database)
    asked = wish_options.read(given)
    for note in asked.notes:
        say(note)
    say(f"For {wish(asked.subscription)}")
    seen = would_have_sent(engine, asked.subscription, datetime.now(UTC))
    say(counted(seen))
    for one in seen.sent[:limit]:
        _show(one.opportunity, ". ".join(one.match.reasons))
    if seen.count > limit:
        say(f"and {seen.count - limit} more")
    for missed in seen.near_misses[: limit // 3]:
        title = wording.plain(missed.opportunity.title, 120)
        say(f"Nearly: {title} ({missed.refusal.reason})")


def _show(found: Opportunity, why: str) -> None:
    buyer = wording.plain(found.buyer.name, 80) if found.buyer else "Buyer not named"
    say(f"- {wording.plain(found.title, 120)}")
    say(f"  {buyer}. {wording.place(found.place)}. {why}.")


def hindsight(engine: sa.Engine, subscription: Subscription, now: datetime) -> str:
    """How many opportunities a subscription would have brought, in a sentence."""
    return counted(would_have_sent(engine, subscription, now))


def counted(seen: Hindsight) -> str:
    """The same of what was found already."""
    number = wording.count(seen.count, "opportunity", "opportunities")
    near = wording.count(len(seen.near_misses), "near miss", "near misses")
    hint = "" if seen.count else " To hear of more, ask for less: fewer words, more places."
    return f"In the last {seen.days} days this would have sent {number}, with {near}.{hint}"
