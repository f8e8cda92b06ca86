"""The message on the wire, and how it is handed over: headers on raw bytes, files, SMTP."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import html
import re
import socket
import string
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from digest_samples import ADDRESSES, LETTERHEAD, NOW, digest, opportunity, subscriber
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.addresses import Addresses
from crawler.digest import outbox
from crawler.digest.mail import LONGEST_LINE, Letterhead, message
from crawler.digest.outbox import FileMailer, open_mailer
from crawler.digest.smtp import Server, SmtpMailer
from crawler.errors import ConfigError, DeliveryError
from crawler.items import Buyer
from crawler.store.subscribers import Subscription
from crawler.tokens import Ticket


def made(**changed: object) -> EmailMessage:
    return message(digest(opportunity(**changed)), subscriber(), LETTERHEAD, NOW)


def header(raw: bytes, name: bytes) -> list[bytes]:
    """The raw lines of one header, the first with its name."""
    head = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    found = re.search(rb"^" + name + rb":[^\r]*\r\n(?:[ \t][^\r]*\r\n)*", head, re.MULTILINE)
    assert found, name
    return found.group().splitlines()


def test_headers_on_the_wire():
    raw = made().as_bytes()
    assert header(raw, b"List-Unsubscribe") == [
        b"List-Unsubscribe: <mailto:hello@tenders.example?subject=Please%20stop>"
    ]
    assert header(raw, b"List-Id") == [b"List-Id: Arts Tenders digest <digest.tenders.example>"]
    assert header(raw, b"Auto-Submitted") == [b"Auto-Submitted: auto-generated"]
    assert header(raw, b"Date") == [b"Date: Fri, 10 Jul 2026 08:00:00 +0100"]
    assert header(raw, b"To") == [b"To: hello@theatre.example"]
    assert header(raw, b"From") == [b"From: Arts Tenders <digest@tenders.example>"]
    assert header(raw, b"MIME-Version") == [b"MIME-Version: 1.0"]


def test_a_long_unsubscribe_header_is_one_unencoded_line():
    contact = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example"
    raw = message(
        digest(), subscriber(), Letterhead(sender="digest@t.example", contact=contact), NOW
    ).as_bytes()
    (line,) = header(raw, b"List-Unsubscribe")
    assert b"=?" not in line
    assert contact.encode() in line


def test_lines_are_short_enough_for_every_server():
    raw = made(title="Größe " * 40).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_subject_in_any_script_survives_the_wire():
    title = "مهرجان الفوانيس في الشوارع والساحات القديمة 🎭 Größe"
    raw = made(title=title).as_bytes()
    for line in header(raw, b"Subject"):
        assert len(line) <= 78
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert title in read["Subject"]


WORDS = st.text(string.ascii_letters + string.punctuation, min_size=1, max_size=60)


@given(st.lists(WORDS, min_size=1))
@example(["x" * 69, "y" * 69, "z"])
@example(["Closes", "=?utf-8?q?now?=", '"soon"'])
def test_a_subject_is_read_as_it_was_meant(words: list[str]):
    one = dataclasses.replace(digest(), subject=" ".join(words))
    raw = message(one, subscriber(), LETTERHEAD, NOW).as_bytes()
    lines = header(raw, b"Subject")
    assert max(map(len, lines)) <= 78
    assert all(line.strip() for line in lines)
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Subject"] == one.subject.replace("=?", "= ?")


@pytest.mark.parametrize(
    "address",
    [
        "a.b+c@theatre.example", "o'neil@theatre.example", '"a b"@theatre.example',
        "a/b@theatre.example", "a_b-1@sub.theatre.example",
    ],
)  # fmt: skip
def test_an_address_is_written_as_python_writes_it(address: str):
    raw = message(digest(), subscriber(email=address), LETTERHEAD, NOW).as_bytes()
    assert header(raw, b"To") == [f"To: {Address(addr_spec=address)}".encode()]


def test_text_and_html_say_the_same():
    read = email.message_from_bytes(made().as_bytes(), policy=email.policy.default)
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    for part in read.iter_parts():
        content = html.unescape(part.get_content())
        for words in ("Riverside public art", "Hull City Council", "9 August 2026", "£40,000"):
            assert words in content


SMUGGLED = (
    "Art\r\nBcc: all@victim.example",
    "Art\n\nX: y",
    "Art\u2028Bcc: x\u2029\x85X: y",
    "Art\x00\rBcc: x\x0bX: y\x0c",
    "=?utf-8?q?Art=0D=0ABcc:_all=40victim.example?=",
    "Art =?utf-8?b?DQpCY2M6IHg=?= \u202egnp\u202c",
    "🎭" * 400,
    "\ud800 Art",
)
HEADERS = {
    b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"List-Id",
    b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Auto-Submitted", b"MIME-Version",
    b"Content-Type",
}  # fmt: skip


@pytest.mark.parametrize("words", SMUGGLED)
def test_no_header_can_be_smuggled_in(words: str):
    person = subscriber(
        organisation=words, subscriptions=(Subscription(id=1, label=words), Subscription(id=2))
    )
    one = digest(
        opportunity(title=words, buyer=Buyer(name=words)), person=person, addresses=ADDRESSES
    )
    raw = message(one, person, LETTERHEAD, NOW, about="digest:7", addresses=ADDRESSES).as_bytes()
    head = raw.split(b"\r\n\r\n", 1)[0]
    lines = [line for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert {line.split(b":")[0] for line in lines} == HEADERS
    assert len(lines) == len(HEADERS)
    assert head.isascii()
    assert b"\x00" not in raw
    assert b"\r" not in raw.replace(b"\r\n", b"")
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Bcc"] is None
    assert len(str(read["Subject"]).splitlines()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "=?utf-8?q?a=0d=0abcc=3ax?=@theatre.example",
        "=?utf-8?b?dqpcy2m6ihg=?=@theatre.example",
        "a@theatre.example\r\nBcc: x@victim.example",
        "a@theatre.example, b@victim.example",
    ],
)
def test_an_address_that_is_more_than_one_is_refused(address: str):
    with pytest.raises(ValueError):
        message(digest(), subscriber(email=address), LETTERHEAD, NOW)


def test_one_click_is_offered_on_one_unencoded_line_each():
    far = Addresses(base=f"https://tenders.{'x' * 60}.{'y' * 60}.example", tokens=ADDRESSES.tokens)
    raw = message(digest(), subscriber(), LETTERHEAD, NOW, addresses=far).as_bytes()
    (line,) = header(raw, b"List-Unsubscribe")
    found = re.fullmatch(
        rb"List-Unsubscribe: <mailto:hello@tenders.example\?subject=Please%20stop>, <(https://\S+)>",
        line,
    )
    assert found
    assert header(raw, b"List-Unsubscribe-Post") == [
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    ]
    token = found[1].decode().rsplit("/", 1)[1]
    assert ADDRESSES.tokens.read("unsubscribe", token) == Ticket(subscriber().handle)


def test_without_a_web_address_there_is_no_one_click():
    nowhere = Addresses(base="", tokens=ADDRESSES.tokens)
    for addresses in (None, nowhere):
        made_ = message(digest(), subscriber(), LETTERHEAD, NOW, addresses=addresses)
        assert "List-Unsubscribe-Post" not in made_
        assert "http" not in str(made_["List-Unsubscribe"])


def test_headers_that_would_make_it_look_like_bulk_or_let_it_be_tracked_are_missing():
    raw = message(digest(), subscriber(), LETTERHEAD, NOW, addresses=ADDRESSES)
    for name in ("Precedence", "Feedback-ID", "X-Mailer", "Disposition-Notification-To"):
        assert name not in raw


def test_message_id_is_stable_for_subscriber_and_what_it_is_about():
    def identity(hours: int = 0, about: str = "", **changed: object) -> str:
        at = NOW + timedelta(hours=hours)
        made = message(digest(), subscriber(**changed), LETTERHEAD, at, about=about)
        return str(made["Message-ID"])

    assert identity(about="digest:7:x") == identity(hours=90, about="digest:7:x")
    assert identity(about="digest:7:x") != identity(about="digest:7:y")
    assert identity() == identity(hours=9)
    assert identity() != identity(hours=24)
    assert identity() != identity(id=8)
    assert "theatre" not in identity()
    assert made().as_bytes() == made().as_bytes()


def test_a_sender_that_is_no_address_names_the_setting():
    with pytest.raises(ConfigError, match="TENDERS_SENDER"):
        message(digest(), subscriber(), Letterhead(sender="nobody", contact="a@b.example"), NOW)


def test_a_sender_may_have_a_name():
    head = Letterhead(sender="Culture Desk <d@t.example>", contact="a@b.example")
    assert str(message(digest(), subscriber(), head, NOW)["From"]) == "Culture Desk <d@t.example>"


def test_files_have_readable_names_and_are_whole(tmp_path: Path):
    mailer = FileMailer(tmp_path / "outbox")
    mailer.deliver(made())
    mailer.deliver(made())
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "2026-07-10-hello@theatre.example-digest.eml"
    assert file.read_bytes() == made().as_bytes()


def test_a_file_name_cannot_leave_its_folder(tmp_path: Path):
    person = subscriber(email="/a/b@theatre.example")
    path = FileMailer(tmp_path).write(message(digest(), person, LETTERHEAD, NOW))
    assert path.parent == tmp_path
    assert outbox.erase(tmp_path, "/a/b@theatre.example") == 1


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "outbox").write_text("a file is in the way")
    with pytest.raises(DeliveryError, match="was not written to"):
        FileMailer(tmp_path / "outbox").deliver(made())


def test_erasing_takes_only_that_persons_files(tmp_path: Path):
    mailer = FileMailer(tmp_path)
    for address in ("a@x.example", "ba@x.example", "a@x.example-digest.example"):
        mailer.deliver(message(digest(), subscriber(email=address), LETTERHEAD, NOW))
    assert outbox.erase(tmp_path, "a@x.example") == 1
    assert len(list(tmp_path.iterdir())) == 2


class Inbox:
    """A mail server's memory; `answer` is what it says to the next messages."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.recipient, self.data = "250 OK", "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.messages.append(bytes(envelope.content or b""))
        return self.data


@contextmanager
def serving(inbox: Inbox) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def test_a_real_conversation(tmp_path: Path):
    inbox = Inbox()
    with serving(inbox) as url, open_mailer(url, tmp_path) as mailer:
        mailer.deliver(made())
        mailer.deliver(made())
    assert len(inbox.messages) == 2
    assert header(inbox.messages[0], b"List-Unsubscribe")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("field", "answer"),
    [("recipient", "550 no such user here"), ("recipient", "451 greylisted"), ("data", "552 full")],
)
def test_a_refusal_keeps_the_servers_words_and_the_conversation_goes_on(field: str, answer: str):
    inbox = Inbox()
    with serving(inbox) as url, SmtpMailer.of(url) as mailer:
        setattr(inbox, field, answer)
        with pytest.raises(DeliveryError, match=answer):
            mailer.deliver(made())
        setattr(inbox, field, "250 OK")
        mailer.deliver(made())
    assert len(inbox.messages) == 1


def test_a_broken_connection_is_opened_again():
    inbox = Inbox()
    with serving(inbox) as url, SmtpMailer.of(url) as mailer:
        assert mailer._session is not None
        assert mailer._session.sock is not None
        mailer._session.sock.shutdown(socket.SHUT_RDWR)
        mailer.deliver(made())
    assert len(inbox.messages) == 1


def test_a_server_that_does_not_answer_says_what_to_do():
    with serving(Inbox()) as url:
        pass
    with pytest.raises(DeliveryError, match="TENDERS_SMTP_URL"), SmtpMailer.of(url):
        pass


def test_without_tls_only_to_this_machine(monkeypatch: pytest.MonkeyPatch):
    with serving(Inbox()) as url:
        monkeypatch.setattr(Server, "here", property(lambda server: False))
        with pytest.raises(DeliveryError, match="STARTTLS"), SmtpMailer.of(url):
            pass


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", Server(host="mail.example.org", port=587, implicit=False)),
        (
            "smtps://me%40x:p%3Aw@mail.example.org",
            Server(host="mail.example.org", port=465, implicit=True, user="me@x", password="p:w"),
        ),
        ("smtp://localhost:2525", Server(host="localhost", port=2525, implicit=False)),
    ],
)
def test_server_urls(url: str, server: Server):
    assert Server.of(url) == server
    assert "p:w" not in repr(server)


@pytest.mark.parametrize("url", ["mail.example.org", "http://x", "smtp://", "smtp://x:99999"])
def test_a_wrong_server_url_names_the_setting(url: str):
    with pytest.raises(ConfigError, match="TENDERS_SMTP_URL"):
        Server.of(url)


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", True), ("::1", True), ("x.org", False)])
def test_this_machine(host: str, here: bool):
    assert Server(host=host, port=25, implicit=False).here is here


def test_one_click_is_not_promised_without_https():
    near = Addresses(base="http://tenders.example", tokens=ADDRESSES.tokens)
    raw = message(digest(), subscriber(), LETTERHEAD, NOW, addresses=near).as_bytes()
    assert b"List-Unsubscribe-Post" not in raw
    assert b"<http://tenders.example/unsubscribe/" in header(raw, b"List-Unsubscribe")[0]
