"""The digest in a real browser: on the narrowest telephone nothing runs out of the page."""

from __future__ import annotations

import html
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from digest_samples import digest, opportunity

from crawler.digest import rendering

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
