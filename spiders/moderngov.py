"""ModernGov: committees, their officers and forward plans of some 300 councils."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from scrapy import Request
from scrapy.http import HtmlResponse

from crawler import dates, plans
from crawler.contacts import emails, phones
from crawler.contacts.faults import Faults
from crawler.contacts.roles import outcomes_of
from crawler.contacts.words import person, personal
from crawler.decoding import content_hash
from crawler.items import Batch, RawRelease, Window
from crawler.pages import Contact, Extract, PageRead
from crawler.sources.councils import Body
from crawler.text import one_line
from spiders.authorities import AuthoritySpider, Item
from spiders.visit import Visit

_COMMITTEES = re.compile(
    r"\b(?:cabinet|executive|health|wellbeing|well-being|cultur|arts|communit|children|young|adult|"
    r"place|economy|regeneration|environment|scrutiny|equalit|licensing|safe|procurement|"
    r"commissioning|leisure|museum|librar)",
    re.IGNORECASE,
)
_MOST_COMMITTEES = 15
_MOST_PLANS = 3
_OFFICER = re.compile(
    r"(?:support|contact|committee|democratic services) officer|clerk|contact", re.I
)
_KINDS = {
    "committees": re.compile(r"/mgListCommittees\.aspx", re.I),
    "committee": re.compile(r"/mgCommitteeDetails\.aspx", re.I),
    "plans": re.compile(r"/mgPlansHome\.aspx", re.I),
    "plan": re.compile(r"/mgListPlanItems\.aspx", re.I),
    "item": re.compile(r"/mgIssueHistoryHome\.aspx", re.I),
}


class Moderngov(AuthoritySpider):
    """
    Publisher
        Councils whose democracy site runs ModernGov
    Covers
        Committees and whom to write to about them; planned decisions that speak of commissioning,
        culture, wellbeing services or procurement, as early signals
    API
        None: ``mgListCommittees.aspx``, ``mgPlansHome.aspx`` and what these link to
    Caveats
        The base address is all that is known of a site; some lie under a path. Officers' names
        stand in running text. Plans of the past stay listed: only the newest three are read.
    """

    name = platform = "moderngov"

    def __init__(self, source: str = "moderngov", only: str = "", **kwargs: Any) -> None:
        super().__init__(source=source, only=only, **kwargs)
        if not only:
            self.bodies = [body for body in self.bodies if body.platform == self.platform]

    def address_of(self, body: Body) -> str | None:
        """The democracy site, where it runs ModernGov."""
        return body.democracy if body.platform == self.platform else None

    def first(self, visit: Visit) -> Request:
        """The list of committees; the plans come after it."""
        visit.queue[urljoin(visit.home, "mgPlansHome.aspx?bcr=1")] = 90.0
        return self.ask(visit, urljoin(visit.home, "mgListCommittees.aspx?bcr=1"), home=True)

    def read(self, response: HtmlResponse, visit: Visit) -> Iterator[Item]:
        """Reads a page by its kind, which its address names."""
        path = urlsplit(response.url).path
        kind = next((kind for kind, named in _KINDS.items() if named.search(path)), "")
        extract = Extract()
        if kind == "committees":
            self._queue(response, visit, "committee", 50.0, _MOST_COMMITTEES, _COMMITTEES.search)
        elif kind == "plans":
            self._queue(response, visit, "plan", 80.0, _MOST_PLANS, None)
        elif kind == "plan":
            self._queue(response, visit, "item", 70.0, 60, plans.speaks)
        elif kind == "committee":
            extract = officers(response.selector, visit.public(response.url))
        elif kind == "item":
            yield from self._planned(response, visit)
        yield PageRead(
            source=self.key,
            authority=visit.body.gss,
            url=visit.public(response.url),
            fetched_at=datetime.now(UTC),
            extract=extract,
            links=tuple((visit.public(url), score) for url, score in visit.queue.items()),
        )

    def _queue(
        self,
        response: HtmlResponse,
        visit: Visit,
        kind: str,
        score: float,
        most: int,
        matters: Callable[[str], object] | None,
    ) -> None:
        """Queues the links to pages of `kind`, in their order, if their words say they matter."""
        taken = 0
        for anchor in response.css("a[href]"):
            url = response.urljoin(anchor.attrib["href"])
            words = words_of(anchor.xpath("ancestor::li[1] | ancestor::tr[1]") or anchor)
            if not _KINDS[kind].search(urlsplit(url).path) or not visit.within(url):
                continue
            if taken == most:
                return
            if url not in visit.queue and (matters is None or matters(words)):
                taken += 1
                visit.queue[url] = score - taken / 100

    def _planned(self, response: HtmlResponse, visit: Visit) -> Iterator[Item]:
        url = visit.public(response.url)
        plan = planned(response.selector, url, visit.body)
        raw = plans.release_of(plan) if plan is not None else None
        if plan is None or raw is None:
            yield self.refused(visit, response.url, "a planned decision without title or date")
            return
        if not plans.speaks(f"{plan.title} {plan.purpose}"):
            return
        now = datetime.now(UTC)
        yield Batch(
            source=self.key,
            url=url,
            fetched_at=now,
            window=Window(start=now, end=now),
            releases=(RawRelease(raw=raw, content_hash=content_hash(raw)),),
        )


def words_of(nodes: Any) -> str:
    """The text of `nodes` on one line."""
    return " ".join(" ".join(nodes.css("::text").getall()).split())


def labelled(page: Selector) -> dict[str, str]:
    """What a page says behind each of its labels (``<span class="mgLabel">``), in lower case."""
    said: dict[str, str] = {}
    for label in page.css(".mgLabel"):
        name = words_of(label).strip(" :").lower()
        whole = words_of(
            label.xpath("ancestor::*[self::p or self::li or self::td or self::div][1]")
        )
        head = words_of(label)
        said.setdefault(name, whole.partition(head)[2].strip(" :"))
    return said


def planned(page: Selector, url: str, body: Body) -> plans.PlannedDecision | None:
    """The planned decision on an issue's page; None if it has no title."""
    number = re.search(r"[?&]IId=(\d+)", url, re.IGNORECASE)
    title = words_of(page.css("h2.mgSubTitleTxt")[:1]) or words_of(page.css("h1")[:1])
    if not number or not title:
        return None
    said = labelled(page)
    due, _, by = said.get("decision due", said.get("decision due date", "")).partition(" by ")
    officer, email, phone = _officer(said.get("contact", said.get("contact officer", "")))
    return plans.PlannedDecision(
        authority=body.gss,
        council=body.name,
        number=number[1],
        url=url,
        title=one_line(title, 300),
        purpose=words_of(page.css(".mgWordPara"))[:5000],
        maker=by.strip() or said.get("decision maker", ""),
        due=dates.parse(due) if due else None,
        published=dates.parse(said.get("notice of proposed decision first published", "") or "-"),
        officer=officer,
        email=email,
        phone=phone,
    )


def officers(page: Selector, url: str) -> Extract:
    """Whom a committee's page names to write to."""
    faults = Faults()
    committee = re.sub(r"^Committee details\W*", "", words_of(page.css("h1")[:1]), flags=re.I)
    committee = committee or words_of(page.css("h2.mgSubTitleTxt")[:1])
    said = labelled(page)
    fields = " ".join(said.get(name, "") for name in ("email", "e-mail", "phone", "telephone"))
    found = []
    for label, words in said.items():
        if not _OFFICER.fullmatch(label) or not committee:
            continue
        name, email, phone = _officer(words, faults)
        _, other_email, other_phone = _officer(fields)
        email, phone = email or other_email, phone or other_phone
        if email is None and phone is None:
            continue
        role = f"{committee}: {'contact' if label == 'contact' else label}"
        found.append(
            Contact(
                role=one_line(role, 100),
                basis="label",
                page=url,
                name=name,
                email=email,
                phone=phone,
                phone_written=phones.spelled(phone) if phone else None,
                headings=(committee,),
                sentence=one_line(f"{label.capitalize()}: {words}", 300),
                outcomes=outcomes_of(committee, [committee]),
                personal=bool(name or (email and personal(email.split("@")[0]))),
            )
        )
    return Extract(
        contacts=tuple(found[:1]), repaired=dict(faults.repaired), refused=dict(faults.refused)
    )


def _officer(words: str, faults: Faults | None = None) -> tuple[str | None, str | None, str | None]:
    """Name, email and phone in a line such as ``Jane Example, Clerk Email: … Tel: …``."""
    faults = faults or Faults()
    written = emails.FOUND.findall(emails.plain(words))
    found = [email for one in written if (email := emails.mended(one, faults))]
    phone = next(phones.found_in(words, faults), None)
    first = re.split(r"[,.;:(]|\s[–-]\s|\b(?:E-?mail|Tel|Phone)\b", words)[0]
    return person(first), found[0] if found else None, phone.number if phone else None
