"""Places as somebody types them when they subscribe: a region, a council, a postcode to be near.

Each function gives what was meant, or raises `Unclear` with a sentence that names the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from crawler import dates, text
from crawler.digest import wording
from crawler.places import outcodes
from crawler.places.authorities import Authority, authorities, authority, current
from crawler.places.council_names import names
from crawler.places.regions import CODES, UK, of_code, regions
from crawler.places.wording import key

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?) *(?:([0-9])([A-Z]{2}))?")
_MOST = 6
"""How many candidates a message names."""


class Unclear(Exception):  # noqa: N818
    """Raised for what cannot be meant as typed; its words tell what to write instead."""


@dataclass(frozen=True, slots=True)
class Council:
    """GSS codes of the living authorities that were meant, and what is worth saying about it."""

    codes: tuple[str, ...]
    note: str | None = None


def region(words: str) -> str:
    """The ITL1 code that `words` name: a code, a name, or the beginning of just one name."""
    code = of_code(words)
    if code in regions():
        return str(code)
    wanted = text.key(words)
    known = {text.key(name): code for code, name in regions().items()}
    near = [code for name, code in known.items() if wanted and name.startswith(wanted)]
    if wanted in known or len(near) == 1:
        return known.get(wanted) or near[0]
    allowed = ", ".join(f"{code} ({name})" for code, name in regions().items())
    whole = "; leave the region out for the whole UK" if code == UK else ""
    raise Unclear(
        f"{quoted(words)} is no region{_perhaps(wanted, known)} Write one of {allowed}{whole}."
    )


def _perhaps(wanted: str, known: Iterable[str]) -> str:
    near = get_close_matches(wanted, list(known), n=1, cutoff=0.75)
    return f"; did you mean {near[0].title()}?" if near else "."


def council(words: str) -> Council:
    """The authority with this GSS code, name or alias; for an abolished one, its successors."""
    body = authority(words.strip().upper())
    found = (body.gss,) if body else _named(key(words).removeprefix("the "))
    bodies = [authorities()[gss] for gss in found]
    living = [one for one in bodies if one.ended is None]
    if len(living) == 1:
        return Council((living[0].gss,))
    if len(living) > 1:
        raise Unclear(f"{quoted(words)} could be {_candidates(living)}. Write the whole name.")
    if len(bodies) == 1:
        return _succeeded(bodies[0])
    if bodies:
        raise Unclear(f"{quoted(words)} could be {_candidates(bodies)}. Write the whole name.")
    raise Unclear(_unknown(words))


def _named(name: str) -> tuple[str, ...]:
    return _index().get(name) or names().get(name) or ()


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """GSS codes by whole, short and other names."""
    found: dict[str, dict[str, None]] = {}
    for body in authorities().values():
        for name in (body.name, body.short_name, *body.aliases):
            found.setdefault(key(name).removeprefix("the "), {})[body.gss] = None
    return {name: tuple(codes) for name, codes in found.items()}


def _succeeded(body: Authority) -> Council:
    heirs = current(body)
    if not heirs:
        raise Unclear(f"{body.name} was abolished and nobody followed it. Choose a region instead.")
    ended = f" on {dates.spell(body.ended)}" if body.ended else ""
    here = wording.listing([heir.name for heir in heirs])
    note = f"{body.name} ended{ended}; we will look for {here} instead."
    return Council(tuple(heir.gss for heir in heirs), note)


def _candidates(bodies: Iterable[Authority]) -> str:
    listed = [f"{one.name} ({one.gss})" for one in bodies]
    more = len(listed) - _MOST
    if more > 0:
        return f"{', '.join(listed[:_MOST])} or one of {more} others"
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else listed[0]


def _unknown(words: str) -> str:
    """Why no authority was found, with those that may have been meant."""
    name = key(words)
    begins = (
        [gss for known, codes in _index().items() if known.startswith(f"{name} ") for gss in codes]
        if name
        else []
    )
    close = get_close_matches(name[:80], list(_index()), n=3, cutoff=0.8)
    codes = dict.fromkeys([*begins, *(gss for one in close for gss in _index()[one])])
    bodies = [authorities()[gss] for gss in codes]
    living = [one for one in bodies if one.ended is None] or bodies
    perhaps = f"; did you mean {_candidates(living)}?" if living else "."
    return (
        f"{quoted(words)} is no local authority that we know{perhaps}"
        " Write a council’s name or its GSS code, such as E08000035."
    )


def postcode(words: str) -> str:
    """A postcode or outcode that we can place, as people write it: ``LS1 4AB``, ``LS1``."""
    found = _POSTCODE.fullmatch(" ".join(words.upper().split())) if len(words) <= 16 else None
    if found is None:
        raise Unclear(
            f"{quoted(words)} is no UK postcode. Write one such as LS1 4AB, or its first half, LS1."
        )
    area, digit, letters = found.groups()
    if outcodes.outcode(area) is None:
        raise Unclear(
            f"{quoted(words)} is in no part of the UK that we can place."
            " Write a postcode nearby, or only its first half, such as LS1."
        )
    return f"{area} {digit}{letters}" if digit else str(area)


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    """ITL1 codes from north to south, each once."""
    chosen = set(codes)
    return tuple(code for code in CODES if code in chosen)


def quoted(words: str) -> str:
    """What was typed, safe and short enough to be said back."""
    return f"‘{wording.plain(words, 60)}’"
