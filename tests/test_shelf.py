"""Lists of resources: the one that ships, staff's own, broken lines; and what is chosen of them."""

from __future__ import annotations

import functools
import pathlib
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UsageError
from crawler.items import ART_FORMS, OUTCOMES
from crawler.library import KINDS, NATIONS, Resource
from crawler.partners import evidence, shelf
from crawler.partners.subjects import Subject

GOOD = {
    "key": "choirs-2024",
    "title": "Choirs and breath",
    "publisher": "Example University",
    "year": "2024",
    "url": "https://example.org/choirs",
    "kind": "evidence",
    "outcomes": "older_people;health_wellbeing",
    "art_forms": "music",
    "nation": "UK",
    "summary": "Singing helps people with bad lungs.",
    "measures": "WEMWBS;ONS4",
    "confirmed": "yes",
}


def listed(*rows: dict[str, str]) -> StringIO:
    lines = [",".join(shelf.COLUMNS)]
    lines += [",".join(row.get(name, "") for name in shelf.COLUMNS) for row in rows]
    return StringIO("\n".join(lines) + "\n")


def test_what_ships_is_whole() -> None:
    library = shelf.shipped()
    assert len(library) >= 90
    assert {one.kind for one in library} == set(KINDS)
    assert {one.nation for one in library} == set(NATIONS)
    for aim in OUTCOMES:
        about = [one for one in library if aim in one.outcomes]
        assert any(one.measures for one in about), f"nothing to measure {aim} by"
    assert all(len(one.summary) <= 220 for one in library)


def test_a_row_and_back() -> None:
    made = shelf.resource(GOOD)
    assert made.outcomes == ("health_wellbeing", "older_people")
    assert made.measures == ("WEMWBS", "ONS4")
    assert (made.year, made.confirmed) == (2024, True)
    assert shelf.resource(shelf.cells(made)) == made


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("key", "", "key is missing"),
        ("key", "Two Words", "small letters"),
        ("title", "", "title is missing"),
        ("title", "x" * 301, "longer than 300"),
        ("year", "20x4", "no year"),
        ("year", "٢٠٢٤", "no year"),
        ("kind", "book", "none of evidence"),
        ("nation", "France", "none of England"),
        ("outcomes", "older_people;happiness", "'happiness'"),
        ("art_forms", "opera", "'opera'"),
        ("url", "javascript:alert(1)", "no web address"),
        ("url", "https://user@example.org/", "no web address"),
        ("url", "https://example.org/a b", "no web address"),
        ("url", "https://[::1", "no web address"),
        ("confirmed", "perhaps", "yes or no"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_read(column: str, cell: str, words: str) -> None:
    found = list(shelf.read(listed(GOOD | {column: cell}, GOOD | {"key": "next"})))
    (line, reason), (_, good) = found
    assert line == 2
    assert isinstance(reason, str)
    assert words in reason
    assert isinstance(good, Resource)


def test_twice_the_same_key_and_too_many_cells() -> None:
    file = StringIO(listed(GOOD, GOOD).getvalue() + "a," * 20 + "\n")
    kinds = [one if isinstance(one, str) else "" for _, one in shelf.read(file)]
    assert kinds[0] == ""
    assert "line 2 already" in kinds[1]
    assert "more cells" in kinds[2]


def test_a_list_without_its_columns_is_refused() -> None:
    with pytest.raises(UsageError, match="lacks the columns publisher, kind"):
        list(shelf.read(StringIO("key,title,nation,summary\na,b,c,d\n")))


@given(st.text(max_size=400))
def test_whatever_stands_in_a_list_is_read_or_named(text: str) -> None:
    file = StringIO(",".join(shelf.COLUMNS) + "\n" + text, newline="")
    for line, one in shelf.read(file):
        assert line >= 2
        assert isinstance(one, Resource) or one


@functools.cache
def ours() -> evidence.Library:
    """The library that ships."""
    return evidence.Library(shelf.shipped())


def chosen(
    outcomes: tuple[str, ...], art_forms: tuple[str, ...] = (), regions: tuple[str, ...] = ("TLD",)
) -> dict[str, str]:
    found = ours().choose(outcomes=outcomes, art_forms=art_forms, regions=regions)
    return {one.role: one.resource.key for one in found}


@pytest.mark.parametrize("aim", OUTCOMES)
@pytest.mark.parametrize("region", ["TLD", "TLM", "TLL", "TLN", "UK"])
def test_each_outcome_has_three_that_are_about_it(aim: str, region: str) -> None:
    found = ours().choose(outcomes=(aim,), art_forms=(), regions=(region,))
    assert len(found) == 3 or (aim in ("environment", "criminal_justice") and len(found) >= 2)
    assert len({one.resource.key for one in found}) == len(found)
    assert all(one.outcomes == (aim,) for one in found)
    measures = next(one for one in found if one.role == "measure").resource.measures
    assert measures


def test_a_scale_is_named_for_what_it_measures() -> None:
    assert chosen(("criminal_justice",))["measure"] == "iomi"
    assert chosen(("children_young_people",))["measure"] == "sdq"
    assert chosen(("health_wellbeing",))["measure"] in ("wemwbs", "ons4")
    assert chosen(("older_people",))["measure"] in ("ons-loneliness", "ucl-museum-wellbeing")


def test_rules_of_another_nation_are_not_shown() -> None:
    for region, nation in (("TLM", "Scotland"), ("TLL", "Wales"), ("TLN", "Northern Ireland")):
        for aim in OUTCOMES:
            found = ours().choose(outcomes=(aim,), art_forms=(), regions=(region,))
            rules = [one.resource for one in found if one.role == "context"]
            assert all(one.nation in (nation, "UK") for one in rules)


def test_prisons_stay_out_of_everything_else() -> None:
    for aim in OUTCOMES:
        if aim != "criminal_justice":
            for form in ART_FORMS:
                keys = chosen((aim,), (form,)).values()
                assert not any(key.startswith("ncjaa") for key in keys), (aim, form, keys)


def test_an_art_form_alone_is_enough() -> None:
    found = chosen((), ("visual",), ("TLJ",))
    assert set(found) == {"cite", "measure", "context"}


def test_what_one_council_goes_by_is_shown_for_that_council_only() -> None:
    def rules(region: str, authority: str | None) -> list[str]:
        library = [one for one in shelf.shipped() if one.publisher.startswith("Brighton")]
        found = evidence.Library(library).choose(
            outcomes=(), art_forms=("visual",), regions=(region,), authority=authority
        )
        return [one.resource.key for one in found]

    assert rules("TLJ", "E06000043") == ["brighton-public-art-toolkit"]
    assert rules("TLJ", "E10000030") == []
    assert rules("TLJ", None) == []
    assert rules("TLE", "E08000033") == []


def test_guidance_of_one_region_is_shown_in_that_region_only() -> None:
    library = [one for one in shelf.shipped() if one.publisher == "London Arts and Health"]
    assert library
    for regions, seen in ((("TLI",), 1), (("TLE",), 0), (("TLI", "TLE"), 0), (("UK",), 0), ((), 0)):
        found = evidence.Library(library).choose(
            outcomes=library[0].outcomes, art_forms=(), regions=regions
        )
        assert sum(one.role == "context" for one in found) == seen, regions


def test_nothing_is_said_of_what_is_about_nothing() -> None:
    assert chosen((), ()) == {}


def test_dead_links_come_last() -> None:
    first = chosen(("older_people",))
    again = evidence.Library(shelf.shipped(), dead=set(first.values())).choose(
        outcomes=("older_people",),
        art_forms=(),
        regions=("TLD",),
    )
    assert not {one.resource.key for one in again} & set(first.values())


@given(
    st.lists(st.sampled_from(OUTCOMES), unique=True),
    st.lists(st.sampled_from(ART_FORMS), unique=True),
    st.lists(st.sampled_from(["TLC", "TLL", "TLM", "TLN", "UK"]), unique=True),
)
def test_never_more_than_three_and_each_with_a_reason(
    outcomes: list[str], art_forms: list[str], regions: list[str]
) -> None:
    found = ours().choose(outcomes=outcomes, art_forms=art_forms, regions=regions)
    assert len(found) <= 3
    assert len({one.resource.key for one in found}) == len(found)
    assert all(one.outcomes or one.art_forms for one in found)
    assert found == evidence.Library(reversed(shelf.shipped())).choose(
        outcomes=outcomes, art_forms=art_forms, regions=regions
    )


def about(
    title: str,
    text: str = "",
    *,
    outcomes: tuple[str, ...] = (),
    art_forms: tuple[str, ...] = (),
) -> list[str]:
    """The keys of what is chosen for a notice of these words."""
    found = ours().choose(
        outcomes=outcomes, art_forms=art_forms, regions=("TLD",), subject=Subject(title, text)
    )
    return [one.resource.key for one in found]


CHILD, OLDER = ("children_young_people", "health_wellbeing"), ("older_people", "health_wellbeing")


@pytest.mark.parametrize(
    ("title", "outcomes", "form", "wanted"),
    [
        ("Singing for people who live with dementia", OLDER, "", "arts4dementia-brain-health"),
        ("Artists in residence in six care homes", OLDER, "", "each-breath-is-valuable"),
        ("Dance classes that prevent falls", OLDER, "performing", "aesop-sharing-learning"),
        ("Arts for young people’s mental health", CHILD, "", "gm-ithrive-arts"),
        ("A creative programme in schools", CHILD[:1], "", "cla-imaginenation-2017"),
        ("A choir in prison", ("criminal_justice",), "music", "surrey-pcc-liberty-choir"),
        ("Regeneration of the high street", ("place_economy",), "", "lga-culture-led-regeneration"),
        ("Loneliness: a weekly group", OLDER, "", "ons-loneliness"),
        # Outcomes that the classifier did not see, but the title names.
        ("Music and singing in care homes", (), "music", "baring-every-care-home"),
        ("Artists in schools", ("place_economy",), "", "cla-imaginenation-2017"),
    ],
)
def test_the_notices_own_words_choose(
    title: str, outcomes: tuple[str, ...], form: str, wanted: str
) -> None:
    forms = (form,) if form else ()
    assert wanted in about(title, outcomes=outcomes, art_forms=forms)


@pytest.mark.parametrize(
    ("title", "text", "own", "strange"),
    [
        ("Arts weeks in primary schools", "Pupils make art.", CHILD[0], ("older", "dementia")),
        ("Youth provision", "For ages 11 to 18.", CHILD[0], ("older", "dementia")),
        ("Music in care homes", "For people who live with dementia.", OLDER[0], ("child", "pupil")),
        ("Adult learning", "Courses for adults.", "", ("children", "young people")),
    ],
)
def test_nothing_is_offered_that_is_about_other_people(
    title: str, text: str, own: str, strange: tuple[str, ...]
) -> None:
    by_key = {one.key: one for one in shelf.shipped()}
    for outcomes in (("health_wellbeing",), ("learning_skills",), ("community_cohesion",)):
        for key in about(title, text, outcomes=outcomes):
            words = f"{by_key[key].title} {by_key[key].summary}".lower()
            others = {"older_people", "children_young_people"}.intersection(by_key[key].outcomes)
            fits = own in others or len(others) == 2
            assert fits or not any(one in words for one in strange), key


def test_without_outcomes_a_description_that_comes_back_to_one_counts() -> None:
    assert "julies-bicycle-ace" in about("Advice", "On carbon and climate.", art_forms=("visual",))
    assert "julies-bicycle-ace" not in about("Advice", "On carbon.", art_forms=("visual",))
    assert "julies-bicycle-ace" not in about(
        "Advice", "On carbon and climate.", outcomes=("community_cohesion",)
    )


def test_words_choose_among_what_fits_and_never_what_does_not() -> None:
    found = about("A programme", "dementia, prison, care home " * 50, outcomes=("environment",))
    by_key = {one.key: one for one in shelf.shipped()}
    assert all("environment" in by_key[key].outcomes for key in found)


def resource(key: str, publisher: str, **more: object) -> Resource:
    given = {"title": f"The book {key}", "kind": "policy", "outcomes": ("older_people",)}
    return Resource(
        key=key, publisher=publisher, nation="UK", summary="Says much.", confirmed=True,
        **(given | more),  # type: ignore[arg-type]
    )  # fmt: skip


def test_another_publisher_is_heard_where_it_fits_as_well() -> None:
    def keys(*library: Resource) -> list[str]:
        found = evidence.Library(library).choose(
            outcomes=("older_people",), art_forms=(), regions=("TLD",)
        )
        return [one.resource.key for one in found]

    first = resource("a", "House of Books / Friends", kind="evidence")
    same = resource("b", "House of Books")
    other = resource("c", "Another House")
    weaker = resource("d", "Another House", outcomes=("older_people", "environment"))
    assert keys(first, same, other) == ["a", "c", "b"]
    assert keys(first, same, weaker) == ["a", "b", "d"]


@given(st.text(max_size=300), st.text(max_size=3000))
def test_any_words_choose_something_of_the_same_tags(title: str, text: str) -> None:
    found = about(title, text, outcomes=("health_wellbeing",))
    assert len(found) == len(set(found)) == 3
    assert found == about(title, text, outcomes=("health_wellbeing",))


def test_the_readme_counts_what_ships() -> None:
    readme = pathlib.Path(__file__).resolve().parents[1].joinpath("README.md").read_text("utf-8")
    assert f"a library of {len(shelf.shipped())} reports" in readme
