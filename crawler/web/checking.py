"""Check a draft: commissioners paste a notice before they publish it. Nothing pasted is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask import Response, render_template, request

from crawler import dates, money
from crawler.digest import wording
from crawler.jobs import checking, gaps, precedents
from crawler.jobs.checking import Audience, Checked
from crawler.jobs.unpublished import Draft
from crawler.relevance.shipped import in_force
from crawler.web import showing, speaking
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now

FRESH = timedelta(minutes=5)
LONGEST_TITLE = 500
LONGEST_TEXT = 20_000
_MOST_CODES = 20
_CODE = re.compile(r"(?<!\d)(\d{8})(?:-\d)?(?!\d)")
_NO_CODE = re.compile(r"[^\s,;]+")
_MOST_UNREAD = 5
FIELDS = ("title", "description", "cpv", "buyer", "postcode", "value", "closes")


def form() -> str:
    """The form."""
    return render_template("check.html", filled=dict.fromkeys(FIELDS, ""), problems={}, step="form")


def judge() -> Response:
    """How a draft would be judged, whom it would reach, and what hides it."""
    filled = {name: request.form.get(name, "").replace("\0", "").strip() for name in FIELDS}
    problems = _problems(filled)
    if problems:
        made = render_template("check.html", filled=filled, problems=problems, step="form")
        return Response(made, mimetype="text/html")
    web = here()
    model = in_force(web.settings.model)
    draft = _draft(filled)
    found = checking.check(draft, model, audience(), now())
    unknown = (*_unread(filled["cpv"]), *found.unknown)
    with web.engine.connect() as connection:
        before = precedents.alike(connection, draft.notice(), found.judgement, now())
    made = render_template(
        "check.html",
        filled=filled,
        problems={},
        step="judged",
        gaps=gaps.gaps(draft, found, now()),
        before=before,
        unknown=unknown,
        **_shown(found),
    )
    return Response(made, mimetype="text/html")


def _problems(filled: dict[str, str]) -> dict[str, str]:
    problems = {}
    if not filled["title"]:
        problems["title"] = "Write the title: it is read first, by people and by us."
    elif len(filled["title"]) > LONGEST_TITLE:
        problems["title"] = f"Shorten the title to {LONGEST_TITLE} characters."
    if len(filled["description"]) > LONGEST_TEXT:
        problems["description"] = (
            f"Paste at most {LONGEST_TEXT:,} characters: the first part of a notice says most."
        )
    if filled["cpv"] and not _CODE.findall(filled["cpv"]):
        problems["cpv"] = "Write CPV codes as eight digits, such as 92312000."
    if filled["value"] and money.pounds(filled["value"]) is None:
        problems["value"] = "Write the value in pounds, such as 25,000."
    if filled["closes"] and _day(filled["closes"]) is None:
        problems["closes"] = "Write the day as 31 March 2027, or 31/03/2027."
    return problems


def _unread(cpv: str) -> list[str]:
    """What stands among the codes and is none, in sentences."""
    left = _NO_CODE.findall(_CODE.sub(" ", cpv)) if cpv else []
    odd = [part for part in left if any(char.isdigit() for char in part)]
    return [f"“{part[:40]}” is no code of eight digits, so we left it out." for part in odd][
        :_MOST_UNREAD
    ]


def _day(text: str) -> date | None:
    """The day that somebody typed or chose, or None."""
    moment = dates.parse(text) if len(text) <= 40 else None
    return moment.astimezone(dates.LONDON).date() if moment else None


def _draft(filled: dict[str, str]) -> Draft:
    codes = tuple(dict.fromkeys(_CODE.findall(filled["cpv"])))[:_MOST_CODES]
    return Draft(
        title=speaking.calm(filled["title"]),
        description=speaking.calm(filled["description"]),
        cpv=codes,
        buyer=filled["buyer"][:200] or None,
        postcode=filled["postcode"][:12] or None,
        value=money.pounds(filled["value"]) if filled["value"] else None,
        closes=_day(filled["closes"]) if filled["closes"] else None,
    )


def audience() -> Audience:
    """Whom we write to, as of a few minutes ago at most."""
    kept = here().remembered.setdefault("audience", Remembered(_everybody, FRESH))
    found = kept.at(now())
    assert isinstance(found, Audience)
    return found


def _everybody(at: datetime) -> object:
    with here().engine.connect() as connection:
        return checking.audience(connection, at)


def _shown(found: Checked) -> dict[str, object]:
    leaning, judged = found.leaning, found.judgement
    marked = showing.marked(leaning.towards)
    speaks, against = showing.told((*leaning.towards, *leaning.away))
    regions = found.reach.regions
    return {
        "found": found,
        "tags": _named(judged.art_forms, judged.outcomes),
        "suggested": _named(
            [one for one in leaning.art_forms if one not in judged.art_forms],
            [one for one in leaning.outcomes if one not in judged.outcomes],
        ),
        "fits": bool(leaning.art_forms or leaning.outcomes),
        # Six times “fewer than five” says no more than once.
        "counted": any(regions.values()),
        "elsewhere": bool(set(regions) - {"", *found.place.regions}),
        "heading": speaking.segments(wording.plain(found.opportunity.title, 300), marked),
        "text": speaking.paragraphs(found.opportunity.description, marked),
        "speaks": speaks,
        "against": against,
        "warnings": showing.warnings(found.opportunity, now()),
    }


def _named(art_forms: Sequence[str], outcomes: Sequence[str]) -> list[str]:
    return [
        *(wording.ART_FORMS[one] for one in art_forms),
        *(wording.OUTCOMES[one] for one in outcomes),
    ]


ROUTES = (
    Route(path="/check", name="check", view=form, role="reviewer"),
    Route(
        path="/check",
        name="check_send",
        view=judge,
        methods=("POST",),
        role="reviewer",
        limit="60 per hour",
    ),
)
