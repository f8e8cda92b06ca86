"""The options by which a wish is told at the command line, shared by all that take one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any

import typer

from crawler.buyers import BUYER_KINDS
from crawler.digest import wishes
from crawler.digest.wish_wording import RHYTHMS, STAGES
from crawler.digest.wishes import Asked, WishErrors
from crawler.digest.wording import ART_FORMS, BANDS, OUTCOMES
from crawler.store.subscribers import Schedule, Subscription

Given = dict[str, Any]
"""The fields that were given, by the names of `crawler.digest.wishes`."""


def _among(names: Any) -> str:
    return f"{', '.join(names)}; repeatable"


_WISHES: Mapping[str, tuple[str, Any, str]] = MappingProxyType(
    {
        "regions": ("--region", list[str], "code or name, such as TLD or 'North West'; repeatable"),
        "authorities": ("--authority", list[str], "a council, by name or GSS code; repeatable"),
        "near": ("--near", str, "work near this postcode, such as LS1"),
        "near_km": ("--near-km", str, "how near, 1 to 500 kilometres"),
        "art_forms": ("--art-form", list[str], _among(ART_FORMS)),
        "outcomes": ("--outcome", list[str], _among(OUTCOMES)),
        "bands": ("--band", list[str], f"{_among(BANDS)}; the first two if left out"),
        "stages": ("--stage", list[str], f"{_among(STAGES)}; the first two if left out"),
        "value_min": ("--value-min", str, "worth at least, such as £10k"),
        "value_max": ("--value-max", str, "worth at most, such as 250,000"),
        "largest": ("--largest", str, "the largest contract they could deliver"),
        "buyer_kinds": ("--buyer-kind", list[str], _among(BUYER_KINDS)),
        "require": ("--require", list[str], "a word or phrase that must occur; repeatable"),
        "exclude": ("--exclude", list[str], "a word or phrase that must not; repeatable"),
        "maybes": ("--maybes/--no-maybes", bool, "whether finds nobody has reviewed may appear"),
        "label": ("--label", str, "what they call this subscription"),
    }
)
_SCHEDULE: Mapping[str, tuple[str, Any, str]] = MappingProxyType(
    {
        "rhythm": ("--rhythm", str, ", ".join(RHYTHMS)),
        "weekday": ("--weekday", str, "Monday if left out"),
        "hour": ("--hour", str, "0 to 23, or such as 7am"),
        "only_new": ("--only-new/--always", bool, "no mail when nothing is new"),
        "early_mail": (
            "--early-mail/--no-early-mail",
            bool,
            "a mail at once when something closes before the next digest",
        ),
        "remind_days": ("--remind-days", str, "1 to 30 before a saved item closes, or none"),
    }
)
_OPTIONS = {
    name: option.partition("/")[0] for name, (option, _, _) in {**_WISHES, **_SCHEDULE}.items()
}


def takes(
    *, wish: bool = True, schedule: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command these options; it gets those that were used as its argument `given`."""
    fields = {**(_WISHES if wish else {}), **(_SCHEDULE if schedule else {})}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_fields(**arguments: Any) -> None:
            given = {name: arguments.pop(name) for name in fields}
            command(**arguments, given={k: v for k, v in given.items() if v is not None})

        signature = inspect.signature(command, eval_str=True)
        own = [one for name, one in signature.parameters.items() if name != "given"]
        parameters = [*own, *(_parameter(name, *fields[name]) for name in fields)]
        # typer reads a command's signature and annotations to learn its options.
        with_fields.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        with_fields.__annotations__ = {one.name: one.annotation for one in parameters}
        return with_fields

    return decorate


def _parameter(name: str, option: str, kind: Any, words: str) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, typer.Option(option, help=words)],
    )


def read(
    given: Given, subscription: Subscription | None = None, schedule: Schedule | None = None
) -> Asked:
    """What the options ask for. Raises `UsageError` that names each wrong option."""
    try:
        return wishes.read(given, subscription, schedule)
    except WishErrors as errors:
        raise errors.named(_OPTIONS) from None
