"""The words by which `crawler.partners.meetings` knows a meeting, its hours and its place.

Bounded patterns: each is tried on at most a few hundred characters of somebody else's text.
"""

from __future__ import annotations

import re

from crawler.coming import Kind

CUES: tuple[tuple[Kind, str], ...] = (
    ("webinar", r"webinars?\b"),
    (
        "site visit",
        r"site visits?\b|viewing days?\b|site inspections?\b|walk[- ]?(?:round|through)s?\b",
    ),
    ("open day", r"(?<!supplier )(?<!provider )(?<!market )open (?:days?|evenings?|mornings?)\b"),
    (
        "briefing",
        r"(?:briefing|information|q ?(?:&|and) ?a|question and answer) (?:sessions?|events?|days?"
        r"|mornings?|meetings?)\b|bidders?[’']? (?:days?|conferences?|briefings?|events?)\b"
        r"|(?:supplier|provider|market|tender|industry) briefings?\b|launch events?\b",
    ),
    (
        "meeting",
        r"(?:(?:market|supplier|provider|stakeholder|sector|industry|community)[- ])?"
        r"engagement(?: \([A-Z]{2,5}\))? ?(?:events?|sessions?|days?|meetings?|workshops?"
        r"|activit(?:y|ies))\b"
        r"|(?:supplier|provider|market|industry|partner|networking|consultation|co-?production"
        r"|soft market testing|market warming|market testing|pre-market)"
        r" (?:open days?|days?|events?|workshops?|forums?|meetings?|sessions?)\b"
        r"|meet[- ]the[- ](?:buyers?|commissioners?|team|funders?)(?: events?| days?)?\b",
    ),
)  # fmt: skip
CUE = re.compile(
    "|".join(rf"(?P<k{at}>\b(?:{words}))" for at, (_, words) in enumerate(CUES)), re.IGNORECASE
)
HINTS = (
    "webinar", "site visit", "inspection", "viewing day", "walk", "open day", "open even",
    "open morn", "briefing", "information session", "information event", "information day",
    "information meeting", "information morning", "q&a", "q & a", "q and a", "answer session",
    "bidder", "launch event", "engagement", "meet the", "meet-the", "supplier ", "provider ",
    "market ", "industry ", "partner ", "networking ", "consultation ", "production ",
)  # fmt: skip
"""What a text must hold in lower case to hold a cue: looking for these is far quicker."""
DEADLINE = re.compile(
    r"(?:(?<!hosted )(?<!held )(?<!led )(?<!run )(?<!delivered )(?<!organised )(?<!facilitated )"
    r"\bby|before|until|no later than|earlier than|deadlines?|clos(?:e|es|ed|ing)|dated|published"
    r"|issued|since|after|expir\w+|register (?:on|via)[^.]{0,40}by)\W+(?:[\w:]+\W+){0,4}$",
    re.IGNORECASE,
)
OVER = re.compile(
    r"\b(?:took place|has taken place|have taken place|was held|were held"
    r"|held (?:earlier|previously)|had taken place|was hosted|following (?:the|a|our|an)"
    r"|has been cancelled|is cancelled"
    r"|ha(?:s|ve) already|recording of)\b",
    re.IGNORECASE,
)
OTHER = re.compile(
    r"\b(?:contract (?:start|commence|end|award|period|term|will|is)|start date|commenc\w+"
    r"|submissions?|(?:tenders?|bids?|responses?|questionnaires?|quotations?|applications?"
    r"|expressions? of interest)"
    r" (?:must|should|to be|will be|are|is|shall|due|return\w*|received|period)"
    r"|clarification\w*|evaluat\w+|award\w*|mobilis\w+|published|publication|issued?|standstill"
    r"|interview\w*|go live|anticipated|expected (?:to|that)|opens?\b|festival|will run for"
    r"|framework)",
    re.IGNORECASE,
)
ONLINE = re.compile(
    r"\b(?:microsoft teams|ms[- ]?teams|teams (?:meeting|call|webinar)|via teams|on teams"
    r"|over teams|zoom|webex|google meet|online|virtual(?:ly)?|webinars?|remotely|teams live)\b",
    re.IGNORECASE,
)
TOOLS = (
    ("teams", "Microsoft Teams"),
    ("zoom", "Zoom"),
    ("webex", "Webex"),
    ("google", "Google Meet"),
)
STOP = r"(?!(?:on|from|to|by|between|this|please|you|we|all|any|attendance|registration)\b)"
NAME = (
    rf"[A-Z0-9]{STOP}[\w’'&-]*"
    r"(?:(?:,? +(?:(?:of|the|and|on|upon|in|&|at)\s+)*)[A-Z0-9][\w’'&-]*)*"
    r"(?: (?:offices?|library|museum|theatre|hall|centre))?"
)
PLACE = re.compile(
    r"(?:\b(?:at:?|in|venue is|held at|hosted at)\s+(?:the\s+)?"
    rf"|\b(?:venue|location|where|place)\s*[:–-]\s*)(?P<place>{NAME})"
)
LISTED = re.compile(rf"^[\s\d:.(),apmhrsnoon–-]*?,\s+(?:at )?(?=[A-Z])(?P<place>{NAME})")
MONTHS = re.compile(
    r"^(?:\d|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b)",
    re.IGNORECASE,
)
NOT_PLACES = re.compile(
    r"^(?:Schedule|Section|Appendix|Annex|Part|Lot|Stage|Phase|UK|GMT|BST|The Event|Order|Person)\b"
)
SENTENCES = re.compile(r"(?<=[a-z0-9)])[.!?]\s+(?=[A-Z•-])|\n\s*\n")
SPAN = re.compile(
    r"\b(?P<h1>\d{1,2})(?:[:.](?P<m1>\d{2}))?\s*(?P<a1>[ap]\.?m\.?|noon)?\s*(?:-|–|—|to|until|and|till)\s*"
    r"(?P<h2>\d{1,2})(?:[:.](?P<m2>\d{2}))?\s*(?P<a2>[ap]\.?m\b\.?|noon|hrs|h\b)?",
    re.IGNORECASE,
)  # fmt: skip
WEEKDAY = re.compile(
    r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?,?\s+(?:the\s+)?$", re.IGNORECASE
)
GOES_ON = re.compile(
    r"\W*(?:time|venue|location|where|(?:the|this) (?:event|session|meeting|webinar|briefing)"
    r" (?:will|is|takes|starts|runs))\b",
    re.IGNORECASE,
)
DOTTED = re.compile(r"\bat (?P<h>\d{1,2})\.(?P<m>\d{2})\b(?![./]\d)")
