"""CSV out and in: to the letter, harmless in spreadsheets, bad lines named, twice the same."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from digest_samples import NOW
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_wishes import TYPED, attempt

from crawler.config import Settings
from crawler.errors import UsageError
from crawler.jobs import consent, importing, preferences, subscriber_file
from crawler.jobs.importing import Imported
from crawler.jobs.subscriber_file import COLUMNS, BadLine, Line, guarded, unguarded
from crawler.store import consents, database, subscribers, tables
from crawler.store.subscribers import STATES, Schedule, Subscriber, Subscription


@pytest.fixture
def db(engine: sa.Engine) -> sa.Engine:
    return engine


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key="k" * 32)


def take(
    home: Settings, db: sa.Engine, content: str, agreed: str | None = "list", now: datetime = NOW
) -> Imported:
    return importing.run(home, db, content, "people.csv", agreed, now)


def exported(db: sa.Engine) -> str:
    file = io.StringIO()
    with db.connect() as connection:
        subscriber_file.write(subscribers.iterate(connection), file)
    return file.getvalue()


def people(db: sa.Engine) -> dict[str, Subscriber]:
    with db.connect() as connection:
        return {one.email: one for one in subscribers.listed(connection)}


def queued(db: sa.Engine) -> list[str]:
    with db.connect() as connection:
        return list(
            connection.execute(
                sa.select(tables.outbox.c.recipient).order_by(tables.outbox.c.id)
            ).scalars()
        )


@given(st.text())
def test_the_guard_is_taken_away_again(words: str) -> None:
    assert unguarded(guarded(words)) == words
    assert not guarded(words).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.sampled_from(["=", "'=", "''=1+1", "'", "''", "'x", "-1", "@a", "\t=x", "'+"]))
def test_the_guard_on_what_looks_guarded(words: str) -> None:
    assert unguarded(guarded(words)) == words


PEOPLE = st.lists(
    st.tuples(
        st.text(max_size=40),
        st.sampled_from(STATES),
        st.one_of(st.none(), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1))),  # noqa: DTZ001
        st.lists(TYPED, min_size=1, max_size=3),
    ),
    max_size=4,
)


@given(PEOPLE)
def test_a_written_file_is_read_to_the_letter(drawn: Any) -> None:
    everybody = []
    for number, (organisation, state, until, typed) in enumerate(drawn):
        asked = [one for one, _ in map(attempt, typed) if one]
        if asked:
            everybody.append(
                Subscriber(
                    id=number, email=f"+p{number}@x.example", created=NOW, state=state,
                    organisation=consent.named(organisation), schedule=asked[0].schedule,
                    paused_until=until.replace(tzinfo=UTC, microsecond=0) if until else None,
                    subscriptions=tuple(one.subscription for one in asked),
                )
            )  # fmt: skip
    file = io.StringIO()
    assert subscriber_file.write(everybody, file) == len(everybody)
    for row in csv.reader(io.StringIO(file.getvalue())):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    lines = list(subscriber_file.lines(file.getvalue(), "people.csv"))
    wanted = [(one, wish) for one in everybody for wish in one.subscriptions]
    assert len(lines) == len(wanted)
    for line, (one, wish) in zip(lines, wanted, strict=True):
        assert isinstance(line, Line), line
        assert line.asked.subscription == wish
        assert line.asked.schedule == one.schedule
        assert (line.email, line.state) == (one.email, one.state)
        assert consent.named(line.organisation) == one.organisation
        assert line.paused_until == one.paused_until


@given(st.text(max_size=300))
@hypothesis_settings(max_examples=200)
def test_any_text_is_lines_or_bad_lines(content: str) -> None:
    for line in subscriber_file.lines(f"email,hour,require\n{content}", "people.csv"):
        assert isinstance(line, BadLine) or line.email
        assert line.number >= 2


SAMPLE = f"""{",".join(COLUMNS)}
a@x.example,'=HYPERLINK(1),active,,weekly,Monday,7,no,no,3,Music,TLE; TLD,E08000035,LS1 4AB,20,\
music,,arts; commissionable,early; open,,,,,,,no
a@x.example,'=HYPERLINK(1),active,,weekly,Monday,7,no,no,3,,,,,,,older_people,commissionable,open,\
10000,250000.5,,nhs,"dance; tea, dance",'-gala,yes
b@x.example,,paused,2026-08-01T00:00:00+00:00,daily,Friday,18,yes,yes,none,,,,,,,,arts,open,,,,,,,no
c@x.example,,stopped,,weekly,Monday,7,no,no,3,,,,,,,,arts,open,,,,,,,no
d@x.example,,pending,,weekly,Monday,7,no,no,3,,,,,,,,arts,open,,,,,,,no
"""


def test_in_and_out_again(home: Settings, db: sa.Engine, tmp_path: Path) -> None:
    done = take(home, db, SAMPLE)
    assert (done.new, done.asked, done.refused) == (4, 1, ())
    found = people(db)
    assert [found[one].state for one in sorted(found)] == [
        "active", "paused", "stopped", "pending"
    ]  # fmt: skip
    assert found["a@x.example"].organisation == "=HYPERLINK(1)"
    first, second = found["a@x.example"].subscriptions
    assert (first.regions, first.near, first.near_km) == (("TLD", "TLE"), "LS1 4AB", 20)
    assert second.require == ("dance", "tea")
    assert second.exclude == ("-gala",)
    once = exported(db)
    other = database.engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    try:
        assert take(home, other, once).new == 4
        assert exported(other) == once
    finally:
        other.dispose()
    with db.connect() as connection:
        kept = consents.of(connection, found["a@x.example"].id)
    assert [(one.event, one.origin) for one in kept] == [("imported", "file people.csv: list")]


def test_twice_changes_nothing(home: Settings, db: sa.Engine) -> None:
    take(home, db, SAMPLE)
    before, mails = exported(db), queued(db)
    done = take(home, db, SAMPLE, now=NOW + timedelta(days=1))
    assert (done.new, done.changed, done.same, done.asked) == (0, 0, 4, 0)
    assert exported(db) == before
    assert queued(db) == mails == ["d@x.example"]
    with db.connect() as connection:
        assert (
            connection.execute(sa.select(sa.func.count()).select_from(tables.consents)).scalar()
            == 4
        )


def test_without_consent_everybody_is_asked(home: Settings, db: sa.Engine) -> None:
    done = take(home, db, SAMPLE, agreed=None)
    assert (done.new, done.asked) == (4, 3)
    assert {one.state for one in people(db).values()} == {"pending", "stopped"}
    assert queued(db) == ["a@x.example", "b@x.example", "d@x.example"]
    again = take(home, db, SAMPLE, agreed=None)
    assert (again.same, again.asked) == (4, 0)
    activated = take(home, db, SAMPLE)
    assert activated.changed == 1
    assert people(db)["a@x.example"].state == "active"


def test_bad_lines_are_named_and_the_rest_goes_in(home: Settings, db: sa.Engine) -> None:
    content = (
        "email,regions,hour\n"
        "good@x.example,North West,7\n"
        "not an address,,\n"
        'odd@x.example,Nowhere,"2\n5"\n'
        "\n"
        "short@x.example\n"
        "good@x.example,Wales,8\n"
        "good@x.example,TLD,7\n"
        "also@x.example,TLL,\n"
    )
    done = take(home, db, content)
    assert [one.number for one in done.refused] == [3, 4, 7, 8, 9]
    reasons = [one.reason for one in done.refused]
    assert "not an address" in reasons[0]
    assert "regions: ‘Nowhere’" in reasons[1]
    assert "hour: ‘2 5’" in reasons[1]
    assert "has 1 cells, but the heading 3" in reasons[2]
    assert "hour: is another than line 2" in reasons[3]
    assert "asks for the same" in reasons[4]
    assert sorted(people(db)) == ["also@x.example", "good@x.example"]


def test_a_line_that_was_refused_removes_nothing(home: Settings, db: sa.Engine) -> None:
    take(home, db, "email,regions\na@x.example,TLD\na@x.example,TLE\n")
    done = take(home, db, "email,regions\na@x.example,TLD\na@x.example,TLX\n")
    assert len(done.refused) == 1
    assert len(people(db)["a@x.example"].subscriptions) == 2
    done = take(home, db, "email,regions\na@x.example,TLD\na@x.example,TLK\n")
    assert done.changed == 1
    assert [one.regions for one in people(db)["a@x.example"].subscriptions] == [("TLD",), ("TLK",)]


def test_columns_that_are_absent_leave_people_as_they_are(home: Settings, db: sa.Engine) -> None:
    take(home, db, SAMPLE)
    before = exported(db)
    done = take(home, db, "email\na@x.example\nb@x.example\n")
    assert (done.same, done.changed) == (2, 0)
    assert exported(db) == before


def test_who_has_stopped_stays_stopped(home: Settings, db: sa.Engine) -> None:
    take(home, db, "email\na@x.example\n")
    preferences.stop(db, people(db)["a@x.example"], origin="test", now=NOW)
    done = take(home, db, "email,regions\na@x.example,TLD\n", agreed="a new list")
    assert "only their own opt-in" in done.refused[0].reason
    assert people(db)["a@x.example"].state == "stopped"
    assert people(db)["a@x.example"].subscriptions[0].regions == ()
    assert queued(db) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no column email"),
        ("name,town\n", "‘name’, which is not known"),
        ("email,region\n", "did you mean regions?"),
        ("email,email\n", "two columns email"),
    ],
)
def test_a_heading_that_cannot_be_meant(
    home: Settings, db: sa.Engine, content: str, said: str
) -> None:
    with pytest.raises(UsageError, match=r"people\.csv") as caught:
        take(home, db, content)
    assert said in str(caught.value)


def test_what_spreadsheets_save(home: Settings, db: sa.Engine) -> None:
    saved = '\ufeffEmail;Art forms;Exclude\r\na@x.example;"music; visual";\'=x\r\n'.encode()
    assert take(home, db, subscriber_file.decoded(saved, "people.csv")).new == 1
    (wish,) = people(db)["a@x.example"].subscriptions
    assert wish == Subscription(id=wish.id, art_forms=("music", "visual"), exclude=("=x",))
    assert people(db)["a@x.example"].schedule == Schedule()
    with pytest.raises(UsageError, match=r"line 2.*CSV UTF-8"):
        subscriber_file.decoded(b"email\ncaf\xe9@x.example\n", "people.csv")


def test_hostile_files(home: Settings, db: sa.Engine) -> None:
    huge = "x" * 200_000
    content = f'email,label\na@x.example,{huge}\nb@x.example,ok\nc@x.example,"never closed\n{huge}'
    done = take(home, db, content)
    assert [one.number for one in done.refused] == [2, 4]
    assert sorted(people(db)) == ["b@x.example"]
    with pytest.raises(UsageError, match="64 MB"):
        subscriber_file.decoded(b"x" * (subscriber_file.LARGEST + 1), "people.csv")
