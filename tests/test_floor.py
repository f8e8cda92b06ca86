"""The floor: dates, money and text as portals and people write them, and settings in words."""

from __future__ import annotations

import pathlib
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import config, dates, money, text
from crawler.errors import ConfigError, UsageError

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 99 * 365 * 86_400).map(
    lambda second: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-07-03T16:00:00Z", datetime(2026, 7, 3, 16, tzinfo=UTC)),
        ("2026-07-03T16:00:00.123+01:00", datetime(2026, 7, 3, 15, 0, 0, 123000, tzinfo=UTC)),
        (" 2026-07-03T16:00:00 ", datetime(2026, 7, 3, 15, tzinfo=UTC)),
        ("2026-01-03T16:00:00", datetime(2026, 1, 3, 16, tzinfo=UTC)),
        ("2026-07-03", datetime(2026, 7, 2, 23, tzinfo=UTC)),
        ("03/07/2026", datetime(2026, 7, 2, 23, tzinfo=UTC)),
        ("3 July 2026", datetime(2026, 7, 2, 23, tzinfo=UTC)),
        ("3 July 2026 5pm", datetime(2026, 7, 3, 16, tzinfo=UTC)),
        ("3 Awst 2026", datetime(2026, 8, 2, 23, tzinfo=UTC)),
    ],
)
def test_dates_are_read_strictly_first_then_day_first_in_london(
    written: str, meant: datetime
) -> None:
    assert dates.parse(written) == meant
    found = dates.parse(written)
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "", "midday", "1700hrs", "31 Sept 2026", "2026-02-30", "tomorrow", "24 months", "next year",
        "1 July 2026 - 3 July 2026", "2026", "0001-01-01", "9999-12-31", "1066-10-14",
        "12" * 40, "x" * 10_000,
    ],
)  # fmt: skip
def test_what_names_no_one_day_is_no_date(written: str) -> None:
    assert dates.parse(written) is None


def test_a_month_of_thirteen_is_no_date() -> None:
    assert dates.parse("07/13/2026") is None


def test_a_span_that_names_a_year_is_no_date() -> None:
    assert dates.parse("24 months from 2026") is None


@hypothesis.settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[0-3]?\d[ ./-][a-zA-Z0-9]{1,9}[ ./-]\d{2,4}.{0,9}"))
def test_any_text_is_a_date_in_utc_or_none(written: str) -> None:
    found = dates.parse(written)
    assert found is None or (found.tzinfo is UTC and 1989 <= found.year <= 2101)


@hypothesis.settings(deadline=None)
@given(MOMENTS)
def test_a_moment_written_in_iso_form_comes_back(moment: datetime) -> None:
    assert dates.parse(moment.isoformat()) == moment


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(1, 3_600))
def test_only_midnight_is_moved_and_only_to_the_end_of_its_london_day(
    day: date, second: int
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=dates.LONDON).astimezone(UTC)
    ended = dates.end_of_day(midnight)
    assert ended.astimezone(dates.LONDON).date() == day
    assert f"{ended.astimezone(dates.LONDON):%H:%M:%S}" == "23:59:59"
    other = midnight + timedelta(seconds=second)
    assert dates.end_of_day(other) == other


@pytest.mark.parametrize(
    ("words", "back"),
    [
        ("7d", timedelta(days=7)),
        ("36h", timedelta(hours=36)),
        ("2w", timedelta(weeks=2)),
        (" 7 D ", timedelta(days=7)),
        ("0d", timedelta()),
    ],
)
def test_since_counts_back_from_now(words: str, back: timedelta) -> None:
    assert dates.since(words, NOON) == NOON - back


def test_since_takes_a_day_as_london_begins_it() -> None:
    assert dates.since("2026-03-30", NOON) == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert dates.since("2026-03-28", NOON) == datetime(2026, 3, 28, tzinfo=UTC)
    assert dates.since("2026-03-31", NOON) == datetime(2026, 3, 30, 23, tzinfo=UTC)


def test_since_takes_the_moments_that_we_write_ourselves() -> None:
    assert dates.since("2026-03-30T10:00:00Z", NOON) == datetime(2026, 3, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("words", ["2026-04-01", "2026-03-31T14:00:00+00:00", "9999-12-31"])
def test_since_in_the_future_is_refused_with_the_hour_it_is(words: str) -> None:
    with pytest.raises(UsageError, match=r"future \(now is 2026-03-31 13:00\)"):
        dates.since(words, NOON)


@pytest.mark.parametrize("words", ["", "-7d", "7", "d", "7m", "yesterday", "31/03/2026", "1.5d"])
def test_since_that_is_neither_span_nor_date_says_what_to_write(words: str) -> None:
    with pytest.raises(UsageError, match="write 7d, 36h, 2w or 2026-03-31"):
        dates.since(words, NOON)


@hypothesis.settings(deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"\d{1,5} ?[dhwm]"))
def test_since_gives_the_past_or_a_usage_error(words: str) -> None:
    try:
        found = dates.since(words, NOON)
    except UsageError:
        return
    assert found <= NOON


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (date(2026, 7, 3), "3 July 2026"),
        (datetime(2026, 7, 3, 11, tzinfo=UTC), "3 July 2026, 12 noon"),
        (datetime(2026, 7, 3, 16, 30, tzinfo=UTC), "3 July 2026, 5:30pm"),
        (datetime(2026, 1, 3, 9, tzinfo=UTC), "3 January 2026, 9am"),
        (datetime(2026, 7, 3, 22, 59, 59, tzinfo=UTC), "3 July 2026"),
        (datetime(2026, 7, 2, 23, tzinfo=UTC), "3 July 2026"),
        (datetime(2026, 1, 3, 12, 15, tzinfo=UTC), "3 January 2026, 12:15pm"),
        (datetime(2026, 1, 3, 0, 15, tzinfo=UTC), "3 January 2026, 12:15am"),
    ],
)
def test_moments_are_spelt_as_londoners_say_them(moment: date, words: str) -> None:
    assert dates.spell(moment) == words


def test_days_left_are_counted_by_london_days() -> None:
    late = datetime(2026, 7, 2, 22, 30, tzinfo=UTC)  # half past eleven at night
    assert dates.days_left(datetime(2026, 7, 2, 23, 30, tzinfo=UTC), late) == 1
    assert dates.days_left(datetime(2026, 7, 2, 22, 59, tzinfo=UTC), late) == 0
    assert dates.days_left(late - timedelta(days=2), late) == -2


@pytest.mark.parametrize("number", [None, 0, 1, 1.004, -3, 1e13, 7.9e28, 10**40, float("inf")])
def test_placeholders_are_no_amount(number: float | None) -> None:
    assert money.amount(number) is None


@pytest.mark.parametrize(
    ("number", "amount"),
    [(1.01, "1.01"), (2, "2"), (0.1 + 0.2 + 9, "9.3"), (25000.005, "25000"), (1e12, "1e12")],
)
def test_amounts_are_whole_pence(number: float, amount: str) -> None:
    assert money.amount(number) == Decimal(amount)


@given(st.integers() | st.floats(allow_nan=False))
def test_any_number_is_an_amount_or_none(number: float) -> None:
    found = money.amount(number)
    assert found is None or (1 < found <= 10**12 and found == found.quantize(Decimal("0.01")))


@pytest.mark.parametrize(
    ("low", "high", "currency", "words"),
    [
        (None, None, "GBP", "value not stated"),
        ("25000", "25000", "GBP", "£25,000"),
        ("25000.49", "25000.49", None, "£25,000"),
        (None, "5000", "GBP", "up to £5,000"),
        ("5000", None, "EUR", "from €5,000"),
        ("40000", "1200000", "GBP", "£40,000 to £1.2 million"),
        ("2500000000", "2500000000", "GBP", "£2.5 billion"),
        ("5000", "5000", "SEK", "SEK 5,000"),
    ],
)
def test_values_are_spelt_as_people_say_them(
    low: str | None, high: str | None, currency: str | None, words: str
) -> None:
    of = [Decimal(number) if number else None for number in (low, high)]
    assert money.spell(of[0], of[1], currency) == words


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ""),
        ("  a \t b  ", "a b"),
        ("Children&amp;apos;s &amp; young people", "Children's & young people"),
        ("up to Â£5,000", "up to £5,000"),
        ("the artistâ€™s brief", "the artist’s brief"),
        ("Ynys MÃ´n", "Ynys Môn"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("<p>one</p><p>two <b>words</b></p>", "one\n two words"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("nul\x00l and bell\x07", "null and bell"),
        ("evil\u202etxt.exe \ufeffend\u200b", "eviltxt.exe end"),
        ("Gŵyl yr ŵyn", "Gŵyl yr ŵyn"),
        ("non\u00a0breaking", "non breaking"),
    ],
)
def test_text_is_cleaned_to_what_a_person_would_have_typed(written: str, meant: str) -> None:
    assert text.clean(written).replace("\n ", "\n") == meant.replace("\n ", "\n")


@given(st.text(max_size=60) | st.text("<>&;#xamp\r\n\t Ââ€™£\x00\u202e /p", max_size=60))
def test_cleaned_text_has_no_marks_and_no_loose_blanks(written: str) -> None:
    found = text.clean(written)
    assert found == found.strip()
    assert "\r" not in found
    assert "  " not in found
    assert "\n\n\n" not in found
    assert not any(
        unicodedata.category(letter) == "Cc" and letter != "\n" and ord(letter) < 128
        for letter in found
    )


@given(st.text(max_size=60))
def test_keys_are_plain_words_and_stay_as_they_are(written: str) -> None:
    found = text.key(written)
    assert found.isascii()
    assert text.key(found) == found
    assert all(word.isalnum() and word == word.lower() for word in found.split(" ") if word)


def test_equal_names_share_a_key_and_lots_and_years_do_not() -> None:
    assert text.key("Arts & Culture – Môn") == text.key("ARTS and culture: Mon")
    assert text.key("Choir, Lot 1") != text.key("Choir, Lot 2")
    assert text.key("Festival 2026") != text.key("Festival 2027")


@given(st.text(max_size=200), st.integers(min_value=20, max_value=60))
def test_one_line_is_one_line_and_short_enough(written: str, width: int) -> None:
    found = text.one_line(written, width)
    assert len(found) <= width
    assert len(found.splitlines()) <= 1


@pytest.fixture
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A home folder, and an environment that names nothing else."""
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"TENDERS_{name.upper()}", raising=False)
    monkeypatch.setenv("TENDERS_HOME", str(tmp_path))
    return tmp_path


def test_without_settings_everything_lies_in_var_of_the_home(home: pathlib.Path) -> None:
    settings = config.load()
    assert settings.database == f"sqlite:///{home / 'var' / 'tenders.sqlite'}"
    assert settings.outbox == home / "var" / "outbox"
    assert settings.timezone == "Europe/London"
    assert settings.keep_raw_months == 24
    assert not settings.var.exists(), "reading settings writes nothing"


def test_the_environment_beats_the_file(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tenders.toml").write_text('contact = "a@file.example"\nsender = "s@file.example"\n')
    monkeypatch.setenv("TENDERS_CONTACT", "a@environment.example")
    settings = config.load()
    assert (settings.contact, settings.sender) == ("a@environment.example", "s@file.example")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('colour = "red"', "TENDERS_COLOUR"),
        ('timezone = "Europe/Lundun"', "no time zone; write one such as Europe/London"),
        ("keep_raw_months = 0", "TENDERS_KEEP_RAW_MONTHS"),
        ('keep_raw_months = "two"', "TENDERS_KEEP_RAW_MONTHS"),
        ("contact = ", "tenders.toml is not valid TOML"),
    ],
)
def test_a_wrong_line_in_the_file_is_named(home: pathlib.Path, line: str, words: str) -> None:
    (home / "tenders.toml").write_text(line)
    with pytest.raises(ConfigError, match=words) as caught:
        config.load()
    assert "Correct" in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(home: pathlib.Path) -> None:
    (home / "tenders.toml").write_bytes(b'contact = "caf\xe9@a.example"')
    with pytest.raises(ConfigError, match=r"tenders\.toml"):
        config.load()


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd", "", "/etc/localtime"])
def test_a_wrong_zone_in_the_environment_is_named(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TENDERS_TIMEZONE", zone)
    with pytest.raises(ConfigError, match="TENDERS_TIMEZONE"):
        config.load()
