"""The form in which people say what they want to hear of: from what is stored, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from crawler.buyers import NAMES as BUYERS
from crawler.digest import wishes, wording
from crawler.digest.wish_wording import RHYTHMS, STAGES, WEEKDAYS, clock
from crawler.places.regions import regions
from crawler.store.subscribers import Schedule, Subscription
from crawler.web.speaking import body_name

LISTS: Mapping[str, Mapping[str, str]] = {
    "regions": regions(),
    "bands": wording.BANDS,
    "art_forms": wording.ART_FORMS,
    "outcomes": wording.OUTCOMES,
    "stages": STAGES,
    "buyer_kinds": BUYERS,
}
"""Fields of which any number of fixed values may be chosen."""

TYPED = (
    "authorities",
    "near",
    "near_km",
    "value_min",
    "value_max",
    "largest",
    "require",
    "exclude",
    "label",
)
TIMES = ("rhythm", "weekday", "hour", "remind_days")
SWITCHES = ("only_new", "early_mail")
LONGEST = 1_300
"""Characters of a typed field that are read: twenty phrases of sixty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it stands: `values` by field, `problems` by field, `notes` worth saying."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def has(self, name: str, value: str) -> bool:
        """Whether a value is chosen."""
        return value in self.values.get(name, ())

    def text(self, name: str) -> str:
        """What stands in a typed field."""
        return "; ".join(self.values.get(name, ()))


def choices() -> dict[str, Any]:
    """What the template of the form needs to know."""
    return {
        "choices_of": LISTS,
        "rhythms": RHYTHMS,
        "weekdays": WEEKDAYS,
        "hours": [(hour, clock(hour)) for hour in range(24)],
    }


def empty(given: MultiDict[str, str]) -> Filled:
    """A form to begin with, with what an address such as ``?region=TLD`` fills in."""
    usual = dict(wishes.spelled(Subscription(), Schedule()))
    for param, name in (("region", "regions"), ("art_form", "art_forms"), ("outcome", "outcomes")):
        chosen = tuple(value for value in given.getlist(param) if value in LISTS[name])
        if chosen:
            usual[name] = chosen
    names = [body_name(code) for code in given.getlist("authority")[:5] if body_name(code) != code]
    if names:
        usual["authorities"] = tuple(names)
    return Filled(values=usual)


def stored(wish: Subscription, schedule: Schedule) -> Filled:
    """The form for what is stored."""
    values = dict(wishes.spelled(wish, schedule))
    values["authorities"] = tuple(body_name(code) for code in wish.authorities)
    return Filled(values=values)


def given(form: MultiDict[str, str], *, schedule: bool = True) -> dict[str, Any]:
    """The fields of a sent form as `wishes.read` takes them: what was not chosen is empty."""
    found: dict[str, Any] = {name: form.getlist(name)[:50] for name in LISTS}
    found |= {name: form.get(name, "")[:LONGEST] for name in TYPED}
    found["maybes"] = "yes" if form.get("maybes") else "no"
    return found | (times(form) if schedule else {})


def times(form: MultiDict[str, str]) -> dict[str, Any]:
    """The fields that say when somebody is written to."""
    found: dict[str, Any] = {name: form.get(name, "")[:40] for name in TIMES}
    return found | {name: "yes" if form.get(name) else "no" for name in SWITCHES}


def again(form: MultiDict[str, str], problems: Mapping[str, str] | None = None) -> Filled:
    """The form as it was sent, with what is wrong in it."""
    values = {
        name: tuple([value] if isinstance(value, str) else value)
        for name, value in given(form).items()
    }
    typed = {name: (form.get(name, "")[:254],) for name in ("email", "organisation", "agree")}
    return Filled(values=values | typed, problems=problems or {})
