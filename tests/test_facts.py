"""What a release says, whichever portal wrote it: stages, dates, money, places, awards, links."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_samples import CF, FTS, PCS, amended, facts_in, raw, release

from crawler.decoding import decode
from crawler.facts import LOST_BREAKS
from crawler.items import Facts


def tender(**changed: Any) -> Facts:
    """The facts of the sample tender with fields of its tender section replaced."""
    return facts_in(amended(release(), **changed))


def warnings_of(changed: dict[str, Any]) -> tuple[str, ...]:
    return decode(raw(changed), FTS)[1]


@pytest.mark.parametrize(
    ("tags", "status", "stage", "word"),
    [
        (["planning"], None, "planning", "unknown"),
        (["planning"], "planned", "planning", "unknown"),
        (["planningUpdate"], "planning", "planning", "unknown"),
        (["planning"], "cancelled", "planning", "cancelled"),
        (["tender"], "active", "tender", "open"),
        (["tender"], None, "tender", "open"),
        (["tenderUpdate"], "active", "tender", "open"),
        (["tenderAmendment"], "active", "tender", "open"),
        (["tenderCancellation"], "active", "tender", "cancelled"),
        (["tender"], "cancelled", "tender", "cancelled"),
        (["tender"], "withdrawn", "tender", "cancelled"),
        (["tender"], "unsuccessful", "tender", "cancelled"),
        (["tender"], "complete", "tender", "awarded"),
        (["award"], "complete", "award", "awarded"),
        (["award", "contract"], "complete", "contract", "awarded"),
        (["contract"], None, "contract", "awarded"),
        (["contractUpdate"], "active", "contract", "awarded"),
        (["contractTermination"], None, "contract", "awarded"),
        (["awardCancellation"], "complete", "award", "cancelled"),
        (["planning", "tender"], "active", "tender", "open"),
        (["compiled"], "planned", "planning", "unknown"),
        ([], "planned", "planning", "unknown"),
        ([], "active", "tender", "open"),
        (None, "complete", "award", "awarded"),
    ],
)
def test_tags_and_status_say_the_stage_and_how_it_stands(
    tags: list[str] | None, status: str | None, stage: str, word: str
) -> None:
    found = facts_in(amended(release(tag=tags), status=status))
    assert (found.stage, found.status) == (stage, word)


def test_an_unknown_tag_is_counted_and_the_rest_decides() -> None:
    assert any("'tenderRumour'" in words for words in warnings_of(release(tag=["tenderRumour"])))
    assert facts_in(release(tag=["tenderRumour", "award"])).stage == "award"
    assert warnings_of(release(tag=["compiled"])) == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-04-20T12:00:00Z", datetime(2026, 4, 20, 12, tzinfo=UTC)),
        ("2026-04-20T12:00:00+01:00", datetime(2026, 4, 20, 11, tzinfo=UTC)),
        ("2026-04-20T12:00:00", datetime(2026, 4, 20, 11, tzinfo=UTC)),
        ("2026-04-20T00:00:00+01:00", datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)),
        ("2026-04-19T23:00:00Z", datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)),
        ("2026-04-20T00:00:00", datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)),
        ("2026-04-20", datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)),
        ("2026-12-01T00:00:00Z", datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)),
        # Midnight in Greenwich is one in the morning of a London summer: an hour that was meant.
        ("2026-04-20T00:00:00Z", datetime(2026, 4, 20, tzinfo=UTC)),
        ("20/04/2026", datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_a_deadline_at_london_midnight_is_the_end_of_that_day(
    written: str, meant: datetime | None
) -> None:
    assert tender(tenderPeriod={"endDate": written}).deadline == meant


def test_an_unreadable_deadline_is_warned_of() -> None:
    (words,) = warnings_of(amended(release(), tenderPeriod={"endDate": "end of term"}))
    assert "tenderPeriod.endDate" in words
    assert "end of term" in words


def test_engagement_ends_when_its_milestone_is_due() -> None:
    planning = {
        "milestones": [
            {"type": "delivery", "dueDate": "2027-01-01T12:00:00Z"},
            {"type": "engagement", "dueDate": "2026-03-20T17:00:00Z"},
        ]
    }
    found = facts_in(amended(release(tag=["planning"], planning=planning), tenderPeriod=None))
    assert found.deadline == datetime(2026, 3, 20, 17, tzinfo=UTC)
    both = facts_in(release(planning=planning))
    assert both.deadline == datetime(2026, 4, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("amount", [0, 1, 0.01, -5, 1e13, 7.9e28, 10**30, None])
def test_placeholders_and_slips_are_no_value(amount: float | None) -> None:
    found = tender(value={"amount": amount, "currency": "GBP"})
    assert (found.value_min, found.value_max, found.currency) == (None, None, None)


@pytest.mark.parametrize(
    ("changed", "low", "high"),
    [
        ({"value": {"amount": 40000, "currency": "GBP"}}, "40000", "40000"),
        ({"value": {"amount": 2, "currency": "GBP"}}, "2", "2"),
        ({"value": {"amount": 12345.678, "currency": "GBP"}}, "12345.68", "12345.68"),
        ({"value": {"amountGross": 1200, "currency": "GBP"}}, "1200", "1200"),
        ({"value": {"amount": 1000, "amountGross": 1200, "currency": "GBP"}}, "1000", "1000"),
        (
            {"value": {"amount": 9000, "currency": "GBP"}, "minValue": {"amount": 3000}},
            "3000",
            "9000",
        ),
        (
            {"value": {"amount": 3000, "currency": "GBP"}, "minValue": {"amount": 9000}},
            "3000",
            "9000",
        ),
    ],
)
def test_values_are_read_lowest_first(changed: dict[str, Any], low: str, high: str) -> None:
    found = tender(**changed)
    assert (found.value_min, found.value_max) == (Decimal(low), Decimal(high))
    assert found.currency == "GBP"


def lots(*values: tuple[float, str]) -> list[dict[str, Any]]:
    return [
        {"id": str(at), "value": {"amount": amount, "currency": currency}}
        for at, (amount, currency) in enumerate(values, start=1)
    ]


def test_lots_are_summed_only_where_no_total_is_given_and_the_currency_is_one() -> None:
    summed = tender(value=None, lots=lots((5000, "GBP"), (7000.5, "GBP"), (1, "GBP")))
    assert (summed.value_max, summed.currency) == (Decimal("12000.50"), "GBP")
    total = tender(lots=lots((5000, "GBP"), (7000, "GBP")))
    assert total.value_max == 40000
    mixed = tender(value=None, lots=lots((5000, "GBP"), (7000, "EUR")))
    assert mixed.value_max is None
    assert [lot.value for lot in mixed.lots] == [5000, 7000]


def test_the_budget_stands_in_for_a_value_in_planning() -> None:
    planning = {"budget": {"amount": {"amount": 60000, "currency": "GBP"}}}
    found = facts_in(amended(release(tag=["planning"], planning=planning), value=None))
    assert (found.value_max, found.currency) == (60000, "GBP")


def test_cpv_codes_are_found_wherever_portals_put_them_the_main_one_first() -> None:
    found = tender(
        classification={"scheme": "CPV", "id": "92312000-1"},
        additionalClassifications=[{"scheme": "cpv", "id": 92310000}, {"id": "92312000"}],
        items=[
            {
                "classification": {"scheme": "CPV", "id": "79952000"},
                "additionalClassifications": [
                    {"scheme": "UNSPSC", "id": "90151700"},
                    {"scheme": "CPV", "id": "festival"},
                    {"scheme": "CPV", "id": "79953000"},
                ],
            },
            None,
        ],
    )
    assert found.cpv == ("92312000", "92310000", "79952000", "79953000")


def test_delivery_places_are_sorted_into_regions_codes_and_postcodes() -> None:
    places = [
        {"region": "UKE11"},
        {"region": "TLD3"},
        {"region": "UK"},
        {"region": "North West"},
        {"region": "Any region", "postalCode": " M1 1AE "},
        {"postalCode": "LS1 4AP"},
        {"countryName": "Wales"},
        {"countryName": "United Kingdom"},
        {"region": "UKE11", "postalCode": "LS1 4AP"},
        {},
    ]
    found = tender(items=[{"deliveryAddresses": places[:4]}, {"deliveryAddresses": places[4:]}])
    assert found.delivery_nuts == ("UKE11", "TLD3", "UK")
    assert found.delivery_regions == ("North West", "Any region", "Wales")
    assert found.delivery_postcodes == ("M1 1AE", "LS1 4AP")


def test_the_buyer_is_found_by_reference_or_by_role() -> None:
    found = facts_in(release())
    assert found.buyer is not None
    assert found.buyer.name == "Saltmarsh Borough Council"
    assert (found.buyer.nuts, found.buyer.postcode) == ("UKE11", "HU1 1AA")
    assert found.buyer.contact_email == "arts@saltmarsh.example"
    by_role = facts_in(release(buyer=None))
    assert by_role.buyer == found.buyer
    nameless = facts_in(release(buyer={"id": "GB-9"}, parties=[]))
    assert nameless.buyer is None
    alone = facts_in(release(buyer={"id": "GB-9", "name": "Fen Trust"}, parties=[]))
    assert alone.buyer is not None
    assert (alone.buyer.name, alone.buyer.id) == ("Fen Trust", "GB-9")


def test_a_buyers_region_that_is_a_name_is_no_code() -> None:
    parties = [{"id": "GB-1", "roles": ["buyer"], "address": {"region": "Humber"}}]
    found = facts_in(release(parties=parties))
    assert found.buyer is not None
    assert found.buyer.nuts is None


def award(**changed: Any) -> dict[str, Any]:
    return {
        "id": "A1",
        "status": "active",
        "date": "2026-05-01T10:00:00Z",
        "value": {"amount": 38500, "currency": "GBP"},
        "suppliers": [{"id": "GB-COH-1", "name": "Lantern  Works CIC"}, {"name": "Tidal Arts"}],
        "contractPeriod": {"startDate": "2026-06-01T00:00:00Z", "endDate": "2027-05-31T00:00:00Z"},
    } | changed


def test_an_award_keeps_supplier_value_start_end_and_extension() -> None:
    given_lots = [
        {"id": "1", "renewal": {"description": "Two further years"}},
        {"id": "2", "renewal": {"description": "Two further years"}},
        {"id": "3", "options": {"description": "A touring version"}},
    ]
    found = facts_in(amended(release(tag=["award"], awards=[award()]), lots=given_lots)).awards[0]
    assert found.suppliers == ("Lantern Works CIC", "Tidal Arts")
    assert found.supplier_ids == ("GB-COH-1", "")
    assert (found.value, found.currency) == (38500, "GBP")
    assert found.date == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert (found.start, found.end) == (
        datetime(2026, 6, 1, tzinfo=UTC),
        datetime(2027, 5, 31, tzinfo=UTC),
    )
    assert found.extension == "Two further years\nA touring version"


def test_an_award_without_words_on_renewal_says_how_far_it_may_reach() -> None:
    period = {"startDate": "2026-06-01", "maxExtentDate": "2029-05-31T00:00:00Z"}
    found = facts_in(release(tag=["award"], awards=[award(contractPeriod=period)]))
    assert found.awards[0].extension == "may extend to 2029-05-31"


def test_what_an_award_leaves_out_its_contract_says() -> None:
    bare = {"id": 7, "suppliers": [{"id": "S", "name": "Lantern Works"}, {"id": "nameless"}]}
    contract = {
        "awardID": "7",
        "value": {"amount": 38500, "currency": "GBP"},
        "period": {"startDate": "2026-06-01T00:00:00Z", "endDate": "2027-05-31T00:00:00Z"},
        "dateSigned": "2026-05-20T00:00:00Z",
    }
    other = contract | {"awardID": "8", "value": {"amount": 5, "currency": "GBP"}}
    found = facts_in(release(tag=["contract"], awards=[bare], contracts=[other, contract])).awards
    assert len(found) == 1
    assert (found[0].id, found[0].suppliers, found[0].value) == ("7", ("Lantern Works",), 38500)
    assert found[0].date == datetime(2026, 5, 20, tzinfo=UTC)
    assert found[0].end == datetime(2027, 5, 31, tzinfo=UTC)


def test_a_contract_runs_from_its_first_lots_start_to_its_last_lots_end() -> None:
    periods = [
        {"startDate": "2026-07-01", "endDate": "2027-06-30T12:00:00Z"},
        {"startDate": "2026-06-01T12:00:00Z", "endDate": "2026-12-31"},
    ]
    of_lots = [{"id": at, "contractPeriod": period} for at, period in enumerate(periods)]
    found = tender(lots=[*of_lots, {"id": 9}])
    assert found.start == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert found.end == datetime(2027, 6, 30, 12, tzinfo=UTC)
    own = tender(lots=of_lots, contractPeriod={"startDate": "2026-09-01T12:00:00Z"})
    assert own.start == datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A mural. (SC Ref:829625)", "SC:829625"),
        ("A mural. (WA Ref:163232)", "WA:163232"),
        ("A mural. (WA Ref: 163232)", "WA:163232"),
        ("Follows (SC Ref:111111). (SC Ref:222222)", "SC:222222"),
    ],
)
def test_a_portals_number_in_the_text_is_a_reference(text: str, key: str) -> None:
    assert key in tender(description=text).references
    assert key in facts_in(release(description=text)).references


@pytest.mark.parametrize(
    "text", ["SC Ref:829625", "(SC Ref:12)", "(XX Ref:829625)", "Ref: 829625", "(SC Ref:)"]
)
def test_other_numbers_in_the_text_are_no_references(text: str) -> None:
    assert len(tender(description=text).references) == 1


def test_links_and_notices_name_the_same_procurement_elsewhere() -> None:
    links = [{"href": "https://api.example/v1/Notice?id=ocds-r6ebe6-0000812345", "rel": "same"}]
    documents = [
        {
            "documentType": "tenderNotice",
            "url": "https://www.find-tender.service.gov.uk/Notice/012345-2026",
        },
        {
            "documentType": "brief",
            "url": "https://www.find-tender.service.gov.uk/Notice/999999-2026",
        },
    ]
    found = facts_in(amended(release(links=links), documents=documents))
    assert found.references == (
        "ocid:ocds-test01-000001",
        "ocid:ocds-r6ebe6-0000812345",
        "FTS:012345-2026",
    )
    own = facts_in(release(ocid="ocds-h6vhtk-0a1b2c", id="012345-2026"))
    assert own.references == ("ocid:ocds-h6vhtk-0a1b2c", "FTS:012345-2026")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("First line.rn rn Second line", "First line.\n\nSecond line"),
        ("One.rn Two", "One.\nTwo"),
        ("A modern barn", "A modern barn"),
        ("Turn and burn the fern", "Turn and burn the fern"),
        ("Ends here.rn", "Ends here."),
    ],
)
def test_lost_line_breaks_come_back_and_words_stay_whole(text: str, meant: str) -> None:
    data = raw(amended(release(), description=text))
    assert decode(data, PCS, frozenset({LOST_BREAKS}))[0].description == meant


def test_words_stay_as_written_where_no_breaks_are_lost() -> None:
    assert tender(description="Ends here.rn").description == "Ends here.rn"


def test_only_web_addresses_are_kept_the_notices_first() -> None:
    documents = [
        {"documentType": "brief", "url": "https://files.example/brief.pdf"},
        {"documentType": "tenderNotice", "url": " https://portal.example/notice/1 "},
        {"documentType": "tenderNotice", "url": "javascript:alert(1)"},
        {"documentType": "brief", "url": "file:///etc/passwd"},
        {"documentType": "brief", "url": "data:text/html,hello"},
        {"documentType": "brief", "url": "//files.example/x"},
        {"documentType": "brief", "url": "https://files.example/a b"},
        {"documentType": "brief", "url": "https://files.example/brief.pdf"},
        {"documentType": "brief"},
    ]
    found = tender(documents=documents)
    assert found.urls == ("https://portal.example/notice/1", "https://files.example/brief.pdf")


def test_a_buyers_web_address_is_kept_only_when_it_is_one() -> None:
    for url, kept in (("https://a.example", "https://a.example"), ("javascript:alert(1)", None)):
        parties = [{"id": "GB-1", "roles": ["buyer"], "details": {"url": url}}]
        buyer = facts_in(release(parties=parties)).buyer
        assert buyer is not None
        assert buyer.url == kept


def test_a_notice_without_a_link_gets_its_portals_own_page() -> None:
    assert facts_in(release(), FTS).urls == (
        "https://www.find-tender.service.gov.uk/Notice/000001-2026",
    )
    guid = "0f3c2b1a-1111-2222-3333-444455556666"
    assert facts_in(release(id=f"{guid}-849301"), CF).urls == (
        f"https://www.contractsfinder.service.gov.uk/Notice/{guid}",
    )
    assert facts_in(release(), PCS).urls == ()


def test_the_notice_type_stands_in_any_document() -> None:
    documents = [{"documentType": "brief"}, {"noticeType": "UK4"}]
    assert tender(documents=documents).notice_type == "UK4"
    late = release(awards=[{"id": "1", "documents": [{"noticeType": "UK6"}]}])
    assert facts_in(late).notice_type == "UK6"


def test_text_is_tidied_and_falls_back_to_the_release() -> None:
    untidy = amended(
        release(title="Other", description="Other words"),
        title=" Children&amp;apos;s\r\nchoir ",
        description=None,
    )
    found = facts_in(untidy)
    assert found.title == "Children's\nchoir"
    assert found.description == "Other words"


def test_a_judge_sees_the_words_and_places_and_nothing_of_people() -> None:
    notice = facts_in(amended(release(), lots=[{"id": 1, "title": "Lights"}])).notice()
    assert (notice.title, notice.lots) == ("Harbour light festival", ("Lights",))
    assert notice.buyer_nuts == ("UKE11",)
    assert "saltmarsh.example" not in repr(notice)


WORDS = st.text(max_size=30) | st.sampled_from(
    ["2026-04-20", "UKE11", "(SC Ref:829625)", "https://a.example", "tender", "GBP", "92312000"]
)
SLOTS = ("title", "description", "status", "procurementMethod", "mainProcurementCategory")


@hypothesis.settings(deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys(SLOTS, WORDS)),
    st.lists(st.fixed_dictionaries({"region": WORDS, "postalCode": WORDS}), max_size=3),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    st.lists(WORDS, max_size=4),
)
def test_whatever_the_words_are_the_facts_hold_together(
    words: dict[str, str], places: list[dict[str, str]], amounts: list[float], urls: list[str]
) -> None:
    found = facts_in(
        amended(
            release(),
            **words,
            value=None,
            items=[{"deliveryAddresses": places}],
            lots=[{"value": {"amount": amount, "currency": "GBP"}} for amount in amounts],
            documents=[{"url": url} for url in urls],
            tenderPeriod={"endDate": words["title"]},
        )
    )
    assert found.title == found.title.strip()
    assert all(url.startswith(("http://", "https://")) for url in found.urls)
    assert all(len(code) <= 5 for code in found.delivery_nuts)
    if found.value_max is not None:
        assert found.value_min is not None
        assert 1 < found.value_min <= found.value_max
    assert found.references[0] == f"ocid:{found.ocid}"
    json.dumps([*found.urls, *found.delivery_regions])
