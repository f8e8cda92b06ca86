"""For commissioners: who in an area could deliver an outcome, and how such work was put out."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from crawler.digest import wording
from crawler.items import ART_FORMS, OUTCOMES
from crawler.jobs import precedents, supply
from crawler.web.access import Route
from crawler.web.checking import audience
from crawler.web.context import here, now


def page() -> str:
    """The form and, once it is filled in, what there is."""
    given = {name: request.args.get(name, "")[:80] for name in ("where", "outcome", "art_form")}
    given = {name: text.replace("\0", "").strip() for name, text in given.items()}
    place = supply.area(given["where"]) if given["where"] else None
    problems = {}
    if given["where"] and place is None:
        problems["where"] = (
            "We know no such place. Write a postcode such as HU1 1AA, or a council’s name."
        )
    if (given["where"] or given["outcome"]) and given["outcome"] not in OUTCOMES:
        problems["outcome"] = "Choose what should get better."
    if given["outcome"] and not given["where"]:
        problems["where"] = "Write where: a postcode, or a council’s name."
    if given["art_form"] not in ("", *ART_FORMS):
        problems["art_form"] = "Choose an art form from the list, or any."
    shown: dict[str, Any] = {"given": given, "problems": problems, "place": place, "found": None}
    if place is not None and not problems:
        with here().engine.connect() as connection:
            shown["found"] = supply.supply(
                connection,
                here().directory.of(connection),
                place,
                given["outcome"],
                audience(),
                now(),
                art_form=given["art_form"],
            )
            shown["before"] = precedents.of_kind(
                connection,
                outcome=given["outcome"],
                art_form=given["art_form"],
                regions=place.regions,
                now=now(),
            )
    return render_template(
        "buyers.html",
        bands=supply.BANDS_KM,
        forms=wording.ART_FORMS,
        wanted=wording.OUTCOMES,
        **shown,
    )


ROUTES = (Route(path="/buyers", name="buyers", view=page, role="reviewer"),)
