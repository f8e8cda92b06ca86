"""What templates may say: words for codes, dates and amounts, and marked phrases, all escaped.

Everything that a source wrote goes through `plain` or `segments`; web addresses through `outward`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup, escape

from crawler import buyers, dates, money
from crawler.digest import foretelling, links, wording
from crawler.items import Lot, Place
from crawler.jobs import ailments
from crawler.places.authorities import authority, boards
from crawler.places.regions import name as region_name
from crawler.store.requests import LoggedRun
from crawler.web.access import Role, allowed, visitor
from crawler.web.context import now

NAVIGATION = (
    ("opportunities", "/opportunities", "Opportunities"),
    ("coming", "/coming", "Coming up"),
    ("authorities", "/authorities", "Places"),
    ("partners", "/partners", "Partners"),
    ("resources", "/resources", "Evidence"),
    ("signup", "/sign-up", "Get the digest"),
    ("about", "/about", "About the data"),
)
RELEVANCE = {
    "arts": "Arts and culture",
    "commissionable": "Outcomes you could deliver",
    "adjacent": "Work around the arts",
    "review": "Maybe: not reviewed yet",
    "none": "Not for arts organisations",
}
LOOKS_LIKE = {
    "arts": "arts and culture",
    "commissionable": "work that arts organisations could deliver",
    "adjacent": "work around the arts",
    "none": "work that is not for arts organisations",
}
"""What a judgement says, to anybody: councils read these pages too."""

STAGES = {
    "planning": "Early signal",
    "tender": "Open call or tender",
    "award": "Award",
    "contract": "Contract",
}
STATUSES = {
    "open": "Open",
    "closed": "Closed",
    "awarded": "Awarded",
    "cancelled": "Cancelled",
    "unknown": "Not stated",
}
DESK: tuple[tuple[str, str, Role], ...] = (
    ("/review", "Review", "reviewer"),
    ("/review/pairs", "Possible duplicates", "reviewer"),
    ("/review/history", "Decisions", "reviewer"),
    ("/check", "Check a draft", "reviewer"),
    ("/buyers", "Who could deliver", "reviewer"),
    ("/staff", "Sources", "staff"),
    ("/staff/runs", "Runs", "staff"),
    ("/staff/deliveries", "Deliveries", "staff"),
    ("/staff/subscribers", "Subscribers", "staff"),
    ("/staff/classifier", "Classifier", "staff"),
    ("/staff/resources", "Library", "staff"),
    ("/staff/impact", "Impact", "staff"),
    ("/staff/audit", "Audit log", "staff"),
    ("/staff/people", "People", "admin"),
)
"""What people who sign in find at the top of each page: paths, words and the role each needs."""

SOON_DAYS = 7
_MOST_PHRASES = 40
_UNRULY = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff]"
)
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text, `marked` where it is what was looked for or what spoke for a judgement."""

    text: str
    marked: bool = False


def configure(app: Flask) -> None:
    """Gives one app's templates these words."""
    app.jinja_env.filters.update(
        plain=wording.plain,
        day=wording.day,
        day_and_time=day_and_time,
        spell=dates.spell,
        date=lambda moment: dates.spell(moment.astimezone(dates.LONDON).date()),
        iso=lambda moment: moment.isoformat().replace("+00:00", "Z"),
        region=region_name,
        outward=outward,
        source=lambda key: sources().get(key, key),
        sentence=wording.sentence,
        grouped=lambda number: f"{number:,}",
        data_block=data_block,
        coded=coded,
        trouble=trouble,
        body=body_name,
        where=where,
        worth=wording.worth,
        closes=closes,
        counted=counted,
        calm=calm,
        art_form_name=lambda key: wording.ART_FORMS.get(key, key),
        outcome_name=lambda key: wording.OUTCOMES.get(key, key),
        lot_value=_lot_value,
    )
    app.jinja_env.filters.update(
        meeting=foretelling.meeting,
        again=foretelling.again,
        holder=foretelling.holder,
        relet_worth=foretelling.worth,
        watch=foretelling.watch,
        reasoning=foretelling.reasoning,
        quoted=foretelling.quoted,
        weekday=lambda day: f"{day:%A} {dates.spell(day)}",
        short_month=lambda day: f"{day:%b}",
    )
    app.jinja_env.globals.update(
        kinds=foretelling.ONE,
        count=wording.count,
        art_forms=wording.ART_FORMS,
        outcomes=wording.OUTCOMES,
        relevance_names=RELEVANCE,
        looks_like=LOOKS_LIKE,
        stage_names=STAGES,
        status_names=STATUSES,
        buyer_kinds=buyers.NAMES,
    )
    app.context_processor(_around)


def _lot_value(lot: Lot) -> str:
    return money.spell(lot.value, lot.value, wording.plain(lot.currency or "GBP", 8))


def _around() -> dict[str, Any]:
    path = request.path
    found = next((key for key, start, _ in NAVIGATION if path.startswith(start)), "")
    desk = [(start, words) for start, words, role in DESK if allowed(role, visitor())]
    starts = [start for start, _ in desk if path == start or path.startswith(f"{start}/")]
    return {
        "navigation": NAVIGATION,
        "here": found,
        "now": now(),
        "user": g.get("user"),
        "desk": desk,
        "desk_here": max(starts, key=len, default=""),
    }


def sources() -> Mapping[str, str]:
    """The names of our sources by key."""
    from crawler.jobs.freshness import names  # the registry is read once and remembered there

    return names()


def day_and_time(moment: datetime) -> str:
    """``4 December 2026, 2:05pm``, London time: when somebody did something."""
    local = moment.astimezone(dates.LONDON)
    hour = local.hour % 12 or 12
    half = "am" if local.hour < 12 else "pm"
    return f"{dates.spell(local.date())}, {hour}:{local.minute:02}{half}"


def trouble(run: LoggedRun) -> ailments.Trouble:
    """What went wrong in a run, as a person would say it."""
    name = sources().get(run.source, run.source)
    return ailments.told(name, run.verdict or "", run.reason, run.first_errors)


def coded(text: str) -> Markup:
    """`text` with what stands between backticks as code; all else is escaped."""
    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:
        return Markup("`".join(parts))  # noqa: S704 - escaped above
    made = (f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
    return Markup("".join(made))  # noqa: S704 - escaped above


def body_name(gss: str) -> str:
    """The short name of an authority or board."""
    body = authority(gss) or boards().get(gss)
    return body.short_name if body else gss


def where(one: Any) -> str:
    """Where the work is, of an opportunity or of a hit in a list."""
    place = getattr(one, "place", None) or Place(regions=one.regions, authority=one.authority)
    return wording.place(place)


def closes(one: Any, at: datetime) -> tuple[str, bool]:
    """When something in a list closes, in words, and whether that is soon."""
    if one.status == "cancelled":
        return "Cancelled", False
    if one.status == "awarded" or one.stage in ("award", "contract"):
        return "Awarded", False
    soon = one.deadline is not None and 0 <= dates.days_left(one.deadline, at) <= SOON_DAYS
    return wording.closing(one, at), soon and one.deadline >= at


def counted(number: int, capped: bool = False) -> str:
    """A count as people read it; ``1,000+`` where counting stopped."""
    return f"{number:,}+" if capped else f"{number:,}"


def outward(url: str | None) -> str:
    """`url` if it is fit to be linked to: http or https, without anything that breaks out."""
    return url if url and links.host_of(url) else ""


def calm(text: str) -> str:
    """`text` without control and direction marks, which could reorder what stands around it."""
    return _UNRULY.sub("", text)


def segments(text: str, phrases: Iterable[str]) -> tuple[Segment, ...]:
    """`text` cut where any of `phrases` stands, in whatever case and however it is spaced."""
    wanted = [phrase for phrase in phrases if len(phrase.strip()) > 1][:_MOST_PHRASES]
    if not wanted:
        return (Segment(text),)
    ranked = sorted(set(wanted), key=len, reverse=True)
    spelt = (r"\s+".join(re.escape(word) for word in phrase.split()) for phrase in ranked)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)", re.IGNORECASE)
    found, last = [], 0
    for hit in pattern.finditer(text):
        if hit.start() > last:
            found.append(Segment(text[last : hit.start()]))
        found.append(Segment(hit[0], marked=True))
        last = hit.end()
    if last < len(text):
        found.append(Segment(text[last:]))
    return tuple(found)


def paragraphs(text: str, phrases: Iterable[str] = ()) -> list[tuple[Segment, ...]]:
    """The paragraphs of a long text, its first `LONGEST_TEXT` characters, phrases marked."""
    wanted = tuple(phrases)
    parts = re.split(r"\n\s*\n", text[:LONGEST_TEXT])
    return [segments(part.strip(), wanted) for part in parts if part.strip()]


def data_block(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand inside a ``script`` element whatever the texts in it say."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028")):
        text = text.replace(char, code)
    return Markup(text.replace("\u2029", "\\u2029"))  # noqa: S704 - every markup character is escaped


def moment(text: str | None) -> datetime | None:
    """The moment that a change's ISO text names, or None."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
