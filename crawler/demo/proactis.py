"""Sample releases as Public Contracts Scotland and Sell2Wales write them: one platform, two sites.

Dates are days; regions are NUTS codes; the outer description names the notice's own number, which
Find a Tender repeats; a legal basis tells a directive's notice from a site notice.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from crawler.demo.notices import PUBLIC_CONTRACTS_SCOTLAND
from crawler.demo.publication import END_OF_DAY, Publication, codes, stamp_utc, without_gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    name: str
    host: str
    ocid: str
    label: str


_SCOTLAND = _Site(
    name="Public Contracts Scotland",
    host="publiccontractsscotland.example",
    ocid="ocds-r6ebe6-{:>010}",
    label="SC Ref",
)
_WALES = _Site(name="Sell2Wales", host="sell2wales.example", ocid="ocds-kuma6s-{}", label="WA Ref")
_DOCUMENTS = {"planning": "plannedProcurementNotice", "tender": "contractNotice"}
# A line break of the platform's store, lost on its way out; it is seen in both sites' releases.
_LOST_BREAK = "rn "


def release(publication: Publication) -> dict[str, Any]:
    """One release, its members in the platform's order of habit."""
    notice, buyer, ocid = publication.notice, _buyer(publication), _ocid(publication)
    number = f"{ocid}-release-{publication.serial:06d}"
    return without_gaps(
        {
            "ocid": ocid,
            "id": number if notice.with_id else None,
            "date": stamp_utc(publication.date),
            "description": _outer_description(publication),
            "tag": [publication.tag],
            "initiationType": "tender",
            "language": notice.language.upper(),
            "links": [{"rel": "canonical", "href": f"{_api(publication)}/v1/Notice?id={ocid}"}],
            "parties": [buyer, *publication.supplier_parties("org-")],
            "buyer": {"id": buyer["id"], "name": buyer["name"]},
            "tender": _tender(publication),
            "awards": _awards(publication),
            "contracts": _contracts(publication),
        }
    )


def broken(text: str) -> str:
    """The release as Sell2Wales sometimes sends it: four spaces inside a name or a value."""
    for whole, torn in (
        ('"Open procedure"', '"Open procedu    re"'),
        ('"deliveryAddresses"', '"d    eliveryAddresses"'),
        ('"contactPoint"', '"contactP    oint"'),
    ):
        text = text.replace(whole, torn)
    return text


def _site(publication: Publication) -> _Site:
    scottish = publication.notice.source == PUBLIC_CONTRACTS_SCOTLAND
    return _SCOTLAND if scottish else _WALES


def _api(publication: Publication) -> str:
    return f"https://api.{_site(publication).host}"


def _ocid(publication: Publication) -> str:
    return _site(publication).ocid.format(publication.notice.reference)


def _outer_description(publication: Publication) -> str:
    site, number = _site(publication), publication.notice.reference
    page = f"https://www.{site.host}/Search/Search_Switch.aspx?ID={number}"
    note = f"NOTE: Interest is registered, and documents are found, on {site.name} at {page}."
    return f"{note}{_LOST_BREAK}({site.label}:{number})"


def _buyer(publication: Publication) -> dict[str, Any]:
    buyer = publication.notice.buyer
    return {
        "id": f"org-{zlib.crc32(buyer.host.encode()) % 1000}",
        "name": buyer.name,
        "identifier": {"legalName": buyer.name},
        "address": {
            "streetAddress": buyer.street,
            "locality": buyer.town,
            "region": buyer.nuts,
            "postalCode": buyer.postcode,
        },
        "contactPoint": {
            "email": f"procurement@{buyer.host}",
            "telephone": "01632 960000",
            "url": f"https://www.{_site(publication).host}",
        },
        "roles": ["buyer"],
        "details": {
            "url": f"https://www.{buyer.host}",
            "classifications": [{"scheme": "TED_CA_TYPE", "id": buyer.kind}],
        },
    }


def _tender(publication: Publication) -> dict[str, Any]:
    notice = publication.notice
    main, *_ = codes(notice.cpv)
    words = publication.words(notice.description)
    tender: dict[str, Any] = {
        "id": f"{notice.buyer.short_name.upper()}-{publication.process_serial:05d}",
        "legalBasis": {"id": "32014L0024", "scheme": "CELEX"} if notice.directive else {},
        "title": publication.words(notice.title),
        "description": words,
        "status": publication.status,
        "classification": main,
        "value": publication.money(notice.value),
        "mainProcurementCategory": notice.category,
        "procurementMethod": "open" if notice.procedure == "Open procedure" else "selective",
        "procurementMethodDetails": notice.procedure,
        "lots": _lots(publication),
        "items": _items(publication),
        "documents": [_document(publication, words)],
        "submissionTerms": {"languages": [notice.language]},
    }
    if publication.deadline:
        tender["tenderPeriod"] = {"endDate": stamp_utc(publication.deadline)}
    if notice.future is not None:
        moment = publication.day(notice.future, END_OF_DAY)
        tender["communication"] = {"futureNoticeDate": stamp_utc(moment)}
    return without_gaps(tender)


def _document(publication: Publication, words: str) -> dict[str, Any]:
    notice, site = publication.notice, _site(publication)
    month = publication.date.strftime("%b").upper()
    number = f"{month}{notice.reference}"
    return {
        "id": number,
        "documentType": _DOCUMENTS.get(notice.stage, "awardNotice"),
        "title": publication.words(notice.title),
        "description": words,
        "url": f"https://www.{site.host}/search/show/search_view.aspx?ID={number}",
        "format": "text/html",
    }


def _lots(publication: Publication) -> list[dict[str, Any]]:
    """The lots, or the single one that this platform makes of a notice without."""
    notice = publication.notice
    shared = without_gaps(
        {
            "status": publication.status,
            "contractPeriod": publication.period(),
            "hasOptions": False,
            "hasRenewal": notice.extension is not None,
            "renewal": {"description": notice.extension} if notice.extension else {},
        }
    )
    if not notice.lots:
        return [{"id": "1", "description": publication.words(notice.description), **shared}]
    return [
        without_gaps(
            {
                "id": str(number),
                "title": publication.words(lot.title),
                "description": publication.words(lot.description),
                "value": publication.money(lot.value),
                **shared,
            }
        )
        for number, lot in enumerate(notice.lots, 1)
    ]


def _items(publication: Publication) -> list[dict[str, Any]]:
    notice = publication.notice
    others = codes(notice.cpv[1:] or notice.cpv)
    regions = [[lot.nuts] if lot.nuts else list(notice.regions) for lot in notice.lots]
    return [
        without_gaps(
            {
                "id": str(number),
                "relatedLot": str(number),
                "additionalClassifications": others,
                "deliveryAddresses": [{"region": region} for region in places],
                "deliveryLocation": {"description": notice.place} if notice.place else {},
            }
        )
        for number, places in enumerate(regions or [list(notice.regions)], 1)
    ]


def _awards(publication: Publication) -> list[dict[str, Any]]:
    suppliers = publication.supplier_parties("org-")
    if not suppliers:
        return []
    named = [{"id": party["id"], "name": party["name"]} for party in suppliers]
    return [{"id": "1", "status": "active", "suppliers": named, "relatedLots": ["1"]}]


def _contracts(publication: Publication) -> list[dict[str, Any]]:
    notice = publication.notice
    if not notice.suppliers:
        return []
    contract = {
        "id": "1",
        "awardID": "1",
        "status": "active",
        "dateSigned": stamp_utc(publication.date),
        "value": publication.money(notice.value),
        "period": publication.period(),
    }
    return [without_gaps(contract)]
