"""The digest in a real browser: on the narrowest telephone nothing runs out of the page."""

from __future__ import annotations

import html
import os
import pathlib
import re
import shutil
import subprocess
from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from digest_samples import ADDRESSES, NOW, digest, opportunity
from playwright.sync_api import sync_playwright

from crawler.digest import rendering
from crawler.digest.nearby import Near

CHROMIUM = shutil.which("chromium")
PAGE = """<!doctype html><title>wait</title>
<iframe id="mail" width="{width}" height="900" style="border:0" srcdoc="{mail}"></iframe>
<script>
const frame = document.getElementById("mail");
frame.onload = () => {{
  const root = frame.contentDocument.documentElement;
  document.title = `needs ${{root.scrollWidth}} of ${{root.clientWidth}}`;
}};
</script>"""


def browser() -> str:
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and in CI these tests never skip")
        pytest.skip("Debian's chromium is not installed")
    return CHROMIUM


@pytest.mark.parametrize("width", [320, 700])
@pytest.mark.parametrize("title", ["A mural for the underpass", "Donaudampfschiff" * 40])
def test_the_mail_fits_the_page(width: int, title: str, tmp_path: pathlib.Path) -> None:
    mail = rendering.html(digest(opportunity(title=title)), "hello@arts-tenders.example")
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(width=width, mail=html.escape(mail)), encoding="utf-8")
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--disable-background-networking", "--virtual-time-budget=2000"]
    done = subprocess.run(
        [*command, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"needs (\d+) of (\d+)", done.stdout)
    assert found, done.stdout[:500]
    assert int(found[1]) <= int(found[2])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_reading_it(scheme: Literal["light", "dark"]) -> None:
    chromium = browser()
    near = Near(named="Named in the notice: Jo", body="Hull", roles=("Arts, Hull: a@x.example",))
    soon = opportunity(1, deadline=NOW + timedelta(days=2))
    made = digest(
        soon,
        *[opportunity(number) for number in range(2, 20)],
        near=lambda _: near,
        addresses=ADDRESSES,
    )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 320, "height": 900}, color_scheme=scheme)
        page.set_content(rendering.html(made, "hello@arts-tenders.example"))
        rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
        found = Axe().run(page, options={"runOnly": rules})
        opened.close()
    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()
