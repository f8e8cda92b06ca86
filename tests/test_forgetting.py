"""People who asked to be forgotten: out of everything stored, and kept out."""

from __future__ import annotations

import json
import sys
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from crawling import environment, run
from release_samples import CF, FTS, NOW, amended, batch, dump, raw, read, release

from crawler.decoding import content_hash
from crawler.jobs import export, forgetting
from crawler.jobs.directory import Newest
from crawler.jobs.reprocess import reprocess
from crawler.pages import Contact
from crawler.redaction import cleared, without
from crawler.redaction import release as redacted_release
from crawler.relevance import in_force
from crawler.store import (
    contacts,
    database,
    forgotten,
    opportunities,
    organisations,
    releases,
    search,
    suppliers,
    tables,
)
from crawler.store.forgetting import SPARED, SWEPT
from crawler.store.organisations import Organisation
from pipelines.forgetting import redacted

KEY = b"k" * 32
JANE = "jane.example@saltmarsh.example"
TENDERS = [sys.executable, "-m", "crawler.cli"]


def gone(address: str) -> bool:
    return address == JANE


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to jane.example@saltmarsh.example.", "Write to …."),
        ("JANE.Example@Saltmarsh.Example", "…"),
        ("mailto:jane.example@saltmarsh.example?subject=x", "mailto:…?subject=x"),
        ("jane.example [at] saltmarsh [dot] example now", "… now"),
        ("jane.example(at)saltmarsh.example", "…"),
        ("jane.example&#64;saltmarsh.example &amp; more", "… & more"),
        ("jane.example&amp;#64;saltmarsh.example", "…"),
        ("jane.example@salt\u200bmarsh.example", "…"),
        ("https://x.example/?to=jane.example%40saltmarsh.example", "https://x.example/?to=…"),
        ("jane.example@saltmarsh.exampleTelephone 01", "…Telephone 01"),
        ("jane.example@saltmarsh.example.Please ask", "….Please ask"),
        ("'jane.example@saltmarsh.example'", "'…'"),
        ("Email-jane.example@saltmarsh.example-Tel", "Email-…-Tel"),
        ("a@x.example;jane.example@saltmarsh.example;b@x.example", "a@x.example;…;b@x.example"),
        ("mary.jane.example@saltmarsh.examples", None),
        ("notjane.example@saltmarsh.example", None),
        ("jane.example@saltmarsh.example.org is another", None),
        ("other@saltmarsh.example &amp; no one", None),
        ("jane.example at saltmarsh.example", None),
        ("", None),
    ],
)
def test_an_address_is_known_however_it_is_written(text: str, left: str | None) -> None:
    assert without(text, gone) == (text if left is None else left)


def test_long_texts_cost_no_more_than_their_length() -> None:
    hostile = "a" * 300_000 + "@" + "b" * 300_000 + "@" * 1000 + "a.b" * 50_000 + "@x" * 1000
    assert without(hostile, gone) == hostile


def test_a_contact_point_loses_the_person() -> None:
    point = {"name": "Jane Example", "email": JANE.upper(), "telephone": "01", "faxNumber": "02"}
    found = cleared({"name": "Council", "contactPoint": point | {"availableLanguage": "en"}}, gone)
    assert found == {"name": "Council", "contactPoint": {"availableLanguage": "en"}}
    shared = cleared({"contactPoint": point | {"email": f"{JANE}; desk@x.example"}}, gone)
    assert shared == {"contactPoint": {"email": "desk@x.example"}}
    other = {"contactPoint": {"name": "Desk", "email": "desk@x.example", "telephone": "01"}}
    assert cleared(other, gone) is other


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "jane.example\\u0040saltmarsh.example", "n": 1e9999, "m": 7.9e28}',
        b'{"a": "jane.example@saltmarsh.example", "n": ' + b"9" * 5000 + b"}",
        b'not JSON: jane.example@saltmarsh.example {"',
        b"[" * 100_000 + b"jane.example@saltmarsh.example",
        b'{"a": "\xff\xfe jane.example@saltmarsh.example", "b": "\\ud800"}',
    ],
)
def test_releases_of_any_kind_are_redacted(data: bytes) -> None:
    left = redacted_release(data, gone)
    assert b"saltmarsh.example" not in left.lower()
    assert redacted_release(left, gone) == left


def tells(number: int = 1, **more: Any) -> dict[str, Any]:
    """A release in which Jane stands in every place where a release can name somebody."""
    said = f"Ask {JANE} about the harbour light festival, or Jane.Example@SALTMARSH.example."
    party = release()["parties"][0] | {
        "contactPoint": {"name": "Jane Example", "email": JANE, "telephone": "01482 999 999"}
    }
    lots = [{"id": "1", "title": f"Lot of {JANE}", "description": said}]
    base = release(number, parties=[party], **more)
    return amended(base, title=f"Festival ({JANE})", description=said, lots=lots)


def take(engine: sa.Engine, *found: dict[str, Any], source: str = FTS) -> releases.Counts:
    """Keeps releases as a crawl does."""
    with database.writing(engine) as connection:
        ready = batch(source, *found)
        listed = forgotten.listed(connection, KEY)
        return releases.keep(connection, redacted(ready, listed, read) if listed else ready, read)


def everything(engine: sa.Engine) -> str:
    """All that is stored, raw releases unpacked, in lower case."""
    with engine.connect() as connection:
        raws = connection.execute(sa.select(tables.releases.c.raw)).scalars().all()
    unpacked = [zlib.decompress(one).decode() for one in raws if one is not None]
    return (json.dumps(dump(engine)) + "".join(unpacked)).lower()


def exported(engine: sa.Engine) -> str:
    forms = ("jsonl", "csv", "ocds")
    return "".join("".join(export.lines(engine, form, None, NOW)) for form in forms).lower()


def people(text: str) -> list[str]:
    return [word for word in ("jane", "999 999") if word in text]


@pytest.fixture
def told(engine: sa.Engine) -> sa.Engine:
    take(engine, tells())
    take(engine, tells(2, id="other", date="2026-03-08T09:00:00Z", tag=["tenderUpdate"]))
    later = tells(1, id="000009-2026", date="2026-03-09T09:00:00Z", tag=["tenderUpdate"])
    take(engine, amended(later, title=f"Festival of {JANE}", description=f"Now {JANE} only."))
    with database.writing(engine) as connection:
        officer = Contact(role="Arts", basis="label", page="https://x.example", email=JANE)
        desk = Contact(
            role="Desk",
            basis="label",
            page="https://x.example",
            email="desk@x.example",
            headings=(f"Not {JANE}",),
            sentence=f"Or {JANE.upper()}",
        )
        contacts.keep(connection, "E06000010", "https://x.example", [officer, desk], NOW, KEY)
        run_row = {"source": FTS, "started": NOW, "first_errors": [f"bad: {JANE}"]}
        connection.execute(sa.insert(tables.runs).values(run_row))
        page = {"source": "councils", "authority": "E06000010", "read_at": NOW, "links": []}
        urls = (f"https://x.example/?to={JANE}", "https://x.example/a")
        connection.execute(sa.insert(tables.site_pages), [page | {"url": url} for url in urls])
    return engine


def test_everything_stored_and_exported_is_redacted(told: sa.Engine, tmp_path: Path) -> None:
    assert people(everything(told)) == ["jane", "999 999"]
    assert people(exported(told)) == ["jane", "999 999"]
    hashes = dump_hashes(told)
    ledger = tmp_path / "var/forgotten"
    done = forgetting.forget(told, KEY, f" {JANE.upper()} ", NOW, ledger)
    assert (done.contacts, done.releases) == (1, 3)
    assert people(everything(told)) == []
    assert people(exported(told)) == []
    assert dump_hashes(told) == hashes
    assert JANE not in ledger.read_text()
    with told.connect() as connection:
        for word in ("jane", "Jane Example", "jane.example@saltmarsh.example"):
            found = search.matching(connection, word)
            assert list(opportunities.iterate(connection, found)) == []
        harbour = search.matching(connection, "harbour")
        assert len(list(opportunities.iterate(connection, harbour))) == 1


def dump_hashes(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(tables.releases.c.content_hash)).scalars())


def test_history_and_ids_stay(told: sa.Engine, tmp_path: Path) -> None:
    with told.connect() as connection:
        before = {one.id: one for _, one in opportunities.iterate(connection)}
    forgetting.forget(told, KEY, JANE, NOW, tmp_path / "forgotten")
    with told.connect() as connection:
        after = {one.id: one for _, one in opportunities.iterate(connection)}
    assert after.keys() == before.keys()
    for key, one in after.items():
        assert (one.deadline, one.version, one.status) == (
            before[key].deadline,
            before[key].version,
            before[key].status,
        )
        assert [change.field for change in one.changes] == [
            change.field for change in before[key].changes
        ]
        assert one.buyer is not None
        assert one.buyer.name == "Saltmarsh Borough Council"
        assert (one.buyer.contact_name, one.buyer.contact_email) == (None, None)


def test_the_same_window_is_same_and_new_releases_come_redacted(
    told: sa.Engine, tmp_path: Path
) -> None:
    forgetting.forget(told, KEY, JANE, NOW, tmp_path / "forgotten")
    before = dump(told)
    assert take(told, tells()) == releases.Counts(same=1)
    assert dump(told) == before
    fresh = tells(5, date="2026-03-20T09:00:00Z")
    assert take(told, fresh).new == 1
    assert people(everything(told)) == []
    with told.connect() as connection:
        assert releases.known(connection, FTS, [content_hash(raw(fresh))])
    assert take(told, fresh) == releases.Counts(same=1)
    reprocess(told, in_force(tmp_path), NOW)
    assert people(everything(told)) == []


def test_releases_without_an_id_keep_their_place(engine: sa.Engine, tmp_path: Path) -> None:
    nameless = {name: part for name, part in tells(3).items() if name != "id"}
    take(engine, nameless)
    forgetting.forget(engine, KEY, JANE, NOW, tmp_path / "forgotten")
    first = dump(engine)
    reprocess(engine, in_force(tmp_path), NOW)
    assert take(engine, nameless) == releases.Counts(same=1)
    assert dump(engine)["processes"] == first["processes"]
    assert len(dump(engine)["releases"]) == 1


def test_what_was_pruned_is_redacted_where_it_is_still_known(
    told: sa.Engine, tmp_path: Path
) -> None:
    with database.writing(told) as connection:
        assert releases.prune(connection, NOW + timedelta(days=400)) == 3
    forgetting.forget(told, KEY, JANE, NOW, tmp_path / "forgotten")
    assert people(exported(told)) == []
    assert JANE not in everything(told)


def test_after_a_restore_the_list_is_applied_again(told: sa.Engine, tmp_path: Path) -> None:
    ledger = tmp_path / "forgotten"
    forgetting.forget(told, KEY, JANE, NOW, ledger)
    once = dump(told)
    assert forgetting.again(told, KEY, NOW, ledger) == forgetting.Outcome()
    assert dump(told) == once
    with database.writing(told) as connection:  # an old backup knows neither wish nor redaction
        connection.execute(sa.delete(tables.forgotten))
    take(told, tells(8))
    assert people(everything(told)) == ["jane", "999 999"]
    assert forgetting.again(told, KEY, NOW, ledger).releases == 1
    assert people(everything(told)) == []
    ledger.write_text("cut off\n" + ledger.read_text()[:30])
    assert forgetting.again(told, KEY, NOW, ledger) == forgetting.Outcome()
    assert len(ledger.read_text().splitlines()) == 1


def test_every_table_is_swept_or_named_as_harmless() -> None:
    assert set(SWEPT) | set(SPARED) == set(tables.metadata.tables), (
        "a new table: put it into SWEPT in crawler/store/forgetting.py if words of notices or"
        " pages stand in it, else into SPARED"
    )
    assert not set(SWEPT) & set(SPARED)


def test_others_stay_as_they_are(told: sa.Engine, tmp_path: Path) -> None:
    take(told, release(9) | {"ocid": "ocds-y-1"}, source=CF)
    before = dump(told)
    done = forgetting.forget(told, KEY, "nobody@saltmarsh.example", NOW, tmp_path / "forgotten")
    assert done == forgetting.Outcome()
    after = dump(told)
    assert {name for name in after if after[name] != before[name]} == {"forgotten"}


def test_the_commands(told: sa.Engine, database_url: str, tmp_path: Path) -> None:
    env = environment(tmp_path, database_url)
    done = run([*TENDERS, "contacts", "forget", JANE], env)
    assert done.returncode == 0, done.stderr
    assert "3 raw releases" in done.stdout
    assert (tmp_path / "var/forgotten").exists()
    assert people(everything(told)) == []
    again = run([*TENDERS, "db", "forget"], env)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("0 contacts deleted, 0 raw releases")


def test_what_is_kept_in_memory_forgets_as_well(engine: sa.Engine, tmp_path: Path) -> None:
    take(engine, release(1, tender={"id": "1", "title": f"Festival ({JANE})"}))
    newest = Newest()

    def titles() -> list[str]:
        with engine.connect() as connection:
            known = newest.of(connection).winners(-1, (), 9)
        return [past.title for one in known for past in one.candidate.won]

    with database.writing(engine) as connection:
        organisations.add(connection, [Organisation(key="k" * 12, name="Kite", name_key="kite")])
        (pk,) = connection.execute(sa.select(tables.opportunities.c.id)).scalars()
        (winner,) = organisations.ids_of(connection, ["k" * 12]).values()
        suppliers.replace(connection, {(winner, pk)})
        everything = tables.listings.update().values(card=2**40 - 1)
        connection.execute(everything)
    assert titles() == [f"Festival ({JANE})"]
    forgetting.forget(engine, KEY, JANE, NOW, tmp_path / "forgotten")
    assert titles() == ["Festival (…)"]
