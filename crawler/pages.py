"""What the spiders of authorities' sites yield: pages read, with the contacts that they publish.

A contact is evidence: whom one page names for what, in which words, under which headings. The
store groups evidence of several pages into one contact of an authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Basis = Literal["card", "label", "heading", "sentence", "mailbox", "page"]
BASES: tuple[Basis, ...] = ("card", "label", "heading", "sentence", "mailbox", "page")
"""How a page tells whose contact it is, the plainest way first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A role or team as one page publishes it, with at least one of email, phone and form.

    `phone` is E.164, `phone_written` as people write it; `form` the address of a contact form.
    `name` stands only where the page publishes it as that role's. `headings` lead from the page's
    title to the place, `sentence` is the sentence or cell there. `basis` says what told the role.
    `personal` marks an officer's mailbox or name: those come after the roles' own.
    """

    role: str
    basis: Basis
    page: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_written: str | None = None
    form: str | None = None
    headings: tuple[str, ...] = ()
    sentence: str = ""
    outcomes: tuple[str, ...] = ()
    personal: bool = False

    @property
    def key(self) -> str:
        """What makes two pages' evidence one contact: email, else phone, else form."""
        return self.email or self.phone or self.form or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """All that one page publishes; `repaired` and `refused` count what was wrong, by reason."""

    contacts: tuple[Contact, ...] = ()
    repaired: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """A page of an authority's site was read. `links` are those on it that might matter."""

    source: str
    authority: str
    url: str
    fetched_at: datetime
    extract: Extract = Extract()
    links: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRefused:
    """A page was not read, and why in words. `gone`: the site says that it is no more."""

    source: str
    authority: str
    url: str
    fetched_at: datetime
    reason: str
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRead:
    """An authority's site was read to the end of what matters."""

    source: str
    authority: str
    finished: datetime
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFailed:
    """An authority's site could not be read, and why in words. It is asked again next time."""

    source: str
    authority: str
    reason: str
