"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["good", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``good``, a ``note`` (works, but read this) or ``wrong``."""

    about: str
    grade: Grade
    words: str
