"""What makes a notice look like work for arts organisations, whatever its label.

A judgement gives reasons for its label, and tags only where the label has them. Whoever writes a
notice wants to know what speaks for or against being shown, and what the words alone suggest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from crawler.items import ART_FORMS, OUTCOMES, Notice, Reason
from crawler.relevance.features import take_apart
from crawler.relevance.model import CLASSES, Model, softmax
from crawler.relevance.reasons import Explanation, towards_wanted
from crawler.relevance.vocabulary import vocabulary

_MOST = 5
_NAMING = ("making", "social")
"""Kinds of terms that name an art form, or an outcome or the people it is for."""

_FAINT, _SHARE = 0.2, 0.08
"""What pushes away by less than this, or than this share of the strongest push, is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """`towards` and `away` from work for arts organisations, each strongest first.

    A weight is what a phrase adds to the log-odds of ``arts`` or ``commissionable`` over ``none``.
    `art_forms` and `outcomes` are those that the words suggest when the codes are left out.
    """

    towards: tuple[Reason, ...]
    away: tuple[Reason, ...]
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]


def lean(model: Model, notice: Notice) -> Leaning:
    """How `notice` leans. Not for several threads at once, as `Model.judge`."""
    parts = take_apart(notice)
    title, body = model.read(parts)
    chances = softmax(model.logits(parts, title, body)[:CLASSES])
    explained = Explanation(model, notice, parts, towards_wanted(chances, model.width))
    reasons = explained.reasons(title, body, most=_MOST, against=_MOST)
    least = max(_FAINT, _SHARE * max((abs(one.weight) for one in reasons), default=0.0))
    art_forms, outcomes = _tags(model, replace(notice, cpv=()))
    return Leaning(
        towards=tuple(one for one in reasons if one.weight > 0),
        away=tuple(one for one in reasons if one.weight <= -least),
        art_forms=art_forms,
        outcomes=outcomes,
    )


def _tags(model: Model, notice: Notice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the model tells of the words, and what the vocabulary finds named in them.

    The model tags sparingly: a draft that says "older people" is for them all the same.
    """
    parts = take_apart(notice)
    groups = vocabulary().groups
    met = [groups[hit.group] for hit in (*parts.title_hits, *parts.body_hits)]
    named = {tag for one in met if one.kind in _NAMING for tag in (one.art_form, one.outcome)}
    told = model.tags(parts) | named
    return (
        tuple(name for name in ART_FORMS if name in told),
        tuple(name for name in OUTCOMES if name in told),
    )
