r"""Sample releases as Contracts Finder writes them.

CPV codes stand at the tender alone; regions are names or only a postcode; lines end in ``\r\n``,
and "Additional information" is pasted under the description.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from crawler.demo.publication import END_OF_DAY, Publication, codes, stamp, without_gaps

NEWLINE = "\r\n"


def release(publication: Publication) -> dict[str, Any]:
    """One release, its members in the portal's order of habit."""
    notice, buyer = publication.notice, _buyer(publication)
    return without_gaps(
        {
            "ocid": _ocid(publication),
            "id": f"{_guid(publication, 'notice')}-{900_000 + publication.serial}",
            "date": stamp(publication.date),
            "tag": [publication.tag],
            "initiationType": "tender",
            "language": notice.language,
            "parties": [buyer, *publication.supplier_parties("GB-CFS-")],
            "buyer": {"id": buyer["id"], "name": buyer["name"]},
            "planning": _planning(publication),
            "tender": _tender(publication),
            "awards": _awards(publication),
        }
    )


def _ocid(publication: Publication) -> str:
    return f"ocds-b5fd17-{_guid(publication, 'process')}"


def _guid(publication: Publication, what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"contracts-finder/{what}/{publication.notice.key}"))


def _buyer(publication: Publication) -> dict[str, Any]:
    buyer = publication.notice.buyer
    return {
        "id": f"GB-CFS-{buyer.short_name}",
        "name": buyer.name,
        "identifier": {"legalName": buyer.name},
        "address": {
            "streetAddress": buyer.street,
            "locality": buyer.town,
            "postalCode": buyer.postcode,
            "countryName": "England",
        },
        "contactPoint": {"name": "Procurement", "email": f"procurement@{buyer.host}"},
        "details": {"url": f"https://www.{buyer.host}"},
        "roles": ["buyer"],
    }


def _document(publication: Publication, document_type: str, words: str) -> dict[str, Any]:
    guid = _guid(publication, "notice")
    return {
        "id": "1",
        "documentType": document_type,
        "description": f"{words} on Contracts Finder",
        "url": f"https://www.contractsfinder.example/Notice/{guid}",
        "datePublished": stamp(publication.date),
        "format": "text/html",
        "language": "en",
    }


def _planning(publication: Publication) -> dict[str, Any]:
    """An early engagement when it has an end, else a future opportunity."""
    if publication.notice.stage != "planning":
        return {}
    if publication.deadline is None:
        words = "Future opportunity notice"
        return {"documents": [_document(publication, "plannedProcurementNotice", words)]}
    return {
        "documents": [
            _document(publication, "marketEngagementNotice", "Early engagement notice"),
        ],
        "milestones": [
            {
                "id": "1",
                "title": "Engagement end date",
                "type": "engagement",
                "dueDate": stamp(publication.deadline),
            }
        ],
    }


def _tender(publication: Publication) -> dict[str, Any]:
    notice = publication.notice
    main, *others = codes(notice.cpv)
    tender: dict[str, Any] = {
        "id": f"{notice.buyer.short_name.upper()}-DN{publication.process_serial:06d}",
        "title": publication.words(notice.title),
        "description": _description(publication),
        "status": publication.status,
        "classification": main,
        "additionalClassifications": others,
        "items": [{"id": "1", "deliveryAddresses": _addresses(publication)}],
        "value": publication.money(notice.value),
        "minValue": publication.money(notice.value_min),
        "mainProcurementCategory": notice.category,
        "contractPeriod": publication.period(),
        "suitability": {"sme": True, "vcse": notice.category == "services"},
    }
    if notice.stage == "planning":
        if publication.deadline:
            tender["status"] = "planning"
        if notice.future is not None:
            moment = publication.day(notice.future, END_OF_DAY)
            tender["communication"] = {"futureNoticeDate": stamp(moment)}
        return without_gaps(tender)
    tender["datePublished"] = stamp(publication.date)
    tender["procurementMethodDetails"] = notice.procedure
    tender["procurementMethod"] = "open" if notice.procedure.startswith("Open") else "selective"
    if notice.stage == "tender":
        tender["documents"] = [_document(publication, "tenderNotice", "Opportunity notice")]
    if publication.deadline:
        tender["tenderPeriod"] = {"endDate": stamp(publication.deadline)}
    return without_gaps(tender)


def _description(publication: Publication) -> str:
    notice = publication.notice
    text = publication.words(notice.description, newline=NEWLINE)
    if notice.additional:
        more = publication.words(notice.additional, newline=NEWLINE)
        text += f"{NEWLINE}{NEWLINE}Additional information: {more}"
    return text


def _addresses(publication: Publication) -> list[dict[str, str]]:
    notice = publication.notice
    return [
        *({"postalCode": postcode} for postcode in notice.postcodes),
        *({"region": region, "countryName": "United Kingdom"} for region in notice.regions),
    ]


def _awards(publication: Publication) -> list[dict[str, Any]]:
    notice = publication.notice
    if not notice.suppliers:
        return []
    award = {
        "id": f"{_ocid(publication)}-1",
        "status": "active",
        "date": stamp(publication.date),
        "datePublished": stamp(publication.date),
        "value": publication.money(notice.value),
        "suppliers": [
            {"id": party["id"], "name": party["name"]}
            for party in publication.supplier_parties("GB-CFS-")
        ],
        "contractPeriod": publication.period(),
        "documents": [_document(publication, "awardNotice", "Awarded contract notice")],
    }
    return [without_gaps(award)]
