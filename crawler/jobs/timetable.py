"""When a crontab line falls due, right through both changes of clocks. Pure: moments in and out.

A line that names hours is read on the wall clock: an hour that comes twice counts the first time,
one that does not come counts as much later as the clocks jump. So 01:30 in London falls due once in
October and once in March. A line for every hour follows time itself, which knows no such change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from crawler.errors import ConfigError

_JUMP = timedelta(hours=3)
"""Clocks nowhere change by more."""

_YEARS = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times of a crontab line (weekdays by name) in a zone."""

    line: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The first time after `moment`, UTC. Raises `ConfigError` for a line that has none."""
        if self.line.split()[1:2] == ["*"]:
            return self._wall(moment.astimezone(UTC) + timedelta(microseconds=1))
        wall = moment.astimezone(self.zone).replace(tzinfo=UTC) - _JUMP
        while True:
            wall = self._wall(wall)
            at = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
            if at > moment:
                return at
            wall += timedelta(microseconds=1)

    def last(self, moment: datetime) -> datetime | None:
        """The last time at or before `moment`, UTC; None if there was none in five years."""
        back = timedelta(hours=1)
        while back < _YEARS:
            found = None
            at = self.after(moment - back)
            while at <= moment:
                found, at = at, self.after(at)
            if found is not None:
                return found
            back *= 4
        return None

    def _wall(self, at: datetime) -> datetime:
        found: datetime | None = _trigger(self.line).get_next_fire_time(None, at)
        if found is None:
            raise ConfigError(f"the crontab line {self.line!r} never falls due. Correct it.")
        return found


@cache
def _trigger(line: str) -> CronTrigger:
    try:
        return CronTrigger.from_crontab(line, timezone=UTC)
    except ValueError as error:
        words = f"the crontab line {line!r} cannot be read: {error}. Correct it."
        raise ConfigError(words) from error
