"""DKIM: what is signed verifies, covers both unsubscribe headers, and cannot be added to."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from digest_samples import LETTERHEAD, NOW, digest, opportunity, subscriber
from mail_server import Difficult, serving
from outbox_samples import Clock, post, row, terms

from crawler.config import Settings
from crawler.digest.mail import message
from crawler.digest.signing import Signer, verifies
from crawler.digest.smtp import SmtpMailer
from crawler.errors import ConfigError
from crawler.jobs.deliver import deliver
from crawler.jobs.doctor import doctor_words


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dkim") / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def record(key_file: Path) -> bytes:
    done = subprocess.run(
        ["openssl", "rsa", "-in", key_file, "-pubout", "-outform", "DER"],
        check=True, capture_output=True,
    )  # fmt: skip
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(done.stdout)


@pytest.fixture
def settings(tmp_path: Path, key_file: Path) -> Settings:
    return Settings(
        home=tmp_path,
        sender="Arts <digest@tenders.example>",
        dkim_selector="s2026",
        dkim_key_file=key_file,
    )


class Dns:
    """Publishes one record under one name."""

    def __init__(self, record: bytes) -> None:
        self.record = record
        self.asked: list[str] = []

    def __call__(self, name: bytes | str, timeout: float = 5) -> bytes | None:
        asked = name.decode() if isinstance(name, bytes) else name
        self.asked.append(asked)
        return self.record if asked.rstrip(".") == "s2026._domainkey.tenders.example" else None


def raw_digest() -> bytes:
    made = message(digest(opportunity(title="Größe 🎭")), subscriber(), LETTERHEAD, NOW)
    for name, value in (
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Unsubscribe", f"<mailto:a@b.example>, <https://x.example/unsubscribe/{'y' * 300}>"),
    ):
        del made[name]
        made[name] = value
    return made.as_bytes()


def test_a_signed_digest_verifies_and_covers_what_matters(settings: Settings, record: bytes):
    signer = Signer.of(settings)
    assert signer
    signed = signer.signed(raw_digest())
    dns = Dns(record)
    assert verifies(signed, dns)
    assert dns.asked == ["s2026._domainkey.tenders.example."]
    header = signed.split(b"\r\nFrom:")[0]
    tags = dict(
        part.strip().split(b"=", 1)
        for part in re.sub(rb"\s+", b"", header[15:]).split(b";")
        if part
    )
    assert (tags[b"d"], tags[b"s"], tags[b"c"]) == (
        b"tenders.example", b"s2026", b"relaxed/relaxed",
    )  # fmt: skip
    assert {
        b"from", b"to", b"subject", b"date", b"message-id", b"list-id", b"reply-to",
        b"mime-version", b"content-type", b"list-unsubscribe", b"list-unsubscribe-post",
    } <= set(tags[b"h"].split(b":"))  # fmt: skip
    assert signed.endswith(raw_digest())
    assert signer.signed(signed) == signed, "signed once"


@pytest.mark.parametrize(
    "change",
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: no"),
        (b"List-Unsubscribe: <mailto:a@b", b"List-Unsubscribe: <mailto:x@b"),
        (b"\r\nFrom: ", b"\r\nList-Unsubscribe: <https://evil.example>\r\nFrom: "),
        (b"\r\nFrom: ", b"\r\nFrom: evil@evil.example\r\nFrom: "),
        (b"Hull City Council", b"Evil City Council"),
    ],
    ids=["post", "unsubscribe", "another unsubscribe", "another from", "body"],
)
def test_whatever_is_changed_or_added_breaks_it(
    settings: Settings, record: bytes, change: tuple[bytes, bytes]
):
    signer = Signer.of(settings)
    assert signer
    signed = signer.signed(raw_digest())
    assert verifies(signed, Dns(record))
    tampered = signed.replace(*change, 1)
    assert tampered != signed
    assert not verifies(tampered, Dns(record))


def test_what_is_sent_again_has_the_same_signature(
    engine: sa.Engine, settings: Settings, record: bytes
):
    server, clock = Difficult(), Clock()
    post(engine, "a@one.example")
    server.data["a@one.example"] = ["451 once more"]
    sending = terms(clock, signer=Signer.of(settings))
    with serving(server) as url, SmtpMailer.of(url) as mailer:
        assert deliver(engine, mailer, sending).later == 1
        kept = zlib.decompress(row(engine, "a@one.example").message)
        clock.now += timedelta(minutes=5)
        assert deliver(engine, mailer, sending).sent == 1
    (taken,) = server.taken
    assert taken.raw == kept
    assert verifies(taken.raw, Dns(record))


def test_without_a_key_the_doctor_says_that_the_relay_must_sign(tmp_path: Path):
    found = doctor_words(Settings(home=tmp_path))
    assert found.grade == "note"
    assert "relay must sign" in found.words
    assert "List-Unsubscribe-Post" in found.words


def test_the_doctor_compares_the_key_with_dns(settings: Settings, record: bytes):
    assert doctor_words(settings, Dns(record)).grade == "good"
    missing = doctor_words(settings, lambda name, timeout=5: None)
    assert missing.grade == "wrong"
    assert "s2026._domainkey.tenders.example" in missing.words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dkim_key_file": None}, "go together"),
        (
            {
                "dkim_selector": "",
            },
            "go together",
        ),
        ({"dkim_selector": "a b"}, "no part of a domain"),
        ({"dkim_key_file": Path("missing.pem")}, "openssl genrsa"),
        ({"dkim_key_file": Path(__file__)}, "RSA key in PEM"),
    ],
)
def test_a_wrong_setting_is_named(settings: Settings, changed: dict[str, object], words: str):
    with pytest.raises(ConfigError, match=words):
        Signer.of(settings.model_copy(update=changed))
