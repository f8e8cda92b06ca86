"""What a text is about, as far as its words say: which of them tell, and whom they are about.

Notices and the library's resources are read by the same rules, so that the words of one can be
looked up in the other. A short list of phrases counts as one word each, and words for one thing as
one: a choir sings, a pupil goes to school.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from crawler.text import key

Audience = Literal["young", "grown"]

_PHRASES = MappingProxyType(
    {
        "care home": "carehome",
        "residential home": "carehome",
        "nursing home": "carehome",
        "later life": "older",
        "young people": "young",
        "young person": "young",
        "early years": "child",
        "mental health": "mentalhealth",
        "social prescribing": "prescribing",
        "public art": "publicart",
        "youth justice": "offending",
        "criminal justice": "offending",
        "anti social behaviour": "offending",
        "long term": "",
        "well being": "wellbeing",
        "public realm": "publicart",
        "town centre": "regeneration",
        "high street": "regeneration",
        "high streets": "regeneration",
        "levelling up": "regeneration",
        "social value": "socialvalue",
        "learning disability": "disability",
        "learning disabilities": "disability",
        "learning difficultie": "disability",
    }
)
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(_PHRASES, key=len, reverse=True))})s?\b")
_SAME = MappingProxyType(
    {
        **dict.fromkeys(("youth", "youths", "teenager", "teenage", "adolescent"), "young"),
        **dict.fromkeys(("children", "childrens", "kids", "playscheme", "nursery"), "child"),
        **dict.fromkeys(("pupil", "classroom", "curriculum", "attainment"), "school"),
        **dict.fromkeys(("elderly", "ageing", "aging", "pensioner", "seniors"), "older"),
        **dict.fromkeys(("alzheimer", "alzheimers", "memory"), "dementia"),
        **dict.fromkeys(("lonely", "isolation", "isolated"), "loneliness"),
        **dict.fromkeys(("offender", "reoffending", "prison", "prisoner", "probation", "hmp"),
                        "offending"),
        **dict.fromkeys(("sing", "singing", "choral", "singer"), "choir"),
        **dict.fromkeys(("musical", "musician", "orchestra", "instrument"), "music"),
        **dict.fromkeys(("dancing", "dancer", "choreography"), "dance"),
        **dict.fromkeys(("theatrical", "drama", "playhouse"), "theatre"),
        **dict.fromkeys(("mural", "sculpture", "artwork", "monument"), "publicart"),
        **dict.fromkeys(("gallery", "exhibition", "collection", "curator", "curatorial"), "museum"),
        **dict.fromkeys(("historic", "archaeology", "archaeological", "listed"), "heritage"),
        **dict.fromkeys(("library", "librarie", "reading", "literacy"), "library"),
        **dict.fromkeys(("carbon", "climate", "sustainability", "environmental"), "environment"),
        **dict.fromkeys(("learner", "learning", "skill", "course", "tuition", "training",
                        "education", "educational"), "teaching"),
        **dict.fromkeys(("regenerate", "placemaking"), "regeneration"),
        **dict.fromkeys(("integration", "cohesive", "belonging"), "cohesion"),
        **dict.fromkeys(("evaluate", "evaluating", "evaluator"), "evaluation"),
        "suicide": "mentalhealth",
        "camhs": "mentalhealth",
        "hospital": "nhs",
    }
)  # fmt: skip
_AIMS = MappingProxyType(
    {
        **dict.fromkeys(("young", "child", "school"), "children_young_people"),
        **dict.fromkeys(("older", "dementia", "carehome"), "older_people"),
        **dict.fromkeys(("mentalhealth", "prescribing"), "health_wellbeing"),
        "offending": "criminal_justice",
        "teaching": "learning_skills",
        "regeneration": "place_economy",
        "cohesion": "community_cohesion",
        "environment": "environment",
    }
)
"""The outcome (of `crawler.items`) that a word names."""

_YOUNG = frozenset({"young", "child", "school"})
_GROWN = frozenset({"older", "dementia", "carehome", "adult"})
_TOPICS = frozenset({*_SAME.values(), *_PHRASES.values()})
"""What a description need name only once: other words of it tell when it comes back to them."""

_ONLY_WHOM = frozenset({"young", "child", "older", "adult"})
"""Words that say whom a text is about and not what: `audiences` reads them, an `Index` does not."""

_SILENT = frozenset(
    """
    about account across act activities activity advice after again age aged agency ages aims all
    along already also among and annual another any appendix applicant application apply approach
    appropriate april are area areas around art arts ask asked asks attend august available award
    awarded background based basis because become been before began begun being below benefit
    benefits best better bid bidder bidders bids big both bring brings britain british build
    building business but buy call called can case centre change changes choose city class clear
    closing come commercial commission commissioned commissioner commissioning common communities
    community company compare consider contract contractor contracts cost could council country
    county create created creating creation creative creativity cultural culture cut date dates
    day deadline december decide decision deliver delivered delivering delivery design detail
    details develop development different district document dps each early easier east easy
    economic economy effect email end england english enough ensure event ever every everybody
    everyday evidence example examples existing expected experience experienced february find
    first follow following for form four framework free from full fund funded further future
    general get give given good government great group grow guide had has have health help helped
    helping her here high his home house how hub idea identify including independent individual
    information initial interest into invest invitation invited involve ireland issue its itt
    january join july june keep key kind kingdom know large later lead leading learned learnt less
    let level life like link links live living local london long look looks lot lots made main
    major make making man many march mark maximum may means measure measures measuring meet member
    method million minimum ministry model money more most much must name names national need new
    north northern not november now number october offer official often one open opportunity order
    org organisation organised other others our out outcome outcomes over overview own page paper
    part particular partner partnership people period phase pilot place places plan please plus
    point policy portal possible potential practical practice pre prepare present price private
    procurement produce professional programme project proof proposal propose proposed provide
    provided provider providers provides providing provision public publish published purpose put
    qualified quality question questions quick quotation quote range reach real reason
    recommendation regional register related report request require required requirement research
    reserve reserved reserving resource response review rfq right role rule run same save scheme
    scope scotland second sector see seek seeking selected september series serve service set
    several short should show sign since single site size small social some south space spaces
    special specific specification spend stage standard start state stop strategy strong study
    submission submit successful such suitable suitably sum supplier supply support sure system
    take taken team tell tender tendering term than that the their them theme then there these
    they think third this those three threshold through time together tool toolkit top total
    toward town trust try two type under understand united use used user using usual value various
    wales want was way ways website week well wellbeing were west what when where which while who
    widely will wish wishes with within without word work worked working works worth write written
    year yearly you your
    """.split()  # noqa: SIM905
)
_READ = 2_500
"""Characters of a description that are read: what it is about stands at its beginning."""

_TITLE, _BODY, _OFTEN = 1.0, 0.2, 3
"""What a word counts in a notice's title, and each time in the rest, so often at most."""


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    """The word that `word` counts as; none for one that says nothing."""
    if word in _SILENT or len(word) < 3 or word.isdigit():
        return ""
    one = word
    if word.endswith("ies") and len(word) > 4:
        one = f"{word[:-3]}y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        one = word[:-1]
    one = _SAME.get(word) or _SAME.get(one) or one
    return "" if one in _SILENT else one


def words(text: str) -> list[str]:
    """The words of `text` that may tell what it is about, in order, as often as they stand."""
    plain = _PHRASE.sub(_joined, key(text.replace("’", "").replace("'", "")))
    return [told for word in plain.split() if (told := _stem(word))]


def _joined(phrase: re.Match[str]) -> str:
    said = phrase[0]
    return _PHRASES.get(said) or _PHRASES.get(said.removesuffix("s"), "")


def audiences(said: Iterable[str]) -> frozenset[Audience]:
    """Whom `words` are about: the young, grown people, both, or nobody in particular."""
    told = set(said)
    found: set[Audience] = set()
    if not _YOUNG.isdisjoint(told):
        found.add("young")
    if not _GROWN.isdisjoint(told):
        found.add("grown")
    return frozenset(found)


def _aims(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_AIMS[word] for word in said if word in _AIMS))


class Subject:
    """What a notice is about: its words with their weights, and whom it is for.

    `aims` are outcomes that its title names, `hints` those that its description comes back to.
    """

    def __init__(self, title: str, description: str) -> None:
        first, rest = words(title), words(description[:_READ])
        often = Counter(rest)
        self.weights: dict[str, float] = {
            word: _BODY * min(times, _OFTEN)
            for word, times in often.items()
            if times > 1 or word in _TOPICS
        }
        self.weights.update(dict.fromkeys(first, _TITLE))
        self.aims = _aims(first)
        self.hints = _aims(word for word, times in often.items() if times > 1)
        self.audiences = audiences(first) or audiences(rest)


class Index:
    """Texts by their words: a word that few of them have tells more than one that many have."""

    def __init__(self, texts: Sequence[Mapping[str, float]]) -> None:
        """Takes the words of each text with their weights."""
        seen = Counter(word for text in texts for word in text if word not in _ONLY_WHOM)
        self._rare = {word: math.log(1 + len(texts) / count) for word, count in seen.items()}
        self._having: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, text in enumerate(texts):
            for word, weight in text.items():
                if word in self._rare:
                    self._having[word].append((at, weight * self._rare[word]))

    def alike(self, subject: Subject) -> dict[int, float]:
        """How much each text shares with `subject`, by its position; those with nothing are not."""
        found: dict[int, float] = defaultdict(float)
        for word, weight in subject.weights.items():
            for at, worth in self._having.get(word, ()):
                found[at] += weight * worth
        return found
