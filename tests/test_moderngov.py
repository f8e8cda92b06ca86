"""ModernGov: committees, officers and planned decisions, from pages written in its structure."""

from __future__ import annotations

import json
import pathlib
import sys
from datetime import UTC, datetime

from council_site import Answer, contacts_of, serving
from crawling import environment, export, run

from crawler import plans
from crawler.decoding import decode

HULL = "E06000010"
FOLDER = pathlib.Path(__file__).with_name("moderngov_pages")
ADDRESSES = {
    "/mgListCommittees.aspx?bcr=1": "committees",
    "/mgCommitteeDetails.aspx?ID=101": "committee_101",
    "/mgCommitteeDetails.aspx?ID=102": "committee_102",
    "/mgPlansHome.aspx?bcr=1": "plans",
    "/mgListPlanItems.aspx?PlanId=12&RP=101": "plan_12",
    "/mgIssueHistoryHome.aspx?IId=501&PlanId=12": "item_501",
    "/mgIssueHistoryHome.aspx?IId=503&PlanId=12": "item_503",
}
PLAN = plans.PlannedDecision(
    authority=HULL,
    council="Hull City Council",
    number="501",
    url="https://democracy.hull.gov.uk/mgIssueHistoryHome.aspx?IId=501",
    title="Commissioning of a creative ageing programme",
    purpose="To commission.",
    maker="Cabinet",
    due=datetime(2026, 12, 15, tzinfo=UTC),
    email="adults@hull.gov.uk",
)


def test_a_plan_is_a_planning_release() -> None:
    raw = plans.release_of(PLAN)
    assert raw is not None
    assert raw == plans.release_of(PLAN)
    facts, warnings = decode(raw, "moderngov")
    assert warnings == ()
    assert (facts.stage, facts.status, facts.notice_type) == ("planning", "unknown", "forward plan")
    assert facts.date == datetime(2026, 11, 17, tzinfo=UTC)
    assert facts.deadline is not None
    assert facts.deadline.date() == PLAN.due.date()  # type: ignore[union-attr]
    assert facts.urls == (PLAN.url,)
    assert facts.buyer is not None
    assert (facts.buyer.name, facts.buyer.contact_email) == (
        "Hull City Council",
        "adults@hull.gov.uk",
    )


def test_committees_and_plans_are_read_once(tmp_path: pathlib.Path) -> None:
    pages = {
        address: Answer(body=(FOLDER / f"{name}.html").read_bytes())
        for address, name in ADDRESSES.items()
    }
    with serving(pages) as site:
        command = [sys.executable, "-m", "crawler.cli", "crawl", "moderngov", "--only", HULL]
        command += ["--base-url", f"moderngov={site.url}", "--pace", "moderngov=200/1", "--json"]
        first = run(command, environment(tmp_path))
        rows = export(environment(tmp_path))
        second = run(command, environment(tmp_path))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "without title or date" in first.stderr
    assert "/mgIssueHistoryHome.aspx?IId=502&PlanId=12" not in site.log
    (row,) = rows
    assert row["title"] == "Commissioning of a creative ageing programme"
    assert (row["stage"], row["sources"], row["authority"]) == ("planning", ["moderngov"], HULL)
    assert row["deadline"].startswith("2026-12-15")
    counts = json.loads(second.stdout.splitlines()[-1])["moderngov"]
    assert (counts["new"], counts["changed"]) == (0, 0)
    found = {
        one["email"]: (one["role"], one["name"], one["phone"], one["outcomes"])
        for one in contacts_of(tmp_path)
    }
    board = "Health and Wellbeing Board: contact officer"
    assert found == {
        "cabinet@exampleshire.gov.uk": (
            *("Cabinet: support officer", "Jane Example", "+441632960123"),
            ["place_economy"],
        ),
        "hwb@exampleshire.gov.uk": (board, None, "+441632960124", ["health_wellbeing"]),
    }
