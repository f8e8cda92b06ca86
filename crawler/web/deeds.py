"""The audit log: who did what, when, and on what, with names for the keys it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import render_template, request

from crawler.digest import wording
from crawler.store import audit, deciding
from crawler.store.audit import Deed
from crawler.web import speaking
from crawler.web.access import Route
from crawler.web.context import here
from crawler.web.desk import PAGE, before

_KEY = re.compile(r"[a-z0-9]{12}")
_SUBSCRIBER = re.compile(r"subscriber (\d{1,18})")
_PLACES = {"classifier": ("/staff/classifier", "The classifier")}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One thing that a deed was about; `url` is empty where there is no page of it."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A deed as the page shows it."""

    deed: Deed
    about: tuple[About, ...]
    detail: str


def log() -> str:
    """Who did what, when, and on what."""
    wanted = {
        name: request.args.get(name, "").replace("\0", "")[:60] for name in ("who", "what", "about")
    }
    with here().engine.connect() as connection:
        found = audit.latest(connection, PAGE + 1, before=before(), **wanted)
        people, kinds = audit.words(connection)
        titles = deciding.titles(connection, _keys(found))
    return render_template(
        "staff_audit.html",
        deeds=[line(deed, titles) for deed in found[:PAGE]],
        further=found[PAGE - 1].id if len(found) > PAGE else None,
        wanted=wanted,
        people=people,
        kinds=kinds,
    )


def _keys(found: Iterable[Deed]) -> set[str]:
    """The words of deeds that may be public ids of opportunities."""
    return {word for deed in found for word in deed.about.split() if _KEY.fullmatch(word)}


def line(deed: Deed, titles: Mapping[str, str]) -> Line:
    """A deed with what it was about named: `titles` are those of opportunities by public id."""
    known = [word for word in deed.about.split() if word in titles]
    if known and len(known) == len(deed.about.split()):
        about = tuple(_opportunity(key, titles[key]) for key in known)
    else:
        about = (_other(deed.about),) if deed.about else ()
    return Line(deed=deed, about=about, detail=speaking.RELEVANCE.get(deed.detail, deed.detail))


def _opportunity(key: str, title: str) -> About:
    text = wording.plain(title, 100) or "Untitled notice"
    return About(text=text, url=f"/opportunities/{key}")


def _other(about: str) -> About:
    """What is no opportunity: a subscriber, a source, the classifier, somebody's name."""
    subscriber = _SUBSCRIBER.fullmatch(about)
    if subscriber:
        text = f"Subscriber {subscriber[1]}"
        return About(text=text, url=f"/staff/subscribers/{subscriber[1]}")
    if about in _PLACES:
        url, text = _PLACES[about]
        return About(text=text, url=url)
    if about in speaking.sources():
        return About(text=speaking.sources()[about], url=f"/staff#{about}")
    return About(text=about)


ROUTES = (Route(path="/staff/audit", name="staff_audit", view=log, role="staff"),)
