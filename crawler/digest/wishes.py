"""From what people type to a `Subscription` and a `Schedule`, and back: command line, CSV, forms.

Fields have the names of the dataclasses' attributes (`WISH_FIELDS`, `SCHEDULE_FIELDS`). `read`
collects everything that is wrong before it refuses, so that a form can say it all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from crawler import text
from crawler.buyers import NAMES as BUYERS
from crawler.digest.wish_fields import Fields, Given
from crawler.digest.wish_wording import RHYTHMS, STAGES, WEEKDAYS
from crawler.digest.wording import ART_FORMS, BANDS, OUTCOMES
from crawler.errors import UsageError
from crawler.store.subscribers import DEFAULT_BANDS, DEFAULT_STAGES, Schedule, Subscription

WISH_FIELDS = tuple(
    one.name for one in fields(Subscription) if one.name not in ("id", "matched_until")
)
SCHEDULE_FIELDS = tuple(one.name for one in fields(Schedule))
NEAR_KM = 30
"""How far *near* is, in kilometres, for who names a postcode and no distance."""

_HOUR = re.compile(r"([0-9]{1,2})(?::00)? ?(am|pm)?")
_NEVER = frozenset({"none", "never", "no", "0"})


class WishErrors(UsageError):  # noqa: N818 - it holds several
    """Raised by `read`: `problems` says for each field that is wrong what to write instead."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(f"{name}: {words}" for name, words in self.problems.items()))

    def named(self, names: Mapping[str, str]) -> UsageError:
        """The same error with fields called by `names`, such as the command line's options."""
        return UsageError(
            "\n".join(f"{names.get(name, name)}: {words}" for name, words in self.problems.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; `notes` are sentences worth saying, such as that a council has ended."""

    subscription: Subscription
    schedule: Schedule
    notes: tuple[str, ...] = ()


def read(
    given: Given,
    subscription: Subscription | None = None,
    schedule: Schedule | None = None,
) -> Asked:
    """What `given` asks for. A field that is absent or None stays as in the two last arguments.

    A field that is empty narrows nothing, or takes its usual value. Lists may come as such or as
    one text with semicolons; other names in `given` are passed over. Raises `WishErrors`.
    """
    asked = Fields(given)
    wish = _wish(asked, subscription or Subscription())
    times = _schedule(asked, schedule or Schedule())
    if asked.problems:
        order = (*WISH_FIELDS, *SCHEDULE_FIELDS)
        raise WishErrors({one: asked.problems[one] for one in order if one in asked.problems})
    return Asked(subscription=wish, schedule=times, notes=tuple(dict.fromkeys(asked.notes)))


def _wish(asked: Fields, base: Subscription) -> Subscription:
    values: dict[str, Any] = {
        "label": asked.line("label"),
        "regions": asked.regions("regions"),
        "authorities": asked.councils("authorities"),
        "art_forms": asked.choices("art_forms", ART_FORMS),
        "outcomes": asked.choices("outcomes", OUTCOMES),
        "bands": _or(asked.choices("bands", BANDS), DEFAULT_BANDS),
        "stages": _or(asked.choices("stages", STAGES), DEFAULT_STAGES),
        "buyer_kinds": asked.choices("buyer_kinds", BUYERS),
        "require": asked.phrases("require"),
        "exclude": asked.phrases("exclude"),
        "value_min": asked.pounds("value_min"),
        "value_max": asked.pounds("value_max"),
        "largest": asked.pounds("largest"),
        "maybes": asked.yes("maybes"),
    }
    wish = replace(base, **{name: values[name] for name in values if asked.has(name)})
    return _agreed(asked, _near(asked, wish))


def _or(chosen: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
    return chosen or usual


def _near(asked: Fields, wish: Subscription) -> Subscription:
    """The circle: a postcode and a distance, both or neither."""
    near = asked.postcode("near") if asked.has("near") else wish.near
    km = asked.whole("near_km", 1, 500, "km") if asked.has("near_km") else wish.near_km
    if near is None and "near" not in asked.problems:
        if km is not None and asked.text("near_km"):
            asked.notes.append("The distance is left out, since no postcode says from where.")
        return replace(wish, near=None, near_km=None)
    return replace(wish, near=near, near_km=km or NEAR_KM)


def _agreed(asked: Fields, wish: Subscription) -> Subscription:
    """Whether fields agree with each other."""
    low, high = wish.value_min, wish.value_max
    if low is not None and high is not None and low > high:
        name = "value_max" if asked.has("value_max") else "value_min"
        asked.problem(
            name, f"the lowest value, £{low:,.0f}, is above the highest, £{high:,.0f}. Swap them."
        )
    required = {text.key(word) for word in wish.require}
    for word in wish.exclude:
        if text.key(word) in required:
            name = "exclude" if asked.has("exclude") else "require"
            asked.problem(name, f"‘{word}’ cannot be required and excluded. Leave one of them out.")
    return wish


def _schedule(asked: Fields, base: Schedule) -> Schedule:
    usual = Schedule()
    values: dict[str, Any] = {
        "rhythm": asked.choice("rhythm", RHYTHMS) or usual.rhythm,
        "weekday": _weekday(asked),
        "hour": _hour(asked),
        "only_new": asked.yes("only_new"),
        "early_mail": asked.yes("early_mail"),
        "remind_days": _remind(asked),
    }
    return replace(base, **{name: values[name] for name in values if asked.has(name)})


def _weekday(asked: Fields) -> int:
    typed = text.key(asked.text("weekday"))
    if not typed:
        return Schedule().weekday
    found = [day for day, name in enumerate(WEEKDAYS) if name.lower().startswith(typed)]
    if len(found) == 1:
        return found[0]
    asked.unknown("weekday", asked.text("weekday"), WEEKDAYS)
    return 0


def _hour(asked: Fields) -> int:
    typed = asked.text("hour").lower()
    if not typed:
        return Schedule().hour
    found = _HOUR.fullmatch(typed)
    if found:
        hour, half = int(found[1]), found[2]
        if half and 1 <= hour <= 12:
            return hour % 12 + (12 if half == "pm" else 0)
        if not half and hour <= 23:
            return hour
    asked.refuse("hour", typed, "is no hour. Write a whole hour from 0 to 23, such as 7.")
    return 0


def _remind(asked: Fields) -> int | None:
    typed = asked.text("remind_days").lower()
    if not typed:
        return Schedule().remind_days
    return None if typed in _NEVER else asked.whole("remind_days", 1, 30, "days", " or none")


def spelled(
    subscription: Subscription, schedule: Schedule | None = None
) -> dict[str, tuple[str, ...]]:
    """Every field as texts that `read` takes back to the letter; single values as one text."""
    found = {name: _texts(getattr(subscription, name)) for name in WISH_FIELDS}
    if schedule:
        found |= {name: _texts(getattr(schedule, name)) for name in SCHEDULE_FIELDS}
        found["weekday"] = (WEEKDAYS[schedule.weekday],)
        found["remind_days"] = found["remind_days"] or ("none",)
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, tuple):
        return value
    if isinstance(value, str | int):
        return (str(value),)
    return (f"{value.normalize():f}",)


def cell(values: Iterable[str]) -> str:
    """Texts of `spelled` in one cell."""
    return "; ".join(values)


def same(one: Subscription, other: Subscription) -> bool:
    """Whether two subscriptions ask for the same, however they came about."""
    return spelled(one) == spelled(other)
