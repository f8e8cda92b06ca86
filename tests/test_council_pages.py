"""Councils' sites, real and bad: what is read, what is refused, and that a visit goes on."""

from __future__ import annotations

import pathlib
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from council_site import Answer, contacts_of, crawl_sites, links, page, serving
from crawling import environment, run

from crawler.contacts import choosing
from crawler.jobs import keeping
from crawler.store import database

GLOUCESTER, HULL = "E07000081", "E06000010"
ARTS = "<h2>Arts team</h2><p>arts@exampleshire.gov.uk</p>"
ROLES = {
    "city.events@gloucester.gov.uk": "City Events team",
    "licensing@gloucester.gov.uk": "Licensing team",
    "democratic.services@gloucester.gov.uk": "Democratic Services",
    "recruitment@gloucester.gov.uk": "Recruitment team",
    "revenues@gloucester.gov.uk": "Revenues team",
    "benefits@gloucester.gov.uk": "Benefits",
    "environment@gloucester.gov.uk": "Environment",
    "heretohelp@gloucester.gov.uk": "General enquiries",
    "dpo@gloucester.gov.uk": "Data Protection Officer",
    "dataprotection@gloucester.gov.uk": "Data Protection Officer",
    "data.protection@gloucester.gov.uk": "Data Protection Team",
}


def test_a_real_site_is_read_rightly_and_twice_the_same(
    shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    command = [sys.executable, str(shared / "council-pages/serve.py"), "gloucester", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        mirror = {GLOUCESTER: server.stdout.readline().strip()}
        first, _ = crawl_sites(tmp_path, mirror)
        found = contacts_of(tmp_path)
        second, _ = crawl_sites(tmp_path, mirror)
        again = contacts_of(tmp_path, "--authority", GLOUCESTER)
        server.kill()
    assert first["verdict"] == second["verdict"] == "ok"
    assert first["requests"] <= 60
    assert {one["email"]: one["role"] for one in found if one["email"]} == ROLES
    numbers = {one["phone"] for one in found} - {None}
    assert numbers == {"+441452396396", "+441452396567", "+441452596626"}
    by_email = {one["email"]: one for one in found}
    assert by_email["democratic.services@gloucester.gov.uk"]["phone"] == "+441452396567"
    assert by_email["city.events@gloucester.gov.uk"]["outcomes"] == ["place_economy"]
    assert not any(one["name"] for one in found)
    assert not any("_send" in address for one in found for address in one["pages"])
    assert (second["new"], second["changed"]) == (0, 0)
    assert again == found


def test_whatever_a_site_answers_the_rest_is_read(tmp_path: pathlib.Path) -> None:
    bad = {
        "/": page(
            "Exampleshire",
            links(
                "/arts", "/contact", "/events", "/museums", "/grants", "/login", "/whats-on/1",
                "/adult-social-care", "/tenders.pdf", "/libraries", "/heritage",
            ),
        ),
        "/arts": page("Arts", "<h2>Café team</h2><p>arts@exampleshire.gov.uk</p>", "iso-8859-1"),
        "/contact": Answer(status=302, location="http://elsewhere.example/contact"),
        "/events": Answer(status=301, location="http://10.0.0.1/admin"),
        "/museums": Answer(body=b"<p>museum</p>" * 100_000, times=45),
        "/grants": Answer(body=b"%PDF-1.7", kind="application/pdf"),
        "/adult-social-care": page("Sign in", '<form><input type="password"></form>'),
        "/libraries": Answer(status=302, location="/libraries"),
        "/heritage": Answer(body=b"\xff\xfe\x00<p>\x00", kind="text/html; charset=utf-16"),
    }  # fmt: skip
    for day in range(1, 300):
        bad[f"/whats-on/{day}"] = page(
            "Events", links(f"/whats-on/{day + 1}", f"/whats-on/{day + 2}")
        )
    with serving(bad) as site:
        summary, log = crawl_sites(tmp_path, {GLOUCESTER: site.url})
    assert summary["verdict"] == "ok", log
    assert [(one["role"], one["email"]) for one in contacts_of(tmp_path)] == [
        ("Café team", "arts@exampleshire.gov.uk")
    ]
    for words in (
        "redirect to another domain (elsewhere.example)",
        "redirect to a private address (10.0.0.1)",
        "larger than 2 MB",
        "a document (pdf), no web page",
        "no web page but application/pdf",
        "a login page",
        "redirects without end",
        "a calendar or list without end",
    ):
        assert words in log
    assert sum(path.startswith("/whats-on") for path in site.log) <= 6
    assert "/login" not in site.log
    assert len(site.log) <= 60


def test_a_site_that_is_down_is_named_and_the_others_are_read(tmp_path: pathlib.Path) -> None:
    with socket.socket() as closed, serving({"/": page("Arts", ARTS)}) as site:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        summary, log = crawl_sites(tmp_path, {GLOUCESTER: nobody, HULL: site.url})
    assert summary["verdict"] == "partial"
    assert "1 of 2 councils could not be read" in log
    assert "Gloucester City Council" in log
    assert [one["authority"] for one in contacts_of(tmp_path)] == [HULL]


def test_a_home_page_on_another_domain_is_refused(tmp_path: pathlib.Path) -> None:
    pages = {"*": Answer(status=302, location="http://127.0.0.1:9/")}
    with serving(pages) as site:
        summary, log = crawl_sites(tmp_path, {GLOUCESTER: site.url})
    assert summary["verdict"] == "failed"
    assert "redirect to a private address" in log


def test_dropped_contacts_go_stale_then_go(tmp_path: pathlib.Path) -> None:
    both = ARTS + "<h2>Festivals team</h2><p>festivals@exampleshire.gov.uk</p>"
    with serving({"/": page("Culture", both)}) as site:
        crawl_sites(tmp_path, {GLOUCESTER: site.url})
        site.pages["/"] = page("Culture", ARTS)
        summary, _ = crawl_sites(tmp_path, {GLOUCESTER: site.url})
        assert (summary["new"], summary["changed"], summary["same"]) == (0, 1, 1)
    stale = {one["email"]: one["stale"] for one in contacts_of(tmp_path)}
    assert stale == {"arts@exampleshire.gov.uk": False, "festivals@exampleshire.gov.uk": True}
    engine = database.engine(f"sqlite:///{tmp_path / 'var/tenders.sqlite'}")
    now = datetime.now(UTC)
    assert keeping.prune_contacts(engine, 6, now + timedelta(days=150)) == 0
    assert keeping.prune_contacts(engine, 6, now + timedelta(days=190)) == 2
    engine.dispose()


def test_who_asked_to_be_forgotten_stays_forgotten(tmp_path: pathlib.Path) -> None:
    body = (
        "<p>Arts Officer: Jane Example, jane.example@exampleshire.gov.uk</p>"
        "<h2>Arts team</h2><p>Write to arts@exampleshire.gov.uk, not to"
        " jane.example@exampleshire.gov.uk, please.</p>"
    )
    with serving({"/": page("Culture", body)}) as site:
        crawl_sites(tmp_path, {GLOUCESTER: site.url})
        assert "Jane Example" in str(contacts_of(tmp_path))
        forget = [sys.executable, "-m", "crawler.cli", "contacts", "forget"]
        done = run([*forget, "Jane.Example@exampleshire.gov.uk"], environment(tmp_path))
        assert done.returncode == 0, done.stderr
        after = contacts_of(tmp_path)
        crawl_sites(tmp_path, {GLOUCESTER: site.url})
        later = contacts_of(tmp_path)
        assert run([*forget, "nobody"], environment(tmp_path)).returncode == 1
    for known in (after, later):
        assert "arts@exampleshire.gov.uk" in str(known)
        assert "jane" not in str(known).lower()


def test_a_visit_that_was_killed_goes_on(tmp_path: pathlib.Path) -> None:
    names = [f"/arts/{name}" for name in "abcdefghijklmnop"]
    pages = {"/": page("Home", links(*names))}
    pages |= {name: page(f"Arts {name}", ARTS) for name in names}
    with serving(pages) as site:
        command = [
            *(sys.executable, "-m", "crawler.cli", "crawl", "councils", "--only", GLOUCESTER),
            *("--base-url", f"councils={site.url}", "--pace", "councils=8/1"),
        ]
        process = subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while len(site.log) < 12 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)
        before = len(site.log)
        summary, log = crawl_sites(tmp_path, {GLOUCESTER: site.url})
    assert summary["verdict"] == "ok", log
    read_before = {path for path in site.log[: before - 2] if path.startswith("/arts/")}
    read_after = {path for path in site.log[before:] if path.startswith("/arts/")}
    assert read_before
    assert not read_before & read_after
    assert {path for path in site.log if path.startswith("/arts/")} == set(names)


def test_unknown_authorities_are_named(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "crawler.cli", "crawl", "councils", "--only", "E99999999"]
    done = run(command, environment(tmp_path))
    assert done.returncode == 1
    assert "there is no authority 'E99999999'" in done.stderr


@pytest.mark.parametrize(
    ("url", "words", "worth"),
    [
        ("https://x.gov.uk/arts-and-culture", "", True),
        ("https://x.gov.uk/info/20/business/77/x", "Tenders and contracts", True),
        ("https://x.gov.uk/a", "Contact us", True),
        ("https://x.gov.uk/events/2026/11/24", "Events", False),
        ("https://x.gov.uk/events?month=11", "Events", False),
        ("https://x.gov.uk/arts/strategy.pdf", "Arts strategy", False),
        ("https://x.gov.uk/login?next=/arts", "Arts", False),
        ("https://x.gov.uk/potholes", "Report a pothole", False),
        ("https://x.gov.uk/news/arts/2024/a/b/c", "Arts news", False),
    ],
)
def test_which_pages_matter(url: str, words: str, worth: bool) -> None:
    assert (choosing.score(url, words) >= choosing.WORTH_READING) is worth
