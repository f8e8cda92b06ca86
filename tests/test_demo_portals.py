"""The sample portals speak the portals' interfaces, and hold what a demo is to show."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest

from crawler.demo import notices as rows
from crawler.demo.notices import PROACTIS, SOURCES, sample_notices
from crawler.demo.portals import SamplePortals
from crawler.errors import ConfigError
from crawler.items import RELEVANCES, STAGES

# Early in a month, so that the two sites read by month need two of them; clocks change in between.
NOW = datetime(2026, 4, 7, 9, 30, tzinfo=UTC)
PATHS = {
    "find-a-tender": "/api/1.0/ocdsReleasePackages",
    "contracts-finder": "/Published/Notices/OCDS/Search",
    "public-contracts-scotland": "/v1/Notices",
    "sell2wales": "/v1/Notices",
}
NOTICE_TYPES = {
    "public-contracts-scotland": (1, 2, 3, 101, 102, 103),
    "sell2wales": (1, 2, 3, 51, 52, 53),
}

# Loopback is asked directly, whatever proxy the environment names.
OPENER = build_opener(ProxyHandler({}))

Release = dict[str, Any]


@pytest.fixture
def portals() -> Iterator[SamplePortals]:
    with SamplePortals(now=NOW) as served:
        yield served


def text(url: str) -> str:
    with OPENER.open(url, timeout=10) as answer:
        content: bytes = answer.read()
    return content.decode()


def package(portals: SamplePortals, source: str, **query: str | int) -> dict[str, Any]:
    answer = json.loads(text(f"{portals.base_url(source)}{PATHS[source]}?{urlencode(query)}"))
    assert isinstance(answer, dict)
    return answer


def harvest(portals: SamplePortals, source: str) -> list[Release]:
    """Every release of one portal, asked for as a spider would."""
    if source in PROACTIS:
        return [
            release
            for month in ("03-2026", "04-2026")
            for kind in NOTICE_TYPES[source]
            for release in package(portals, source, dateFrom=month, noticeType=kind)["releases"]
        ]
    answer = package(portals, source)
    found: list[Release] = answer["releases"]
    while "next" in answer["links"]:
        answer = json.loads(text(answer["links"]["next"]))
        found += answer["releases"]
    return found


def harvest_all(portals: SamplePortals) -> dict[str, list[Release]]:
    return {source: harvest(portals, source) for source in SOURCES}


def by_title(releases: list[Release], words: str) -> Release:
    (found,) = [one for one in releases if words.lower() in one["tender"]["title"].lower()]
    return found


def test_there_are_enough_notices_of_every_kind_on_every_portal() -> None:
    notices = sample_notices()
    assert len(notices) >= 70
    assert {notice.stage for notice in notices} == set(STAGES)
    for source in SOURCES:
        own = [notice for notice in notices if notice.source == source]
        assert len(own) >= 9
        assert {notice.intended for notice in own} == set(RELEVANCES)
    assert min(Counter(notice.intended for notice in notices).values()) >= 12


def test_every_region_of_the_kingdom_has_a_notice() -> None:
    codes = {
        code[:3]
        for notice in sample_notices()
        for code in (*notice.regions, notice.buyer.nuts)
        if code.startswith("UK")
    }
    assert codes >= {f"UK{letter}" for letter in "CDEFGHIJKLMN"}


def test_descriptions_are_worth_reading_and_whole() -> None:
    for notice in sample_notices():
        assert 40 <= len(notice.description.split()) <= 120, notice.key
        assert notice.description.strip().endswith("."), notice.key


@pytest.mark.parametrize("source", SOURCES)
def test_each_portal_serves_all_of_its_own_notices(portals: SamplePortals, source: str) -> None:
    expected = [notice for notice in sample_notices() if notice.source == source]
    releases = harvest(portals, source)
    assert len(releases) == len(expected)
    assert len({release["ocid"] for release in releases}) == len(expected)
    ids = [release["id"] for release in releases if "id" in release]
    assert len(set(ids)) == len(ids)
    for release in releases:
        published = datetime.fromisoformat(release["date"])
        assert NOW - timedelta(days=30) < published < NOW
        assert release["buyer"]["id"] == release["parties"][0]["id"]
        assert release["tender"]["title"]
        assert "{" not in release["tender"]["title"] + release["tender"]["description"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_package_says_what_it_is(portals: SamplePortals, source: str) -> None:
    query: dict[str, str | int] = {"limit": 5}
    if source in PROACTIS:
        query = {"dateFrom": "04-2026", "noticeType": 2}
    answer = package(portals, source, **query)
    assert answer["version"] == "1.1"
    assert answer["publisher"] == {"name": source}
    assert urlsplit(answer["uri"]).hostname == "127.0.0.1"
    assert text(f"{portals.base_url(source)}/robots.txt").startswith("User-agent: *")


@pytest.mark.parametrize("source", ["find-a-tender", "contracts-finder"])
def test_pages_join_without_gap_or_repeat(portals: SamplePortals, source: str) -> None:
    whole = [release["ocid"] for release in harvest(portals, source)]
    answer = package(portals, source, limit=7)
    paged = [release["ocid"] for release in answer["releases"]]
    while "next" in answer["links"]:
        answer = json.loads(text(answer["links"]["next"]))
        assert len(answer["releases"]) <= 7
        paged += [release["ocid"] for release in answer["releases"]]
    assert paged == whole


@pytest.mark.parametrize(
    ("source", "since", "until"),
    [
        ("find-a-tender", "updatedFrom", "updatedTo"),
        ("contracts-finder", "publishedFrom", "publishedTo"),
    ],
)
def test_windows_hold_what_was_published_in_them(
    portals: SamplePortals, source: str, since: str, until: str
) -> None:
    start, found = NOW - timedelta(days=30), 0
    while start < NOW:
        end = start + timedelta(days=2) - timedelta(seconds=1)
        answer = package(portals, source, **{since: start.isoformat(), until: end.isoformat()})
        for release in answer["releases"]:
            assert start <= datetime.fromisoformat(release["date"]) <= end
        found += len(answer["releases"])
        start += timedelta(days=2)
    assert found == len(harvest(portals, source))


def test_a_month_and_notice_type_hold_their_own(portals: SamplePortals) -> None:
    source = "public-contracts-scotland"
    for kind, tag in ((1, "planning"), (2, "tender"), (3, "award"), (102, "tender")):
        for month in (3, 4):
            query: dict[str, str | int] = {"dateFrom": f"{month:02}-2026", "noticeType": kind}
            for release in package(portals, source, **query)["releases"]:
                assert release["tag"] == [tag]
                assert datetime.fromisoformat(release["date"]).month == month
                assert ("legalBasis" in release["tender"]) == (kind < 100)
    assert not package(portals, source, dateFrom="02-2026", noticeType=2)["releases"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/find-a-tender/api/1.0/ocdsReleasePackages?limit=101", 400),
        ("/find-a-tender/api/1.0/ocdsReleasePackages?cursor=!", 400),
        ("/contracts-finder/Published/Notices/OCDS/Search?publishedFrom=soon", 400),
        ("/sell2wales/v1/Notices?noticeType=2", 400),
        ("/sell2wales/v1/Notices?dateFrom=04-2026&outputType=1", 400),
        ("/find-a-tender/api/2.0", 404),
        ("/contracts-finder", 404),
        ("/sell2wales/v1/Notice", 404),
        ("/elsewhere/robots.txt", 404),
    ],
)
def test_a_wrong_request_is_refused(portals: SamplePortals, path: str, status: int) -> None:
    root = portals.base_url("find-a-tender").removesuffix("/find-a-tender")
    with pytest.raises(HTTPError) as refused:
        text(root + path)
    assert refused.value.code == status
    refused.value.close()


def test_find_a_tender_has_codes_regions_and_notice_types_in_their_places(
    portals: SamplePortals,
) -> None:
    kinds = set()
    for release in harvest(portals, "find-a-tender"):
        tender = release["tender"]
        for item in tender["items"]:
            assert item["additionalClassifications"][0]["scheme"] == "CPV"
            assert all(one["region"].startswith("UK") for one in item["deliveryAddresses"])
        assert [lot["id"] for lot in tender["lots"]] == [i["relatedLot"] for i in tender["items"]]
        documents = release.get("planning", {}).get("documents") or tender["documents"]
        kinds |= {document["noticeType"] for document in documents}
    assert kinds == {"UK1", "UK2", "UK3", "UK4", "UK6", "UK7", "UK10"}


def test_contracts_finder_has_codes_at_the_tender_and_regions_by_name(
    portals: SamplePortals,
) -> None:
    releases = harvest(portals, "contracts-finder")
    assert any("\r\n\r\nAdditional information: " in r["tender"]["description"] for r in releases)
    assert any("&amp;" in r["tender"]["description"] for r in releases)
    for release in releases:
        tender = release["tender"]
        assert tender["classification"]["scheme"] == "CPV"
        for item in tender["items"]:
            assert "additionalClassifications" not in item
            assert item["deliveryAddresses"]
            for address in item["deliveryAddresses"]:
                assert not address.get("region", "").startswith("UK")
        assert not re.search(r"(?<!\r)\n", tender["description"])


def test_proactis_sites_name_their_own_numbers(portals: SamplePortals) -> None:
    for source, label in (("public-contracts-scotland", "SC"), ("sell2wales", "WA")):
        for release in harvest(portals, source):
            number = re.search(rf"\({label} Ref:(\d+)\)$", release["description"])
            assert number
            assert release["ocid"].endswith(number[1])
            assert release["date"].endswith("T00:00:00Z")


def test_every_award_names_supplier_value_and_period(portals: SamplePortals) -> None:
    extensions = 0
    for source, releases in harvest_all(portals).items():
        closed = [one for one in releases if one["tag"][0] in ("award", "contract")]
        assert closed, source
        for release in closed:
            suppliers = {one["id"] for one in release["awards"][0]["suppliers"]}
            named = {one["id"] for one in release["parties"] if one["roles"] == ["supplier"]}
            assert suppliers == named
            holder = (release.get("contracts") or release["awards"])[0]
            assert holder["value"]["amount"] > 0
            period = holder.get("contractPeriod") or holder["period"]
            assert period["startDate"] < period["endDate"]
            extensions += any("renewal" in lot for lot in release["tender"].get("lots", []))
    assert extensions >= 5


def test_one_procurement_stands_on_two_portals_by_reference(portals: SamplePortals) -> None:
    found = harvest_all(portals)
    outer = "\n".join(one.get("description", "") for one in found["find-a-tender"])
    references = dict(re.findall(r"\((SC|WA) Ref:(\d+)\)", outer))
    assert references == {"SC": "829625", "WA": "163232"}
    for label, source in (("SC", "public-contracts-scotland"), ("WA", "sell2wales")):
        (own,) = [one for one in found[source] if one["ocid"].endswith(references[label])]
        twin = by_title(found["find-a-tender"], own["tender"]["title"])
        assert moment_of(own) == moment_of(twin)


def moment_of(release: Release) -> datetime:
    return datetime.fromisoformat(release["tender"]["tenderPeriod"]["endDate"])


@pytest.mark.parametrize(
    ("title", "apart"),
    [
        ("music and singing in care homes programme", timedelta(0)),
        ("halifax lantern parade", timedelta(0)),
        ("day opportunities for older people", timedelta(days=3)),
    ],
)
def test_one_procurement_stands_on_two_portals_by_buyer_title_and_deadline(
    portals: SamplePortals, title: str, apart: timedelta
) -> None:
    one = by_title(harvest(portals, "find-a-tender"), title)
    other = by_title(harvest(portals, "contracts-finder"), title)
    assert one["buyer"]["name"] == other["buyer"]["name"]
    assert one["tender"]["title"].casefold() == other["tender"]["title"].casefold()
    assert abs(moment_of(one) - moment_of(other)) == apart


def test_years_and_lots_of_one_programme_are_there_to_be_kept_apart(
    portals: SamplePortals,
) -> None:
    found = harvest_all(portals)
    years = [by_title(found["find-a-tender"], f"summer arts programme {y}") for y in (2027, 2028)]
    lots = [by_title(found["contracts-finder"], f"programme - lot {n}") for n in (1, 2)]
    for one, other in (years, lots):
        assert one["ocid"] != other["ocid"]
        assert moment_of(one) == moment_of(other)
        assert one["buyer"] == other["buyer"]


def test_the_portals_own_faults_are_there(portals: SamplePortals) -> None:
    url = f"{portals.base_url('find-a-tender')}{PATHS['find-a-tender']}"
    assert text(url).count(": 1e9999") == 2  # net and gross
    found = harvest_all(portals)
    amounts = [one["tender"].get("value", {}).get("amount") for one in found["find-a-tender"]]
    assert math.inf in amounts
    assert None in amounts
    scottish = found["public-contracts-scotland"]
    assert [one["tender"]["title"] for one in scottish if "id" not in one] == [
        "Woven Lives: touring exhibition on textile heritage"
    ]
    broken = [
        one
        for one in found["sell2wales"]
        if one["tender"]["procurementMethodDetails"] == "Open procedu    re"
    ]
    assert len(broken) == 1
    assert "d    eliveryAddresses" in broken[0]["tender"]["items"][0]
    assert any(one["language"] == "CY" for one in found["sell2wales"])
    assert any(one["tender"]["title"].isupper() for one in found["find-a-tender"])
    without_deadline = [
        one
        for one in found["contracts-finder"]
        if one["tag"] == ["tender"] and "tenderPeriod" not in one["tender"]
    ]
    assert without_deadline


def test_deadlines_lie_near_and_far(portals: SamplePortals) -> None:
    days = [
        (moment_of(one) - NOW).days
        for releases in harvest_all(portals).values()
        for one in releases
        if "tenderPeriod" in one["tender"]
    ]
    assert sum(0 <= day <= 3 for day in days) >= 2
    assert max(days) >= 30


def test_later_releases_amend_cancel_and_award(portals: SamplePortals) -> None:
    before = harvest_all(portals)
    at = NOW + timedelta(minutes=20)
    count = portals.publish_later(at)
    after = harvest_all(portals)
    changes: Counter[tuple[str, str]] = Counter()
    for source in SOURCES:
        first = {one["ocid"]: one for one in before[source]}
        known = [json.dumps(one) for one in before[source]]
        for release in (one for one in after[source] if json.dumps(one) not in known):
            old = first[release["ocid"]]
            assert release["id"] != old.get("id")
            assert release["tender"]["id"] == old["tender"]["id"]
            assert old["date"] < release["date"]
            changes[source, release["tag"][0]] += 1
            if release["tag"][0] in ("tenderUpdate", "tenderAmendment"):
                assert moment_of(old) < moment_of(release)
            elif release["tag"] == ["tenderCancellation"]:
                assert release["tender"]["status"] == "cancelled"
            else:
                assert release["awards"]
    assert changes.total() == count
    assert changes == {
        ("find-a-tender", "tenderUpdate"): 1,
        ("find-a-tender", "award"): 1,
        ("contracts-finder", "tenderAmendment"): 1,
        ("contracts-finder", "tenderCancellation"): 1,
        ("contracts-finder", "award"): 1,
        ("public-contracts-scotland", "tenderAmendment"): 1,
        ("sell2wales", "tenderCancellation"): 1,
    }
    dated = {one["date"] for one in after["find-a-tender"]} - {
        one["date"] for one in before["find-a-tender"]
    }
    assert {datetime.fromisoformat(one) for one in dated} == {at}


def test_the_same_now_gives_the_same_releases(portals: SamplePortals) -> None:
    with SamplePortals(now=NOW) as again:
        assert harvest_all(again) == harvest_all(portals)
        portals.publish_later()
        again.publish_later()
        assert harvest_all(again) == harvest_all(portals)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 3, 29), date(2028, 2, 29)])
def test_any_day_will_do(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)
    with SamplePortals(now=now) as served:
        releases = harvest(served, "find-a-tender")
        parade = by_title(releases, "lantern parade")
        assert moment_of(parade).isoformat()[:16].endswith("T12:00")
        assert moment_of(parade).date() == day + timedelta(days=3)
        assert by_title(releases, f"summer arts programme {day.year + 1}")


def test_mailboxes_are_roles_at_example_domains(portals: SamplePortals) -> None:
    portals.publish_later()
    served = json.dumps(harvest_all(portals))
    mailboxes = re.findall(r"[\w.+-]+@[\w.-]+", served)
    assert mailboxes
    assert {address for address in mailboxes if not address.endswith(".example")} == set()
    assert {address.partition("@")[0] for address in mailboxes} == {"procurement"}
    urls = re.findall(r"https?://[^\s\"\\]+", served)
    hosts = {(urlsplit(url).hostname or "").rstrip(".") for url in urls}
    assert {host for host in hosts if not host.endswith(".example")} == {"www.legislation.gov.uk"}


def test_what_the_writer_intended_is_not_served(portals: SamplePortals) -> None:
    served = json.dumps(harvest_all(portals))
    assert '"intended"' not in served
    assert "commissionable" not in served


def test_only_loopback_is_bound_and_only_inside_the_context() -> None:
    portals = SamplePortals(now=NOW)
    with pytest.raises(RuntimeError, match="enter the context"):
        portals.base_url("sell2wales")
    with portals:
        address = urlsplit(portals.base_url("sell2wales"))
        assert (address.scheme, address.hostname, address.path) == (
            "http",
            "127.0.0.1",
            "/sell2wales",
        )
        with pytest.raises(KeyError, match="no sample portal"):
            portals.base_url("sell-to-wales")
    with pytest.raises(OSError, match="refused"):
        text(f"{address.geturl()}/robots.txt")


def test_now_must_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        SamplePortals(now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"buyer": "nowhere"}, "not in buyers.toml"),
        ({"stage": "open"}, "must be one of planning"),
        ({"published": 2.0}, "must not lie ahead"),
        ({"notice_type": None}, "add notice_type"),
        ({"source": "sell2wales"}, "add reference"),
        ({"later": [{"change": "lost"}]}, "must be one of deadline"),
    ],
)
def test_a_wrong_row_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    row = {
        "key": "one",
        "buyer": "here",
        "stage": "tender",
        "intended": "arts",
        "published": -1.0,
        "title": "One",
        "description": "One.",
        "cpv": ["92000000"],
        "notice_type": "UK4",
    }
    source = change.pop("source", "find-a-tender")
    table = {
        name: "here" if name == "host" else name
        for name in ("name", "kind", "street", "town", "postcode", "nuts", "host")
    }
    files: dict[str, dict[str, Any]] = {one: {"notice": []} for one in SOURCES}
    monkeypatch.setattr(
        rows,
        "_read",
        lambda stem: {
            **files,
            "buyers": {"here": table},
            source: {"notice": [row | change]},
        }[stem],
    )
    with pytest.raises(ConfigError, match=message) as refused:
        rows.sample_notices.__wrapped__()
    assert "one" in str(refused.value)
