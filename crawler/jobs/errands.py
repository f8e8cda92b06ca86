"""What each scheduled job calls, with this installation's settings; each says in words what it did.

What can be put right by a person is a `TendersError`; a crawl that is not ``ok`` is one too. Each
imports what it needs itself: a process runs one of them, and most are crawls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.config import Settings
from crawler.errors import DeliveryError, SourceError, UsageError
from crawler.jobs import crawl
from crawler.keys import forget_key
from crawler.sources import Source, is_loopback, load
from crawler.sources.councils import bodies
from crawler.store import database, jobs

if TYPE_CHECKING:
    from crawler.jobs.send import RoundDone

Errand = Callable[[Settings], str]

_DAY = timedelta(days=1)
_KEPT = timedelta(days=90)
"""How long it is remembered when jobs ran."""


@dataclass(frozen=True, slots=True)
class Job:
    """A named job: its crontab line, what it calls, and after how long it counts as hung.

    It is not begun while one of `behind` is due or runs. `shared`: workers on other machines may
    do it; `lock` names what only one of them may do at a time.
    """

    name: str
    when: str
    run: Errand
    limit: timedelta
    behind: frozenset[str] = field(default_factory=frozenset)
    shared: bool = False
    lock: str | None = None


def crawls() -> list[Job]:
    """A job for each source that is read by itself. Raises `ConfigError`."""
    return [_crawl(one) for one in load().values() if one.enabled]


def _crawl(one: Source) -> Job:
    kind, limit = ("contacts", _DAY) if one.by_name else ("crawl", _DAY / 4)
    domain = urlsplit(one.base_url).hostname or one.key
    name = f"{kind}:{one.key}"
    return Job(name, one.when, read(one.key), limit, shared=True, lock=f"domain:{domain}")


def read(source: str) -> Errand:
    """The errand of crawling `source`; of every site of many."""

    def errand(settings: Settings) -> str:
        row, options = load()[source], crawl.Options()
        if row.platform == "council_pages":
            options = crawl.Options(only=tuple(bodies()))
        elif is_loopback(row.base_url):
            # The installation's own row names this machine, as --base-url would: for tests.
            options = crawl.Options(base_urls={source: row.base_url})
        return _told(crawl.crawl(settings.database, [source], options, datetime.now(UTC)))

    return errand


def _told(results: Sequence[crawl.Result]) -> str:
    words = "; ".join(
        f"{one.source} {one.verdict}, {one.tally.new} new, {one.tally.changed} changed"
        + (f" ({one.reason})" if one.verdict != "ok" else "")
        for one in results
    )
    if any(one.verdict != "ok" for one in results):
        raise SourceError(words)
    return words


def tell_health(settings: Settings) -> str:
    """Mails staff where a source turned ill or well."""
    from crawler.jobs import health

    return health.inform(settings, database.engine(settings.database), datetime.now(UTC))


def find_matches(settings: Settings) -> str:
    """Matches what is new with every subscription."""
    from crawler.jobs import match

    return str(match.match(database.engine(settings.database), datetime.now(UTC)))


def find_partners(settings: Settings) -> str:
    """Finds out who won relevant contracts, and ends introductions that nobody answered."""
    from crawler.jobs import introducing, suppliers

    engine, now = database.engine(settings.database), datetime.now(UTC)
    found = suppliers.refresh(engine, forget_key(settings))
    return f"{found}; {introducing.run_out(settings, engine, now)} introductions ran out"


def digest(settings: Settings) -> str:
    """Writes the digests whose time has come and sends what waits."""
    from crawler.jobs import send

    return _sent(send.send(settings, database.engine(settings.database), datetime.now(UTC)))


def deliver(settings: Settings) -> str:
    """Sends what waits in the outbox."""
    from crawler.jobs import send

    return _sent(send.deliver_only(settings, database.engine(settings.database), datetime.now(UTC)))


def _sent(done: RoundDone) -> str:
    if not done.well:
        raise DeliveryError(f"{done}. See: tenders digest outbox")
    return str(done)


def retrain(settings: Settings) -> str:
    """Teaches the classifier from people's decisions, where there are any."""
    from crawler.jobs import train
    from crawler.jobs.reprocess import read as reader
    from crawler.store import reviews

    engine = database.engine(settings.database)
    with engine.connect() as connection:
        rows = reviews.taught(connection, reader)
    if not rows:
        return "nobody has decided on anything yet"
    return train.train(train.decisions_of(rows), settings.model, datetime.now(UTC)).message


def prune(settings: Settings) -> str:
    """Drops what has served its time."""
    from crawler.jobs import keeping

    engine, now = database.engine(settings.database), datetime.now(UTC)
    contacts = keeping.prune_contacts(engine, settings.keep_contacts_months, now)
    pending = keeping.prune_pending(engine, now)
    mails = keeping.prune_mails(engine, settings.keep_mail_days, now)
    releases = keeping.prune(engine, settings.keep_raw_months, now)
    with database.writing(engine, alone=False) as connection:
        jobs.prune(connection, now - _KEPT)
    return (
        f"{releases} raw releases, {contacts} contacts, the texts of {mails} mails and {pending}"
        " unconfirmed subscribers dropped"
    )


def take_bounces(settings: Settings) -> str:
    """Takes in the reports that a mail server put into the bounce folder (a Maildir).

    What was taken in goes to ``cur`` as read; so does what is no report, flagged for a person.
    """
    from crawler.jobs import bounce

    if settings.bounce_folder is None:
        return "TENDERS_BOUNCE_FOLDER is not set"
    folder = settings.home / settings.bounce_folder
    if not (folder / "new").is_dir():
        raise UsageError(
            f"{folder} is no Maildir: it has no folder `new`. Correct TENDERS_BOUNCE_FOLDER."
        )
    (folder / "cur").mkdir(exist_ok=True)
    engine = database.engine(settings.database)
    taken = strange = 0
    for path in sorted((folder / "new").iterdir()):
        try:
            bounce.take(settings, engine, path.read_bytes(), datetime.now(UTC))
            taken, flags = taken + 1, "S"
        except UsageError:
            strange, flags = strange + 1, "FS"
        _seen(path, folder / "cur", flags)
    return f"{taken} reports taken in, {strange} that are none or about no mail of ours"


def _seen(path: Path, folder: Path, flags: str) -> None:
    path.rename(folder / f"{path.name.partition(':')[0]}:2,{flags}")


def backup(settings: Settings) -> str:
    """Writes a consistent copy of the database, and drops the oldest beyond those to be kept."""
    from crawler.jobs import keeping

    engine = database.engine(settings.database)
    return str(keeping.backup(settings, engine, datetime.now(UTC)))


def take_over(settings: Settings) -> str:
    """Gives the jobs of workers that died to others, and forgets what was done long ago."""
    from crawler.jobs import work_queue

    return work_queue.take_over(settings)


def ask_outcomes(settings: Settings) -> str:
    """Asks people what became of what they saved, once its deadline has passed."""
    from crawler.jobs import outcomes

    return str(outcomes.ask(settings, database.engine(settings.database), datetime.now(UTC)))


def check_links(settings: Settings) -> str:
    """Asks whether the links of the library still answer."""
    from crawler.jobs import asking, library, link_checking

    engine, agent = database.engine(settings.database), asking.agent(settings)
    library.refresh(engine, datetime.now(UTC))
    ask = asking.asker(agent)
    return str(link_checking.check(engine, agent, ask, lambda: datetime.now(UTC)))
