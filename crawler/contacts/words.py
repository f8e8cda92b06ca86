"""What a heading, label or cell says: a field, "contact us", a team or role, a person, a topic."""

from __future__ import annotations

import re
from typing import Literal

from crawler.contacts import lists
from crawler.contacts.roles import stem, vocabulary
from crawler.text import key

Kind = Literal["field", "generic", "other body", "person", "team", "topic", "prose", ""]

_FIELD = re.compile(
    r"(?:by )?(?:e ?mail(?: address| us| the team| them)?|telephone|tel|"
    r"tele?phone number|phone(?: us| number)?|"
    r"call(?: us)?|mobile|direct(?: line| dial)?|switchboard|number|website|web(?: ?page| ?site)?|"
    r"(?:postal |office |visiting |our )?address|post|write(?: to us)?|in writing|in person|online|"
    r"(?:opening|office) (?:hours|times)|hours|or|and|t|e|m|contact (?:details|number|email|form)|"
    r"(?:online |enquiry )?form|enquiries by e ?mail|twitter|facebook|ff[oô]n|ebost|e bost|ff[oô]n|"
    r"rhif ff[oô]n|dros y ff[oô]n|mobile(?: number)?|minicom|weekdays|please|at|on|us|us at|us on)"
)
_GENERIC = re.compile(
    r"(?:contacts?|contact (?:us|the (?:council|team)|information|points?|details|our team|me)|"
    r"(?:general |any )?(?:enquir(?:y|ies)|questions)|"
    r"get in (?:touch|contact)|(?:need|get) (?:more )?help.*|"
    r"need more information|help and (?:advice|support)|further (?:help|information|details).*|"
    r"more information|for more information.*|find out more|how to contact.*|who to contact|"
    r"key contacts?|"
    r"useful contacts?|our contacts?|speak to us|talk to us|ask us.*|have a question|contact us.*|"
    r"get (?:help|support).*|customer services?|how (?:can|do) .*|before you .*|start your .*|"
    r"cysylltu.*|cysylltwch.*|at a glance|general enquiries|important|more details|"
    r"the team|meet the team|"
    r"our team|team|service|office|the staff|staff|people|home|welcome.*|"
    r"call us.*|email us.*|reach us|"
    r"questions?|more about.*|.*\bcouncil|todo)"
)
_VERBS = re.compile(
    r"(?:apply|find|browse|book|report|pay|check|view|see|search|download|complete|request|make|"
    r"tell|submit|register|start|read|use|what|why|when|where|who|how|if|all|our|other|related|"
    r"latest|popular|about|download|access|complain|step|important|useful|before|after|during|"
    r"you|your|we|it|this|these|there|please|to|for|can|do|does|is|are|explore|order|send|get|ask|"
    r"or|and|the|a|an|in|on|by|with|if|call|email|phone|contact|write|not|no)\b"
)
_TEAM = re.compile(
    r"\b(?:team|service|services|unit|department|directorate|division|section|office|desk|"
    r"officers?|managers?|director|head of|coordinator|co-ordinator|leads?|clerk|commissioner|"
    r"curator|"
    r"librarian|archivist|producer|programmer|secretary|administrator|advis[eo]rs?|chief executive|"
    r"assistant|practitioner|strategist|specialist|supervisor|ranger|principal|consultant|"
    r"enquiries|hub|helpdesk|help desk|helpline|switchboard|board|partnership|network|programme|"
    r"councillor|cabinet member|portfolio holder|leader|mayor|"
    r"t[iî]m|swyddog|gwasanaeth|pennaeth)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:national debtline|citizens'? ?advice|stepchange|step change|samaritans|shelter|"
    r"information commissioner|ico|ombudsman|prs for music|prs|ppl|ppl prs|"
    r"nspcc|childline|acas|hmrc|"
    r"hm revenue|dvla|dvsa|ofsted|care quality commission|cqc|environment agency|nhs ?111|"
    r"crimestoppers|police|money ?helper|turn2us|age uk|victim support|valuation office|hse|"
    r"health and safety executive|gov\.?uk|jobcentre|department for [a-z]+|home office|ofgem|ofcom|"
    r"electricity|gas emergency|royal mail|land registry|planning inspectorate|sia|refuge)\b",
    re.IGNORECASE,
)
_SERVICES = lists.words("services")
_GENERAL = re.compile(
    r"(?:info|enquir\w*|contact\w*|customer\w*|.*help|hello|mail\w*|admin|council|reception|general|"
    r"post|generalenquiries|.*council|access|switchboard|ymholiadau|gwybodaeth)"
)
_TOKEN = re.compile(
    r"(?:Mac|Mc|O['’]|D['’]|L['’])?[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+(?:[-'’][A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+)*|[A-Z]\.?|"
    r"(?:de|van|der|von|bin|ap|ab|ferch|al|el|la)"
)
_HONORIFIC = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Rev|Cllr|Councillor|Cyng)\.? )+"
)
_NOT_NAMES = lists.words("no_names")


def person(text: str) -> str | None:
    """The name of a person if `text` is just that, else None.

    Two to four capitalised words, none of them a word of services or places: "is made up of" was
    once stored as a Chief Executive.
    """
    text = " ".join(text.split()).strip(" ,.:;–—-")
    bare = _HONORIFIC.sub("", text)
    words = bare.split()
    if not 2 <= len(words) <= 4 or any(not _TOKEN.fullmatch(word) for word in words):
        return None
    if not words[0][:1].isupper() or len(words[-1].strip(".")) < 2 or not words[-1][:1].isupper():
        return None
    if any(_service(word) or word.lower() in _NOT_NAMES for word in words):
        return None
    return text


def _service(word: str) -> bool:
    low = stem(word.lower().strip(".'’"))
    return low in _SERVICES or low in vocabulary() or bool(_TEAM.fullmatch(word))


def kind(text: str) -> Kind:
    """What `text` is when it stands as heading, label or cell."""
    words = key(text)
    if any(sign in text for sign in "[]{}<>→»"):
        text = re.sub(r"[\[\]{}<>→»]", " ", text)
    if not words or not any(char.isalpha() for char in text):
        return ""
    if _FIELD.fullmatch(words):
        return "field"
    if _OTHERS.search(text) and not re.search(r"[Pp]olice and [Cc]rime|liaison", text):
        return "other body"
    if _GENERIC.fullmatch(words):
        return "generic"
    if len(words.split()) > 10 or text.rstrip().endswith(("?", "!")) or ". " in text.strip(" ."):
        return "prose"
    if person(text):
        return "person"
    if _tells_of_a_person(text):
        return "prose"
    if _TEAM.search(text) and not _VERBS.match(words):
        return "team"
    return "prose" if _VERBS.match(words) or len(words.split()) > 7 else "topic"


def _tells_of_a_person(text: str) -> bool:
    """Whether `text` is a sentence about somebody: ``Jane Example said hello``."""
    first, rest = text.split()[:2], text.split()[2:]
    small = {"and", "of", "the", "for", "to", "in", "with"}
    return bool(person(" ".join(first))) and any(w.islower() and w not in small for w in rest)


_ASKS = re.compile(
    r"(?:[Cc]ontact(?:ing)?|[Ee]-?mail(?:ing)?|[Cc]all(?:ing)?|[Pp]hon(?:e|ing)|[Rr]ing|"
    r"[Ss]peak (?:to|with)|"
    r"[Tt]alk to|[Ww]rite to|[Aa]sk|[Tt]elephone|touch with|[Vv]ia|[Tt]o) "
    r"(?:to )?(?:the |our |your )?"
    r"(?:council['’]?s |city council['’]?s |county council['’]?s |borough council['’]?s )?"
    r"((?:[\w&'’/-]+ ){0,6}?(?:[Tt]eam|[Ss]ervices?|[Oo]ffice|[Uu]nit|[Dd]epartment|[Dd]esk|"
    r"[Oo]fficer|"
    r"[Mm]anager|[Cc]oordinator|[Cc]lerk|[Ll]ibrarian|[Cc]urator|[Dd]irector|[Hh]elpline|"
    r"[Hh]elpdesk))\b"
)
_BELONGS = re.compile(
    r"\b(?:your|their|any|each|every|a|an|this|that|if|or|when|by|at|is|are|on|with|about)\b"
)


def asked_in(sentence: str) -> str | None:
    """The team that a sentence tells people to turn to: ``Contact the City Events team at …``."""
    for match in _ASKS.finditer(sentence):
        words = match[1].strip()
        if not _BELONGS.search(words) and len(words.split()) > 1 and not _OTHERS.search(words):
            return words
    return None


def speaks_of_others(text: str) -> bool:
    """Whether `text` names one of the national bodies that councils' pages send people to."""
    return kind(text) == "other body" or bool(_OTHERS.search(text))


def of_service(text: str) -> bool:
    """Whether a word in `text` is one of public services."""
    return any(_service(word) for word in re.findall(r"[\w'’]+", text))


def personal(local: str) -> bool:
    """Whether the mailbox is a person's (``jane.example``, ``j.example``) rather than a role's."""
    parts = [part for part in re.split(r"[._-]", re.sub(r"\d+$", "", local)) if part]
    if len(parts) not in (2, 3) or any(not part.isalpha() for part in parts):
        return False
    return not any(_service(part) or _compound(part) for part in parts)


def _compound(part: str) -> bool:
    """Whether a word run together, such as ``cityarts``, begins or ends with a service's word."""
    return any(
        len(word) > 4 and part != word and (part.startswith(word) or part.endswith(word))
        for word in _SERVICES
    )


def of_mailbox(local: str, text: str) -> tuple[str, bool]:
    """The role that a mailbox's own name tells, in the page's words where they occur in `text`.

    And whether that is sure: its words occur there, or are words of services.
    """
    local = re.sub(r"\d+$", "", local)
    letters = re.sub(r"[^a-z]", "", local)
    if _GENERAL.fullmatch(letters):
        return "General enquiries", True
    gap = r"[\s&-]{0,3}"
    spaced = gap.join(map(re.escape, letters))
    match = (
        re.search(rf"\b{spaced}\b(?!@|\.[a-z])", text, re.IGNORECASE) if len(letters) < 40 else None
    )
    parts = re.split(r"[._-]+", local)
    if match:
        return sentence_case(match[0]), True
    return sentence_case(" ".join(parts)), any(_service(part) for part in parts)


def sentence_case(words: str) -> str:
    """`words` on one line, beginning with a capital."""
    words = " ".join(words.split()).strip(" ,.:;–—-|/")
    return words[:1].upper() + words[1:]
