"""The library: evidence, toolkits and policy by outcome, art form, kind and nation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Response, render_template, request

from crawler import dates
from crawler.digest import wording
from crawler.opportunity import Opportunity
from crawler.partners import evidence
from crawler.partners.subjects import Subject
from crawler.store import resources
from crawler.store.resources import Kept
from crawler.text import key as words_of
from crawler.web import failures, filters
from crawler.web.access import Route
from crawler.web.context import Remembered, here, now
from crawler.web.filters import Chip, Facet

PER_PAGE = 20
FRESH = timedelta(minutes=1)
_LONGEST_WORDS = 100

OUTCOMES = {key: wording.sentence(name) for key, name in wording.OUTCOMES.items()}
ART_FORMS = {key: wording.sentence(name) for key, name in wording.ART_FORMS.items()}
KINDS = {
    "evidence": "Evidence",
    "toolkit": "Toolkits and measures",
    "case_study": "Case studies",
    "guidance": "Guidance",
    "policy": "Policy",
    "network": "Networks",
    "events": "Events and training",
    "portal": "Official portals",
}
NATIONS = {
    "UK": "The whole UK",
    "England": "England",
    "Scotland": "Scotland",
    "Wales": "Wales",
    "Northern Ireland": "Northern Ireland",
}
FACETS = (
    Facet("outcome", "outcomes", "Outcome", OUTCOMES),
    Facet("art_form", "art_forms", "Art form", ART_FORMS),
    Facet("kind", "kind", "What it is", KINDS),
    Facet("nation", "nation", "For which nation", NATIONS),
)
ROLES = {
    "cite": "Evidence you can cite",
    "measure": "How to measure it",
    "context": "Policy to refer to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody looks for: `values` by parameter, those that are known only, and words."""

    values: Mapping[str, tuple[str, ...]]
    words: str

    def url(self, page: int = 1, leave: tuple[str, str] | None = None) -> str:
        """The address of this choice, of one of its pages, or without one value (or the words)."""
        pairs = [
            (name, value)
            for name, values in self.values.items()
            for value in values
            if (name, value) != leave
        ]
        if self.words and leave != ("q", self.words):
            pairs.insert(0, ("q", self.words))
        if page > 1:
            pairs.append(("page", str(page)))
        return f"/resources?{urlencode(pairs)}" if pairs else "/resources"

    def chips(self) -> list[Chip]:
        """Each choice in force."""
        found = [
            Chip(facet.labels[value], self.url(leave=(facet.param, value)))
            for facet in FACETS
            for value in self.values[facet.param]
        ]
        if self.words:
            words = wording.plain(self.words, 60)
            found.insert(0, Chip(f"“{words}”", self.url(leave=("q", self.words))))
        return found

    def fits(self, one: Kept, but: str = "") -> bool:
        """Whether a resource fits every choice `but` one: one value of each filter is enough."""
        if not all(
            not self.values[facet.param]
            or not set(self.values[facet.param]).isdisjoint(_values(one, facet))
            for facet in FACETS
            if facet.param != but
        ):
            return False
        wanted = words_of(self.words).split()
        return not wanted or all(word in _text(one) for word in wanted)


def _values(one: Kept, facet: Facet) -> tuple[str, ...]:
    found = getattr(one.resource, facet.field)
    return (found,) if isinstance(found, str) else tuple(found)


def _text(one: Kept) -> str:
    said = one.resource
    return words_of(" ".join((said.title, said.publisher, said.summary, *said.measures)))


def read() -> Asked:
    """What the query string asks for; what is not known is passed over."""
    values = {
        facet.param: tuple(
            value for value in facet.labels if value in request.args.getlist(facet.param)
        )
        for facet in FACETS
    }
    return Asked(values=values, words=wording.plain(request.args.get("q", ""), _LONGEST_WORDS))


def counts(kept: Sequence[Kept], asked: Asked) -> dict[str, dict[str, int]]:
    """How many each value would find, with the other filters as they are."""
    found: dict[str, dict[str, int]] = {}
    for facet in FACETS:
        fitting = [one for one in kept if asked.fits(one, but=facet.param)]
        found[facet.param] = {
            value: sum(value in _values(one, facet) for one in fitting) for value in facet.labels
        }
    return found


_NO_PAGE = failures.Words(
    "There is no such page of resources",
    "The library may have changed since you were given this address.",
)


def page() -> str | Response:
    """The library, or what fits the filters, a page at a time."""
    asked, number = read(), filters.page_number(request.args.get("page"))
    with here().engine.connect() as connection:
        kept = resources.everything(connection)
    found = [one for one in kept if asked.fits(one)]
    pages = max(1, -(-len(found) // PER_PAGE))
    if number is None or number > pages:
        return failures.no_page(asked.url(), _NO_PAGE)
    return render_template(
        "resources.html",
        asked=asked,
        found=found[(number - 1) * PER_PAGE : number * PER_PAGE],
        total=len(found),
        page=number,
        pages=pages,
        facets=FACETS,
        counts=counts(kept, asked),
        chips=asked.chips(),
        kinds=KINDS,
        nations=NATIONS,
        trouble=trouble,
    )


def trouble(one: Kept) -> str:
    """What to know about a resource's link before following it; empty if it is well."""
    if not one.resource.url:
        return "We know of no address; search for its title."
    link = one.link
    if link is not None and link.state == "dead":
        since = link.failing_since
        words = f"This link did not answer on {_day(link.checked_at)}"
        if since is not None and _day(since) != _day(link.checked_at):
            words += f", nor since {_day(since)}"
        return f"{words}. Search for its title, or tell us where it is now."
    if not one.resource.confirmed and (link is None or link.state != "ok"):
        return "We have not been able to check this address yet."
    return ""


def _day(moment: datetime) -> str:
    return dates.spell(moment.astimezone(dates.LONDON).date())


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A resource beside an opportunity: under which heading, and why it is there."""

    heading: str
    one: Kept
    why: str


def fitting(one: Opportunity) -> list[Suggestion]:
    """The three resources that fit an opportunity best; none where nothing fits."""
    judged = one.judgement
    if judged is None:
        return []
    # What is for the arts without saying which is for all of them.
    art_forms = judged.art_forms or (("combined",) if judged.relevance == "arts" else ())
    return _library().suggestions(one, judged.outcomes, art_forms)


class _Library:
    """The library as it stood a moment ago, read once to choose from."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self._kept = {one.resource.key: one for one in kept}
        self._shelf = evidence.Library(
            (one.resource for one in kept),
            dead={one.resource.key for one in kept if one.link and one.link.state == "dead"},
        )

    def suggestions(
        self, one: Opportunity, outcomes: tuple[str, ...], art_forms: tuple[str, ...]
    ) -> list[Suggestion]:
        """What fits `one` with these tags."""
        chosen = self._shelf.choose(
            outcomes=outcomes,
            art_forms=art_forms,
            regions=one.place.regions,
            authority=one.place.authority,
            subject=Subject(one.title, one.description),
        )
        return [
            Suggestion(heading=ROLES[each.role], one=self._kept[each.resource.key], why=_why(each))
            for each in chosen
        ]


def _library() -> _Library:
    def look(_: datetime) -> object:
        with here().engine.connect() as connection:
            return _Library(resources.everything(connection))

    found = here().remembered.setdefault("library", Remembered(look, FRESH)).at(now())
    assert isinstance(found, _Library)
    return found


def _why(chosen: evidence.Chosen) -> str:
    """What it shares with the opportunity, in words: ‘about older people; Scotland’."""
    aims = _listed(wording.OUTCOMES[aim] for aim in chosen.outcomes)
    forms = _listed(wording.ART_FORMS[form] for form in chosen.art_forms)
    nation = chosen.resource.nation
    parts = [
        f"about {aims}" if aims else "",
        f"with {forms}" if forms else "",
        "" if nation == "UK" else f"from {nation}",
    ]
    return wording.sentence("; ".join(part for part in parts if part))


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


ROUTES = (Route(path="/resources", name="resources", view=page),)
