"""Decisions that a council says it will take, as OCDS releases of our own making.

Councils in England must publish key decisions 28 days before they are taken (Local Authorities
(Executive Arrangements) Regulations 2012, regulation 9). A plan has no OCID and no format: written
down as a planning release, it goes the way of every notice and can be recomputed as they can.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

NOTICE_TYPE = "forward plan"
_NOTICE = timedelta(days=28)
_SPEAKS = re.compile(
    r"\b(?:commission(?:ing|ed|er)?|procure(?:ment|d)?|re-?procure\w*|tender(?:s|ing|ed)?|"
    r"contract (?:award|extension|renewal)|award of (?:a |the )?contracts?|framework agreement|"
    r"cultur(?:e|al)|arts?|artists?|creative|museums?|galler(?:y|ies)|librar(?:y|ies)|theatres?|"
    r"heritage|festivals?|events programme|public art|music (?:service|hub|education)|film|"
    r"wellbeing|well-being|social prescribing|public health|mental health|loneliness|"
    r"youth (?:service|work|provision|offer|justice)|holiday activit(?:y|ies)|early help|"
    r"older people|day (?:services|opportunities)|prevention|grants? (?:programme|scheme|fund)|"
    r"community (?:grants|cohesion|development)|town (?:deal|centre)|shared prosperity)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDecision:
    """One item of a forward plan as its page says it; moments are aware."""

    authority: str
    council: str
    number: str
    url: str
    title: str
    purpose: str = ""
    maker: str = ""
    due: datetime | None = None
    published: datetime | None = None
    officer: str | None = None
    email: str | None = None
    phone: str | None = None


def speaks(text: str) -> bool:
    """Whether `text` is about commissioning, culture, wellbeing services or procurement."""
    return bool(_SPEAKS.search(text))


def release_of(plan: PlannedDecision) -> bytes | None:
    """The release that says what `plan` does; None without any date, since none could be ordered.

    The same plan always gives the same bytes.
    """
    published = plan.published or (plan.due - _NOTICE if plan.due else None)
    if published is None:
        return None
    party = {"id": f"GB-LAC-{plan.authority}", "name": plan.council}
    contact = {"name": plan.officer, "email": plan.email, "telephone": plan.phone}
    document = {
        "id": plan.number,
        "documentType": "plannedProcurementNotice",
        "noticeType": NOTICE_TYPE,
        "url": plan.url,
    }
    planning: dict[str, Any] = {"documents": [document]}
    if plan.due:
        ends = {"id": "decision", "type": "engagement", "dueDate": plan.due.isoformat()}
        planning["milestones"] = [ends]
    release = {
        "ocid": f"forward-plan-{plan.authority}-{plan.number}",
        "id": plan.number,
        "date": published.isoformat(),
        "tag": ["planning"],
        "language": "en",
        "buyer": party,
        "parties": [
            party
            | {
                "roles": ["buyer"],
                "contactPoint": {name: value for name, value in contact.items() if value},
            }
        ],
        "planning": planning,
        "tender": {
            "id": plan.number,
            "title": plan.title,
            "description": _description(plan),
            "status": "planned",
        },
    }
    return json.dumps(release, ensure_ascii=False, sort_keys=True).encode()


def _description(plan: PlannedDecision) -> str:
    decided = f"Decision to be taken by {plan.maker}." if plan.maker else ""
    return "\n\n".join(part for part in (plan.purpose, decided) if part)
