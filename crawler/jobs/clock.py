"""The clock of a job that runs for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def ticking(now: datetime) -> Callable[[], datetime]:
    """A clock that shows `now` and goes on from there."""
    start = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - start)
