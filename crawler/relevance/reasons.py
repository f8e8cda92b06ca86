"""Why a judgement came out as it did: the phrases that moved it, in the notice's own words.

A weight is what a phrase adds to the log-odds of the label that was judged, or of being wanted at
all (to first order: the other classes share what is taken from them by their probabilities). Since
the model adds, shares are exact up to the length of a field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from crawler.items import RELEVANCES, Notice, Reason
from crawler.relevance import layout
from crawler.relevance.evidence import SETTING_VALUE, kind_columns, setting_columns, term_columns
from crawler.relevance.features import NONE, Parts, cpv_names
from crawler.relevance.quoting import quote
from crawler.relevance.silence import STOP
from crawler.relevance.vocabulary import Hit, vocabulary
from crawler.relevance.words import unique

if TYPE_CHECKING:
    from crawler.relevance.model import Field, Model

Floats = npt.NDArray[np.float32]
FOR = 4
AGAINST = 2
WANTED = ("arts", "commissionable")
LEAST = 0.08
"""Log-odds under which a phrase is not worth telling."""

LONGEST = 5


@dataclass(frozen=True, slots=True)
class _Phrase:
    weight: float
    field: str
    words: tuple[str, ...]


def towards_label(chances: npt.NDArray[np.float64], label: int, width: int) -> Floats:
    """What of `width` logits the log-odds of one class rise with."""
    chosen = np.zeros(len(chances), np.bool_)
    chosen[label] = True
    return _between(chances, chosen, ~chosen, width)


def towards_wanted(chances: npt.NDArray[np.float64], width: int) -> Floats:
    """The same for the classes that people are shown, ``arts`` and ``commissionable``, over none.

    ``adjacent`` is left out: what pushes there ("creative") is no reason to delete a word.
    """
    wanted = np.array([name in WANTED for name in RELEVANCES])
    nothing = np.array([name == "none" for name in RELEVANCES])
    return _between(chances, wanted, nothing, width)


def _between(
    chances: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
    others: npt.NDArray[np.bool_],
    width: int,
) -> Floats:
    direction = np.zeros(width, np.float32)
    for mask, sign in ((chosen, 1), (others, -1)):
        shared = np.where(mask, chances, 0)
        shared /= max(float(shared.sum()), 1e-12)
        direction[: len(chances)] += sign * shared.astype(np.float32)
    return direction


class Explanation:
    """One judgement opened up: what each phrase, code and the buyer add in a direction."""

    def __init__(
        self,
        model: Model,
        notice: Notice,
        parts: Parts,
        direction: Floats,
    ) -> None:
        self._model = model
        self._notice = notice
        self._parts = parts
        self._direction = direction
        self._pushes = np.asarray(model.terms @ direction, np.float32)

    def reasons(
        self,
        title: Field | None,
        body: Field | None,
        *,
        most: int = FOR,
        against: int = AGAINST,
    ) -> tuple[Reason, ...]:
        """Up to `most` reasons for it, then up to `against` against it, each strongest first."""
        parts = self._parts
        shares = self._term_shares()
        phrases: list[_Phrase] = []
        if title is not None:
            words = self._model.title_words
            weights = self._positions(title, words, layout.TITLE)
            phrases += _runs("title", parts.title, weights, self._bind("title", weights, shares))
        if body is not None:
            words = self._model.body_words
            weights = self._positions(body, words, layout.BODY)
            bound = self._bind("description", weights, shares)
            phrases += _runs("description", parts.body, weights, bound)
        told = [*self._codes(), *self._buyer()]
        for phrase in _strongest(phrases, most, against):
            field, text = quote(self._notice, phrase.field, phrase.words)
            told.append(Reason(text=text, field=field, weight=round(phrase.weight, 2)))
        told.sort(key=lambda reason: -abs(reason.weight))
        speaking = [reason for reason in told if reason.weight >= LEAST][:most]
        opposing = [reason for reason in told if reason.weight <= -LEAST][:against]
        return (*speaking, *opposing)

    def _positions(self, field: Field, table: Floats, scale: float) -> Floats:
        """What each word of a field adds; a pair of neighbours gives half to each.

        Words that cannot be a reason are silenced.
        """
        model = self._model
        pushes = (table[field.distinct] @ self._direction) * field.scale
        spread = np.zeros(int(field.distinct.max()) + 1, np.float32)
        spread[field.distinct] = pushes
        weights: Floats = spread[field.numbers]
        if len(weights) > 1:
            pairs = (field.pairs @ self._direction) * np.float32(scale / 2)
            weights[:-1] += pairs
            weights[1:] += pairs
        weights[model.silent[field.numbers]] = 0
        return weights

    def _bind(self, name: str, weights: Floats, shares: dict[tuple[str, int], float]) -> set[int]:
        """Add what terms push to the words they cover; the words that a term ties to the next."""
        hits: list[Hit] = self._parts.title_hits if name == "title" else self._parts.body_hits
        bound: set[int] = set()
        for hit in hits:
            end = hit.start + hit.length
            weights[hit.start : end] += shares[name, hit.group] / hit.length
            bound.update(range(hit.start, end - 1))
        return bound

    def _term_shares(self) -> dict[tuple[str, int], float]:
        """By field and group of the vocabulary, what one hit adds.

        What a pair of kinds adds is shared by the hits of both kinds.
        """
        parts = self._parts
        counts: dict[tuple[str, int], int] = {}
        for field, hits in (("title", parts.title_hits), ("description", parts.body_hits)):
            for hit in hits:
                counts[field, hit.group] = counts.get((field, hit.group), 0) + 1
        if not counts:
            return {}
        pushes = self._pushes
        groups = vocabulary().groups
        columns = term_columns(parts)
        shares: dict[tuple[str, int], float] = {}
        holders: dict[str, list[tuple[str, int]]] = {}
        for key, count in counts.items():
            field, group = key
            own = [group] if field == "title" else [len(groups) + group, 2 * len(groups) + group]
            shares[key] = sum(float(pushes[at]) * columns.get(at, 0.0) for at in own) / count
            holders.setdefault(groups[group].kind, []).append(key)
        for kind, push in self._kind_pushes().items():
            held = holders.get(kind, ())
            for key in held:
                shares[key] += push / len(held) / counts[key]
        return shares

    def _kind_pushes(self) -> dict[str, float]:
        """What each kind of evidence adds by its company and setting."""
        found: dict[str, float] = {}
        columns = kind_columns(self._parts)
        values = self._pushes[[column for column, _, _ in columns]].tolist() if columns else []
        for (_, value, kinds), push in zip(columns, values, strict=True):
            for kind in kinds:
                found[kind] = found.get(kind, 0.0) + push * value / len(kinds)
        return found

    def _codes(self) -> list[Reason]:
        """What the CPV codes add, each prefix shared by the codes that begin with it."""
        tokens = self._parts.codes
        if tokens == NONE:
            return []
        codes = unique(code[:8] for code in self._notice.cpv if code[:8].isdigit())
        settings = float(self._pushes[setting_columns(self._parts, "cpv")].sum())
        weights = dict.fromkeys(codes, settings * SETTING_VALUE / len(codes))
        pushes = (self._model.code_rows(tokens) @ self._direction).tolist()
        for token, push in zip(tokens, pushes, strict=True):
            if token[0] == "!":
                weights[codes[0]] += push
                continue
            holders = [code for code in codes if code.startswith(token)]
            for code in holders:
                weights[code] += push / len(holders)
        strongest = sorted(weights.items(), key=lambda item: -abs(item[1]))[:2]
        return [
            Reason(text=name_code(code), field="cpv", weight=round(weight, 2))
            for code, weight in strongest
            if abs(weight) >= LEAST
        ]

    def _buyer(self) -> list[Reason]:
        buyer = self._parts.buyer
        if not self._notice.buyer or buyer == NONE:
            return []
        weight = float((self._model.buyer_rows(buyer) @ self._direction).sum())
        weight += float(self._pushes[setting_columns(self._parts, "buyer")].sum()) * SETTING_VALUE
        if abs(weight) < LEAST:
            return []
        text = " ".join(self._notice.buyer[:200].split())
        return [Reason(text=text, field="buyer", weight=round(weight, 2))]


def _runs(field: str, words: list[str], weights: Floats, bound: set[int]) -> Iterator[_Phrase]:
    """Neighbouring words that push the same way, and words that a term ties together."""
    values = weights.tolist()
    sizes = np.abs(weights)
    least = max(LEAST / 4, float(sizes.max()) / 8)
    strong = np.flatnonzero(sizes >= least).tolist()
    done = -1
    for at in strong:
        if at <= done:
            continue
        positive = values[at] > 0
        end = at + 1
        while end < len(words) and end - at < LONGEST:
            joins = abs(values[end]) >= least and (values[end] > 0) == positive
            if not joins and end - 1 not in bound:
                break
            end += 1
        done = end - 1
        weight = sum(values[at:end])
        if abs(weight) >= LEAST:
            yield _Phrase(weight, field, tuple(words[at:end]))


def _strongest(phrases: list[_Phrase], most: int, against: int) -> list[_Phrase]:
    """The strongest phrases either way, each said once."""
    phrases.sort(key=lambda phrase: -abs(phrase.weight))
    found: list[_Phrase] = []
    seen: set[str] = set()
    room = {True: most, False: against}
    for phrase in phrases:
        if not any(room.values()):
            break
        own = {word for word in phrase.words if word not in STOP}
        positive = phrase.weight > 0
        if not room[positive] or own <= seen:
            continue
        seen |= own
        room[positive] -= 1
        found.append(phrase)
    return found


def name_code(code: str) -> str:
    """``CPV 853: Social work and related services``; without a name if it is unknown."""
    short = code.rstrip("0").ljust(2, "0")
    name = cpv_names().get(code.ljust(8, "0"))
    return f"CPV {short}: {name}" if name else f"CPV {short}"
