"""A resource of the library: evidence, toolkits, case studies, policy that people cite in bids.

What its link did when it was asked last (`Link`) is a fact of ours, and not the resource's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal[
    "evidence", "toolkit", "case_study", "guidance", "policy", "network", "events", "portal"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Nation = Literal["England", "Scotland", "Wales", "Northern Ireland", "UK"]
NATIONS: tuple[Nation, ...] = get_args(Nation)

LinkState = Literal["ok", "dead", "barred"]
"""``barred``: it answered that it wants no machines, or its robots.txt does; nobody knows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a resource is and for what. `outcomes` and `art_forms` are codes of `crawler.items`.

    `measures` names validated scales and frameworks that it explains. `url` is empty where no
    address is known; `confirmed` says whether a person has seen it at that address.
    """

    key: str
    title: str
    publisher: str
    kind: Kind
    nation: Nation
    summary: str
    year: int | None = None
    url: str = ""
    outcomes: tuple[str, ...] = ()
    art_forms: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a resource's address answered at `checked_at`.

    `status` is the HTTP status, None where nobody answered; `words` say why it is not ok;
    `moved_to` is where a permanent redirect leads; `failing_since` is when it first was dead,
    without an ok since.
    """

    state: LinkState
    checked_at: datetime
    status: int | None = None
    words: str = ""
    moved_to: str = ""
    failing_since: datetime | None = None
