"""Makes the pictures of the web app in README: runs the demo, serves it, photographs its pages.

    python docs/screenshots.py

Needs Debian's chromium. The pages show the demo's notices, which we wrote.
"""

from __future__ import annotations

import email
import email.policy
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import Browser, BrowserContext, sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
REVIEWER = "reviewer@demo.example"
"""Whom the demo lets sign in."""

WIDE, NARROW = {"width": 1100, "height": 820}, {"width": 390, "height": 780}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, seconds: float = 60) -> str:
    """The page at `address`, once the server answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def photograph(
    browser: Browser, address: str, name: str, size: dict[str, int], scheme: str = "light"
) -> None:
    """One picture, written beside this script."""
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.goto(address)
    page.screenshot(path=HERE / name)
    page.close()


def photograph_desk(browser: Browser, base: str, home: pathlib.Path) -> None:
    """What a reviewer sees."""
    context = signed_in(browser, base, home, REVIEWER)
    page = context.new_page()
    page.goto(f"{base}/review")
    page.screenshot(path=HERE / "web-review.png")
    context.close()


def signed_in(browser: Browser, base: str, home: pathlib.Path, address: str) -> BrowserContext:
    """A browser in which `address` has signed in by the link in the newest mail of the outbox."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.get_by_label("Your email address").fill(address)
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Check your email").wait_for()
    end = time.monotonic() + 60
    while not (link := newest_link(home, f"{base}/sign-in/")):
        assert time.monotonic() < end, "no mail to sign in came"
        time.sleep(0.5)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.close()
    return context


def newest_link(home: pathlib.Path, start: str) -> str | None:
    """The address that begins with `start` in the newest mail that holds one."""
    mails = sorted(home.glob("var/outbox/*.eml"), key=lambda one: one.stat().st_mtime)
    for mail in reversed(mails):
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))
        found = re.search(rf"{re.escape(start)}\S+", body.get_content()) if body else None
        if found:
            return found[0]
    return None


def main() -> None:
    """Runs the demo in a folder of its own and takes the pictures."""
    with tempfile.TemporaryDirectory() as home:
        base = f"http://127.0.0.1:{free_port()}"
        environment = os.environ | {
            "TENDERS_BASE_URL": base,
            "TENDERS_HOME": home,
            "TENDERS_DATABASE_URL": f"sqlite:///{home}/var/demo.sqlite",
        }
        tenders = [sys.executable, "-m", "crawler.cli"]
        subprocess.run([*tenders, "demo", "--no-serve"], env=environment, check=True)
        server = subprocess.Popen(
            [*tenders, "serve", "--port", base.rsplit(":", 1)[1]], env=environment
        )
        try:
            listing = wait_for(f"{base}/opportunities?q=lantern&status=open&status=closed")
            first = re.search(r'href="(/opportunities/[a-z0-9]{12})"', listing)
            assert first is not None, "the demo has no lantern parade"
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox"]
                )
                photograph(browser, f"{base}/", "web-home.png", WIDE)
                photograph(browser, f"{base}/opportunities", "web-opportunities-phone.png", NARROW)
                photograph(browser, f"{base}/coming", "web-coming.png", WIDE)
                photograph(browser, base + first[1], "web-opportunity.png", WIDE)
                photograph(browser, base + first[1], "web-opportunity-dark.png", NARROW, "dark")
                photograph_desk(browser, base, pathlib.Path(home))
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
