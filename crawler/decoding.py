"""OCDS bytes to typed releases: tolerant, and counting what it had to leave out.

Spiders call `split` on a response, the decode pipeline and ``tenders reprocess`` call `decode` on
each raw release. A field that does not fit its type costs that field and a warning; a release
without OCID or date costs the release (`ReleaseError`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from crawler.errors import ReleaseError
from crawler.facts import facts_of
from crawler.items import Facts
from crawler.ocds import Release


class _Links(msgspec.Struct):
    next: str | None = None


class _Package(msgspec.Struct):
    """Releases stay bytes here, so that one bad one cannot spoil the page."""

    releases: list[msgspec.Raw]
    links: msgspec.Raw = msgspec.Raw(b"{}")


_package = msgspec.json.Decoder(_Package)
_links = msgspec.json.Decoder(_Links)
_release = msgspec.json.Decoder(Release)
_BROKEN = re.compile(r"(?<=[A-Za-z]) {4}(?=[a-z])")
_BROKEN_BYTES = re.compile(rb"[A-Za-z] {4}[a-z]")
_PATH = re.compile(r"at `(?P<path>[^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_FIXES = 40

BROKEN_BLANKS = "broken-blanks"


def split(body: bytes) -> tuple[list[msgspec.Raw], str | None]:
    """The releases of a package as bytes, and the address of its next page.

    Raises `msgspec.DecodeError` or `msgspec.ValidationError` when `body` is no release package.
    """
    package = _package.decode(body)
    try:
        return package.releases, _links.decode(package.links).next
    except msgspec.ValidationError:
        return package.releases, None


def read(raw: bytes, repairs: frozenset[str] = frozenset()) -> tuple[Release, tuple[str, ...]]:
    """The typed release in `raw`, and a warning for each field that had to be dropped or mended.

    `repairs` names faults of the portal (``broken-blanks``: four blanks in the middle of words and
    field names). Raises `ReleaseError` when it is no JSON object or lacks OCID or date.
    """
    if BROKEN_BLANKS in repairs and _BROKEN_BYTES.search(raw):
        return _read_slowly(raw, mend=True)
    try:
        return _release.decode(raw), ()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_slowly(raw, mend=False)


def _read_slowly(raw: bytes, *, mend: bool) -> tuple[Release, tuple[str, ...]]:
    warnings: list[str] = []
    try:
        node = json.loads(raw.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"not JSON: {error}") from error
    if not isinstance(node, dict):
        raise ReleaseError(f"not an object but {type(node).__name__}")
    node = _mended(node, "$", warnings, mend)
    for _ in range(_FIXES):
        try:
            return msgspec.convert(node, Release), tuple(warnings)
        except msgspec.ValidationError as error:
            path = _drop(node, str(error))
            if path is None:
                raise ReleaseError(f"release unreadable: {error}") from error
            warnings.append(f"{path} dropped: {str(error).split(' - at')[0]}")
    raise ReleaseError(f"release unreadable: more than {_FIXES} fields of the wrong type")


def _mended(node: Any, path: str, warnings: list[str], mend: bool) -> Any:
    """`node` without numbers that no float holds and, on demand, without broken words."""
    if isinstance(node, dict):
        out = {}
        for name, value in node.items():
            if mend and "    " in name:
                warnings.append(f"{path}.{name} mended: blanks in a field name")
                name = re.sub(r"\s+", "", name)
            out[name] = _mended(value, f"{path}.{name}", warnings, mend)
        return out
    if isinstance(node, list):
        return [_mended(value, f"{path}[{at}]", warnings, mend) for at, value in enumerate(node)]
    if isinstance(node, float) and not math.isfinite(node):
        warnings.append(f"{path} dropped: the number is too large")
        return None
    if mend and isinstance(node, str) and "    " in node:
        return _BROKEN.sub("", node)
    return node


def _drop(node: Any, message: str) -> str | None:
    """Removes the field that `message` complains of; its path, or None where it may not go."""
    found = _PATH.search(message)
    steps = _STEP.findall(found["path"]) if found else []
    if not steps or (len(steps) == 1 and steps[0][0] in ("ocid", "date")):
        return None
    # msgspec writes [...] for any element of a list: then every misfit of that field goes.
    _remove(node, steps)
    return found["path"] if found else None


def _remove(node: Any, steps: list[tuple[str, str]]) -> None:
    (name, index), rest = steps[0], steps[1:]
    children: list[tuple[Callable[[], Any], Any]] = []
    if name and isinstance(node, dict) and name in node:
        children = [(partial(node.pop, name), node[name])]
    elif index and isinstance(node, list):
        wanted = range(len(node)) if index == "..." else [int(index)]
        children = [
            (partial(node.__setitem__, at, None), node[at]) for at in wanted if at < len(node)
        ]
    for remove, child in children:
        if rest:
            _remove(child, rest)
        else:
            remove()
    if isinstance(node, list) and not rest:
        node[:] = [child for child in node if child is not None]


def content_hash(raw: bytes) -> str:
    """The BLAKE2b-128 hex digest by which a release is recognised as unchanged."""
    return blake2b(raw, digest_size=16).hexdigest()


def decode(
    raw: bytes, source: str, repairs: frozenset[str] = frozenset()
) -> tuple[Facts, tuple[str, ...]]:
    """The facts in one raw release of `source`, and its warnings. Raises `ReleaseError`."""
    release, dropped = read(raw, repairs)
    unnamed = "" if release.id else content_hash(raw)
    facts, odd = facts_of(release, source, unnamed, repairs)
    return facts, dropped + odd
