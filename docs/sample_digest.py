"""Makes `docs/sample-digest.eml` and its pictures: runs the demo, keeps a mail, photographs it.

    python docs/sample_digest.py

Needs Debian's chromium. The mail is the first one that the demo writes for Tidewater Arts.
"""

from __future__ import annotations

import email
import email.policy
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PICTURES = {
    "digest-phone.png": ("500,1500", ()),
    "digest-desktop.png": ("720,1300", ()),
    "digest-dark.png": ("500,1500", ("--blink-settings=preferredColorScheme=0",)),
}


def photograph(
    page: pathlib.Path, target: pathlib.Path, size: str, options: tuple[str, ...]
) -> None:
    """A picture of a page's top in headless Chromium."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--disable-background-networking", f"--window-size={size}", *options]
    subprocess.run(
        [*command, f"--screenshot={target}", page.as_uri()], check=True, stderr=subprocess.DEVNULL
    )


def main() -> None:
    """Writes the mail and the pictures beside this script."""
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        subprocess.run(
            [sys.executable, "-m", "crawler.cli", "demo", "--no-serve"],
            env=os.environ | {"TENDERS_HOME": name},
            check=True,
        )
        mail = min((home / "var/outbox").glob("*tidewater*.eml"))
        shutil.copy(mail, HERE / "sample-digest.eml")
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        body = message.get_body(("html",))
        assert body is not None
        page = home / "digest.html"
        page.write_text(body.get_content(), encoding="utf-8")
        for target, (size, options) in PICTURES.items():
            photograph(page, HERE / target, size, options)


if __name__ == "__main__":
    main()
