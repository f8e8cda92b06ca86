"""The addresses of our own pages: mails, feeds and the web app all ask here.

`crawler.web` routes exactly these paths. Links that act for a subscriber carry a signed token
(`crawler.tokens`); opening one changes nothing, since mail scanners open every link.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from crawler.config import Settings
from crawler.keys import link_key
from crawler.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Full addresses under `base` (``https://tenders.example.org``, no slash at the end).

    `id` is the public id of an opportunity, `handle` a subscriber's, `subscription` the number of
    one of their subscriptions.
    """

    base: str
    tokens: Tokens

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        """Those of this installation. Raises `ConfigError` where there is no secret."""
        return cls(base=settings.base_url.rstrip("/"), tokens=Tokens(link_key(settings)))

    def home(self) -> str:
        """The first page."""
        return f"{self.base}/"

    def opportunities(self, **filters: str) -> str:
        """Everything, or what `filters` leave."""
        return f"{self.base}/opportunities" + (f"?{urlencode(filters)}" if filters else "")

    def opportunity(self, id: str) -> str:  # noqa: A002
        """The page of one opportunity."""
        return f"{self.base}/opportunities/{id}"

    def event(self, id: str) -> str:  # noqa: A002
        """The calendar entry of its closing date (RFC 5545)."""
        return f"{self.base}/opportunities/{id}/deadline.ics"

    def confirm(self, handle: str, *words: str) -> str:
        """The page with the button that completes a double opt-in; `words` say which asking."""
        return f"{self.base}/confirm/{self.tokens.make('confirm', handle, *words)}"

    def preferences(self, handle: str) -> str:
        """The page where somebody changes, pauses, exports or erases what is theirs."""
        return f"{self.base}/preferences/{self.tokens.make('manage', handle)}"

    def unsubscribe(self, handle: str) -> str:
        """The page with the stop button; a POST there stops at once (RFC 8058)."""
        return f"{self.base}/unsubscribe/{self.tokens.make('unsubscribe', handle)}"

    def mark(self, handle: str, id: str, what: str) -> str:  # noqa: A002
        """The page with the button for `what` (``hide`` or ``save``) about one opportunity."""
        return f"{self.base}/mark/{self.tokens.make('mark', handle, id, what)}"

    def partnering(self, handle: str) -> str:
        """The page where somebody offers themselves as a partner, or takes that back."""
        return f"{self.preferences(handle)}/partnering"

    def partners(self, handle: str, id: str) -> str:  # noqa: A002
        """Who could deliver one opportunity with somebody, and the buttons to ask them."""
        return f"{self.base}/with-you/{self.tokens.make('partners', handle, id)}"

    def introduction(self, handle: str, key: str) -> str:
        """The page with the buttons that answer a request to be introduced."""
        return f"{self.base}/introductions/{self.tokens.make('introduce', handle, key)}"

    def outcome(self, handle: str, id: str, say: str = "") -> str:  # noqa: A002
        """The page that asks what became of a bid; the answer `say` is offered first."""
        token = self.tokens.make("outcome", handle, id)
        return f"{self.base}/outcome/{token}" + (f"?say={say}" if say else "")

    def all_matches(self, handle: str) -> str:
        """Everything that fits somebody, beyond what one digest shows."""
        return f"{self.base}/my-matches/{self.tokens.make('manage', handle)}"

    def calendar(self, handle: str, subscription: int) -> str:
        """The calendar feed of a subscription's closing dates."""
        token = self.tokens.make("feed", handle, str(subscription))
        return f"{self.base}/feeds/{token}/calendar.ics"

    def atom(self, handle: str, subscription: int) -> str:
        """The Atom feed of a subscription's matches (RFC 4287)."""
        token = self.tokens.make("feed", handle, str(subscription))
        return f"{self.base}/feeds/{token}/matches.atom"
