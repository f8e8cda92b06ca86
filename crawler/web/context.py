"""What every view may ask for: settings, database, clock, addresses. The app holds it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa
from flask import current_app

from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.jobs.directory import Newest

T = TypeVar("T")
Deliver = Callable[[Settings, sa.Engine, datetime], object]
Timetable = Callable[[datetime], Mapping[str, datetime]]


class Remembered(Generic[T]):
    """A value that is worked out anew only when it is older than `span`; one thread at a time."""

    def __init__(self, make: Callable[[datetime], T], span: timedelta) -> None:
        self._make = make
        self._span = span
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._value: T | None = None

    def at(self, now: datetime) -> T:
        """The value as of `now` or up to `span` before."""
        with self._lock:
            if self._value is None or self._at is None or not self._fresh(now, self._at):
                self._value = self._make(now)
                self._at = now
            return self._value

    def _fresh(self, now: datetime, at: datetime) -> bool:
        return timedelta(0) <= now - at < self._span


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """One running app: `clock` gives aware UTC, `remembered` holds what is costly by name.

    `deliver` has the outbox emptied and does not wait for it; `timetable` says when each of the
    scheduler's jobs runs next after a moment, by name, as far as that is known here; `directory`
    holds possible partners.
    """

    settings: Settings
    engine: sa.Engine
    clock: Callable[[], datetime]
    addresses: Addresses
    deliver: Deliver
    timetable: Timetable
    remembered: dict[str, Remembered[object]] = field(default_factory=dict)
    directory: Newest = field(default_factory=Newest)

    @property
    def secure(self) -> bool:
        """Whether people reach it over TLS."""
        return self.settings.base_url.startswith("https://")


def here() -> Web:
    """The running app's own; inside a request only."""
    found = current_app.extensions["tenders"]
    assert isinstance(found, Web)
    return found


def now() -> datetime:
    """The moment of this request by the app's clock."""
    return here().clock()
