"""Hands over what lies in the outbox: one sender at a time, resumable, no faster than agreed.

A mail is marked ``sending`` and committed, handed over, marked ``sent`` and committed. Whoever is
killed in between leaves that one mail, and the next sender hands over the very same bytes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.digest import bouncing
from crawler.digest.bouncing import ReturnAddress
from crawler.digest.outbox import Letter, Mailer
from crawler.digest.signing import Signer
from crawler.errors import MailLost, MailRefused, MailServerError
from crawler.store import database, leases, outbox, suppressions
from crawler.store.leases import Lease
from crawler.store.outbox import Mail
from crawler.store.suppressions import Bounce

logger = logging.getLogger(__name__)

_CROWDED = frozenset({421, 452})
"""Replies that mean the whole domain: too busy, or too many mails (RFC 5321 section 4.2.2)."""

_PAUSE = timedelta(minutes=5)
_FRESH = timedelta(seconds=10)
_LOST_IN_A_ROW = 3
_NAP = 0.5
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How mails go out: who they return to, who signs, how fast, and the clock.

    `key` is that of the suppression list. `per_minute` mails go to one recipient domain, None for
    no limit. A sender that shows no life for `lease` counts as dead.
    """

    returns: ReturnAddress
    key: bytes = field(repr=False)
    signer: Signer | None = None
    per_minute: int | None = 60
    lease: timedelta = timedelta(seconds=60)
    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True, kw_only=True)
class Delivered:
    """What a round of delivering did.

    `failed` and `held` name the recipient and the reason. `trouble` says why the round ended
    early, None if it did not; `busy` that another sender is at work.
    """

    sent: int = 0
    later: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    suppressed: int = 0
    trouble: str | None = None
    busy: bool = False
    stopped: bool = False


def deliver(
    engine: sa.Engine,
    mailer: Mailer,
    terms: Terms,
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Hands over everything that is due, until `stop` says so or the server cannot be used.

    What one mail meets holds up no other.
    """
    with leases.holding(engine, outbox.LEASE, terms.lease, terms.clock, terms.sleep) as lease:
        if lease is None:
            return Delivered(busy=True)
        with database.writing(engine, alone=False) as connection:
            outbox.take_back(connection, terms.clock())
        return _Round(engine, mailer, terms, lease, stop).run()


class _Round:
    """One sender's work while it holds the lease."""

    def __init__(
        self,
        engine: sa.Engine,
        mailer: Mailer,
        terms: Terms,
        lease: Lease,
        stop: Callable[[], bool],
    ) -> None:
        self.engine, self.mailer, self.terms, self.lease = engine, mailer, terms, lease
        self.stop = stop
        self.done = Delivered()
        self.lost_in_a_row = 0
        self.ready_at: dict[str, datetime] = {}
        self.gap = _MINUTE / terms.per_minute if terms.per_minute else timedelta()

    def run(self) -> Delivered:
        """Goes on until nothing is due."""
        now = self.terms.clock()
        with self.engine.connect() as connection:
            recent = outbox.last_sent(connection, now - _MINUTE)
        # A clock that was set back must not make a domain wait for the day it showed.
        self.ready_at = {domain: min(at, now) + self.gap for domain, at in recent.items()}
        waiting: dict[str, deque[int]] = {}
        read_at = self.terms.clock()
        while not self._ended():
            now = self.terms.clock()
            if not waiting or now - read_at > _FRESH:
                waiting, read_at = self._due(now), now
                if not waiting:
                    break
            ready = [domain for domain in waiting if self.ready_at.get(domain, now) <= now]
            for domain in ready:
                if self._ended():
                    break
                self._next(waiting, domain)
            if not ready:
                soonest = min(self.ready_at[domain] for domain in waiting)
                self.terms.sleep(min(_NAP, max(0.001, (soonest - now).total_seconds())))
        return self.done

    def _ended(self) -> bool:
        if self.lease.lost.is_set():
            self.done.trouble = "another sender took over, because this one was silent too long"
        self.done.stopped = self.done.stopped or self.stop()
        return self.done.stopped or self.done.trouble is not None

    def _due(self, now: datetime) -> dict[str, deque[int]]:
        waiting: dict[str, deque[int]] = {}
        with self.engine.connect() as connection:
            for mail_id, domain in outbox.due(connection, now):
                waiting.setdefault(domain, deque()).append(mail_id)
        return waiting

    def _next(self, waiting: dict[str, deque[int]], domain: str) -> None:
        """The domain's oldest mail; a domain that wants to be left alone is left out."""
        mail_id = waiting[domain].popleft()
        if not waiting[domain]:
            del waiting[domain]
        mail = self._claimed(mail_id)
        if mail is None:
            return
        if self.gap:
            self.ready_at[domain] = self.terms.clock() + self.gap
        if self._handed_over(mail):
            waiting.pop(domain, None)

    def _claimed(self, mail_id: int) -> Mail | None:
        """The mail in its final bytes, marked as being sent; None if it must not be, or is gone."""
        signed = self._signed(mail_id)
        with database.writing(self.engine, alone=False) as connection:
            if not leases.holds(connection, self.lease):
                self.lease.lost.set()
                return None
            mail = outbox.get(connection, mail_id, self.terms.clock())
            if mail is None:
                return None
            reason = mail.barred
            if mail.kind != outbox.CONFIRMATION and suppressions.among(
                connection, self.terms.key, [mail.recipient]
            ):
                reason = "the address is on the suppression list"
            if reason:
                outbox.held(connection, mail.id, reason, self.terms.clock())
                self.done.held.append((mail.recipient, reason))
                return None
            outbox.sending(connection, mail.id, signed)
        return replace(mail, raw=signed or mail.raw, attempts=mail.attempts + 1)

    def _signed(self, mail_id: int) -> bytes | None:
        """The mail with its signature, made while nobody waits; None where nothing is signed."""
        if self.terms.signer is None:
            return None
        with self.engine.connect() as connection:
            mail = outbox.get(connection, mail_id, self.terms.clock())
        return self.terms.signer.signed(mail.raw) if mail else None

    def _handed_over(self, mail: Mail) -> bool:
        """Hands one mail over and records how that went; True to leave its domain alone."""
        letter = Letter(
            sender=self.terms.returns.for_mail(mail.id, mail.message_id),
            recipient=mail.recipient,
            raw=mail.raw,
        )
        try:
            words = self.mailer.hand_over(letter)
        except MailRefused as error:
            self.lost_in_a_row = 0
            return self._refused(mail, error)
        except MailLost as error:
            self.lost_in_a_row += 1
            self._later(mail, str(error))
            if self.lost_in_a_row >= _LOST_IN_A_ROW:
                self.done.trouble = f"the connection broke {_LOST_IN_A_ROW} times in a row: {error}"
            return False
        except MailServerError as error:
            self._untried(mail, str(error))
            return False
        except Exception as error:  # one mail that cannot be sent holds up no other
            logger.exception("mail %s cannot be handed over", mail.id)
            self._failed(mail, f"{type(error).__name__}: {error}")
            return False
        self.lost_in_a_row = 0
        self.done.sent += 1
        with database.writing(self.engine, alone=False) as connection:
            outbox.sent(connection, mail.id, words, self.terms.clock())
        return False

    def _refused(self, mail: Mail, error: MailRefused) -> bool:
        """4yz: later, 5yz: never. Who refuses our own address refuses every mail."""
        if error.at == "sender" and error.code != 552:
            self._untried(mail, str(error))
            return False
        if not error.passing:
            self._failed(mail, error.words, error)
            return False
        self._later(mail, error.words)
        if error.code not in _CROWDED:
            return False
        with database.writing(self.engine, alone=False) as connection:
            outbox.postpone(connection, mail.domain, self.terms.clock() + _PAUSE)
        return True

    def _untried(self, mail: Mail, words: str) -> None:
        """Puts a mail back that nobody could have sent, and ends the round."""
        self.done.trouble = words
        with database.writing(self.engine, alone=False) as connection:
            outbox.later(connection, mail.id, words, self.terms.clock() + _PAUSE)

    def _later(self, mail: Mail, words: str) -> None:
        now = self.terms.clock()
        when = outbox.next_try(mail.attempts, mail.queued_at, now)
        if when is None:
            self._failed(mail, f"given up after {mail.attempts} attempts: {words}", soft=True)
            return
        self.done.later += 1
        with database.writing(self.engine, alone=False) as connection:
            outbox.later(connection, mail.id, words, when)

    def _failed(
        self, mail: Mail, words: str, error: MailRefused | None = None, *, soft: bool = False
    ) -> None:
        now = self.terms.clock()
        meaning = _meaning(error) if error else ("soft" if soft else None)
        self.done.failed.append((mail.recipient, words))
        with database.writing(self.engine, alone=False) as connection:
            outbox.failed(connection, mail.id, words, now)
            origin = outbox.origin(connection, mail_id=mail.id)
            if origin is None or meaning not in ("hard", "soft", "policy"):
                return
            bounce = Bounce(
                report=f"smtp:{mail.id}:{mail.attempts}",
                kind=meaning,
                at=now,
                words=words,
                status=error.status if error else None,
            )
            effect = suppressions.record(connection, self.terms.key, bounce, origin)
            self.done.suppressed += effect == "suppressed"


def _meaning(error: MailRefused) -> bouncing.Meaning:
    """What a server's final refusal says of the address."""
    if error.at == "data" and error.status is None:
        return "policy"
    return bouncing.severity(error.status, error.words, error.code)
