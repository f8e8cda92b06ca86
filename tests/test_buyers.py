"""What commissioners find: who could deliver, who did before, what a draft leaves out."""

from __future__ import annotations

import io
import pathlib
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import digest_samples as samples
import pytest
import sqlalchemy as sa
import web_app
from test_coming_pages import fill
from test_organisations import HASTINGS, HULL, line, text_of
from test_web_pages import read, strict
from web_app import HOSTILE, NOW, send, signed_in

from crawler.items import Award, Buyer, Notice, Place
from crawler.jobs import checking, directory, gaps, organisations, precedents, supply
from crawler.jobs.gaps import Gap
from crawler.jobs.unpublished import Draft
from crawler.relevance import likeness
from crawler.relevance.shipped import load
from crawler.store import database
from crawler.store import organisations as shelf
from crawler.store.organisations import Organisation
from crawler.store.subscribers import Subscription

DAY = timedelta(days=1)
YORK = "E06000014"


def listed(engine: sa.Engine) -> None:
    """Bodies in Hull, York (some 55 km away) and Hastings (far away)."""
    lines = (
        line("Rope Walk Theatre", la_gss=HULL, postcode="HU1 1AA"),
        line("Harbour Choir", la_gss=HULL, discipline="Music"),
        line("Minster Players", la_gss=YORK, itl1_code="TLE"),
        line("Seafront Theatre", la_gss=HASTINGS, itl1_code="TLJ"),
    )
    organisations.take(engine, io.StringIO(text_of(*lines), newline=""))


def opened(
    engine: sa.Engine, email: str, name: str, *, agreed: bool, state: str = "active"
) -> None:
    """A subscriber near Hull, with an entry of their own if they agreed to one."""
    wish = Subscription(regions=("TLE",))
    person = web_app.person(engine, email=email, organisation=name, subscription=wish, state=state)
    if agreed:
        entry = Organisation(
            key=shelf.key_of(email), name=name, name_key=name.lower(), region="TLE", authority=HULL,
            art_forms=("music",), outcomes=("older_people",), subscriber_id=person.id,
            pitch=f"{name} sings with anybody.", opened=NOW,
        )  # fmt: skip
        with database.writing(engine) as connection:
            shelf.add(connection, [entry])


def there(engine: sa.Engine, where: str = "Hull", outcome: str = "older_people") -> supply.Supply:
    place = supply.area(where)
    assert place is not None
    with engine.connect() as connection:
        people = checking.audience(connection, NOW)
        return supply.supply(connection, directory.read(connection), place, outcome, people, NOW)


@pytest.mark.parametrize("where", ["HU1 1AA", "hu1", "E06000010", "Kingston upon Hull"])
def test_a_place_is_a_postcode_or_an_authority(where: str) -> None:
    found = supply.area(where)
    assert found is not None
    assert (found.authority, found.regions) == (HULL, ("TLE",))


@pytest.mark.parametrize("where", ["", "Atlantis", "ZZ99 9ZZ", "E06999999", "<script>", "\0"])
def test_what_is_no_place_is_none(where: str) -> None:
    assert supply.area(where) is None


def test_bodies_are_counted_by_art_form_and_distance(engine: sa.Engine) -> None:
    listed(engine)
    found = there(engine, "HU1 1AA")
    assert found.total == (2, 0, 1)
    assert found.counts["performing"] == (1, 0, 1)
    assert found.counts["music"] == (1, 0, 0)
    assert {one.organisation.name for one in found.named} >= {"Rope Walk Theatre", "Harbour Choir"}
    assert "Seafront Theatre" not in {one.organisation.name for one in found.named}


def test_only_those_who_agreed_are_named(engine: sa.Engine) -> None:
    opened(engine, "yes@choir.example", "Open Choir", agreed=True)
    opened(engine, "no@choir.example", "Private Choir", agreed=False)
    opened(engine, "gone@choir.example", "Stopped Choir", agreed=True, state="stopped")
    found = there(engine)
    assert [one.organisation.name for one in found.open] == ["Open Choir"]
    assert found.named == ()
    assert found.total == (1, 0, 0)
    # Two get our mail there: too few to be counted out.
    assert (found.reach.people, found.reach.anybody) == (0, True)


def test_whoever_is_named_is_counted(engine: sa.Engine) -> None:
    listed(engine)
    # In the same region, but further away than is counted: named by it and counted by none.
    far = line("Sheaf Players", la_gss="E08000019", itl1_code="TLE")
    nowhere = line("Somewhere Singers", la_gss="", itl1_code="TLE", discipline="Music")
    organisations.take(engine, io.StringIO(text_of(far, nowhere), newline=""))
    opened(engine, "yes@choir.example", "Harbour Choir", agreed=True)
    opened(engine, "also@choir.example", "Open Choir", agreed=True)
    for where in ("HU1 1AA", "Hull", "YO1 7HH", "East Riding of Yorkshire", "Hastings", "Leeds"):
        found = there(engine, where)
        names = [one.organisation.name for one in (*found.named, *found.open)]
        place = supply.area(where)
        assert place is not None
        for one in (*found.named, *found.open):
            km = supply._away(one.organisation, place)
            assert km is not None
            assert km <= supply.BANDS_KM[-1], one.organisation.name
        assert len(names) == len(set(names)) <= sum(found.total)
        assert bool(names) == bool(sum(found.total))
    found = there(engine, "HU1 1AA")
    # The choir of the list spoke for itself: it is one body and not two.
    assert found.total == (3, 0, 1)
    assert found.counts["music"] == (2, 0, 0)
    assert [one.organisation.name for one in found.open] == ["Harbour Choir", "Open Choir"]
    assert {one.organisation.name for one in found.named} == {
        "Rope Walk Theatre", "Minster Players",
    }  # fmt: skip


def test_where_nobody_is_counted_nobody_is_named(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    listed(engine)
    found = there(engine, "Shetland Islands")
    assert (found.total, found.named, found.open) == ((0, 0, 0), (), ())
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = read(client, "/buyers?where=Shetland&outcome=older_people")
    assert "0 organisations within 60 km" in page
    assert "/partners/" not in page.split("<main")[1].split("</main>")[0]


def past(number: int, **more: object) -> object:
    given = {
        "stage": "award",
        "status": "awarded",
        "published": NOW - 300 * DAY,
        "judgement": samples.judged("commissionable", outcomes=("older_people",)),
        "awards": (Award(id="a", suppliers=("Anchor Singers",), value=Decimal(30_000)),),
    }
    return samples.opportunity(number, **(given | more))


def test_similar_work_is_found_by_its_words(engine: sa.Engine) -> None:
    choir = "We want a choir for older people in care homes. Singing helps against loneliness."
    fill(
        engine,
        [
            past(1, title="Singing with older people", description=choir),  # type: ignore[list-item]
            past(2, title="Repair of lifts", description="Lifts in sheltered flats are mended."),  # type: ignore[list-item]
            past(  # type: ignore[list-item]
                3, title="Choir", description=choir, judgement=samples.judged("none")
            ),
        ],
    )
    draft = Notice(title="A choir for care homes", description="Singing with older people.")
    judged = samples.judged("commissionable", outcomes=("older_people",))
    with engine.connect() as connection:
        found = precedents.alike(connection, draft, judged, NOW)
        kin = precedents.of_kind(connection, outcome="older_people", regions=("TLM",), now=NOW)
    assert [one.hit.title for one in found] == ["Singing with older people"]
    assert found[0].passage.startswith("We want a choir for older people")
    assert found[0].awards[0].suppliers == ("Anchor Singers",)
    assert {one.hit.title for one in kin} == {"Singing with older people", "Repair of lifts"}


def test_likeness_needs_words_that_say_something() -> None:
    empty = Notice(title="The provision of services")
    assert likeness.nearest(empty, [empty, Notice(title="")], most=3, least=0.01) == []
    same = Notice(title="Harbour mural", description="An artist paints a mural.")
    (first, *_) = likeness.nearest(same, [Notice(title="Bins"), same], most=2, least=0.01)
    assert (first.at, round(first.likeness, 6)) == (1, 1.0)


GOOD = Draft(
    title="Singing workshops for older people in Hull",
    description=(
        "We are looking for artists to run weekly singing workshops with older people in three care"
        " homes in Hull, against loneliness and for wellbeing. Each workshop lasts two hours and is"
        " led by a musician who has worked with people who live with dementia. We will choose by"
        " quality and by price. The contract is for two years from 1 April 2027. Questions:"
        " arts@hull.example."
    ),
    cpv=("92312000",),
    buyer="Hull City Council",
    postcode="HU1 1AA",
    value=Decimal(40_000),
    closes=(NOW + 40 * DAY).date(),
)


def left_out(draft: Draft) -> dict[str, Gap]:
    people = checking.Audience(screen=checking.Screen([]), owners=())
    found = checking.check(draft, load(), people, NOW)
    return {gap.code: gap for gap in gaps.gaps(draft, found, NOW)}


def test_a_good_draft_leaves_nothing_out() -> None:
    assert left_out(GOOD) == {}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"cpv": ()}, "no_cpv"),
        ({"cpv": ("45231300",)}, "cpv"),
        ({"value": None}, "value"),
        ({"value": Decimal(400_000)}, "lots"),
        ({"closes": None}, "no_deadline"),
        ({"closes": (NOW + 9 * DAY).date()}, "deadline"),
        ({"closes": (NOW - 9 * DAY).date()}, "deadline"),
        ({"description": GOOD.description.replace("arts@hull.example", "the desk")}, "contact"),
        ({"description": GOOD.description.replace("two years from 1 April 2027", "you")}, "length"),
        ({"description": "Singing. Ask arts@hull.example. A contract of two years."}, "short"),
        (
            {
                "postcode": None, "buyer": None, "title": "Singing workshops for older people",
                "description": GOOD.description.replace(" in Hull", "").replace("hull.", "x."),
            },
            "place",
        ),
        (
            {
                "title": "Services for the borough", "cpv": ("79993000",),
                "description": "Delivery of a programme in line with the strategy.",
            },
            "words",
        ),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(changed: dict[str, object], code: str) -> None:
    found = left_out(replace(GOOD, **changed))  # type: ignore[arg-type]
    assert code in found
    assert found[code].advice


def test_other_work_leaves_nothing_out() -> None:
    assert left_out(Draft(title="Pipes", description="Pipes are laid. ", cpv=("45231300",))) == {}


def test_an_empty_draft_is_told_everything() -> None:
    assert {"no_cpv", "place", "value", "no_deadline", "contact", "short"} <= set(
        left_out(Draft(title="x", description=""))
    )


def test_the_page_says_all_of_it(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    listed(engine)
    opened(engine, "yes@choir.example", "Open Choir", agreed=True)
    opened(engine, "no@choir.example", "Private Choir", agreed=False)
    fill(engine, [past(1, title="Singing with older people", place=Place(regions=("TLE",)))])  # type: ignore[list-item]
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = read(client, "/buyers?where=HU1+1AA&outcome=older_people")
    strict(page)
    for words in ("4 organisations within 60 km", "Rope Walk Theatre", "Open Choir sings",
                  "Won by Anchor Singers", "fewer than five"):  # fmt: skip
        assert words in page, words
    assert "Private Choir" not in page
    assert "choir.example" not in page
    links = set(re.findall(r'href="(/partners/\w{12})"', page))
    assert len(links) == 4
    for link in links:
        assert web_app.app(engine, tmp_path).test_client().get(link).status_code == 200
    for odd in ("where=Atlantis&outcome=older_people", "where=HU1", "outcome=older_people",
                "where=HU1&outcome=x&art_form=y", "where=%00&outcome=%00"):  # fmt: skip
        strict(read(client, f"/buyers?{odd}"))
    assert "We know no such place" in read(client, "/buyers?where=Atlantis&outcome=older_people")


def test_hostile_words_stay_words(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    organisations.take(engine, io.StringIO(text_of(line(HOSTILE[:60], la_gss=HULL)), newline=""))
    opened(engine, "yes@choir.example", HOSTILE, agreed=True)
    evil = past(1, title=HOSTILE, description=HOSTILE, buyer=Buyer(name=HOSTILE),
                awards=(Award(id="a", suppliers=(HOSTILE,)),))  # fmt: skip
    fill(engine, [evil])  # type: ignore[list-item]
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    page = read(client, "/buyers?where=HU1&outcome=older_people")
    strict(page)
    assert "<script>alert" not in page


def test_checking_a_draft_says_what_is_left_out_and_what_was_before(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    words = "Weekly singing with older people in care homes, led by a musician."
    fill(engine, [past(1, title="Singing with older people", description=words)])  # type: ignore[list-item]
    client = signed_in(web_app.app(engine, tmp_path), engine, "reviewer")
    answer = send(
        client, "/check", title=GOOD.title, description=words, closes=f"{NOW + 5 * DAY:%d/%m/%Y}"
    )
    page = answer.get_data(as_text=True)
    strict(page)
    assert "It has no CPV code." in page
    assert "Its closing date is in 5 days." in page
    assert "How similar work was put out" in page
    assert "Won by Anchor Singers" in page
    page = send(client, "/check", title="x", closes="soon").get_data(as_text=True)
    assert "Write the day as" in page
