"""Rules in words: what the desk's form is built from.

A rule's unit follows from its name, as everywhere in the house: `_bps` is a rate, `_minor` an
amount, `_centi` a figure in hundredths; whole numbers under other names are counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any, get_args, get_origin

from django.db.models import Choices
from django.utils.functional import Promise
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Words:
    """A rule in words. `when` (name, value): it matters only while that other rule has that value;
    a form hides it else."""

    label: str | Promise
    help: str | Promise = ""
    when: tuple[str, str] | None = None


class Input(StrEnum):
    """How a rule is asked for."""

    RATE = "rate"  # basis points; a form shows percent
    AMOUNT = "amount"  # minor units of the campaign's currency
    CENTI = "centi"  # hundredths; a form shows 4.60
    COUNT = "count"
    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    TIME = "time"  # of the day, in the alliance's zone: "10:00"
    ROWS = "rows"  # a list of the same few rules: tiers, prizes, faces


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleField:
    """One rule as a form needs it. `least` and `most` are inclusive: of the number, of the
    characters of a text, of the rows. `default` is what stands in JSON; None where it is required.
    """

    name: str
    label: str | Promise
    help: str | Promise
    when: tuple[str, str] | None
    input: Input
    required: bool
    default: Any
    least: int | None = None
    most: int | None = None
    choices: tuple[tuple[str, str | Promise], ...] = ()
    rows: tuple["RuleField", ...] = ()


def fields_of(rules: type[BaseModel]) -> tuple[RuleField, ...]:
    """The rules of a kind, in their order, those that must be given first. Raises TypeError for
    one that has no words."""
    return tuple(sorted(_fields(rules), key=lambda field: not field.required))


def _fields(rules: type[BaseModel]) -> Iterator[RuleField]:
    for name, info in rules.model_fields.items():
        words = next((each for each in info.metadata if isinstance(each, Words)), None)
        if words is None:
            raise TypeError(f"{rules.__name__}.{name} has no words")
        kind, choices, rows = _input(name, info)
        least, most = _bounds(info)
        yield RuleField(
            name=name,
            label=words.label,
            help=words.help,
            when=words.when,
            input=kind,
            required=info.is_required(),
            default=_default(info),
            least=least,
            most=most,
            choices=choices,
            rows=rows,
        )


_Shape = tuple[Input, tuple[tuple[str, str | Promise], ...], tuple[RuleField, ...]]


def _input(name: str, info: FieldInfo) -> _Shape:
    kind: Any = info.annotation
    if get_origin(kind) is tuple:
        return Input.ROWS, (), fields_of(get_args(kind)[0])
    if issubclass(kind, Choices):
        return Input.CHOICE, tuple((str(one.value), one.label) for one in kind), ()
    if kind is int:
        ending = name.rpartition("_")[2]
        inputs = {"bps": Input.RATE, "minor": Input.AMOUNT, "centi": Input.CENTI}
        return inputs.get(ending, Input.COUNT), (), ()
    return {bool: Input.FLAG, str: Input.TEXT, time: Input.TIME}[kind], (), ()


def _bounds(info: FieldInfo) -> tuple[int | None, int | None]:
    least: list[int] = []
    most: list[int] = []
    for each in info.metadata:
        least += [value for name in ("ge", "min_length") if (value := _of(each, name)) is not None]
        most += [value for name in ("le", "max_length") if (value := _of(each, name)) is not None]
        if (above := _of(each, "gt")) is not None:
            least.append(above + 1)
        if (below := _of(each, "lt")) is not None:
            most.append(below - 1)
    return max(least, default=None), min(most, default=None)


def _of(bound: object, name: str) -> int | None:
    return getattr(bound, name, None)


def _default(info: FieldInfo) -> Any:
    if info.is_required():
        return None
    return _plain(info.default)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Choices):
        return value.value
    return value.isoformat("minutes") if isinstance(value, time) else value
