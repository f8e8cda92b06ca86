"""What axe-core finds on a page that is open in a browser, in light and in dark."""

from __future__ import annotations

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What is in somebody's way: all rules in light, contrast in dark, with the first places.

    The page is left in light.
    """
    page.emulate_media(color_scheme="light")
    page.evaluate(AXE_SCRIPT)
    found = _run(page, {})
    page.emulate_media(color_scheme="dark")
    found += _run(page, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="light")
    return found


def _run(page: Page, options: dict[str, object]) -> list[tuple[str, list[str]]]:
    """Only what is wrong leaves the browser: the rest is megabytes, and cost half of the time."""
    done = page.evaluate(
        f"axe.run({json.dumps(options)}).then(found => ["
        " found.passes.length,"
        " found.violations.map(one => ["
        "  one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])])"
    )
    passes, wrong = done
    assert passes, "axe-core looked at nothing"
    return [(rule, places) for rule, places in wrong]
