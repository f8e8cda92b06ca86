"""Where bids go, as the rooms tell each other: the portal that a notice or an authority names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Basis = Literal["notices", "page"]
"""``notices`` the authority's notices name the portal · ``page`` its own page does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One notice names a portal by the host `site`.

    `authority` is the GSS code of its buyer, None for a buyer that is no authority.
    """

    authority: str | None
    portal: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFact:
    """An authority's own page names a portal; `note` is what that page adds."""

    authority: str
    portal: str
    page: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPortal:
    """A portal that an authority uses, and what says so.

    `evidence` is the page, or the earliest notice that names it; `site` the portal's host, where
    notices give one. `notices` counts those that name it. Seen: when the first and the last of
    them were published; for a page, when the fact came into this store.
    """

    authority: str
    portal: str
    basis: Basis
    site: str
    evidence: str
    note: str
    notices: int
    first_seen: datetime
    last_seen: datetime
