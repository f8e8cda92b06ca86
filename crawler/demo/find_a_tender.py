"""Sample releases as Find a Tender writes them.

CPV codes and NUTS regions stand in the items, one item a lot; the notice type stands in the
documents. A notice that came through another portal says so in its outer description.
"""

from __future__ import annotations

from typing import Any

from crawler.demo.publication import END_OF_DAY, Publication, codes, stamp, without_gaps

_ACT = {
    "id": "2023/54",
    "scheme": "UKPGA",
    "uri": "https://www.legislation.gov.uk/ukpga/2023/54/contents",
}
_DIRECTIVE = {"id": "32014L0024", "scheme": "CELEX"}
_NOTICES = {
    "UK1": ("plannedProcurementNotice", "Pipeline notice"),
    "UK2": ("marketEngagementNotice", "Preliminary market engagement notice"),
    "UK3": ("plannedProcurementNotice", "Planned procurement notice"),
    "UK4": ("tenderNotice", "Tender notice"),
    "UK6": ("awardNotice", "Contract award notice"),
    "UK7": ("awardNotice", "Contract details notice"),
    "UK10": ("contractNotice", "Contract change notice"),
    "UK12": ("tenderNotice", "Procurement termination notice"),
}
_HOSTS = {"SC": "www.publiccontractsscotland.example", "WA": "www.sell2wales.example"}


def release(publication: Publication) -> dict[str, Any]:
    """One release, its members in the portal's order of habit."""
    notice, buyer = publication.notice, _buyer(publication)
    return without_gaps(
        {
            "ocid": _ocid(publication),
            "id": _notice_id(publication),
            "date": stamp(publication.date),
            "description": _outer_description(publication),
            "tag": [publication.tag],
            "initiationType": "tender",
            "language": notice.language,
            "parties": [buyer, *publication.supplier_parties("GB-FTS-")],
            "buyer": {"id": buyer["id"], "name": buyer["name"]},
            "planning": _planning(publication),
            "tender": _tender(publication),
            "awards": _awards(publication),
            "contracts": _contracts(publication),
        }
    )


def _ocid(publication: Publication) -> str:
    return f"ocds-h6vhtk-0f{publication.process_serial:05x}"


def _notice_id(publication: Publication) -> str:
    return f"9{publication.serial:05d}-{publication.date.year}"


def _buyer(publication: Publication) -> dict[str, Any]:
    buyer = publication.notice.buyer
    return {
        "id": f"GB-FTS-{buyer.short_name}",
        "name": buyer.name,
        "identifier": {"legalName": buyer.name},
        "address": {
            "streetAddress": buyer.street,
            "locality": buyer.town,
            "region": buyer.nuts,
            "postalCode": buyer.postcode,
            "country": "GB",
            "countryName": "United Kingdom",
        },
        "contactPoint": {"name": "Procurement team", "email": f"procurement@{buyer.host}"},
        "roles": ["buyer"],
        "details": {
            "url": f"https://www.{buyer.host}",
            "classifications": [{"scheme": "UK_CA_TYPE", "description": buyer.kind}],
        },
    }


def _outer_description(publication: Publication) -> str:
    reference = publication.notice.reference
    if reference is None:
        return ""
    host = _HOSTS[reference[:2]]
    return (
        f"Documents and the postbox for responses are at https://{host}.\n"
        f"Please allow time for uploading files before the closing time.\n({reference})"
    )


def _document(publication: Publication) -> dict[str, Any]:
    kind = publication.notice.notice_type or ""
    document_type, description = _NOTICES[kind]
    number = _notice_id(publication)
    return {
        "id": number,
        "documentType": document_type,
        "noticeType": kind,
        "description": f"{description} on Find a Tender",
        "url": f"https://www.find-tender.example/Notice/{number}",
        "datePublished": stamp(publication.date),
        "format": "text/html",
    }


def _planning(publication: Publication) -> dict[str, Any]:
    notice = publication.notice
    if notice.stage != "planning":
        return {}
    milestones = []
    if publication.deadline:
        due = stamp(publication.deadline)
        milestones = [{"id": "engagement", "type": "engagement", "dueDate": due}]
    return without_gaps({"documents": [_document(publication)], "milestones": milestones})


def _tender(publication: Publication) -> dict[str, Any]:
    notice = publication.notice
    tender: dict[str, Any] = {
        "id": f"{notice.buyer.short_name.upper()}/{publication.process_serial % 10_000:04d}",
        "legalBasis": _DIRECTIVE if notice.reference else _ACT,
        "title": publication.words(notice.title),
        "description": publication.words(notice.description),
        "status": publication.status,
        "classification": codes(notice.cpv)[0],
        "value": _value(publication, notice.value),
        "mainProcurementCategory": notice.category,
        "lots": _lots(publication),
        "items": _items(publication),
    }
    if notice.stage == "planning":
        if notice.future is not None:
            moment = publication.day(notice.future, END_OF_DAY)
            tender["communication"] = {"futureNoticeDate": stamp(moment)}
        return without_gaps(tender)
    tender["documents"] = [_document(publication)]
    open_to_all = notice.procedure == "Open procedure"
    tender["procurementMethod"] = "open" if open_to_all else "selective"
    tender["procurementMethodDetails"] = notice.procedure
    if publication.deadline:
        tender["tenderPeriod"] = {"endDate": stamp(publication.deadline)}
        tender["submissionMethodDetails"] = f"https://tenders.{notice.buyer.host}"
    return without_gaps(tender)


def _value(publication: Publication, amount: float | None) -> dict[str, Any]:
    """Net and, under the Act, with VAT."""
    value = publication.money(amount)
    if amount is not None and not publication.notice.reference:
        value["amountGross"] = round(amount * 1.2, 2)
    return value


def _lots(publication: Publication) -> list[dict[str, Any]]:
    """The lots, or the single one that this portal makes of a notice without."""
    notice = publication.notice
    shared = without_gaps(
        {
            "status": publication.status,
            "contractPeriod": publication.period(),
            "hasRenewal": notice.extension is not None,
            "renewal": {"description": notice.extension} if notice.extension else {},
        }
    )
    if not notice.lots:
        return [{"id": "1", **shared}]
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
    regions = [[lot.nuts] if lot.nuts else list(notice.regions) for lot in notice.lots]
    return [
        {
            "id": str(number),
            "relatedLot": str(number),
            "additionalClassifications": codes(notice.cpv),
            "deliveryAddresses": [
                {"region": region, "country": "GB", "countryName": "United Kingdom"}
                for region in places
            ],
        }
        for number, places in enumerate(regions or [list(notice.regions)], 1)
    ]


def _awards(publication: Publication) -> list[dict[str, Any]]:
    notice = publication.notice
    if not notice.suppliers:
        return []
    award = {
        "id": f"{_notice_id(publication)}-1",
        "title": publication.words(notice.title),
        "status": "pending" if notice.notice_type == "UK6" else "active",
        "date": stamp(publication.date),
        "value": _value(publication, notice.value),
        "suppliers": [
            {"id": party["id"], "name": party["name"]}
            for party in publication.supplier_parties("GB-FTS-")
        ],
        "contractPeriod": publication.period(),
        "hasRenewal": notice.extension is not None,
        "renewal": {"description": notice.extension} if notice.extension else {},
    }
    return [without_gaps(award)]


def _contracts(publication: Publication) -> list[dict[str, Any]]:
    notice = publication.notice
    if notice.stage != "contract":
        return []
    number = _notice_id(publication)
    contract = {
        "id": f"{number}-1",
        "awardID": f"{number}-1",
        "status": "active",
        "value": _value(publication, notice.value),
        "period": publication.period(),
        "dateSigned": stamp(publication.date),
    }
    return [without_gaps(contract)]
