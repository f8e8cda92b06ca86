"""The guide: how public bodies buy, in our own words, each page dated and with its sources.

The words stand in ``templates/_guide_….html``; what is listed here is what they rest on. Whoever
checks a page against its sources anew changes `CHECKED`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import abort, render_template

from crawler import buyers
from crawler.digest.links import Link
from crawler.opportunity import Opportunity
from crawler.web.access import Route
from crawler.web.glossary import GLOSSARY

CHECKED = date(2026, 11, 27)
"""When the pages were last read against their sources."""

_ACT = Link(text="Procurement Act 2023", url="https://www.legislation.gov.uk/ukpga/2023/54")
_THRESHOLDS = Link(
    text="Thresholds (Procurement Pathway, Cabinet Office)",
    url="https://www.procurementpathway.civilservice.gov.uk/documents/guidance/thresholds",
)
_NOTICES = Link(
    text="Notice types and sequences (Find a Tender)",
    url="https://www.find-tender.service.gov.uk/Home/NoticeTypes",
)
_LIGHT = Link(
    text="Guidance: light touch contracts (Cabinet Office)",
    url="https://www.gov.uk/government/publications/procurement-act-2023-guidance-documents-plan-phase/guidance-light-touch-contracts-html",
)
_STATEMENT = Link(
    text="National Procurement Policy Statement (Cabinet Office)",
    url="https://www.gov.uk/government/publications/national-procurement-policy-statement",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the guide; `lead` says in a sentence what it answers."""

    slug: str
    title: str
    lead: str
    sources: tuple[Link, ...]

    @property
    def template(self) -> str:
        """The file with its words."""
        return f"_guide_{self.slug.replace('-', '_')}.html"


PAGES = (
    Page(
        slug="how-commissioning-works",
        title="How commissioning works",
        lead="From a need to a signed contract, since the Procurement Act 2023.",
        sources=(
            _ACT,
            _THRESHOLDS,
            _LIGHT,
            Link(
                text="Official e-learning, module 7: assessment and award (Cabinet Office)",
                url="https://www.gov.uk/government/publications/the-official-procurement-act-2023-e-learning/module-7-assessment-and-award-of-contracts",
            ),
            Link(
                text="Contract award notices and standstill (Procurement Pathway)",
                url="https://www.procurementpathway.civilservice.gov.uk/documents/guidance/contract-award-notices-and-standstill/evaluation-stage",
            ),
            _STATEMENT,
        ),
    ),
    Page(
        slug="small-and-reserved-contracts",
        title="Small and reserved contracts",
        lead="Below the threshold there are fewer rules, and some contracts are kept for you.",
        sources=(
            Link(
                text="Procurement Act 2023, Part 6: regulated below-threshold contracts",
                url="https://www.legislation.gov.uk/ukpga/2023/54/part/6",
            ),
            Link(
                text="PPN 005: reserving below-threshold procurements (Cabinet Office)",
                url="https://www.gov.uk/government/publications/ppn-005-reserving-below-threshold-procurements/ppn-005-guide-to-reserving-below-threshold-html",
            ),
            Link(
                text="Reserving competitions for below-threshold contracts (MHCLG)",
                url="https://www.gov.uk/government/publications/reserving-competitions-for-below-threshold-contracts",
            ),
            Link(
                text="Guidance: reserving contracts for supported employment providers",
                url="https://www.gov.uk/government/publications/procurement-act-2023-guidance-documents-plan-phase/guidance-reserving-contracts-for-supported-employment-providers-html",
            ),
            Link(
                text="Procurement Act 2023, sections 32 and 33",
                url="https://www.legislation.gov.uk/ukpga/2023/54/part/3/chapter/2/crossheading/reserving-contracts-to-certain-suppliers",
            ),
            _THRESHOLDS,
        ),
    ),
    Page(
        slug="health-services",
        title="Health services: the Provider Selection Regime",
        lead="How the NHS and councils in England choose who provides health care.",
        sources=(
            Link(
                text="The Provider Selection Regime: statutory guidance (NHS England)",
                url="https://www.england.nhs.uk/long-read/the-provider-selection-regime-statutory-guidance/",
            ),
            Link(
                text="Frequently asked questions (NHS England)",
                url="https://www.england.nhs.uk/commissioning/how-commissioning-is-changing/nhs-provider-selection-regime/provider-selection-regime-frequently-asked-questions/",
            ),
            Link(
                text="Barriers to integrating voluntary organisations: a framework (NHS England)",
                url="https://www.england.nhs.uk/long-read/a-framework-for-addressing-practical-barriers-to-integration-of-vcse-organisations-in-integrated-care-systems/",
            ),
        ),
    ),
    Page(
        slug="four-nations",
        title="Scotland, Wales and Northern Ireland",
        lead="What is different outside England.",
        sources=(
            Link(
                text="Procurement Reform (Scotland) Act 2014",
                url="https://www.legislation.gov.uk/asp/2014/12",
            ),
            Link(
                text="Post-legislative scrutiny of that Act, 2024 (Scottish Parliament)",
                url="https://www.parliament.scot/chamber-and-committees/committees/committee-reports/efw/2024/6/21/postlegislative-scrutiny-of-the-procurement-reform-scotland-act-2014",
            ),
            Link(
                text="SME, third sector and supported business access (Scottish Government)",
                url="https://www.gov.scot/policies/public-sector-procurement/sme-access-to-public-contracts",
            ),
            Link(
                text="Procurement Act 2023 guidance: notices (Welsh Government)",
                url="https://www.gov.wales/procurement-act-2023-guidance-notice-sequencing-and-flowcharts-html",
            ),
            Link(
                text="WPPN 009: reserving contracts to certain suppliers (Welsh Government)",
                url="https://www.gov.wales/wppn-009-reserving-contracts-to-certain-suppliers-html",
            ),
            Link(
                text="Social Partnership and Public Procurement (Wales) Act 2023",
                url="https://www.legislation.gov.uk/asc/2023/1",
            ),
            Link(
                text="Procurement and future generations (Future Generations Commissioner)",
                url="https://www.futuregenerations.wales/",
            ),
            Link(
                text="Social value in procurement (Strategic Investment Board, Northern Ireland)",
                url="https://socialvalueni.org/",
            ),
            _NOTICES,
        ),
    ),
    Page(
        slug="social-value",
        title="What ‘social value’ asks",
        lead="Why tenders ask what else you bring, and how to answer.",
        sources=(
            Link(
                text="Social Value Act: information and resources (Cabinet Office)",
                url="https://www.gov.uk/government/publications/social-value-act-information-and-resources/social-value-act-information-and-resources",
            ),
            Link(
                text="PPN 002: social value in central government contracts (Cabinet Office)",
                url="https://www.gov.uk/government/publications/ppn-002-taking-account-of-social-value-in-the-award-of-contracts/ppn-002-taking-account-of-social-value-in-the-award-of-central-government-contracts-html",
            ),
            Link(
                text="PPN 002: guide to using the social value model (Cabinet Office)",
                url="https://www.gov.uk/government/publications/ppn-002-taking-account-of-social-value-in-the-award-of-contracts/ppn-002-guide-to-using-the-social-value-model-html",
            ),
            Link(
                text="PPN 001: SME and VCSE spend targets (Cabinet Office)",
                url="https://www.gov.uk/government/publications/ppn-001-sme-and-vcse-procurement-spend-targets/procurement-policy-note-001-sme-and-vcse-procurement-spend-targets-html",
            ),
            _STATEMENT,
            Link(
                text="Social value in procurement (Strategic Investment Board, Northern Ireland)",
                url="https://socialvalueni.org/",
            ),
        ),
    ),
    Page(
        slug="policy-to-quote",
        title="Culture policy you can quote",
        lead="What the four nations have said they want from culture.",
        sources=(
            Link(
                text="Let’s Create: strategy 2020–2030 (Arts Council England)",
                url="https://www.artscouncil.org.uk/lets-create/strategy-2020-2030",
            ),
            Link(
                text="Creative Health Review (National Centre for Creative Health)",
                url="https://ncch.org.uk/creative-health-review",
            ),
            Link(
                text="A Culture Strategy for Scotland: transforming through culture",
                url="https://www.gov.scot/publications/culture-strategy-scotland/pages/6/",
            ),
            Link(
                text="A Culture Strategy for Scotland: action plan",
                url="https://www.gov.scot/publications/culture-strategy-scotland-action-plan/pages/5/",
            ),
            Link(
                text="Well-being of Future Generations (Wales) Act 2015",
                url="https://www.legislation.gov.uk/anaw/2015/2",
            ),
            Link(
                text="Arts and health: our approach (Arts Council of Wales)",
                url="https://celf.cymru/arts-and-health/our-approach",
            ),
            Link(
                text="Heritage, Culture and Creativity programme (Department for Communities)",
                url="https://www.communities-ni.gov.uk/articles/heritage-culture-and-creativity-hcc-programme",
            ),
        ),
    ),
    Page(
        slug="reading-a-notice",
        title="How to read a notice",
        lead="What UK1 to UK17 mean, and what to look for first.",
        sources=(
            _NOTICES,
            _ACT,
            Link(
                text="Contract details notices (Procurement Pathway)",
                url="https://www.procurementpathway.civilservice.gov.uk/documents/guidance/contract-details-notices-and-contract-documents/supplier-engagement",
            ),
        ),
    ),
    Page(
        slug="glossary",
        title="Glossary",
        lead="The words that notices use, in plain English.",
        sources=(_ACT, _NOTICES),
    ),
)
_BY_SLUG = {page.slug: page for page in PAGES}

_STAGES = {
    "planning": ("reading-a-notice#early", "What an early notice means"),
    "tender": ("reading-a-notice#open", "What to look for in an open notice"),
    "award": ("reading-a-notice#award", "What an award notice means for you"),
    "contract": ("reading-a-notice#award", "What a contract notice means for you"),
}
_ELSEWHERE = {"TLL": "wales", "TLM": "scotland", "TLN": "northern-ireland"}
_NATIONS = {
    "wales": "How Wales differs",
    "scotland": "How Scotland differs",
    "northern-ireland": "How Northern Ireland differs",
}
_SMALL = Decimal(207_720)
"""Pounds with VAT: the threshold for services to a council since January 2026."""


def index() -> str:
    """What the guide holds."""
    return render_template("guide.html", pages=PAGES, checked=CHECKED)


def page(slug: str) -> str:
    """One page of the guide."""
    found = _BY_SLUG.get(slug)
    if found is None:
        abort(404)
    return render_template(
        "guide_page.html", page=found, pages=PAGES, checked=CHECKED, glossary=GLOSSARY
    )


def helpful(one: Opportunity) -> tuple[Link, ...]:
    """The parts of the guide that help to understand one opportunity, `url` without the host."""
    where, words = _STAGES[one.stage]
    found = [Link(text=words, url=f"/guide/{where}")]
    nations = {_ELSEWHERE.get(region, "") for region in one.place.regions}
    if len(nations) == 1 and (nation := nations.pop()):
        found.append(Link(text=_NATIONS[nation], url=f"/guide/four-nations#{nation}"))
    elif one.buyer and buyers.kind_of(one.buyer.name) == "nhs":
        found.append(Link(text="How the NHS chooses providers", url="/guide/health-services"))
    value = one.value_max if one.value_max is not None else one.value_min
    small = value is not None and 0 < value < _SMALL and one.currency in (None, "GBP")
    if small and one.stage in ("planning", "tender"):
        text = "Small contracts have simpler rules"
        found.append(Link(text=text, url="/guide/small-and-reserved-contracts"))
    found.append(Link(text="Glossary", url="/guide/glossary"))
    return tuple(found)


ROUTES = (
    Route(path="/guide", name="guide", view=index),
    Route(path="/guide/<slug>", name="guide_page", view=page),
)
