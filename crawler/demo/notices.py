"""The sample notices as rows: read from ``rows/*.toml``, one file a portal, buyers apart.

First step of the sample world. Every text is our own. Public bodies bear their real names, because
a demo with invented places would show nothing about places; contracts, suppliers and mailboxes are
invented. Days count from the moment of the demo, so that nothing in it grows old.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeVar

from crawler.errors import ConfigError
from crawler.items import RELEVANCES, STAGES, Relevance, Stage

Change = Literal["deadline", "cancelled", "award"]

FIND_A_TENDER = "find-a-tender"
CONTRACTS_FINDER = "contracts-finder"
PUBLIC_CONTRACTS_SCOTLAND = "public-contracts-scotland"
SELL2WALES = "sell2wales"
SOURCES = (FIND_A_TENDER, CONTRACTS_FINDER, PUBLIC_CONTRACTS_SCOTLAND, SELL2WALES)
PROACTIS = (PUBLIC_CONTRACTS_SCOTLAND, SELL2WALES)
CHANGES: tuple[Change, ...] = ("deadline", "cancelled", "award")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBuyer:
    """A public body: where it sits, and the ``.example`` name under which it can be written to."""

    name: str
    kind: str
    street: str
    town: str
    postcode: str
    nuts: str
    host: str

    @property
    def short_name(self) -> str:
        """The host without ``.example``, as portals' identifiers and file numbers use it."""
        return self.host.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLot:
    """One lot of a notice."""

    title: str
    description: str = ""
    value: float | None = None
    nuts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRelease:
    """What a further release of the same process says; what it leaves out stays as it was."""

    change: Change
    deadline: int | None = None
    deadline_at: str | None = None
    suppliers: tuple[str, ...] = ()
    value: float | None = None
    start: int | None = None
    end: int | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleNotice:
    """One notice on one portal.

    `published`, `deadline`, `future`, `start` and `end` are days from the demo's now; `deadline_at`
    is a London time of day. At the planning stage `deadline` ends an engagement and `future` is
    when the tender is expected. `reference` is the number on a Proactis platform; on Find a Tender
    it is how the text names one (``SC Ref:829625``). `intended` says which relevance the writer had
    in mind and is never served. `value` may be infinite, which is served as ``1e9999``.
    """

    source: str
    key: str
    buyer: SampleBuyer
    stage: Stage
    intended: Relevance
    published: float
    title: str
    description: str
    cpv: tuple[str, ...]
    notice_type: str | None = None
    reference: str | None = None
    regions: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    place: str | None = None
    additional: str | None = None
    value: float | None = None
    value_min: float | None = None
    deadline: int | None = None
    deadline_at: str = "12:00"
    future: int | None = None
    start: int | None = None
    end: int | None = None
    extension: str | None = None
    suppliers: tuple[str, ...] = ()
    lots: tuple[SampleLot, ...] = ()
    category: str = "services"
    procedure: str = "Open procedure"
    language: str = "en"
    directive: bool = True
    with_id: bool = True
    broken: bool = False
    later: tuple[LaterRelease, ...] = ()


@cache
def sample_notices() -> tuple[SampleNotice, ...]:
    """Every sample notice, portal by portal in the order of `SOURCES`."""
    buyers = {
        key: _build(SampleBuyer, table, f"buyer {key}") for key, table in _read("buyers").items()
    }
    return tuple(
        _notice(source, table, buyers) for source in SOURCES for table in _read(source)["notice"]
    )


def _read(stem: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath("rows", f"{stem}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _notice(
    source: str, table: Mapping[str, Any], buyers: Mapping[str, SampleBuyer]
) -> SampleNotice:
    """One row as a notice; raises `ConfigError` that names the row for anything not understood."""
    where = f"{source} notice {table.get('key', '(no key)')}"
    values = dict(table)
    key = values.pop("buyer", "")
    if key not in buyers:
        raise ConfigError(f"{where}: buyer {key!r} is not in buyers.toml; add it there")
    values["lots"] = [_build(SampleLot, lot, where) for lot in values.pop("lot", [])]
    values["later"] = [_build(LaterRelease, row, where) for row in values.pop("later", [])]
    notice = _build(SampleNotice, values | {"source": source, "buyer": buyers[key]}, where)
    _check(notice, where)
    return notice


def _build(made: Callable[..., T], table: Mapping[str, Any], where: str) -> T:
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
    }
    try:
        return made(**values)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}; correct the row") from error


def _check(notice: SampleNotice, where: str) -> None:
    known = (
        (notice.stage, STAGES),
        (notice.intended, RELEVANCES),
        *((row.change, CHANGES) for row in notice.later),
    )
    for value, allowed in known:
        if value not in allowed:
            raise ConfigError(f"{where}: {value!r} must be one of {', '.join(allowed)}")
    if notice.published > 0:
        raise ConfigError(f"{where}: published must not lie ahead of now; use 0 or less")
    if notice.source in PROACTIS and notice.reference is None:
        raise ConfigError(f"{where}: this platform numbers its notices; add reference")
    if notice.source == FIND_A_TENDER and notice.notice_type is None:
        raise ConfigError(f"{where}: add notice_type, such as UK4")
