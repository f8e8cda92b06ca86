"""A history out of releases: what changed when, what matters, what a copy adds; in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_samples import CF, FTS, JUDGEMENT, NOW, PCS, facts

from crawler.items import Award, Buyer, Facts, Lot, Place
from crawler.opportunity import Opportunity
from crawler.store.folding import Kept, fold, public_key

DAY = datetime(2026, 4, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def said(at: int, *, source: str = FTS, ocid: str = "ocds-1", **fields: Any) -> Facts:
    """A release `at` hours after the first."""
    plain: dict[str, Any] = {"deadline": DAY, "value_min": Decimal(40000)}
    plain |= {"value_max": Decimal(40000), "currency": "GBP"}
    return facts(
        source=source, ocid=ocid, release_id=f"{at:06}", date=NOW + at * HOUR, **(plain | fields)
    )


def folded(*releases: Facts, base: Opportunity | None = None) -> Opportunity:
    return fold([Kept(facts=one) for one in releases], base)


def timeline(found: Opportunity) -> list[tuple[int, str, bool]]:
    return [(change.version, change.field, change.material) for change in found.changes]


def test_one_release_is_version_one_without_changes() -> None:
    found = folded(said(0))
    assert (found.version, found.changes) == (1, ())
    assert (found.published, found.updated) == (NOW, NOW)
    assert found.id == public_key(FTS, "ocds-1")


def test_the_same_said_again_is_no_change() -> None:
    found = folded(said(0), said(1), said(2))
    assert (found.version, found.changes) == (1, ())
    assert found.updated == NOW + 2 * HOUR


def test_a_moved_deadline_is_a_version_and_the_old_one_is_kept() -> None:
    later = DAY + timedelta(days=7)
    found = folded(said(0), said(5, deadline=later))
    assert (found.version, found.deadline) == (2, later)
    (change,) = found.changes
    assert (change.field, change.material, change.source) == ("deadline", True, FTS)
    assert (change.old, change.new) == (DAY.isoformat(), later.isoformat())
    assert change.at == NOW + 5 * HOUR


@pytest.mark.parametrize(
    ("changed", "field", "material"),
    [
        ({"title": "Harbour light and sound"}, "title", True),
        ({"status": "cancelled"}, "status", True),
        ({"value_max": Decimal(60000)}, "value", True),
        ({"deadline": DAY + HOUR}, "deadline", True),
        ({"description": "Forty workshops in schools about bridges."}, "scope", True),
        ({"lots": (Lot(id="1", title="Lights"),)}, "lots", True),
        ({"buyer": Buyer(name="Fen Council")}, "buyer", False),
        ({"cpv": ("92000000",)}, "cpv", False),
        ({"end": DAY}, "end", False),
    ],
)
def test_what_people_care_about_is_material_and_the_rest_is_kept(
    changed: dict[str, Any], field: str, material: bool
) -> None:
    found = folded(said(0), said(1, **changed))
    assert timeline(found) == [(2, field, material)]


def test_mended_spelling_in_a_description_is_kept_but_not_told() -> None:
    text = "Ten artists will work with older people in three libraries over one long winter."
    found = folded(said(0, description=text), said(1, description=text.replace("Ten", "10")))
    assert timeline(found) == [(2, "scope", False)]


@pytest.mark.parametrize(
    "changed", [{"procedure": "Open"}, {"category": "services"}, {"notice_type": "UK5"}], ids=str
)
def test_paperwork_is_taken_over_without_a_version(changed: dict[str, Any]) -> None:
    found = folded(said(0), said(1, **changed))
    assert (found.version, found.changes) == (1, ())
    (name, value) = next(iter(changed.items()))
    assert getattr(found, name) == value


def test_several_changes_of_one_release_are_one_version() -> None:
    moved = DAY + HOUR
    second, third = said(1, title="Other", deadline=moved), said(2, title="Third", deadline=moved)
    found = folded(said(0), second, third)
    assert found.version == 3
    assert sorted(timeline(found)) == [
        (2, "deadline", True), (2, "title", True), (3, "title", True),
    ]  # fmt: skip


def test_what_a_release_leaves_out_keeps_its_value() -> None:
    bare = said(1, title="", description="", deadline=None, value_max=None, buyer=None)
    found = folded(said(0), bare)
    assert (found.version, found.title, found.deadline) == (1, "Harbour light festival", DAY)
    assert found.value_max == 40000
    assert found.buyer is not None


def test_a_change_and_back_are_two_versions() -> None:
    found = folded(said(0), said(1, deadline=DAY + HOUR), said(2))
    assert (found.version, found.deadline) == (3, DAY)
    assert [change.field for change in found.changes] == ["deadline", "deadline"]


def test_an_award_notice_moves_the_stage_and_leaves_the_words_of_the_tender() -> None:
    late = said(1, stage="award", status="awarded", title="Award: HLF", description="Awarded.")
    found = folded(said(0), late)
    assert (found.stage, found.status) == ("award", "awarded")
    assert found.title == "Harbour light festival"
    assert found.description.startswith("An artist-led")
    assert sorted(timeline(found)) == [(2, "stage", False), (2, "status", True)]


def test_a_first_award_notice_gives_its_own_words() -> None:
    found = folded(said(0, stage="award", status="awarded", title="Award: HLF"))
    assert found.title == "Award: HLF"


def test_other_lots_of_the_same_number_are_a_change_of_scope() -> None:
    before = (Lot(id="1", title="Lights", description="Lanterns"), Lot(id="2", title="Sound"))
    after = (Lot(id="1", title="Cleaning", description="Windows"), Lot(id="2", title="Security"))
    found = folded(said(0, lots=before), said(1, lots=after))
    assert timeline(found) == [(2, "lots", True)]


def copy(at: int, **fields: Any) -> Facts:
    """The same procurement on another portal."""
    return said(at, source=CF, ocid="ocds-2", **fields)


def test_a_copy_on_another_portal_fills_gaps_and_changes_nothing() -> None:
    first = said(0, value_max=None, value_min=None, currency=None, cpv=())
    found = folded(first, copy(1, title="Same, retitled", deadline=DAY + HOUR, cpv=("92000000",)))
    assert (found.version, found.changes) == (1, ())
    assert (found.title, found.deadline) == ("Harbour light festival", DAY)
    assert (found.value_max, found.currency, found.cpv) == (40000, "GBP", ("92000000",))
    assert found.ocids == ("ocds-1", "ocds-2")
    assert found.sources == (FTS, CF)


def test_a_much_longer_description_of_a_copy_is_taken_with_its_judgement() -> None:
    long = "Artists, choirs and schools make lanterns together. " * 5
    judged = replace(JUDGEMENT, model="longer")
    found = fold(
        [
            Kept(facts=said(0, description="Short."), judgement=JUDGEMENT),
            Kept(facts=copy(1, description=long), judgement=judged, place=Place(regions=("TLD",))),
        ]
    )
    assert found.description == long
    assert found.judgement == judged
    assert found.place.regions == ("TLD",)
    assert (found.version, found.changes) == (1, ())


def test_a_change_on_any_portal_changes_the_opportunity_once() -> None:
    later = DAY + timedelta(days=7)
    releases = [said(0), copy(1), said(5, deadline=later), copy(6, deadline=later)]
    found = folded(*releases)
    assert (found.version, found.deadline) == (2, later)
    assert timeline(found) == [(2, "deadline", True)]


def test_a_copy_that_repeats_the_old_deadline_does_not_take_the_change_back() -> None:
    later = DAY + timedelta(days=7)
    found = folded(said(0), copy(1), said(5, deadline=later), copy(6))
    assert (found.version, found.deadline) == (2, later)


@pytest.mark.parametrize(
    ("fields", "stage", "status"),
    [
        ({"stage": "award", "status": "awarded"}, "award", "awarded"),
        ({"status": "cancelled"}, "tender", "cancelled"),
    ],
)
def test_a_copy_that_says_things_moved_on_is_a_version(
    fields: dict[str, Any], stage: str, status: str
) -> None:
    found = folded(said(0), copy(1, **fields))
    assert (found.version, found.stage, found.status) == (2, stage, status)
    assert (2, "status", True) in timeline(found)


def test_an_earlier_stage_of_another_process_does_not_turn_time_back() -> None:
    found = folded(said(0), copy(1, stage="planning", status="unknown"))
    assert (found.version, found.stage, found.status) == (1, "tender", "open")


def test_awards_are_kept_once_with_their_latest_words() -> None:
    first = Award(id="1", suppliers=("Lantern Works",), value=Decimal(38500), end=DAY)
    second = Award(id="2", suppliers=("Tidal Arts",))
    mended = replace(first, end=DAY + timedelta(days=365))
    stage: dict[str, Any] = {"stage": "award", "status": "awarded"}
    found = folded(
        said(0, **stage, awards=(first,)),
        said(1, **stage, awards=(second,)),
        said(2, **stage, awards=(mended,)),
    )
    assert found.awards == (mended, second)


def test_what_a_later_notice_leaves_out_of_an_award_keeps_its_value() -> None:
    full = Award(id="1", suppliers=("Lantern Works",), value=Decimal(38500), end=DAY)
    bare = Award(id="1", status="active")
    stage: dict[str, Any] = {"stage": "contract", "status": "awarded"}
    (award,) = folded(said(0, **stage, awards=(full,)), said(1, **stage, awards=(bare,))).awards
    assert (award.suppliers, award.value, award.end) == (full.suppliers, full.value, DAY)


def test_awards_of_two_processes_with_one_number_are_both_kept() -> None:
    stage: dict[str, Any] = {"stage": "award", "status": "awarded"}
    one = Award(id="1", suppliers=("Lantern Works",), value=Decimal(38500))
    other = Award(id="1", suppliers=("Tidal Arts",), value=Decimal(9000))
    found = folded(said(0, **stage, awards=(one,)), copy(1, **stage, awards=(other,)))
    assert {award.suppliers for award in found.awards} == {("Lantern Works",), ("Tidal Arts",)}


def test_the_place_is_the_first_that_is_known() -> None:
    nowhere, somewhere = Place(reason="nothing said"), Place(regions=("TLE",), reason="NUTS")
    found = fold([Kept(facts=said(0), place=nowhere), Kept(facts=said(1), place=somewhere)])
    assert found.place == somewhere


def test_the_id_is_that_of_the_first_published_process() -> None:
    assert folded(copy(1), said(0)).id == public_key(FTS, "ocds-1")
    assert folded(copy(0), said(1)).id == public_key(CF, "ocds-2")
    assert len({public_key(FTS, "x"), public_key(CF, "x"), public_key(FTS, "y")}) == 3


def test_an_edit_under_the_same_id_and_date_comes_after_what_it_edits() -> None:
    first, second = said(0), said(0, deadline=DAY + HOUR)
    kept = [Kept(facts=second, revision=2), Kept(facts=first, revision=1)]
    found = fold(kept)
    assert (found.version, found.deadline) == (2, DAY + HOUR)


def test_after_pruning_new_releases_build_on_what_is_stored() -> None:
    base = folded(said(0), copy(1), said(2, deadline=DAY + HOUR))
    assert base.version == 2
    same = folded(said(3, deadline=DAY + HOUR), base=base)
    assert (same.version, same.changes) == (2, base.changes)
    moved = folded(said(4, status="cancelled", deadline=DAY + HOUR), base=base)
    assert (moved.version, moved.status, moved.id) == (3, "cancelled", base.id)
    assert [change.field for change in moved.changes] == ["deadline", "status"]
    assert moved.changes[0] == base.changes[0]
    assert (moved.ocids, moved.sources) == (base.ocids, base.sources)
    assert moved.published == base.published


def test_after_pruning_a_copy_on_a_further_portal_changes_nothing() -> None:
    base = folded(said(0))
    found = folded(said(9, source=PCS, ocid="ocds-3", title="Retitled"), base=base)
    assert (found.version, found.title) == (1, base.title)
    assert found.sources == (FTS, PCS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cpv", ("92000000",)), ("lots", (Lot(id="1", title="Lights"),)), ("title", "Lights")],
)
def test_after_pruning_a_copy_on_a_further_portal_still_fills_gaps(name: str, value: Any) -> None:
    base = folded(said(0, **{name: type(value)()}))
    found = folded(said(9, source=PCS, ocid="ocds-3", **{name: value}), base=base)
    assert getattr(found, name) == value


def test_after_pruning_a_late_older_release_does_not_turn_time_back() -> None:
    base = folded(said(0), said(5, deadline=DAY + HOUR))
    late = folded(said(2), base=base)
    assert (late.version, late.deadline) == (2, DAY + HOUR)


RELEASES = st.lists(
    st.builds(
        said,
        st.integers(0, 6),
        source=st.sampled_from([FTS, CF]),
        ocid=st.sampled_from(["ocds-1", "ocds-2"]),
        title=st.sampled_from(["Lights", "Sound", ""]),
        description=st.sampled_from(["", "Short.", "Long words of artists. " * 12]),
        deadline=st.sampled_from([None, DAY, DAY + HOUR]),
        stage=st.sampled_from(["planning", "tender", "award"]),
        status=st.sampled_from(["open", "cancelled", "awarded"]),
        lots=st.sampled_from([(), (Lot(id="1"),), (Lot(id="1"), Lot(id="2"))]),
        awards=st.sampled_from([(), (Award(id="1", suppliers=("Ann",)),), (Award(id="2"),)]),
        urls=st.sampled_from([(), ("https://a.example",), ("https://b.example",)]),
        value_max=st.sampled_from([None, Decimal(5), Decimal(7)]),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda one: (one.source, one.ocid, one.release_id),
)


@hypothesis.settings(deadline=None)
@given(RELEASES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(releases: list[Facts], chance: Any) -> None:
    expected = folded(*releases)
    chance.shuffle(releases)
    assert folded(*releases) == expected


@given(RELEASES)
def test_versions_count_the_releases_that_changed_something(releases: list[Facts]) -> None:
    found = folded(*releases)
    assert found.version == 1 + len({change.version for change in found.changes})
    assert [change.version for change in found.changes] == sorted(
        change.version for change in found.changes
    )
    assert 1 <= found.version <= len(releases)
    assert found.published == min(one.date for one in releases)
    assert found.updated == max(one.date for one in releases)
    assert set(found.ocids) == {one.ocid for one in releases}


@given(RELEASES)
def test_every_change_tells_what_was_and_what_is(releases: list[Facts]) -> None:
    for change in folded(*releases).changes:
        assert change.old != change.new
        assert change.new is not None


@given(RELEASES)
def test_hearing_everything_twice_changes_nothing(releases: list[Facts]) -> None:
    twice = [Kept(facts=one, revision=at) for one in releases for at in (1, 1)]
    assert fold(twice) == folded(*releases)
