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
_links = msgspec.json.Decoder(_Links | None)
_release = msgspec.json.Decoder(Release)
_BROKEN = re.compile(r"(?<=[A-Za-z]) {4}(?=[a-z])")
_BROKEN_BYTES = re.compile(rb"[A-Za-z] {4}[a-z]")
_PATH = re.compile(r"at `(?P<path>[^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_FIXES = 1000
_DIGITS = 300

BROKEN_BLANKS = "broken-blanks"


def split(body: bytes) -> tuple[list[bytes], str | None]:
    """The releases of a package as bytes, and the address of its next page.

    Raises `msgspec.DecodeError` or `msgspec.ValidationError` when `body` is no release package.
    """
    try:
        package = _package.decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _split_slowly(body, error)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error
    links = _links.decode(package.links)
    return [bytes(raw) for raw in package.releases], links.next if links else None


def _split_slowly(body: bytes, error: Exception) -> tuple[list[bytes], str | None]:
    """The same for a page whose text is not quite JSON: one release must not cost all others.

    Raises `msgspec.DecodeError` where Python's more tolerant reader fails as well.
    """
    try:
        page = json.loads(body.decode("utf-8", errors="replace"), strict=False, parse_int=_integer)
        releases, links = page["releases"], page.get("links") or {}
        raws = [json.dumps(release).encode() for release in releases]
        following = links.get("next")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise msgspec.DecodeError(str(error)) from error
    return raws, following if isinstance(following, str) else None


def read(raw: bytes, repairs: frozenset[str] = frozenset()) -> tuple[Release, tuple[str, ...]]:
    """The typed release in `raw`, and a warning for each field that had to be dropped or mended.

    `repairs` names faults of the portal (``broken-blanks``: four blanks in the middle of words and
    field names). Raises `ReleaseError` when it is no JSON object or lacks OCID or date.
    """
    broken = BROKEN_BLANKS in repairs and _BROKEN_BYTES.search(raw) is not None
    try:
        if broken or b"\\u0000" in raw:
            return _read_slowly(raw, mend=broken)
        return _release.decode(raw), ()
    except RecursionError as error:
        raise ReleaseError("release unreadable: nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return _read_slowly(raw, mend=broken)
    except RecursionError as error:
        raise ReleaseError("release unreadable: nested too deeply") from error


def _read_slowly(raw: bytes, *, mend: bool) -> tuple[Release, tuple[str, ...]]:
    warnings: list[str] = []
    try:
        text = raw.decode("utf-8", errors="replace")
        node = json.loads(text, strict=False, parse_int=_integer)
    except ValueError as error:
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
    if isinstance(node, str):
        # Neither a database nor a mail takes NUL or half a surrogate pair.
        node = node.replace("\0", "").encode("utf-8", errors="replace").decode()
        return _BROKEN.sub("", node) if mend and "    " in node else node
    return node


def _integer(digits: str) -> int | float:
    """A whole number, or infinity for one that no column holds: it is dropped with the others."""
    return int(digits) if len(digits) < _DIGITS else math.inf


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
    facts, odd = facts_of(release, source, content_hash(raw), repairs)
    return facts, dropped + odd
