"""What went wrong with a source, as a person would say it; what machines said lies beneath.

Runs keep the words of Scrapy, Twisted and portals. `told` makes one sentence of them and hands the
technical lines on, each once; `step` says what can be done about it without a command line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.digest import wording
from crawler.health import Health
from crawler.sources import Source

_CAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"robots\.txt", "does not let us read it any more (robots.txt)"),
        (r"layout changed", "has changed its pages, and we cannot read them any more"),
        (r"ConnectionRefused|refused the connection", "did not answer (connection refused)"),
        (
            r"CannotResolveHost|DNSLookup|UnknownHost|gaierror|name is not known",
            "could not be found (its name leads to no address)",
        ),
        (
            r"SSL|TLS|PeerVerify|certificate",
            "did not answer over a safe connection (its TLS certificate or ours was refused)",
        ),
        (r"Time(?:d)?\s?out|took too long", "did not answer in time"),
        (
            r"ConnectionLost|ConnectionDone|ResponseDataLoss|ResponseNeverReceived|ResponseFailed"
            r"|DownloadFailed",
            "broke off its answer (connection lost)",
        ),
        (r"\b(?:status|answered)\W+(?P<status>40[13]|429)\b", "refused to answer ({status})"),
        (
            r"\b(?:status|answered)\W+(?P<status>404|410)\b",
            "has no page where we look for it ({status})",
        ),
        (
            r"\b(?:status|answered)\W+(?P<status>5\d\d)\b",
            "answered that something is wrong on its side ({status})",
        ),
    )
)
"""What is looked for in the words of a run, in this order, and what a source did then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong: a sentence, and the technical lines behind it, each once."""

    words: str
    technical: tuple[str, ...] = ()


def told(name: str, verdict: str, reason: str, errors: Sequence[str]) -> Trouble:
    """What the run of the source called `name` came to; no words where all went well."""
    if verdict in ("", "ok") or not (reason or errors):
        return Trouble(words="", technical=tuple(dict.fromkeys(errors)))
    cause = "" if verdict == "short" else _cause(name, (reason, *errors))
    whole = wording.sentence(reason) or f"{name} could not be read"
    if not cause:
        rest = [error for error in errors if error not in reason]
        return Trouble(words=_ended(whole), technical=tuple(dict.fromkeys(rest)))
    # A part that failed: how much, and then why.
    words = f"{_ended(whole)} {cause}" if verdict == "partial" else cause
    lines = [] if verdict == "partial" else [reason]
    lines += [error for error in errors if error not in reason]
    return Trouble(words=words, technical=tuple(dict.fromkeys(filter(None, lines))))


def _cause(name: str, said: Sequence[str]) -> str:
    """The first cause that the words of a run name, or an empty text."""
    text = "\n".join(said)
    for pattern, words in _CAUSES:
        found = pattern.search(text)
        if found:
            return f"{name} {words.format(**found.groupdict())}."
    return ""


def _ended(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def step(source: Source, one: Health) -> str:
    """What staff can do on their page about a source's state; empty where nothing is to be done."""
    address = source.base_url or "its site"
    if not source.enabled or one.verdict == "ok":
        return ""
    if not one.verdict:
        return "“Run now” reads it for the first time."
    said = " ".join((one.reason, *one.first_errors))
    if "layout changed" in said:
        return (
            f"Open {address} and see what is different. What was read before is kept; whoever runs"
            " this installation must correct the source’s row. Until then you can pause it."
        )
    if "robots.txt" in said and one.verdict == "failed":
        return f"Pause it, and ask {source.publisher} whether we may read it."
    if one.verdict == "short":
        return f"Compare with {address}. If notices are missing here, “Run now” reads it again."
    if one.verdict == "partial":
        return "Nothing is lost: “Run now” asks for the rest, as the next run will."
    return f"Open {address}. If it is up, “Run now” asks it again; nothing is lost meanwhile."
