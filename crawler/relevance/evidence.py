"""What the vocabulary says of a notice: terms met, and which kinds of evidence come together.

"Museum" alone says little; "museum" with "roofing" from a contractor's code is works, with
"exhibition design" it is ours, and "theatre" asked for by a hospital is surgery. Kinds of terms are
therefore paired with each other and with their setting: the kind of buyer and the family of codes.
"""

from __future__ import annotations

import functools

import numpy as np

from crawler.relevance.features import BUYER_KINDS, Parts
from crawler.relevance.vocabulary import Hit, vocabulary

HEAD = 30
"""Words at the beginning of a description, where notices say what they are about."""

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("works", ("45", "71")),
    ("technology", ("72", "48", "30")),
    ("care", ("85", "33")),
    ("education", ("80",)),
    ("media", ("793", "798", "921", "22")),
    ("culture", ("923", "925", "7995", "3731", "9200")),
    ("sport", ("926", "9233")),
    (
        "goods",
        ("03", "09", "14", "15", "18", "24", "31", "32", "34", "35", "38", "39", "42", "43", "44"),
    ),
    ("business", ("79",)),
    ("land", ("90", "77")),
    ("transport", ("60", "63")),
)  # fmt: skip
"""CPV divisions and groups that are bought alike."""

SETTINGS = (
    *(f"buyer:{kind}" for kind, _ in BUYER_KINDS),
    "buyer:other",
    *(f"cpv:{family}" for family, _ in FAMILIES),
)
HEAD_VALUE = 0.8
PAIR_VALUE = 0.15
SETTING_VALUE = 0.4
_DAMPED = [0.0, *(float(np.log2(1 + n)) / 2 for n in range(1, 9))]


def term_columns(parts: Parts) -> dict[int, float]:
    """Columns and values: groups by field, pairs of kinds, kinds by setting, settings.

    A group counts 1 in the title; in the body 0.5 for one hit and more, damped, for several.
    """
    columns = _group_columns(parts)
    title, anywhere = kind_masks(parts)
    pairs, settings = _offsets()[1:3]
    for offset, mask in enumerate((title, anywhere)):
        base = pairs + offset * _pair_count()
        for column in _kind_pairs(mask):
            columns[base + column] = PAIR_VALUE
    for column in _setting_columns(title, anywhere, setting_mask(parts.buyer, parts.codes)):
        columns[settings + column] = SETTING_VALUE
    return columns


def _group_columns(parts: Parts) -> dict[int, float]:
    groups = len(vocabulary().groups)
    columns = {hit.group: 1.0 for hit in parts.title_hits}
    counts: dict[int, int] = {}
    for hit in parts.body_hits:
        counts[hit.group] = counts.get(hit.group, 0) + 1
        if hit.start < HEAD:
            columns[2 * groups + hit.group] = HEAD_VALUE
    for group, count in counts.items():
        columns[groups + group] = _DAMPED[min(count, 8)]
    return columns


def term_column_count() -> int:
    """How many columns `term_columns` may name."""
    return _offsets()[-1]


@functools.cache
def _offsets() -> tuple[int, int, int, int]:
    """Where groups, pairs of kinds and settings begin, and where all ends."""
    pairs = 3 * len(vocabulary().groups)
    settings = pairs + 2 * _pair_count()
    return 0, pairs, settings, settings + (2 * len(vocabulary().kinds) + 1) * len(SETTINGS)


def _pair_count() -> int:
    kinds = len(vocabulary().kinds)
    return kinds * (kinds + 1) // 2


@functools.cache
def _group_bits() -> list[int]:
    terms = vocabulary()
    return [
        1 << terms.kinds.index(group.kind) if group.kind in terms.kinds else 0
        for group in terms.groups
    ]


def _mask(hits: list[Hit]) -> int:
    bits = _group_bits()
    mask = 0
    for hit in hits:
        mask |= bits[hit.group]
    return mask


def kind_masks(parts: Parts) -> tuple[int, int]:
    """Kinds of terms in the title and anywhere, as bits."""
    title = _mask(parts.title_hits)
    return title, title | _mask(parts.body_hits)


@functools.lru_cache(maxsize=100_000)
def _kind_pairs(mask: int) -> tuple[int, ...]:
    """Columns of every kind (with itself) and every pair of kinds whose bits `mask` holds."""
    kinds = len(vocabulary().kinds)
    held = [kind for kind in range(kinds) if mask >> kind & 1]
    return tuple(
        low * kinds - low * (low - 1) // 2 + (high - low)
        for i, low in enumerate(held)
        for high in held[i:]
    )


@functools.lru_cache(maxsize=50_000)
def setting_mask(buyer: tuple[str, ...], codes: tuple[str, ...]) -> int:
    """The kinds of buyer and families of codes, as bits in the order of `SETTINGS`."""
    mask = 0
    for token in buyer:
        if token.startswith("kind:"):
            mask |= 1 << SETTINGS.index("buyer:" + token[5:])
    for at, (_, prefixes) in enumerate(FAMILIES, 1 + len(BUYER_KINDS)):
        if any(token.startswith(prefixes) for token in codes):
            mask |= 1 << at
    return mask


@functools.lru_cache(maxsize=100_000)
def _setting_columns(title: int, anywhere: int, mask: int) -> tuple[int, ...]:
    """Kinds anywhere by setting, then kinds in the title by setting, then settings alone."""
    kinds = len(vocabulary().kinds)
    held = [at for at in range(len(SETTINGS)) if mask >> at & 1]
    columns = [2 * kinds * len(SETTINGS) + at for at in held]
    for block, bits in enumerate((anywhere, title)):
        for kind in range(kinds):
            if bits >> kind & 1:
                base = (block * kinds + kind) * len(SETTINGS)
                columns.extend(base + at for at in held)
    return tuple(columns)


def kind_columns(parts: Parts) -> tuple[tuple[int, float, tuple[str, ...]], ...]:
    """The columns of `term_columns` that stand for kinds: column, value, its one kind or two."""
    return _kind_columns(*kind_masks(parts), setting_mask(parts.buyer, parts.codes))


@functools.lru_cache(maxsize=50_000)
def _kind_columns(
    title: int, anywhere: int, setting: int
) -> tuple[tuple[int, float, tuple[str, ...]], ...]:
    names = vocabulary().kinds
    kinds = len(names)
    pairs, settings = _offsets()[1:3]
    found: list[tuple[int, float, tuple[str, ...]]] = []
    for offset, mask in enumerate((title, anywhere)):
        held = [kind for kind in range(kinds) if mask >> kind & 1]
        both = [
            (names[a],) if a == b else (names[a], names[b])
            for i, a in enumerate(held)
            for b in held[i:]
        ]
        base = pairs + offset * _pair_count()
        found += [
            (base + column, PAIR_VALUE, pair)
            for column, pair in zip(_kind_pairs(mask), both, strict=True)
        ]
    for column in _setting_columns(title, anywhere, setting):
        kind = column // len(SETTINGS)
        if kind < 2 * kinds:
            found.append((settings + column, SETTING_VALUE, (names[kind % kinds],)))
    return tuple(found)


def setting_columns(parts: Parts, owner: str) -> list[int]:
    """The columns of `term_columns` for settings alone, of `owner` ``buyer`` or ``cpv``."""
    mask = setting_mask(parts.buyer, parts.codes)
    base = _offsets()[2] + 2 * len(vocabulary().kinds) * len(SETTINGS)
    return [
        base + at for at, name in enumerate(SETTINGS) if mask >> at & 1 and name.startswith(owner)
    ]
