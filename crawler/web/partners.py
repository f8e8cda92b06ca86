"""Possible partners: searching them, one of them, and how they stand on an opportunity's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, abort, render_template, request

from crawler.digest import wording
from crawler.places.regions import regions
from crawler.store import organisations, suppliers
from crawler.store.organisations import Organisation, Search
from crawler.web import failures
from crawler.web.access import Route
from crawler.web.context import here
from crawler.web.filters import page_number

PER_PAGE = 20
_LONGEST = 100
_REGISTERS = {
    "GB-CHC": "https://register-of-charities.charitycommission.gov.uk/charity-details/?regid={}&subid=0",
    "GB-SC": "https://www.oscr.org.uk/about-charities/search-the-register/charity-details?number={}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value that a filter may have, how many there are, and whether it is chosen."""

    value: str
    label: str
    count: int
    chosen: bool


def search() -> str | Response:
    """Possible partners by name, region and art form, a page at a time."""
    asked = _asked()
    page = page_number(request.args.get("page"))
    if page is None:
        return failures.no_page("/partners")
    with here().engine.connect() as connection:
        found = organisations.search(
            connection, asked, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
        )
    if page > 1 and not found.items:
        return failures.no_page("/partners")
    return render_template(
        "partners.html",
        asked=asked,
        found=found,
        page=page,
        more=page * PER_PAGE < found.total,
        link=lambda number: _link(asked, number),
        region_choices=_choices(regions().items(), found.by_region, asked.region),
        form_choices=_choices(wording.ART_FORMS.items(), found.by_art_form, asked.art_form),
    )


def _asked() -> Search:
    region, form = request.args.get("region", ""), request.args.get("art_form", "")
    return Search(
        words=wording.plain(request.args.get("q", "")[: 4 * _LONGEST], _LONGEST),
        region=region if region in regions() else None,
        art_form=form if form in wording.ART_FORMS else None,
    )


def _choices(
    labels: Iterable[tuple[str, str]], counts: Mapping[str, int], chosen: str | None
) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=value, label=label, count=counts.get(value, 0), chosen=value == chosen)
        for value, label in labels
    )


def _link(asked: Search, number: int) -> str:
    given = {"q": asked.words, "region": asked.region, "art_form": asked.art_form}
    kept = {name: value for name, value in given.items() if value}
    if number > 1:
        kept["page"] = str(number)
    return "/partners" + (f"?{urlencode(kept)}" if kept else "")


def page(key: str) -> str:
    """One possible partner; a 404 for who is none, or none any more."""
    with here().engine.connect() as connection:
        one = organisations.by_key(connection, key) if _is_key(key) else None
        if one is None:
            abort(404)
        won = suppliers.of(connection, one.id)
    return render_template(
        "partner.html", one=one, won=won[:20], register=_register(one), own=one.subscriber_id
    )


def _is_key(key: str) -> bool:
    return key.isascii() and key.isalnum() and len(key) == 12


def _register(one: Organisation) -> str:
    """Where a charity's register tells of it; empty for who is none, or in another register."""
    if not one.charity:
        return ""
    register, _, number = one.charity.rpartition("-")
    wanted = _REGISTERS.get(register)
    if wanted is None or not number.isalnum():
        return ""
    return wanted.format(number)


ROUTES = (
    Route(path="/partners", name="partners", view=search),
    Route(path="/partners/<key>", name="partner", view=page),
)
