"""A bad field costs the field, a bad release the release, and nothing costs more than that."""

from __future__ import annotations

import copy
import json
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_samples import FTS, PCS, raw, release

from crawler.decoding import BROKEN_BLANKS, content_hash, decode, read, split
from crawler.errors import ReleaseError
from crawler.facts import LOST_BREAKS
from crawler.items import Facts

REPAIRS = frozenset({BROKEN_BLANKS, LOST_BREAKS})
SIMPLE = b'{"ocid": "ocds-test01-1", "date": "2026-03-02T09:00:00Z"'

RICH: dict[str, Any] = release(
    title="Harbour",
    description="Words",
    planning={
        "documents": [{"documentType": "plannedProcurementNotice", "url": "https://a.example/1"}],
        "milestones": [{"type": "engagement", "dueDate": "2026-03-20T00:00:00Z"}],
        "budget": {"amount": {"amount": 5000, "currency": "GBP"}},
    },
    tender={
        **release()["tender"],
        "minValue": {"amount": 2000, "amountGross": 2400, "currency": "GBP"},
        "additionalClassifications": [{"scheme": "CPV", "id": 92310000}],
        "items": [
            {
                "classification": {"id": "92000000"},
                "additionalClassifications": [{"id": "92100000"}],
                "deliveryAddresses": [{"region": "UKE", "postalCode": "HU1 1AA"}],
            }
        ],
        "lots": [
            {
                "id": 1,
                "title": "Lights",
                "value": {"amount": 5000},
                "contractPeriod": {"startDate": "2026-06-01", "durationInDays": 90},
                "renewal": {"description": "one year"},
                "options": {"description": "a further trail"},
            }
        ],
        "contractPeriod": {"startDate": "2026-06-01", "maxExtentDate": "2028-06-01"},
        "documents": [{"noticeType": "UK4", "url": "https://a.example/2"}],
        "communication": {"futureNoticeDate": "2026-05-01"},
    },
    awards=[
        {
            "id": "1",
            "date": "2026-05-01",
            "value": {"amount": 4000, "currency": "GBP"},
            "suppliers": [{"id": "S", "name": "Lantern Works"}],
            "contractPeriod": {"startDate": "2026-06-01"},
        }
    ],
    contracts=[{"awardID": "1", "dateSigned": "2026-05-09", "period": {"endDate": "2027-06-01"}}],
    links=[{"href": "https://a.example/?id=ocds-abc123-9", "rel": "alternate"}],
)


def paths(node: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value inside `node`."""
    if isinstance(node, dict):
        inside = [way for name, value in node.items() for way in paths(value, (*at, name))]
    elif isinstance(node, list):
        inside = [way for index, value in enumerate(node) for way in paths(value, (*at, index))]
    else:
        inside = []
    return ([at] if at else []) + inside


def replaced(node: Any, way: tuple[str | int, ...], value: Any) -> Any:
    """A copy of `node` with another value at the end of the way."""
    made = copy.deepcopy(node)
    inner = made
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return made


def test_a_sound_release_is_read_without_warnings() -> None:
    facts, warnings = decode(raw(RICH), FTS)
    assert warnings == ()
    assert facts.title == "Harbour light festival"
    assert facts.awards[0].suppliers == ("Lantern Works",)


@pytest.mark.parametrize("way", paths(RICH), ids=lambda way: ".".join(map(str, way)))
@pytest.mark.parametrize("value", [True, {"a": 1}, [[]], "words", 3.5, None], ids=repr)
def test_a_wrong_type_anywhere_costs_no_more_than_that_field(
    way: tuple[str | int, ...], value: Any
) -> None:
    spoilt = raw(replaced(RICH, way, value))
    if way in (("ocid",), ("date",)) and value != "words":
        with pytest.raises(ReleaseError):
            decode(spoilt, FTS)
        return
    if way == ("date",):
        with pytest.raises(ReleaseError, match="no date"):
            decode(spoilt, FTS)
        return
    facts, _ = decode(spoilt, FTS)
    assert facts.ocid == ("words" if way == ("ocid",) else RICH["ocid"])
    if way[0] not in ("tender", "title"):
        assert facts.title == "Harbour light festival"
        assert facts.cpv[0] == "92312000"
    if way[0] != "awards":
        assert len(facts.awards) == 1


def test_a_field_of_the_wrong_type_is_named_in_a_warning() -> None:
    facts, warnings = decode(raw(release(language=["en"], tag=["tender", 7])), FTS)
    assert {words.split()[0] for words in warnings} == {"$.tag[1]", "$.language"}
    assert facts.tags == ("tender",)
    assert facts.language is None


def test_one_bad_lot_leaves_the_others_as_they_are() -> None:
    tender = RICH["tender"] | {
        "lots": [
            {"id": 1, "title": "Lights", "value": {"amount": 5000, "currency": "GBP"}},
            {"id": 2, "title": "Sound", "value": "on request"},
            "no lot at all",
            None,
        ]
    }
    facts, warnings = decode(raw(RICH | {"tender": tender}), FTS)
    assert [(lot.id, lot.value is None) for lot in facts.lots] == [("1", False), ("2", True)]
    assert any("$.tender.lots[1].value" in words for words in warnings)
    assert len(warnings) == 2


def test_sixty_bad_fields_cost_sixty_fields() -> None:
    lots = [{"id": at, "title": f"Lot {at}", "value": "on request"} for at in range(60)]
    facts, warnings = decode(raw(RICH | {"tender": {"title": "Many lots", "lots": lots}}), FTS)
    assert (len(facts.lots), len(warnings)) == (60, 60)


@pytest.mark.parametrize("number", [b"1e9999", b"-1e9999", b"9" * 400, b"NaN", b"Infinity"])
def test_a_number_that_no_float_holds_costs_that_number(number: bytes) -> None:
    data = SIMPLE + b', "tender": {"title": "Choir", "value": {"amount": ' + number + b"}}}"
    facts, warnings = decode(data, FTS)
    assert (facts.title, facts.value_max) == ("Choir", None)
    assert [words.split()[0] for words in warnings] == ["$.tender.value.amount"]


def test_a_number_too_large_in_a_field_we_do_not_read_costs_nothing_else() -> None:
    data = SIMPLE + b', "tender": {"title": "Choir", "maximumParticipants": 1e9999}}'
    assert decode(data, FTS)[0].title == "Choir"


def test_a_number_of_five_thousand_digits_costs_that_number() -> None:
    data = SIMPLE + b', "id": ' + b"9" * 5000 + b', "tender": {"title": "Choir"}}'
    assert decode(data, FTS)[0].title == "Choir"


def test_bytes_that_are_not_utf8_cost_no_release() -> None:
    data = SIMPLE + b', "tender": {"title": "Caf\xe9 concerts", "value": {"amount": 5000}}}'
    facts, _ = decode(data, FTS)
    assert facts.title.startswith("Caf")
    assert facts.title.endswith("concerts")
    assert facts.value_max == 5000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[]", "not an object but list"),
        (b"null", "not an object"),
        (b"{}", "ocid"),
        (b'{"ocid": "x"}', "date"),
        (b'{"ocid": "  ", "date": "2026-03-02"}', "without ocid"),
        (b'{"ocid": "x", "date": "soon"}', "'soon' is no date"),
        (b'{"ocid": "x", "date": "0001-01-01"}', "no date"),
        (b'{"ocid": 5, "date": "2026-03-02"}', "ocid"),
        (b'{"ocid": "x", "date": {}}', "date"),
    ],
)
def test_a_release_that_cannot_be_placed_or_ordered_is_refused_with_why(
    data: bytes, words: str
) -> None:
    with pytest.raises(ReleaseError, match=words.replace("'", ".")):
        decode(data, FTS)


def test_blanks_inside_words_and_names_are_mended_where_the_portal_is_known_for_it() -> None:
    data = SIMPLE + (
        b', "tender": {"title": "Open procedu    re for a m    ural",'
        b' "proc    urementMethodDetails": "Open procedu    re"}}'
    )
    facts, warnings = decode(data, PCS, frozenset({BROKEN_BLANKS}))
    assert facts.title == "Open procedure for a mural"
    assert facts.procedure == "Open procedure"
    assert any("blanks in a field name" in words for words in warnings)
    assert "procedu re" in decode(data, FTS)[0].title


def test_a_release_without_id_is_named_by_its_content() -> None:
    data = SIMPLE + b"}"
    assert decode(data, FTS)[0].release_id == content_hash(data)
    assert decode(SIMPLE + b', "id": 17}', FTS)[0].release_id == "17"


def test_a_page_gives_its_releases_byte_by_byte_and_its_next_address() -> None:
    body = b'{"releases": [ {"ocid" : 1e9999} ,{"b":[]}], "links": {"next": "https://a.example/2"}}'
    found, following = split(body)
    assert [bytes(one) for one in found] == [b'{"ocid" : 1e9999}', b'{"b":[]}']
    assert following == "https://a.example/2"
    assert split(b'{"releases": []}') == ([], None)
    assert split(b'{"releases": [], "links": {}}') == ([], None)


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b"{}", b'{"releases": {}}', b'{"releases": [', b"null"]
)
def test_a_body_that_is_no_package_is_not_an_empty_one(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        split(body)


@pytest.mark.parametrize("links", [b'{"next": 5}', b'"https://a.example/2"', b'[{"next": "x"}]'])
def test_a_malformed_next_address_is_not_the_end_of_the_paging(links: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        split(b'{"releases": [], "links": ' + links + b"}")


@pytest.mark.parametrize("text", [b"half an emoji \\ud83c", b"a raw\nline end"])
def test_a_bad_text_in_one_release_costs_that_release_at_most(text: bytes) -> None:
    body = b'{"releases": [{"ocid": "a", "title": "' + text + b'"}, {"ocid": "b"}]}'
    found, _ = split(body)
    assert len(found) == 2


def test_a_body_nested_beyond_measure_is_no_package() -> None:
    with pytest.raises(msgspec.DecodeError):
        split(b'{"releases": ' + b"[" * 100_000)


@pytest.mark.parametrize("depth", [700, 5000])
def test_a_release_nested_beyond_measure_costs_that_release_at_most(depth: int) -> None:
    data = SIMPLE + b', "tag": 5, "x": ' + b"[" * depth + b"]" * depth + b"}"
    plain = data.replace(b'"tag": 5, ', b"")
    for one in (data, plain):
        try:
            decode(one, FTS)
        except ReleaseError:
            continue


def test_half_an_emoji_is_left_out_of_the_facts() -> None:
    data = SIMPLE + b', "tender": {"title": "Lights \\ud83c in the park"}}'
    facts, _ = decode(data, FTS)
    assert "in the park" in facts.title
    facts.title.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=15,
)


def decodes_or_refuses(data: bytes) -> Facts | None:
    """The facts; nothing when the release is refused. Whatever else is raised fails the test."""
    try:
        facts, warnings = decode(data, FTS, REPAIRS)
    except ReleaseError:
        return None
    assert all(isinstance(words, str) for words in warnings)
    assert facts.ocid
    assert facts.release_id
    assert facts.date.utcoffset() is not None
    return facts


@hypothesis.settings(deadline=None)
@given(JSON)
def test_any_json_value_is_a_release_or_is_refused(value: Any) -> None:
    decodes_or_refuses(json.dumps(value).encode())


@hypothesis.settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_release_or_are_refused(data: bytes) -> None:
    decodes_or_refuses(data)
    decodes_or_refuses(SIMPLE + data)
    decodes_or_refuses(raw(RICH)[: len(data) * 8])


@hypothesis.settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(paths(RICH)), JSON), min_size=1, max_size=6))
def test_a_release_spoilt_anywhere_is_a_release_or_is_refused(
    faults: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    spoilt = RICH
    for way, value in faults:
        try:
            spoilt = replaced(spoilt, way, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier fault took this place away
    facts = decodes_or_refuses(json.dumps(spoilt).encode())
    touched = {way[0] for way, _ in faults}
    if not touched & {"ocid", "date"}:
        assert facts is not None
    if facts is not None and not touched & {"tender", "title"}:
        assert facts.title == "Harbour light festival"


@hypothesis.settings(deadline=None)
@given(JSON)
def test_reading_twice_gives_the_same(value: Any) -> None:
    data = json.dumps(RICH | {"tender": value}).encode()
    assert msgspec.json.encode(read(data)[0]) == msgspec.json.encode(read(data)[0])
    assert decode(data, FTS) == decode(data, FTS)
