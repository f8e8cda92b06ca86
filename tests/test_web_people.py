"""What subscribers do by their own links: every way there and back, and every refusal."""

from __future__ import annotations

import json
import pathlib
import re
from html import unescape
from typing import Any

import html5lib
import pytest
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from icalendar import Calendar
from web_app import ART, CARE, NOW, path, send

from crawler import dates, keys
from crawler.digest.consenting import WORDINGS
from crawler.jobs import match as matching
from crawler.store import consents, database, marks, subscribers, suppressions
from crawler.store.subscribers import Subscriber, Subscription
from crawler.store.tables import reviews

FORM: dict[str, Any] = {
    "email": "new@studio.example",
    "organisation": "Studio",
    "agree": "yes",
    "regions": ["TLE"],
    "bands": ["arts", "commissionable"],
    "stages": ["early", "open"],
    "rhythm": "weekly",
    "weekday": "Monday",
    "hour": "7",
    "remind_days": "3",
}


@pytest.fixture
def client(engine: sa.Engine, tmp_path: pathlib.Path) -> FlaskClient:
    web_app.fill(engine)
    return web_app.app(engine, tmp_path).test_client()


@pytest.fixture
def links(tmp_path: pathlib.Path) -> Any:
    return web_app.addresses(tmp_path)


def found(engine: sa.Engine, email: str = "new@studio.example") -> Subscriber | None:
    with engine.connect() as connection:
        return subscribers.find(connection, email)


def valid(page: str) -> str:
    html5lib.HTMLParser(strict=True).parse(page)
    return page


def test_signing_up_and_confirming(client: FlaskClient, engine: sa.Engine) -> None:
    answer = send(client, "/sign-up", **FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-up/sent")
    person = found(engine)
    assert person is not None
    assert (person.state, person.subscriptions[0].regions) == ("pending", ("TLE",))
    (mail,) = web_app.queued(engine, "confirm")
    link = path(re.search(r"http://localhost(/confirm/\S+)", mail)[1])  # type: ignore[index]
    page = valid(client.get(link).get_data(as_text=True))
    assert "new@studio.example" in page
    assert plainly(WORDINGS[consent_kept(engine, "asked")]) in plainly(page)
    assert plainly(WORDINGS[consent_kept(engine, "asked")]) in label(client, "agree")
    assert found(engine).state == "pending"  # type: ignore[union-attr]
    done = valid(send(client, link).get_data(as_text=True))
    assert "/preferences/" in done
    person = found(engine)
    assert person is not None
    assert person.state == "active"
    with engine.connect() as connection:
        events = consents.of(connection, person.id)
    assert {one.event: one.origin for one in events} == {
        "asked": "sign-up page",
        "confirmed": "confirmation page",
    }
    assert "with us already" in send_again(client, link)


def consent_kept(engine: sa.Engine, event: str) -> str:
    """The version of the words that somebody agreed to, as the evidence names it."""
    person = found(engine)
    assert person is not None
    with engine.connect() as connection:
        kept = [one.wording for one in consents.of(connection, person.id) if one.event == event]
    assert len(kept) == 1
    assert kept[0] is not None
    return kept[0]


def plainly(text: str) -> str:
    return " ".join(unescape(text).split())


def label(client: FlaskClient, name: str) -> str:
    page = valid(client.get("/sign-up").get_data(as_text=True))
    said = re.search(rf'<label for="{name}">(.*?)</label>', page, re.DOTALL)
    assert said
    return plainly(said[1])


@pytest.mark.parametrize("button", [True, False])
def test_who_is_suppressed_is_told_so_and_may_confirm_anew(
    client: FlaskClient, engine: sa.Engine, links: Any, tmp_path: pathlib.Path, button: bool
) -> None:
    person = web_app.person(engine)
    address = path(links.preferences(person.handle))
    assert "We had to stop" not in client.get(address).get_data(as_text=True)
    assert "nothing to confirm" in send_and_look(client, address, do="confirm")
    key = keys.suppression_key(web_app.settings(tmp_path))
    with database.writing(engine) as connection:
        suppressions.suppress(connection, key, person.email, "hard", "550 <b>no</b>", NOW)
    page = plainly(valid(client.get(address).get_data(as_text=True)))
    day = dates.spell(NOW.astimezone(dates.LONDON).date())
    assert f"We had to stop: your mailbox refused our mail on {day}." in page
    assert "We write" not in page.split("What you asked for")[0]
    if button:
        page = send_and_look(client, address, do="confirm")
        assert "A mail is on its way" in page
        assert "by the link in the mail we sent" in page
    else:
        send(client, "/sign-up", **(FORM | {"email": person.email}))
    assert found(engine, person.email).state == "pending"  # type: ignore[union-attr]
    (mail,) = web_app.queued(engine, "confirm")
    link = path(re.search(r"http://localhost(/confirm/\S+)", mail)[1])  # type: ignore[index]
    send(client, link)
    assert found(engine, person.email).state == "active"  # type: ignore[union-attr]
    assert "We had to stop" not in client.get(address).get_data(as_text=True)


def send_again(client: FlaskClient, link: str) -> str:
    return client.get(link).get_data(as_text=True)


def test_who_asks_learns_nothing_of_an_address(client: FlaskClient, engine: sa.Engine) -> None:
    web_app.person(engine, email="known@studio.example")
    answers = [
        send(client, "/sign-up", **(FORM | {"email": email}))
        for email in ("known@studio.example", "fresh@studio.example")
    ]
    assert len({(one.status_code, one.headers["Location"], one.data) for one in answers}) == 1


def test_every_problem_is_named_at_its_field(client: FlaskClient, engine: sa.Engine) -> None:
    wrong = FORM | {
        "email": "nobody", "agree": "", "authorities": "Nowhere-on-Sea", "value_min": "much",
        "near": "ZZ99", "require": "x" * 1_200,
    }  # fmt: skip
    page = valid(send(client, "/sign-up", **wrong).get_data(as_text=True))
    for name in ("email", "agree", "authorities", "value_min", "near", "require"):
        assert f'href="#{name}"' in page
        assert f'id="{name}"' in page
        assert f'id="{name}-fault"' in page
    assert "Nowhere-on-Sea" in page
    assert found(engine) is None


def test_the_preview_says_what_would_have_come(client: FlaskClient) -> None:
    everything = client.get("/sign-up").get_data(as_text=True)
    assert "would have come to you" in everything
    assert "Creative days for older people" in everything
    page = valid(send(client, "/sign-up/preview", "/sign-up", **FORM).get_data(as_text=True))
    assert "Riverside public art" in page
    assert "Creative days for older people" not in page.split("What came near")[0]
    token = web_app.token(client.get("/sign-up").get_data(as_text=True))
    part = client.post(
        "/sign-up/preview", data=FORM | {"csrf_token": token}, headers={"X-Fragment": "1"}
    ).get_data(as_text=True)
    assert "<html" not in part
    assert "Riverside public art" in part


def test_sign_ups_are_limited(client: FlaskClient) -> None:
    token = web_app.token(client.get("/sign-up").get_data(as_text=True))
    codes = [client.post("/sign-up", data={"csrf_token": token}).status_code for _ in range(22)]
    assert codes[:20] == [200] * 20
    assert codes[20:] == [429, 429]


FORGED = ("x", "WyJhIl0.aaaa.bbbb", "a" * 600, "%3Cscript%3E", "..%2F..")


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize(
    "where",
    ["confirm/{}", "unsubscribe/{}", "preferences/{}", "preferences/{}/wishes/1",
     "preferences/{}/export.json", "mark/{}", "my-matches/{}", "feeds/{}/calendar.ics",
     "feeds/{}/matches.atom", "remove-my-details/{}"],
)  # fmt: skip
def test_forged_links_are_refused(tmp_path: pathlib.Path, where: str, forged: str) -> None:
    from crawler.store import database

    engine = database.engine(f"sqlite:///{tmp_path / 'forged.sqlite'}")
    client = web_app.app(engine, tmp_path).test_client()
    answer = client.get("/" + where.format(forged))
    assert answer.status_code == 404
    assert "Traceback" not in answer.get_data(as_text=True)
    engine.dispose()


def test_a_link_for_one_thing_does_no_other(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    person = web_app.person(engine)
    stop = path(links.unsubscribe(person.handle)).rsplit("/", 1)[1]
    for where in ("preferences", "confirm", "mark", "my-matches", "remove-my-details"):
        assert client.get(f"/{where}/{stop}").status_code == 404
    manage = path(links.preferences(person.handle)).rsplit("/", 1)[1]
    assert client.post(f"/unsubscribe/{manage}").status_code == 404


def test_opening_links_changes_nothing(client: FlaskClient, engine: sa.Engine, links: Any) -> None:
    person = web_app.person(engine)
    for address in (
        links.unsubscribe(person.handle),
        links.mark(person.handle, ART, "hide"),
        links.mark(person.handle, ART, "save"),
        links.preferences(person.handle),
    ):
        answer = client.get(path(address))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
    assert found(engine, person.email) == person
    with engine.connect() as connection:
        assert marks.listed(connection, person.id) == []


def test_one_click_needs_no_cookie_and_no_form(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    person = web_app.person(engine)
    address = path(links.unsubscribe(person.handle))
    for _ in range(2):
        answer = client.post(address, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert answer.mimetype == "text/plain"
    stopped = found(engine, person.email)
    assert stopped is not None
    assert stopped.state == "stopped"
    assert "Set-Cookie" not in answer.headers


def test_the_stop_button(client: FlaskClient, engine: sa.Engine, links: Any) -> None:
    person = web_app.person(engine)
    page = send(client, path(links.unsubscribe(person.handle))).get_data(as_text=True)
    assert "Stopped" in valid(page)
    assert found(engine, person.email).state == "stopped"  # type: ignore[union-attr]


def test_preferences_change_pause_and_resume(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    person = web_app.person(engine)
    address = path(links.preferences(person.handle))
    valid(client.get(address).get_data(as_text=True))
    times = {"rhythm": "daily", "weekday": "Friday", "hour": "18", "remind_days": "none"}
    send(client, address, do="times", organisation="Nieuw <b>", only_new="yes", **times)
    changed = found(engine, person.email)
    assert changed is not None
    assert (changed.schedule.rhythm, changed.schedule.hour) == ("daily", 18)
    assert (changed.schedule.only_new, changed.schedule.remind_days) == (True, None)
    page = valid(client.get(address).get_data(as_text=True))
    assert "<b>" not in page
    send(client, address, do="pause", days="14")
    assert found(engine, person.email).state == "paused"  # type: ignore[union-attr]
    send(client, address, do="resume")
    assert found(engine, person.email).state == "active"  # type: ignore[union-attr]
    assert send(client, address, do="explode").status_code == 400
    assert "choose one" in send_and_look(client, address, do="pause", days="9999").lower()


def send_and_look(client: FlaskClient, address: str, **fields: str) -> str:
    send(client, address, **fields)
    return client.get(address).get_data(as_text=True)


def test_wishes_are_changed_added_and_removed(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    person = web_app.person(engine)
    address = path(links.preferences(person.handle))
    number = person.subscriptions[0].id
    wish = {"bands": ["arts"], "regions": ["TLM"], "stages": ["open"], "exclude": "ballet; opera"}
    valid(client.get(f"{address}/wishes/{number}").get_data(as_text=True))
    send(client, f"{address}/wishes/{number}", do="save", **wish)
    one = found(engine, person.email).subscriptions[0]  # type: ignore[union-attr]
    assert (one.regions, one.exclude, one.bands) == (("TLM",), ("ballet", "opera"), ("arts",))
    send(client, f"{address}/wishes/0", do="save", label="Wales", regions="TLL", bands="arts")
    both = found(engine, person.email).subscriptions  # type: ignore[union-attr]
    assert [w.label for w in both] == [None, "Wales"]
    shown = send(client, f"{address}/wishes/0", do="preview", regions="TLE")
    assert "would have come" in valid(shown.get_data(as_text=True))
    wrong = send(client, f"{address}/wishes/{number}", do="save", near="ZZ99")
    assert 'href="#near"' in valid(wrong.get_data(as_text=True))
    assert client.get(f"{address}/wishes/999999").status_code == 404
    send(client, address, do="remove", wish=str(both[1].id))
    assert len(found(engine, person.email).subscriptions) == 1  # type: ignore[union-attr]
    assert "only this subscription" in send_and_look(client, address, do="remove", wish=str(number))


def test_somebody_elses_wish_is_out_of_reach(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    mine = web_app.person(engine)
    other = web_app.person(engine, email="other@studio.example")
    address = path(links.preferences(mine.handle))
    assert client.get(f"{address}/wishes/{other.subscriptions[0].id}").status_code == 404
    feed = links.tokens.make("feed", mine.handle, str(other.subscriptions[0].id))
    assert client.get(f"/feeds/{feed}/calendar.ics").status_code == 404


def test_export_and_erase(client: FlaskClient, engine: sa.Engine, links: Any) -> None:
    person = web_app.person(engine)
    address = path(links.preferences(person.handle))
    kept = client.get(f"{address}/export.json")
    assert person.email in json.dumps(json.loads(kept.data))
    assert "tick the box" in send_and_look(client, address, do="erase").lower()
    answer = send(client, address, do="erase", sure="yes")
    assert answer.headers["Location"] == "/goodbye"
    assert found(engine, person.email) is None
    assert client.get(address).status_code == 404


def test_marks(client: FlaskClient, engine: sa.Engine, links: Any) -> None:
    person = web_app.person(engine)

    def mark() -> Any:
        with engine.connect() as connection:
            return marks.find(connection, person.id, ART)

    save, hide = (path(links.mark(person.handle, ART, what)) for what in ("save", "hide"))
    send(client, save, do="save")
    assert mark().saved_at == NOW
    send(client, save, do="bidding")
    assert mark().outcome == "bidding"
    send(client, save, do="won")
    assert mark().outcome == "won"
    valid(client.get(save).get_data(as_text=True))
    send(client, hide, do="hide", why="place", words="<b>no</b> train")
    assert mark().hidden_why == "It is too far away: <b>no</b> train"
    page = valid(client.get(hide).get_data(as_text=True))
    assert "&lt;b&gt;no" in page
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(reviews)).scalar() == 1
    send(client, hide, do="unhide")
    assert mark().hidden_at is None
    assert send(client, hide, do="explode").status_code == 400
    lost = links.mark(person.handle, "nosuchthing1", "hide")
    assert client.get(path(lost)).status_code == 404


def test_matches_and_feeds_without_what_was_hidden(
    client: FlaskClient, engine: sa.Engine, links: Any
) -> None:
    person = web_app.person(engine, subscription=Subscription())
    matching.match(engine, NOW)
    address = path(links.all_matches(person.handle))
    page = valid(client.get(address).get_data(as_text=True))
    assert "Creative days for older people" in page
    assert "Why you:" in page
    number = person.subscriptions[0].id
    calendar, atom = (
        path(links.calendar(person.handle, number)),
        path(links.atom(person.handle, number)),
    )
    uids = {
        str(e["UID"])[:12] for e in Calendar.from_ical(client.get(calendar).data).walk("VEVENT")
    }
    assert CARE in uids
    feed = client.get(atom)
    assert "Creative days" in feed.get_data(as_text=True)
    assert client.get(atom, headers={"If-None-Match": feed.headers["ETag"]}).status_code == 304
    assert f'href="{links.base}{atom}" rel="self"' in feed.get_data(as_text=True)
    assert f"2026:subscription/{number}</id>" in feed.get_data(as_text=True)
    send(client, path(links.mark(person.handle, CARE, "hide")), do="hide")
    assert "Creative days" not in client.get(address).get_data(as_text=True)
    assert "Creative days" not in client.get(atom).get_data(as_text=True)
    assert client.get(f"{address}?page=7").status_code == 404


def test_removing_details(client: FlaskClient, engine: sa.Engine) -> None:
    answer = send(client, "/remove-my-details", email="officer@council.example", words="page 3 <b>")
    assert answer.headers["Location"] == "/remove-my-details/asked"
    (mail,) = web_app.queued(engine, "removal")
    (staff,) = web_app.queued(engine, "staff")
    assert "page 3" in staff
    link = path(re.search(r"http://localhost(/remove-my-details/\S+)", mail)[1])  # type: ignore[index]
    assert "officer@council.example" not in link
    page = valid(client.get(link).get_data(as_text=True))
    assert "officer@council.example" in page
    done = valid(send(client, link).get_data(as_text=True))
    assert "Forgotten" in done
    from crawler import keys
    from crawler.store import forgotten

    key = keys.forget_key(client.application.extensions["tenders"].settings)
    with engine.connect() as connection:
        assert forgotten.among(connection, key, ["officer@council.example"])
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("fields", [{}, {"email": "nobody"}, {"email": "a@b\r\nBcc: c@d.example"}])
def test_a_removal_needs_something_to_go_by(
    client: FlaskClient, engine: sa.Engine, fields: dict[str, str]
) -> None:
    page = valid(send(client, "/remove-my-details", **fields).get_data(as_text=True))
    assert 'href="#email"' in page
    assert web_app.queued(engine, "removal") == []
