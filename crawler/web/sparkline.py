"""A small picture of a row of counts, as SVG: a bar a day, and words for who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _GAP = 5, 28, 1


def sparkline(counts: Sequence[int], label: str) -> Markup:
    """The bars of `counts`, the highest at full height; `label` is read out instead."""
    top = max(counts, default=0)
    bars = []
    for at, count in enumerate(counts):
        tall = max(2, round(count * _HEIGHT / top)) if count > 0 else 1
        kind = "some" if count > 0 else "none"
        bars.append(
            f'<rect class="{kind}" x="{at * (_WIDTH + _GAP)}" y="{_HEIGHT - tall}"'
            f' width="{_WIDTH}" height="{tall}"/>'
        )
    wide = max(1, len(counts) * (_WIDTH + _GAP) - _GAP)
    return Markup(  # noqa: S704 - numbers, and an escaped label
        f'<svg class="sparkline" role="img" aria-label="{escape(label)}"'
        f' viewBox="0 0 {wide} {_HEIGHT}" width="{wide}" height="{_HEIGHT}">{"".join(bars)}</svg>'
    )
