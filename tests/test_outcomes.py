"""Asking what became of bids, on both databases: once, politely; and how people answer."""

from __future__ import annotations

import pathlib
import re

import pytest
import sqlalchemy as sa
import web_app
from bs4 import BeautifulSoup
from outcome_samples import DAY, closed, key, mails, said, save, someone, text
from test_web_pages import strict
from web_app import HOSTILE, NOW

from crawler import keys
from crawler.config import Settings
from crawler.errors import UsageError
from crawler.jobs import outcomes, preferences
from crawler.store import database, impact, marks, membership, opportunities, suppressions
from crawler.store.impact_tables import asks
from crawler.store.subscribers import Subscriber
from crawler.store.tables import processes


def test_everything_saved_is_asked_in_one_mail_and_once(
    engine: sa.Engine, settings: Settings
) -> None:
    person = someone(engine)
    closed(engine, 1, 2)
    save(engine, person, 1, 2)
    done = outcomes.ask(settings, engine, NOW)
    assert (done.mails, done.items) == (1, 2)
    (mail,) = mails(engine)
    words = text(mail)
    assert words.count("We did not bid: http://localhost/outcome/") == 2
    assert mail["To"] == "p1@x.example"
    assert "http://localhost/unsubscribe/" in mail["List-Unsubscribe"]
    assert "2 opportunities you saved" in mail["Subject"]
    for at in (NOW, NOW + DAY, NOW + 30 * DAY):
        assert outcomes.ask(settings, engine, at).mails == 0
    assert len(mails(engine)) == 1


def test_what_is_not_asked(engine: sa.Engine, settings: Settings) -> None:
    person = someone(engine)
    closed(engine, 1, days=1)  # too early
    closed(engine, 2, days=70)  # too late
    closed(engine, 3, status="cancelled")
    closed(engine, 4, stage="planning")
    closed(engine, 5, 6, 7, 8)
    save(engine, person, 1, 2, 3, 4, 5, 6, 7)
    with database.writing(engine) as connection:
        marks.hide(connection, person.id, key(5), NOW)
        marks.outcome(connection, person.id, key(6), "lost", NOW)
        marks.outcome(connection, person.id, key(7), "bidding", NOW)
        marks.outcome(connection, person.id, key(8), "bidding", NOW)
    with engine.connect() as connection:
        asked = {one.key for one in impact.due(connection, NOW)}
    assert asked == {key(7), key(8)}, "who is bidding is asked how it went"


def test_more_than_ten_come_on_the_next_day(engine: sa.Engine, settings: Settings) -> None:
    person = someone(engine)
    numbers = tuple(range(1, 13))
    closed(engine, *numbers)
    save(engine, person, *numbers)
    assert outcomes.ask(settings, engine, NOW).items == 10
    assert outcomes.ask(settings, engine, NOW).items == 0
    assert outcomes.ask(settings, engine, NOW + DAY).items == 2


@pytest.mark.parametrize("how", ["stopped", "paused", "suppressed", "erased"])
def test_who_must_not_be_written_to_is_not(engine: sa.Engine, settings: Settings, how: str) -> None:
    person, other = someone(engine), someone(engine, 2)
    closed(engine, 1)
    save(engine, person, 1)
    save(engine, other, 1)
    with database.writing(engine) as connection:
        if how == "stopped":
            membership.stop(connection, person.id)
        elif how == "paused":
            membership.pause(connection, person.id, None)
        elif how == "suppressed":
            secret = keys.suppression_key(settings)
            suppressions.suppress(connection, secret, person.email, "hard", "gone", NOW)
    if how == "erased":
        preferences.erase_person(settings, engine, person)
    done = outcomes.ask(settings, engine, NOW)
    assert done.mails == 1
    assert [mail["To"] for mail in mails(engine)] == ["p2@x.example"]
    if how == "paused":
        with database.writing(engine) as connection:
            membership.resume(connection, person.id)
        assert outcomes.ask(settings, engine, NOW + DAY).mails == 1


def test_a_broken_mail_holds_up_no_other(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = someone(engine), someone(engine, 2)
    closed(engine, 1)
    save(engine, person, 1)
    save(engine, other, 1)
    whole = outcomes.outcome_asking.letter

    def letter(who: Subscriber, *rest: object) -> object:
        if who.id == person.id:
            raise ValueError("no letter")
        return whole(who, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes.outcome_asking, "letter", letter)
    done = outcomes.ask(settings, engine, NOW)
    assert (done.mails, len(done.broken)) == (1, 1)
    monkeypatch.undo()
    assert outcomes.ask(settings, engine, NOW).mails == 1, "they are asked later"


def test_a_hostile_title_stays_words(engine: sa.Engine, settings: Settings) -> None:
    person = someone(engine)
    closed(engine, 1, title=f"{HOSTILE}\r\nBcc: all@x.example")
    save(engine, person, 1)
    outcomes.ask(settings, engine, NOW)
    (mail,) = mails(engine)
    assert mail["Bcc"] is None
    page = BeautifulSoup(text(mail, "html"), "html.parser")
    assert page.find_all(["script", "img"]) == []
    assert len(page.find_all("a", href=lambda href: "/outcome/" in (href or ""))) == 3


def test_an_answer_is_kept_changed_and_taken_back(engine: sa.Engine) -> None:
    person = someone(engine)
    closed(engine, 1)
    said(
        engine, person, 1, outcome="won", company="others", with_whom="  A  choir ", why_not="time"
    )
    with engine.connect() as connection:
        (one,) = impact.of(connection, person.id)
    assert (one.outcome, one.company, one.with_whom) == ("won", "others", "A choir")
    assert one.why_not is None, "who won does not say why not"
    said(engine, person, 1, outcome="no_bid", company="alone", with_whom="x" * 999, why_not="size")
    with engine.connect() as connection:
        (one,) = impact.of(connection, person.id, key(1))
    assert (one.outcome, one.company, one.with_whom, one.why_not) == ("no_bid", None, "", "size")
    said(engine, person, 1, outcome="bidding", company="others", with_whom="x" * 999)
    said(engine, person, 1, outcome=None)
    with engine.connect() as connection:
        (one,) = impact.of(connection, person.id)
        assert (one.outcome, one.company, one.answered_at) == (None, None, None)
        assert impact.due(connection, NOW, person.id) == [], "nor are they asked again"
    with pytest.raises(UsageError, match="none of those"):
        said(engine, person, 1, why_not="because")


def test_words_about_partners_are_short(engine: sa.Engine) -> None:
    person = someone(engine)
    closed(engine, 1)
    said(engine, person, 1, outcome="lost", company="others", with_whom="x" * 999)
    with engine.connect() as connection:
        assert len(impact.of(connection, person.id)[0].with_whom) == impact.LONGEST_WITH


def test_a_merger_hands_answers_on(engine: sa.Engine) -> None:
    person, other = someone(engine), someone(engine, 2)
    loser, heir = closed(engine, 1, 2)
    said(engine, person, 1, outcome="lost", company="alone")
    with database.writing(engine) as connection:
        impact.asked(connection, person.id, [heir], NOW)
        impact.asked(connection, other.id, [loser], NOW)
        connection.execute(
            processes.update()
            .where(processes.c.opportunity_id == loser)
            .values(opportunity_id=heir)
        )
        opportunities.retire(connection, loser, heir)
        (mine,) = impact.of(connection, person.id)
        assert (mine.outcome, mine.company) == ("lost", "alone")
        assert [one.key for one in impact.of(connection, other.id)] == [key(2)]


def test_answers_are_exported_and_erased(engine: sa.Engine, settings: Settings) -> None:
    person = someone(engine)
    closed(engine, 1)
    said(engine, person, 1, outcome="won", company="others", with_whom="A choir")
    told = preferences.export_person(settings, engine, person, NOW)
    (row,) = told["asks"]
    assert (row["with_whom"], row["opportunity"]) == ("A choir", key(1))
    preferences.erase_person(settings, engine, person)
    with engine.connect() as connection:
        assert connection.execute(sa.select(asks)).all() == []


def test_the_link_of_the_mail_opens_a_button_and_changes_nothing(
    engine: sa.Engine, settings: Settings, tmp_path: pathlib.Path
) -> None:
    person = someone(engine)
    closed(engine, 1, 2)
    save(engine, person, 1, 2)
    outcomes.ask(settings, engine, NOW)
    link = re.search(r"We won it: http://localhost(/outcome/\S+)", text(mails(engine)[0]))
    assert link
    client = web_app.app(engine, tmp_path).test_client()
    page = client.get(link[1]).get_data(as_text=True)
    strict(page)
    assert "You bid" in page
    assert "And these?" in page
    with engine.connect() as connection:
        assert {one.outcome for one in impact.of(connection, person.id)} == {None}
    answer = web_app.send(
        client, link[1], do="won", company="others", with_whom=HOSTILE, why_not="nonsense"
    )
    assert answer.status_code == 303
    page = client.get(answer.location).get_data(as_text=True)
    strict(page)
    assert "You told us: <strong>We won it</strong>" in page
    assert "<script>alert" not in page
    web_app.send(client, link[1], do="clear")
    with engine.connect() as connection:
        assert {one.outcome for one in impact.of(connection, person.id)} == {None}
    assert web_app.send(client, link[1], do="drop").status_code == 400


def test_a_foreign_link_is_none(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    person = someone(engine)
    closed(engine, 1)
    addresses = web_app.addresses(tmp_path)
    client = web_app.app(engine, tmp_path).test_client()
    good = web_app.path(addresses.outcome(person.handle, key(1), "won"))
    assert client.get(good).status_code == 200
    assert client.get(good + "x&say=<b>").status_code == 200
    wrong = addresses.mark(person.handle, key(1), "save").rpartition("/")[2]
    assert client.get(f"/outcome/{wrong}").status_code == 404
    gone = web_app.path(addresses.outcome(person.handle, "k99999999999"))
    assert client.get(gone).status_code == 404
    nobody = web_app.path(addresses.outcome("nobody", key(1)))
    assert client.get(nobody).status_code == 404
