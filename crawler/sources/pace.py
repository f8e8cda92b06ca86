"""How fast a source may be asked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from crawler.errors import UsageError

_PACE = re.compile(r"(\d+)/(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A source's limit: `requests` in any `seconds`; `penalty` seconds of silence after a 403."""

    requests: int
    seconds: float
    penalty: float | None = None

    @classmethod
    def parse(cls, text: str) -> Pace:
        """The pace written as ``12/120`` or ``20/10,300``. Raises `UsageError`."""
        found = _PACE.fullmatch(text.strip())
        if not found or int(found[1]) < 1 or float(found[2]) <= 0:
            raise UsageError(
                f"--pace {text!r} is not REQUESTS/SECONDS[,PENALTY]; write 12/120 or 20/10,300."
            )
        penalty = float(found[3]) if found[3] is not None else None
        return cls(requests=int(found[1]), seconds=float(found[2]), penalty=penalty)

    def looser_than(self, other: Pace) -> bool:
        """Whether this pace asks more of a portal than `other` allows in any stretch of time."""
        spells = math.ceil(other.seconds / self.seconds)
        sooner = other.penalty is not None and (
            self.penalty is None or self.penalty < other.penalty
        )
        return self.requests * spells > other.requests or sooner

    def beside(self, published: Pace) -> Pace:
        """This pace, with the `published` penalty where it names none."""
        return replace(self, penalty=published.penalty) if self.penalty is None else self

    def __str__(self) -> str:
        penalty = f",{self.penalty:g}" if self.penalty is not None else ""
        return f"{self.requests}/{self.seconds:g}{penalty}"
