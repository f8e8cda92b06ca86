"""A typed OCDS release to `Facts`: what the source said, in one shape for every portal.

Where portals differ, the rule is here and nowhere else: which tag is which stage, where CPV codes
stand, what a placeholder value is, how another portal's notice is named in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from crawler import dates, money, ocds
from crawler.errors import ReleaseError
from crawler.items import Award, Buyer, Facts, Lot, Stage, Status
from crawler.text import clean

_STAGES: dict[str, Stage] = {
    "planning": "planning",
    "planningUpdate": "planning",
    "tender": "tender",
    "tenderUpdate": "tender",
    "tenderAmendment": "tender",
    "tenderCancellation": "tender",
    "award": "award",
    "awardUpdate": "award",
    "awardCancellation": "award",
    "contract": "contract",
    "contractUpdate": "contract",
    "contractAmendment": "contract",
    "contractTermination": "contract",
    "implementation": "contract",
    "implementationUpdate": "contract",
}
_CANCELLED = {"tenderCancellation", "awardCancellation"}
_DEAD = {"cancelled", "withdrawn", "unsuccessful"}
_NOT_STAGES = {"compiled", "release"}
_RANK: dict[Stage, int] = {"planning": 0, "tender": 1, "award": 2, "contract": 3}
_NUTS = re.compile(r"(?:UK|TL)[A-Z]?[A-Z0-9]{0,3}")
_CPV = re.compile(r"\d{8}")
_NAMED = re.compile(r"\((SC|WA) Ref:? ?(\d{3,})\)")
_LINKED = re.compile(r"[?&]id=(ocds-[a-z0-9]{6}-[\w-]+)")
_NOTICE = re.compile(r"//www\.find-tender\.service\.gov\.uk/Notice/(\d{6}-\d{4})")
_WEB = re.compile(r"https?://[^\s<>\"')]+[^\s<>\"').,;]")
_LOST_BREAK = re.compile(r"(?<=[^A-Za-z])rn(?= |$)")

LOST_BREAKS = "lost-breaks"
_LONGEST_ID = 200


class _Odd(list[str]):
    """Collects a warning for each value that could not be read."""

    def date(self, text: str | None, path: str) -> datetime | None:
        """The moment in `text`, or None with a warning."""
        if not text:
            return None
        moment = dates.parse(text)
        if moment is None:
            self.append(f"$.{path} dropped: {text[:40]!r} is no date")
        return moment


def facts_of(
    release: ocds.Release, source: str, unnamed: str, repairs: frozenset[str] = frozenset()
) -> tuple[Facts, tuple[str, ...]]:
    """The facts in `release`, and a warning for each value dropped.

    `unnamed` stands in for a missing release id. `repairs` may hold ``lost-breaks`` (line ends
    arrive as the letters ``rn``). Raises `ReleaseError` when OCID or date are unusable, since
    nothing could be ordered or merged then.
    """
    odd = _Odd()
    moment = dates.parse(release.date)
    if moment is None:
        raise ReleaseError(f"release date {release.date[:40]!r} is no date")
    ocid = release.ocid.strip()
    if not 0 < len(ocid) <= _LONGEST_ID:
        raise ReleaseError(
            "release without ocid"
            if not ocid
            else f"release with an ocid of {len(ocid)} characters"
        )
    named = str(release.id) if release.id else unnamed
    tender = release.tender or ocds.Tender()
    tags = tuple(release.tag or ())
    stage = _stage(tags, tender.status, odd)
    tidy = _tidier(repairs)
    low, high, currency = _value(tender, release.planning)
    regions, nuts, postcodes = _delivery(tender)
    facts = Facts(
        source=source,
        ocid=ocid,
        release_id=named if len(named) <= _LONGEST_ID else unnamed,
        date=moment,
        tags=tags,
        stage=stage,
        status=_status(tags, tender.status, stage),
        title=tidy(tender.title or release.title),
        description=_description(release, tender, stage, tidy),
        language=release.language.lower()[:2] if release.language else None,
        notice_type=_notice_type(release),
        buyer=_buyer(release, tidy),
        cpv=tuple(dict.fromkeys(_cpv(tender))),
        category=tender.main_procurement_category,
        procedure=tidy(tender.procurement_method_details or tender.procurement_method) or None,
        deadline=_deadline(release, tender, odd),
        expected=_expected(tender, stage, odd),
        value_min=low,
        value_max=high,
        currency=currency,
        start=_period(tender.contract_period, tender.lots, "start_date", odd),
        end=_period(tender.contract_period, tender.lots, "end_date", odd),
        lots=tuple(_lots(tender, tidy, odd)),
        delivery_regions=regions,
        delivery_nuts=nuts,
        delivery_postcodes=postcodes,
        awards=tuple(_awards(release, tender, tidy, odd)),
        urls=tuple(dict.fromkeys(_urls(release, source))),
        references=tuple(dict.fromkeys(_references(release, ocid))),
    )
    return facts, tuple(odd)


def _tidier(repairs: frozenset[str]) -> Callable[[str | None], str]:
    if LOST_BREAKS in repairs:
        return lambda text: clean(_LOST_BREAK.sub("\n", text)) if text else ""
    return lambda text: clean(text) if text else ""


def _stage(tags: tuple[str, ...], status: str | None, odd: _Odd) -> Stage:
    stages = [_STAGES[tag] for tag in tags if tag in _STAGES]
    odd.extend(
        f"$.tag {tag!r} is unknown" for tag in tags if tag not in _STAGES and tag not in _NOT_STAGES
    )
    if stages:
        return max(stages, key=_RANK.__getitem__)
    if status in ("planning", "planned"):
        return "planning"
    return "award" if status == "complete" else "tender"


def _status(tags: tuple[str, ...], status: str | None, stage: Stage) -> Status:
    if _CANCELLED.intersection(tags) or status in _DEAD:
        return "cancelled"
    if _RANK[stage] >= _RANK["award"] or status == "complete":
        return "awarded"
    if stage == "planning" and status in (None, "planning", "planned"):
        return "unknown"
    return "open"


def _notice_type(release: ocds.Release) -> str | None:
    return next((doc.notice_type for doc in _documents(release) if doc.notice_type), None)


def _documents(release: ocds.Release) -> Iterator[ocds.Document]:
    if release.planning:
        yield from release.planning.documents or ()
    if release.tender:
        yield from release.tender.documents or ()
    for award in release.awards or ():
        yield from award.documents or ()


def _buyer(release: ocds.Release, tidy: Callable[[str | None], str]) -> Buyer | None:
    parties = release.parties or []
    wanted = release.buyer.id if release.buyer else None
    party = next((p for p in parties if wanted is not None and p.id == wanted), None)
    party = party or next((p for p in parties if "buyer" in (p.roles or ())), None)
    name = tidy((release.buyer.name if release.buyer else None) or (party.name if party else None))
    if not name:
        return None
    if party is None:
        return Buyer(name=name, id=str(wanted) if wanted else None)
    address = party.address or ocds.Address()
    contact = party.contact_point or ocds.ContactPoint()
    details = party.details or ocds.Details()
    kinds = (c.description or str(c.id or "") for c in details.classifications or ())
    return Buyer(
        name=name,
        id=str(party.id) if party.id is not None else None,
        kinds=tuple(kind for kind in kinds if kind),
        street=tidy(address.street_address) or None,
        town=tidy(address.locality) or None,
        nuts=address.region if address.region and _NUTS.fullmatch(address.region) else None,
        postcode=address.postal_code,
        country=address.country_name,
        url=_web(details.url),
        contact_name=tidy(contact.name) or None,
        contact_email=contact.email,
        contact_phone=contact.telephone,
    )


def _cpv(tender: ocds.Tender) -> Iterator[str]:
    nodes: list[ocds.Classification | None] = [tender.classification]
    nodes += tender.additional_classifications or []
    for item in tender.items or ():
        nodes += [item.classification, *(item.additional_classifications or ())]
    for node in nodes:
        if node and node.id and (node.scheme or "CPV").upper() == "CPV":
            found = _CPV.match(str(node.id))
            if found:
                yield found[0]


def _deadline(release: ocds.Release, tender: ocds.Tender, odd: _Odd) -> datetime | None:
    period = tender.tender_period
    moment = odd.date(period.end_date if period else None, "tender.tenderPeriod.endDate")
    if moment is None and release.planning:
        ends = (m.due_date for m in release.planning.milestones or () if m.type == "engagement")
        moment = odd.date(next(ends, None), "planning.milestones.dueDate")
    return dates.end_of_day(moment) if moment else None


def _expected(tender: ocds.Tender, stage: Stage, odd: _Odd) -> datetime | None:
    """When a plan says that the tender notice will be published."""
    said = tender.communication.future_notice_date if tender.communication else None
    return odd.date(said, "tender.communication.futureNoticeDate") if stage == "planning" else None


def _description(
    release: ocds.Release, tender: ocds.Tender, stage: Stage, tidy: Callable[[str | None], str]
) -> str:
    """The description; that of a plan goes on with how to take part in its engagement."""
    said = tidy(tender.description or release.description)
    if stage != "planning" or not release.planning:
        return said
    more = (tidy(m.description) for m in release.planning.milestones or () if m.description)
    parts = [said, *(text for text in dict.fromkeys(more) if text not in said)]
    return "\n\n".join(part for part in parts if part)


def _amount(value: ocds.Value | None) -> Decimal | None:
    if value is None:
        return None
    return money.amount(value.amount if value.amount is not None else value.amount_gross)


def _value(
    tender: ocds.Tender, planning: ocds.Planning | None
) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Lowest and highest value and their currency; lots are summed where no total is given."""
    high, low = _amount(tender.value), _amount(tender.min_value)
    currency = next(
        (v.currency for v in (tender.value, tender.min_value) if v and v.currency), None
    )
    if high is None and low is None:
        lots = [lot.value for lot in tender.lots or () if _amount(lot.value) is not None]
        if lots and len({value.currency for value in lots if value}) == 1:
            high = sum((_amount(value) or Decimal(0) for value in lots), Decimal(0))
            currency = lots[0].currency if lots[0] else None
    if high is None and low is None and planning and planning.budget:
        high = _amount(planning.budget.amount)
        currency = planning.budget.amount.currency if planning.budget.amount else None
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low if low is not None else high, high, currency if low or high else None


def _delivery(tender: ocds.Tender) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names of regions, NUTS or ITL codes, and postcodes of where the work is."""
    regions: list[str] = []
    nuts: list[str] = []
    postcodes: list[str] = []
    for item in tender.items or ():
        for address in item.delivery_addresses or ():
            where = (address.region or address.country_name or "").strip()
            if _NUTS.fullmatch(where):
                nuts.append(where)
            elif where and (address.region or where != "United Kingdom"):
                regions.append(clean(where))
            if address.postal_code and address.postal_code.strip():
                postcodes.append(address.postal_code.strip())
    return (
        tuple(dict.fromkeys(regions)),
        tuple(dict.fromkeys(nuts)),
        tuple(dict.fromkeys(postcodes)),
    )


def _period(
    period: ocds.Period | None, lots: list[ocds.LotNode] | None, which: str, odd: _Odd
) -> datetime | None:
    """The contract's start or end: its own, else the earliest or latest of its lots."""
    if period and getattr(period, which):
        return odd.date(getattr(period, which), f"tender.contractPeriod.{which}")
    texts = (getattr(lot.contract_period, which) for lot in lots or () if lot.contract_period)
    moments = [m for text in texts if (m := odd.date(text, f"tender.lots.contractPeriod.{which}"))]
    if not moments:
        return None
    return min(moments) if which == "start_date" else max(moments)


def _lots(tender: ocds.Tender, tidy: Callable[[str | None], str], odd: _Odd) -> Iterator[Lot]:
    for at, lot in enumerate(tender.lots or (), start=1):
        period = lot.contract_period or ocds.Period()
        yield Lot(
            id=str(lot.id if lot.id is not None else at),
            title=tidy(lot.title),
            description=tidy(lot.description),
            status=lot.status,
            value=_amount(lot.value),
            currency=lot.value.currency if lot.value else None,
            start=odd.date(period.start_date, "tender.lots.contractPeriod.startDate"),
            end=odd.date(period.end_date, "tender.lots.contractPeriod.endDate"),
            duration_days=period.duration_in_days,
            renewal=tidy(_extension([lot])) or None,
        )


def _extension(lots: Iterable[ocds.LotNode]) -> str:
    nodes = (node for lot in lots for node in (lot.renewal, lot.options))
    return "\n".join(dict.fromkeys(n.description for n in nodes if n and n.description))


def _awards(
    release: ocds.Release, tender: ocds.Tender, tidy: Callable[[str | None], str], odd: _Odd
) -> Iterator[Award]:
    contracts = {str(c.award_id): c for c in release.contracts or () if c.award_id is not None}
    extension = tidy(_extension(tender.lots or ())) or None
    for at, award in enumerate(release.awards or (), start=1):
        number = str(award.id if award.id is not None else at)
        contract = contracts.get(number) or ocds.Contract()
        period = award.contract_period or contract.period or ocds.Period()
        value = award.value or contract.value
        suppliers = [supplier for supplier in award.suppliers or () if supplier.name]
        furthest = period.max_extent_date
        yield Award(
            id=number,
            suppliers=tuple(tidy(supplier.name) for supplier in suppliers),
            supplier_ids=tuple(str(s.id) if s.id is not None else "" for s in suppliers),
            status=award.status,
            date=odd.date(award.date or contract.date_signed, "awards.date"),
            value=_amount(value),
            currency=value.currency if value else None,
            start=odd.date(period.start_date, "awards.contractPeriod.startDate"),
            end=odd.date(period.end_date, "awards.contractPeriod.endDate"),
            extension=extension or (f"may extend to {furthest[:10]}" if furthest else None),
        )


def _web(url: str | None) -> str | None:
    url = url.strip() if url else ""
    return url if url.lower().startswith(("http://", "https://")) and " " not in url else None


def _urls(release: ocds.Release, source: str) -> Iterator[str]:
    """Pages of this notice for people: the portal's own first, then what documents point to."""
    notices: list[str] = []
    others: list[str] = []
    for doc in _documents(release):
        url = _web(doc.url)
        if url:
            (notices if (doc.document_type or "").endswith("Notice") else others).append(url)
    guid = str(release.id or "")[:36]
    if source == "contracts-finder" and not notices and guid.count("-") == 4:
        yield f"https://www.contractsfinder.service.gov.uk/Notice/{guid}"
    if source == "find-a-tender" and not notices and release.id:
        yield f"https://www.find-tender.service.gov.uk/Notice/{release.id}"
    yield from notices
    yield from _bidding(release.tender or ocds.Tender())
    yield from others


def _bidding(tender: ocds.Tender) -> Iterator[str]:
    """Where bids go, as far as the notice says it in fields of its own."""
    yield from _WEB.findall(tender.submission_method_details or "")
    url = _web(tender.communication.atypical_tool_url) if tender.communication else None
    if url:
        yield url


def _references(release: ocds.Release, ocid: str) -> Iterator[str]:
    """Keys that this notice shares with its copies elsewhere, its own first.

    Proactis portals end a description with their own number, and Find a Tender's copies of those
    notices keep it and link to the original; Contracts Finder links to Find a Tender's notice.
    """
    yield f"ocid:{ocid}"
    for link in release.links or ():
        yield from (f"ocid:{found}" for found in _LINKED.findall(link.href or ""))
    texts = (release.description, release.tender.description if release.tender else None)
    for text in texts:
        named = _NAMED.findall(text) if text and "Ref:" in text else []
        if named:
            yield f"{named[-1][0]}:{named[-1][1]}"
    for doc in _documents(release):
        if (doc.document_type or "").endswith("Notice") and doc.url:
            yield from (f"FTS:{found}" for found in _NOTICE.findall(doc.url))
    if ocid.startswith("ocds-h6vhtk-") and release.id:
        yield f"FTS:{release.id}"
