"""``tenders review``: what the classifier is unsure of, and what people decide about it.

A decision is kept for `tenders train`; it changes no judgement by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import config, text
from crawler.digest import wording
from crawler.errors import UsageError
from crawler.jobs.export import record
from crawler.opportunity import Opportunity
from crawler.relevance.bands import doubt
from crawler.store import database, marks, reviews, subscribers
from crawler.store.reviews import Said

commands = typer.Typer()
group = typer.Typer(help="Look at what is unsure, and decide.", no_args_is_help=True)
commands.add_typer(group, name="review")

REVIEWER = "reviewer"
SHOWN = (
    "id", "title", "buyer", "relevance", "scores", "art_forms", "outcomes", "reasons", "regions",
    "stage", "status", "published", "deadline", "urls",
)  # fmt: skip
"""What a line of ``--json`` tells, under the names that `tenders export` uses."""

Key = Annotated[str, typer.Argument(metavar="ID", help="as in tenders review list")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="who decides; 'reviewer' if left out")
]
Note = Annotated[str | None, typer.Option(help="why, in a sentence")]


@group.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="how many")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="an object a line")] = False,
) -> None:
    """Show what waits for a decision: what would teach most first, then what closes next."""
    now = datetime.now(UTC)
    with database.engine(config.load().database).connect() as connection:
        waiting = reviews.to_review(connection, doubt, now, limit)
    if as_json:
        for one in waiting.first:
            line = record(one, now)
            told = {name: line[name] for name in SHOWN}
            typer.echo(json.dumps(told, ensure_ascii=False))
        return
    if not waiting.first:
        _say("Nothing waits for review.")
        return
    table = Table(show_lines=True)
    for heading in ("ID", "Judged", "Notice", "Why"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "ID")
    for one in waiting.first:
        table.add_row(*(Text(words) for words in _row(one, now)))
    Console().print(table)
    more = waiting.total - len(waiting.first)
    rest = f", {more} more than shown" if more else ""
    _say(f"{wording.count(waiting.total, 'notice')} to review{rest}.")
    _say("Next: tenders review accept ID, reject ID or label ID --relevance …")


def _row(one: Opportunity, now: datetime) -> tuple[str, ...]:
    judgement = one.judgement
    assert judgement is not None, "only what is judged lies in the review band"
    wanted = judgement.scores["arts"] + judgement.scores["commissionable"]
    buyer = wording.plain(one.buyer.name, 80) if one.buyer else "Buyer not stated"
    return (
        one.id,
        f"{judgement.relevance}\n{wanted:.0%} for us",
        f"{wording.plain(one.title)}\n{buyer}\n{wording.closing(one, now)}",
        wording.evidence(judgement),
    )


@group.command()
def accept(key: Key, by: By = None, note: Note = None) -> None:
    """Confirm that an opportunity is what it was judged to be, art forms and outcomes too."""
    _decide(key, Said(decision="accept", reviewer=_name(by), note=_note(note)))


@group.command()
def reject(
    key: Key,
    by: By = None,
    note: Note = None,
    subscriber: Annotated[
        str | None,
        typer.Option(metavar="EMAIL", help="it is only 'not for us' for this subscriber"),
    ] = None,
) -> None:
    """Say that an opportunity is none for the arts, or that it is not for one subscriber."""
    if subscriber is None:
        _decide(key, Said(decision="reject", reviewer=_name(by), note=_note(note)))
        return
    if by is not None:
        raise UsageError("--by and --subscriber exclude each other: leave one of them out.")
    with database.engine(config.load().database).connect() as connection:
        person = subscribers.find(connection, subscriber)
    if person is None:
        raise UsageError(
            f"{subscriber[:80]!r} is not subscribed. See who is with: tenders subscribers list"
        )
    _decide(key, Said(decision="not_for_us", subscriber_id=person.id, note=_note(note)))


@group.command()
def label(
    key: Key,
    relevance: Annotated[
        str,
        typer.Option(help="arts, commissionable, adjacent or none; MODEL.md says where to look"),
    ],
    art_form: Annotated[list[str] | None, typer.Option(help="such as music; repeatable")] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="such as health_wellbeing; repeatable")
    ] = None,
    by: By = None,
    note: Note = None,
) -> None:
    """Say what an opportunity is. Without art forms and outcomes nothing is said of them."""
    said = Said(
        decision="label",
        reviewer=_name(by),
        relevance=_word(relevance),
        art_forms=_words(art_form),
        outcomes=_words(outcome),
        note=_note(note),
    )
    _decide(key, said)


def _decide(key: str, said: Said) -> None:
    engine = database.engine(config.load().database)
    with database.writing(engine) as connection:
        now, key = datetime.now(UTC), key.strip().lower()
        decided = reviews.decide(connection, key, said, now)
        if said.subscriber_id is not None:
            marks.leave_out(connection, said.subscriber_id, key, now, said.note)
    one = decided.opportunity
    tags = wording.listing((*(decided.art_forms or ()), *(decided.outcomes or ())))
    word = "not for them" if said.decision == "not_for_us" else decided.relevance
    judged = one.judgement.relevance if one.judgement else "nothing yet"
    _say(f"{wording.plain(one.title)}: {word}{f' ({tags})' if tags else ''}.")
    _say(
        f"It stays judged {judged} for now, though digests go by the decision: tenders train"
        " learns from decisions, and"
        " tenders reprocess --judgements applies what was learnt."
    )


def _name(by: str | None) -> str:
    name = wording.plain(REVIEWER if by is None else by, 80)
    if not name:
        raise UsageError("--by is empty. Write a name, or leave it out.")
    return name


def _note(note: str | None) -> str | None:
    return wording.plain(note, 500) or None if note else None


def _word(said: str) -> str:
    return text.key(said).replace(" ", "_")


def _words(said: Iterable[str] | None) -> tuple[str, ...] | None:
    """Each word once; None when nothing was said."""
    return tuple(dict.fromkeys(_word(word) for word in said)) if said else None


def _say(words: str) -> None:
    Console().print(Text(words), soft_wrap=True)
