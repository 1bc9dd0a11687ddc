"""What methods ask and answer, as data (schema.json): typed arguments in, names and nesting out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from alliance.kernel import clock
from commissions.gateway.errors import missing, wrong

LONGEST = 10_000  # characters of one argument
MANY = 100  # objects in one argument
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,13}(\.\d{1,4})?", re.ASCII)
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
_MOMENT = "%Y-%m-%d %H:%M:%S"

Args = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """`type`: String, Number, Decimal, Boolean or Date, or "" for an object. `tag`: what a list's
    elements are called; "" for what is no list."""

    type: str
    tag: str = ""
    fields: "Mapping[str, Field] | None" = None
    required: tuple[str, ...] = ()

    @classmethod
    def read(cls, said: Any) -> "Field":
        if isinstance(said, str):
            return cls(said)
        inner = said.get("fields")
        return cls(
            said.get("of", ""),
            said.get("list", ""),
            {name: cls.read(one) for name, one in inner.items()} if inner else None,
            tuple(said.get("required", ())),
        )


@dataclass(frozen=True, slots=True)
class Method:
    """A method's arguments and answer. `root`: what its answer is called."""

    name: str
    request: Field
    response: Field

    @property
    def root(self) -> str:
        return f"{self.name.removeprefix('taobao.').replace('.', '_')}_response"

    def args_of(self, said: Mapping[str, str]) -> Args:
        """The call's arguments, typed; what is not known is left alone, what is empty is not there.
        Raises Refused."""
        return _object(said, self.request, "")


@cache
def methods() -> dict[str, Method]:
    """By name, all that schema.json knows."""
    said = json.loads(Path(__file__).with_name("schema.json").read_text())
    return {
        name: Method(
            name,
            Field.read({"fields": one["request"], "required": one["required"]}),
            Field.read({"fields": one["response"]}),
        )
        for name, one in said.items()
    }


# --- In -----------------------------------------------------------------------------------------


def _object(said: Mapping[str, Any], field: Field, path: str) -> Args:
    found = {}
    for name, one in (field.fields or {}).items():
        value = said.get(name)
        if value not in (None, ""):
            found[name] = _value(value, one, f"{path}{name}")
    for name in field.required:
        if name not in found:
            raise missing(f"{path}{name}")
    return found


def _value(value: Any, field: Field, name: str) -> Any:
    if isinstance(value, str) and (len(value) > LONGEST or _bad(value)):
        raise wrong(name)
    if field.tag and field.fields is None:
        return [_plain(one, field.type, name) for one in _listed(value, name)]
    if field.fields is None:
        return _plain(value, field.type, name)
    value = _parsed(value, name)
    if not field.tag:
        if not isinstance(value, dict):
            raise wrong(name)
        return _object(value, field, f"{name}.")
    several = value if isinstance(value, list) else [value]
    if len(several) > MANY or not all(isinstance(one, dict) for one in several):
        raise wrong(name)
    return [_object(one, field, f"{name}.") for one in several]


def _bad(text: str) -> bool:
    """What no column keeps: NUL, and halves of pairs."""
    return any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in text)


def _listed(value: Any, name: str) -> list[Any]:
    """`a,b`, or a JSON list."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = [one.strip() for one in value.split(",") if one.strip()]
    else:
        value = _parsed(value, name)
    if not isinstance(value, list) or len(value) > MANY:
        raise wrong(name)
    return value


def _parsed(value: Any, name: str) -> Any:
    """Objects come as JSON in a text, or stand in one that did."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise wrong(name) from None


def _plain(value: Any, kind: str, name: str) -> Any:
    """One argument. Inside of JSON it may be no text: 5 is as good as "5"."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str | int | float):
        text = str(value).strip()
    else:
        raise wrong(name)
    if kind == "Number" and _NUMBER.fullmatch(text):
        return int(text)
    if kind == "Decimal" and _DECIMAL.fullmatch(text):
        return Decimal(text)
    if kind == "Boolean" and text.lower() in _BOOLEAN:
        return _BOOLEAN[text.lower()]
    if kind == "Date":
        return moment_of(text, name)
    if kind == "String" and not _bad(text):
        return text
    raise wrong(name)


def moment_of(text: str, name: str) -> datetime:
    """`2026-06-18 12:00:00` in the alliance's zone. Raises Refused."""
    try:
        found = datetime.strptime(text, _MOMENT).replace(tzinfo=clock.ZONE)
    except ValueError:
        raise wrong(name) from None
    if not clock.FIRST_DAY <= found.date() <= clock.LAST_DAY:
        raise wrong(name)
    return found


# --- Out ----------------------------------------------------------------------------------------


def moment_said(moment: datetime | None) -> str | None:
    """A moment as the platform writes it, in the alliance's zone."""
    return moment.astimezone(clock.ZONE).strftime(_MOMENT) if moment else None


def answer_of(said: Any, field: Field, name: str = "") -> Any:
    """The answer with only what the schema has, in its types. None is left out. TypeError and
    KeyError are mistakes of the method."""
    if field.tag:
        inner = Field(field.type, "", field.fields)
        return [answer_of(one, inner, name) for one in said]
    if field.fields is not None:
        if unknown := set(said) - set(field.fields):
            raise KeyError(f"{name}: {sorted(unknown)} are not in the schema")
        return {
            key: answer_of(said[key], one, f"{name}.{key}")
            for key, one in field.fields.items()
            if said.get(key) is not None
        }
    return _typed(said, field.type, name)


def _typed(value: Any, kind: str, name: str) -> Any:
    if kind in ("String", "Date"):
        return moment_said(value) if isinstance(value, datetime) else str(value)
    if kind == "Boolean" and isinstance(value, bool):
        return value
    if kind == "Number" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "Decimal" and isinstance(value, str | int | Decimal):
        return str(value)
    raise TypeError(f"{name}: {value!r} is no {kind}")
