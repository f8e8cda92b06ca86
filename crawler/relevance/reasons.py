"""Why a judgement came out as it did: the phrases that moved it, in the notice's own words.

A weight is what a phrase adds to the log-odds of the label that was judged (to first order: the
other classes share what is taken from them by their probabilities). Since the model adds, shares
are exact up to the length of a field.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from crawler.items import Notice, Reason
from crawler.relevance import layout
from crawler.relevance.evidence import SETTING_VALUE, kind_columns, setting_columns, term_columns
from crawler.relevance.features import Parts, cpv_names
from crawler.relevance.vocabulary import Hit, vocabulary
from crawler.relevance.words import MAX_CHARS, unique

if TYPE_CHECKING:
    from crawler.relevance.model import Model

Floats = npt.NDArray[np.float32]
FOR = 4
AGAINST = 2
LEAST = 0.08
"""Log-odds under which a phrase is not worth telling."""

LONGEST = 5
STOP = frozenset(
    "a about above after all also an and any are as at award awarded be been being between both but by can"
    " contract could for from had has have how if in including into is it its may more must new no"
    " not of on one or other our out over per s shall should so some such than that the their them"
    " there these they this those through to under up upon was we were what when where which"
    " while who will with within would you your e g i ie eg etc ref lot lots ltd please see notice tender"
    " provision services service council provide provider providers required requirement two three"
    " support project programme t n x y r year years month months".split()
)
"""Words that are never a reason alone: they carry no meaning a person would believe."""

_BETWEEN = r"(?:'s)?[\W_]+(?:\w*\d\w*[\W_]+){0,2}"


@dataclass(frozen=True, slots=True)
class _Phrase:
    weight: float
    field: str
    words: tuple[str, ...]


def reasons(
    model: Model, notice: Notice, parts: Parts, chances: Floats, label: int
) -> tuple[Reason, ...]:
    """Up to `FOR` reasons for the label and `AGAINST` against it, the strongest first."""
    direction = _direction(model, chances, label)
    told: list[Reason] = []
    phrases = [*_phrases(model, parts, direction)]
    for phrase in _strongest(phrases):
        field, text = _quote(notice, phrase)
        told.append(Reason(text=text, field=field, weight=round(phrase.weight, 2)))
    told += _codes(model, notice, parts, direction)
    told += _buyer(model, notice, parts, direction)
    told.sort(key=lambda reason: -abs(reason.weight))
    speaking = [reason for reason in told if reason.weight >= LEAST][:FOR]
    against = [reason for reason in told if reason.weight <= -LEAST][:AGAINST]
    return (*speaking, *against)


def _direction(model: Model, chances: Floats, label: int) -> Floats:
    """What a change of each logit does to the log-odds of `label`."""
    direction = np.zeros(model.terms.shape[1], np.float32)
    others = chances.copy()
    others[label] = 0
    direction[: len(chances)] = -others / max(float(others.sum()), 1e-9)
    direction[label] = 1
    return direction


def _phrases(model: Model, parts: Parts, direction: Floats) -> Iterator[_Phrase]:
    shares = _term_shares(model, parts, direction)
    for field, words, hits, table, scale in (
        ("title", parts.title, parts.title_hits, model.title_words, layout.TITLE),
        ("description", parts.body, parts.body_hits, model.body_words, layout.BODY),
    ):
        if not words:
            continue
        weights = _positions(model, words, table, scale, direction)
        for hit in hits:
            share = shares.get((field, hit.group), 0.0)
            weights[hit.start : hit.start + hit.length] += share / hit.length
        yield from _runs(field, words, weights, hits)


def _positions(
    model: Model, words: list[str], table: Floats, scale: float, direction: Floats
) -> Floats:
    """What each word of a field adds; a pair of neighbours gives half to each."""
    numbers = np.array([model.number(word) for word in words], np.intp)
    distinct = np.unique(numbers)
    norm = np.float32(np.sqrt(model.squares[distinct].sum()))
    weights: Floats = (table[numbers] @ direction) / norm
    if len(words) > 1:
        pairs = model.pairs_in_order(numbers) @ direction
        pairs *= np.float32(scale * layout.PAIR / np.sqrt(len(words) - 1) / 2)
        weights[:-1] += pairs
        weights[1:] += pairs
    return weights


def _term_shares(model: Model, parts: Parts, direction: Floats) -> dict[tuple[str, int], float]:
    """By field and group of the vocabulary, what one hit adds.

    What a pair of kinds adds is shared by the hits of both kinds.
    """
    counts: dict[tuple[str, int], int] = {}
    for field, hits in (("title", parts.title_hits), ("description", parts.body_hits)):
        for hit in hits:
            counts[field, hit.group] = counts.get((field, hit.group), 0) + 1
    if not counts:
        return {}
    pushes = model.terms @ direction
    groups = vocabulary().groups
    columns = term_columns(parts)
    shares: dict[tuple[str, int], float] = {}
    for key, count in counts.items():
        field, group = key
        own = [group] if field == "title" else [len(groups) + group, 2 * len(groups) + group]
        shares[key] = sum(float(pushes[at]) * columns.get(at, 0.0) for at in own) / count
    holders: dict[str, list[tuple[str, int]]] = {}
    for key in counts:
        holders.setdefault(groups[key[1]].kind, []).append(key)
    for column, value, kinds in kind_columns(parts):
        for kind in kinds:
            held = holders.get(kind, [])
            for key in held:
                push = float(pushes[column]) * value
                shares[key] += push / len(kinds) / len(held) / counts[key]
    return shares


def _runs(
    field: str, words: list[str], weights: Floats, hits: list[Hit]
) -> Iterator[_Phrase]:
    """Neighbouring words that push the same way, never beginning or ending with a stop word."""
    bound = {at for hit in hits for at in range(hit.start, hit.start + hit.length - 1)}
    at = 0
    while at < len(words):
        if words[at] in STOP and at not in bound or abs(weights[at]) < LEAST / 4:
            at += 1
            continue
        end = at + 1
        positive = weights[at] > 0
        while (
            end < len(words)
            and end - at < LONGEST
            and (
                end - 1 in bound
                or (words[end] not in STOP and (weights[end] > 0) == positive
                    and abs(weights[end]) >= LEAST / 4)
            )
        ):
            end += 1
        last = end
        while last > at + 1 and words[last - 1] in STOP and last - 2 not in bound:
            last -= 1
        yield _Phrase(float(weights[at:last].sum()), field, tuple(words[at:last]))
        at = end


def _strongest(phrases: list[_Phrase]) -> list[_Phrase]:
    """The strongest phrases either way, each said once."""
    phrases.sort(key=lambda phrase: -abs(phrase.weight))
    found: list[_Phrase] = []
    seen: set[str] = set()
    room = {True: FOR, False: AGAINST}
    for phrase in phrases:
        if abs(phrase.weight) < LEAST or not any(room.values()):
            break
        own = {word for word in phrase.words if word not in STOP}
        positive = phrase.weight > 0
        if not room[positive] or (own and own <= seen):
            continue
        seen |= own
        room[positive] -= 1
        found.append(phrase)
    return found


def _quote(notice: Notice, phrase: _Phrase) -> tuple[str, str]:
    """The field where the phrase stands and its words as the notice writes them."""
    words = [part for word in phrase.words for part in word.split("_")]
    pattern = re.compile(r"\b" + _BETWEEN.join(map(re.escape, words)) + r"\b", re.IGNORECASE)
    fields = [("title", notice.title)]
    if phrase.field != "title":
        fields = [("description", notice.description[:MAX_CHARS])]
        fields += [("lots", lot) for lot in notice.lots]
    for field, text in fields:
        found = pattern.search(html.unescape(text) if "&" in text else text)
        if found:
            return field, " ".join(found.group().split())
    return phrase.field, " ".join(words)


def _codes(model: Model, notice: Notice, parts: Parts, direction: Floats) -> list[Reason]:
    """What the CPV codes add, each prefix shared by the codes that begin with it."""
    if parts.codes == ["none"]:
        return []
    scale = 1 / float(np.sqrt(len(parts.codes)))
    codes = unique(code[:8] for code in notice.cpv if code[:8].isdigit())
    weights = dict.fromkeys(codes, 0.0)
    for token in parts.codes:
        prefix = token.lstrip("!")
        holders = [code for code in codes if code.startswith(prefix)]
        if token[0] == "!":
            holders = holders[:1]
        push = float(model.code_row(token) @ direction) * scale
        for code in holders:
            weights[code] += push / len(holders)
    settings = float((model.terms @ direction)[setting_columns(parts, "cpv")].sum())
    for code in codes:
        weights[code] += settings * SETTING_VALUE / len(codes)
    strongest = sorted(weights.items(), key=lambda item: -abs(item[1]))[:2]
    return [
        Reason(text=name_code(code), field="cpv", weight=round(weight, 2))
        for code, weight in strongest
        if abs(weight) >= LEAST
    ]


def name_code(code: str) -> str:
    """``CPV 85312: Social work services without accommodation``; without a name if unknown."""
    short = code.rstrip("0").ljust(2, "0")
    name = cpv_names().get(code)
    return f"CPV {short}: {name}" if name else f"CPV {short}"


def _buyer(model: Model, notice: Notice, parts: Parts, direction: Floats) -> list[Reason]:
    if not notice.buyer or parts.buyer == ["none"]:
        return []
    rows = [model.buyer_row(token) for token in parts.buyer]
    weight = float(np.sum(rows, axis=0) @ direction / np.sqrt(len(rows)))
    pushes = (model.terms @ direction)[setting_columns(parts, "buyer")]
    weight += float(pushes.sum()) * SETTING_VALUE
    if abs(weight) < LEAST:
        return []
    return [Reason(text=" ".join(notice.buyer.split())[:120], field="buyer", weight=round(weight, 2))]
