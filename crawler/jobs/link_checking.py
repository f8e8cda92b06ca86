"""Looks whether the links of the library still answer: politely, a request a second to a domain.

robots.txt is kept as RFC 9309 says; a site that wants no machines is not dead. HEAD comes first;
where that is refused, GET, of which little is read. Each answer is written down at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sa
from protego import Protego

from crawler.contacts.emails import domain_of
from crawler.errors import SourceError
from crawler.jobs.asking import Ask, Reply, Unanswered
from crawler.library import Link, LinkState, Resource
from crawler.partners.shelf import fit
from crawler.store import database, resources

_HOPS = 6
_MANY = 5
_PACE, _SLOWEST = 1.0, 30.0
"""Seconds between two requests to one domain, and the most that a site may ask for."""

_RULES = 512 * 1024
_BODY = 64 * 1024
_MOVED = (301, 302, 303, 307, 308)
_BARRED = (401, 402, 403, 405, 406, 407, 409, 423, 425, 429, 451, 503)
"""Statuses by which a server says "not you" or "not now": nothing is known of the page."""


@dataclass(slots=True, kw_only=True)
class Done:
    """How a round went, in keys."""

    ok: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """For logs and people."""
        total = len(self.ok) + len(self.dead) + len(self.barred)
        links = "1 link" if total == 1 else f"{total} links"
        words = f"{links} looked at, {len(self.ok)} well"
        if self.dead:
            words += f"; dead: {', '.join(self.dead)}"
        if self.barred:
            words += f"; wanting no machines: {', '.join(self.barred)}"
        return words


def check(
    engine: sa.Engine,
    agent: str,
    ask: Ask,
    clock: Callable[[], datetime],
    *,
    only: Collection[str] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Done:
    """Asks for every link that is shown, or `only` for those of these keys; notes what it did.

    Raises `SourceError`, and notes nothing, where not one of many answers: then it is our own
    network that is down.
    """
    done, looker = Done(), Looker(agent, ask, pause)
    with engine.connect() as connection:
        kept = resources.everything(connection)
    asked = [one.resource for one in kept if one.resource.url]
    asked = [one for one in asked if not only or one.key in only]
    waiting: list[tuple[Resource, Link]] = []
    online = len(asked) < _MANY
    for one in asked:
        found = looker.look(one.url, clock())
        waiting.append((one, found))
        {"ok": done.ok, "dead": done.dead, "barred": done.barred}[found.state].append(one.key)
        online = online or found.status is not None
        if online:
            _note(engine, waiting)
            waiting.clear()
    if waiting:
        raise SourceError(
            f"none of {len(asked)} links answered, so nothing was noted. See whether this machine"
            " reaches the internet, and try again: tenders resources check"
        )
    return done


def _note(engine: sa.Engine, found: list[tuple[Resource, Link]]) -> None:
    with database.writing(engine, alone=False) as connection:
        for one, link in found:
            resources.checked(connection, one.key, one.url, link)


class Looker:
    """Looks at addresses as `agent`; remembers each site's rules and when a domain was asked."""

    def __init__(self, agent: str, ask: Ask, pause: Callable[[float], None]) -> None:
        self._agent, self._ask, self._pause = agent, ask, pause
        self._sites: dict[str, Protego | None] = {}
        self._asked: dict[str, float] = {}

    def look(self, url: str, now: datetime) -> Link:
        """How `url` answers at the end of its redirects."""
        here = url
        try:
            for _ in range(_HOPS):
                reply = self._reply(here)
                if isinstance(reply, str):
                    return _link("barred", now, words=reply)
                target = urljoin(here, reply.headers.get("location", ""))
                if reply.status not in _MOVED or target == here:
                    return _judged(reply.status, now, here if here != url else "")
                if not fit(target):
                    words = "it leads to what is no web address"
                    return _link("dead", now, reply.status, words)
                here = target.partition("#")[0]
        except Unanswered as error:
            return _link("dead", now, words=str(error))
        return _link("dead", now, words="it leads from one address to the next without end")

    def _reply(self, url: str) -> Reply | str:
        """The answer to HEAD or, where that fails, GET; words where the site wants no machines."""
        rules = self._rules(url)
        if rules is None:
            return "its robots.txt cannot be had"
        if not rules.can_fetch(url, self._agent):
            return "its robots.txt asks machines to keep away"
        delay = rules.crawl_delay(self._agent) or 0.0
        self._wait(url, delay)
        try:
            reply = self._ask("HEAD", url, 0)
            if reply.status < 400 or reply.status == 429:
                return reply
        except Unanswered:
            pass  # some servers drop HEAD without a word
        self._wait(url, delay)
        return self._ask("GET", url, _BODY)

    def _rules(self, url: str) -> Protego | None:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._sites:
            self._sites[site] = self._read_rules(f"{site}/robots.txt")
        return self._sites[site]

    def _read_rules(self, url: str) -> Protego | None:
        """The rules of a site; None if it is closed for want of them (RFC 9309, 2.3.1.4)."""
        for _ in range(_HOPS):
            self._wait(url, 0.0)
            reply = self._ask("GET", url, _RULES)
            target = urljoin(url, reply.headers.get("location", ""))
            if reply.status not in _MOVED or not fit(target):
                break
            url = target
        if reply.status >= 500 or reply.status == 429:
            return None
        text = reply.body.decode("utf-8", "replace") if reply.status == 200 else ""
        return Protego.parse(text)

    def _wait(self, url: str, delay: float) -> None:
        """Until the domain of `url` may be asked again."""
        domain = domain_of(urlsplit(url).hostname or "")
        last = self._asked.get(domain)
        if last is not None:
            left = last + min(max(_PACE, delay), _SLOWEST) - time.monotonic()
            if left > 0:
                self._pause(left)
        self._asked[domain] = time.monotonic()


def _judged(status: int, now: datetime, moved_to: str) -> Link:
    if 200 <= status < 300:
        return _link("ok", now, status, moved_to=moved_to)
    if status in _BARRED:
        return _link("barred", now, status, f"it answered {status}: not to machines, or not now")
    return _link("dead", now, status, f"it answered {status}", moved_to)


def _link(
    state: LinkState, now: datetime, status: int | None = None, words: str = "", moved_to: str = ""
) -> Link:
    return Link(state=state, checked_at=now, status=status, words=words, moved_to=moved_to)
