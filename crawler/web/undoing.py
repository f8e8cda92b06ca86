"""Taking back the last step: it is named before and after, and a decision's form is filled anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from crawler.digest import wording
from crawler.jobs import pairing
from crawler.store import audit, database, steps
from crawler.store.steps import Step
from crawler.web import speaking
from crawler.web.access import Route, me
from crawler.web.context import here, now

_KEPT = "undone"
_LONG = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a decision's form says, or would say before anybody touched it."""

    relevance: str
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """The last step as a page shows it: in words, and the mark that its form carries."""

    words: str
    mark: str


def last(connection: sa.Connection) -> Undoable | None:
    """What whoever asks could take back now."""
    step = steps.last(connection, me(), now())
    return Undoable(words=named(step), mark=step.mark) if step else None


def named(step: Step) -> str:
    """A step in words, with what it was about: ``kept apart “A” and “B”``."""
    title = f"“{wording.plain(step.title, _LONG) or 'Untitled notice'}”"
    if step.deed == "merge":
        return f"merged two notices into {title}"
    if step.deed == "apart":
        other = wording.plain(step.other, _LONG) or "Untitled notice"
        return f"kept apart {title} and “{other}”"
    if step.deed == "skip":
        return f"skipped {title}"
    said = step.decision
    as_what = speaking.RELEVANCE.get(said.relevance, said.relevance) if said else ""
    return f"said that {title} is “{as_what}”"


def undo() -> AnyResponse:
    """Takes back the last step of whoever asks, and shows what it was about."""
    with database.writing(here().engine) as connection:
        step = steps.last(connection, me(), now())
        # Pages name a step: another one, by a second click or in a second window, is not meant.
        meant = step is not None and request.form.get("step", step.mark) == step.mark
        if step is not None and meant and step.kind != "pair":
            _take_back(connection, step)
    if step is None:
        flash("There is nothing of the last day to undo.")
        return redirect("/review", 303)
    if not meant:
        flash("Nothing was undone: that was not your last step any more. See what is named now.")
        return redirect("/review", 303)
    if step.kind == "pair":
        pairing.undo(here().engine, step.number, by=me().name, now=now())
    flash(f"Undone: {named(step)}.")
    return redirect("/review/pairs" if step.kind == "pair" else f"/review/{step.key}", 303)


def _take_back(connection: sa.Connection, step: Step) -> None:
    if step.kind == "skip":
        steps.take_back_skip(connection, me(), step.number)
        return
    steps.take_back_decision(connection, me(), step.number)
    audit.record(connection, who=me().name, what="undid a decision", about=step.key, at=now())
    said = step.decision
    if said is not None:
        again = Filled(
            relevance=said.relevance,
            art_forms=said.art_forms or (),
            outcomes=said.outcomes or (),
            note=said.note,
        )
        session[_KEPT] = {"key": step.key} | asdict(again)


def taken_back(key: str) -> Filled | None:
    """What was said of an opportunity in the decision that was just undone, once."""
    kept: dict[str, Any] | None = session.get(_KEPT)
    if kept is None or kept.get("key") != key:
        return None
    del session[_KEPT]
    return Filled(
        relevance=kept["relevance"],
        art_forms=tuple(kept["art_forms"]),
        outcomes=tuple(kept["outcomes"]),
        note=kept["note"],
    )


ROUTES = (
    Route(path="/review/undo", name="review_undo", view=undo, methods=("POST",), role="reviewer"),
)
