"""What is wrong with rules, in sentences that name the rule as the form does."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from pydantic_core import ErrorDetails

from alliance.kernel.money import Money, hundredths, percent
from campaigns.mechanics.words import Input, RuleField


class Fault(ValueError):
    """Rules that are fine one by one and make no sense together. `field` is the one to change."""

    def __init__(self, message: str | Promise, *, field: str) -> None:
        self.message = message
        self.field = field
        super().__init__(str(message))


def sentence(
    fields: Sequence[RuleField], error: ErrorDetails, *, currency: str = ""
) -> tuple[str, str]:
    """(what is wrong, path of the rule at fault: `tiers.0.reward_minor`) in the active language.

    Limits that are amounts are written in `currency` (default: the alliance's).
    """
    path = ".".join(str(part) for part in error["loc"])
    context = error.get("ctx", {})
    fault = context.get("error")
    if isinstance(fault, Fault):
        return str(fault.message), ".".join(filter(None, (path, fault.field)))
    label, field = _named(fields, error["loc"])
    names = {"rule": label}
    kind = error["type"]
    if kind == "extra_forbidden":
        return gettext("There is no rule “%(rule)s”.") % {"rule": error["loc"][-1]}, path
    if kind == "missing":
        return gettext("“%(rule)s” is missing.") % names, path
    if (name := _LIMITS.get(kind)) is not None:
        limit = _written(context[name], field, currency)
        return _limit(kind) % (names | {"limit": limit}), path
    if (name := _LENGTHS.get(kind)) is not None:
        return _length(kind, context[name]) % (names | {"limit": context[name]}), path
    return _shape(field) % (names | _choices(field)), path


def _named(fields: Sequence[RuleField], loc: tuple[int | str, ...]) -> tuple[str, RuleField | None]:
    """(“Tiers, row 1, Reward”, the innermost rule that is known by that path)."""
    words: list[str] = []
    found: RuleField | None = None
    within = fields
    for part in loc:
        if isinstance(part, int):
            words.append(gettext("row %(number)s") % {"number": part + 1})
            continue
        found = next((each for each in within if each.name == part), None)
        words.append(str(found.label) if found else part)
        within = found.rows if found else ()
    return ", ".join(words) or gettext("Rules"), found


_LIMITS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt",
           "less_than_equal": "le"}  # fmt: skip
_LENGTHS = {"string_too_short": "min_length", "string_too_long": "max_length",
            "too_short": "min_length", "too_long": "max_length"}  # fmt: skip


def _limit(kind: str) -> str:
    return {
        "greater_than": gettext("“%(rule)s” must be above %(limit)s."),
        "greater_than_equal": gettext("“%(rule)s” must be at least %(limit)s."),
        "less_than": gettext("“%(rule)s” must be below %(limit)s."),
        "less_than_equal": gettext("“%(rule)s” must be at most %(limit)s."),
    }[kind]


def _length(kind: str, limit: int) -> str:
    if kind == "string_too_short":
        return ngettext(
            "“%(rule)s” needs at least %(limit)s character.",
            "“%(rule)s” needs at least %(limit)s characters.",
            limit,
        )
    if kind == "string_too_long":
        return ngettext(
            "“%(rule)s” may have at most %(limit)s character.",
            "“%(rule)s” may have at most %(limit)s characters.",
            limit,
        )
    if kind == "too_short":
        return ngettext(
            "“%(rule)s” needs at least %(limit)s row.",
            "“%(rule)s” needs at least %(limit)s rows.",
            limit,
        )
    return ngettext(
        "“%(rule)s” may have at most %(limit)s row.",
        "“%(rule)s” may have at most %(limit)s rows.",
        limit,
    )


def _shape(field: RuleField | None) -> str:
    """What the rule should have been."""
    return {
        None: gettext("“%(rule)s” must be rules by their names."),
        Input.RATE: gettext("“%(rule)s” must be a rate."),
        Input.AMOUNT: gettext("“%(rule)s” must be an amount."),
        Input.CENTI: gettext("“%(rule)s” must be a number."),
        Input.COUNT: gettext("“%(rule)s” must be a whole number."),
        Input.FLAG: gettext("“%(rule)s” must be yes or no."),
        Input.CHOICE: gettext("“%(rule)s” must be one of: %(choices)s."),
        Input.TEXT: gettext("“%(rule)s” must be a text."),
        Input.TIME: gettext("“%(rule)s” must be a time of the day such as 10:00."),
        Input.ROWS: gettext("“%(rule)s” must be a list of rows."),
    }[field.input if field else None]


def _choices(field: RuleField | None) -> dict[str, str]:
    return {"choices": ", ".join(str(label) for _value, label in field.choices) if field else ""}


def _written(limit: Any, field: RuleField | None, currency: str) -> str:
    if field is not None and field.input is Input.RATE:
        return percent(limit)
    if field is not None and field.input is Input.CENTI:
        return hundredths(limit)
    if field is not None and field.input is Input.AMOUNT:
        return Money(limit, currency or settings.ALLIANCE["CURRENCY"]).localized()
    return str(limit)
