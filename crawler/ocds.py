"""The parts of an OCDS release that we read, as msgspec structs.

`crawler.decoding` fills them, `crawler.facts` reads them. Names and meanings are those of
https://standard.open-contracting.org/1.1/; every field may be missing, since portals leave out
whatever they like. Unknown fields are passed over: the raw release keeps them.
"""

from __future__ import annotations

import msgspec


class _Struct(msgspec.Struct, rename="camel", gc=False):
    """Base of the typed view of a release: unknown fields are passed over."""


class Value(_Struct):
    """`amount` in whole currency units; `amount_gross` includes VAT (Find a Tender)."""

    amount: float | None = None
    amount_gross: float | None = None
    currency: str | None = None


class Period(_Struct):
    """Dates as text, read by `crawler.dates.parse`."""

    start_date: str | None = None
    end_date: str | None = None
    max_extent_date: str | None = None
    duration_in_days: int | None = None


class Classification(_Struct):
    """A code in a scheme, such as CPV."""

    scheme: str | None = None
    id: str | int | None = None
    description: str | None = None


class Address(_Struct):
    """`region` is a NUTS code or a region's name, as the portal likes."""

    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country_name: str | None = None


class Item(_Struct):
    """What is bought and where it is delivered."""

    classification: Classification | None = None
    additional_classifications: list[Classification] | None = None
    delivery_addresses: list[Address] | None = None


class Words(_Struct):
    """A node of which only the description is read (renewal, options)."""

    description: str | None = None


class LotNode(_Struct):
    """A lot."""

    id: str | int | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    value: Value | None = None
    contract_period: Period | None = None
    renewal: Words | None = None
    options: Words | None = None


class Document(_Struct):
    """A published document; `notice_type` is Find a Tender's UK1…UK17."""

    document_type: str | None = None
    notice_type: str | None = None
    url: str | None = None


class Communication(_Struct):
    """Planning notices say here when the tender is expected; tenders, where bids go."""

    future_notice_date: str | None = None
    atypical_tool_url: str | None = None


class Tender(_Struct):
    """The tender section."""

    title: str | None = None
    description: str | None = None
    status: str | None = None
    classification: Classification | None = None
    additional_classifications: list[Classification] | None = None
    items: list[Item] | None = None
    lots: list[LotNode] | None = None
    value: Value | None = None
    min_value: Value | None = None
    tender_period: Period | None = None
    contract_period: Period | None = None
    main_procurement_category: str | None = None
    procurement_method: str | None = None
    procurement_method_details: str | None = None
    submission_method_details: str | None = None
    documents: list[Document] | None = None
    communication: Communication | None = None


class Organization(_Struct):
    """A reference to a party."""

    id: str | int | None = None
    name: str | None = None


class AwardNode(_Struct):
    """An award."""

    id: str | int | None = None
    status: str | None = None
    date: str | None = None
    value: Value | None = None
    suppliers: list[Organization] | None = None
    contract_period: Period | None = None
    documents: list[Document] | None = None


class Contract(_Struct):
    """A signed contract; `award_id` (OCDS ``awardID``) ties it to its award."""

    award_id: str | int | None = msgspec.field(default=None, name="awardID")
    value: Value | None = None
    period: Period | None = None
    date_signed: str | None = None


class ContactPoint(_Struct):
    """Whom the buyer names."""

    name: str | None = None
    email: str | None = None
    telephone: str | None = None


class Details(_Struct):
    """Extra facts about a party."""

    url: str | None = None
    classifications: list[Classification] | None = None


class Party(_Struct):
    """A party with its roles."""

    id: str | int | None = None
    name: str | None = None
    roles: list[str] | None = None
    address: Address | None = None
    contact_point: ContactPoint | None = None
    details: Details | None = None


class Milestone(_Struct):
    """A planning milestone; type ``engagement`` ends a market engagement.

    Its description says how to take part, often with the meetings to which buyers invite.
    """

    type: str | None = None
    title: str | None = None
    description: str | None = None
    due_date: str | None = None


class Budget(_Struct):
    """The planning budget."""

    amount: Value | None = None


class Planning(_Struct):
    """The planning section."""

    documents: list[Document] | None = None
    milestones: list[Milestone] | None = None
    budget: Budget | None = None


class Link(_Struct):
    """A link of the release, such as the same notice on the portal it came from."""

    href: str | None = None
    rel: str | None = None


class Release(_Struct):
    """One OCDS 1.1 release, as far as we read it."""

    ocid: str
    date: str
    id: str | int | None = None
    tag: list[str] | None = None
    language: str | None = None
    title: str | None = None
    description: str | None = None
    buyer: Organization | None = None
    parties: list[Party] | None = None
    planning: Planning | None = None
    tender: Tender | None = None
    awards: list[AwardNode] | None = None
    contracts: list[Contract] | None = None
    links: list[Link] | None = None
