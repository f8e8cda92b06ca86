"""Which texts are mail addresses that we can write to: plain ASCII, no quoting, a real domain."""

from __future__ import annotations

import re

from crawler.errors import UsageError

_LONGEST = 254
_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


def address(text: str) -> str:
    """The mail address in `text`, in lower case. Raises `UsageError` for what is none."""
    found = text.strip().lower()
    if len(found) <= _LONGEST and len(found.split("@")[0]) <= 64 and _ADDRESS.fullmatch(found):
        return found
    raise UsageError(
        f"email {text[:80]!r} is not an address we can write to;"
        " it should look like name@example.org, in plain letters and without blanks."
    )
