"""Lists by the page. A cursor says behind which row the next page begins, not how many came before
it: what is added or taken away in the meantime moves nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from alliance.kernel.errors import Invalid
from alliance.kernel.rest.words import FieldsQuery

MOST = 200


class PageQuery(FieldsQuery):
    """What may be asked of any list."""

    cursor = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="`next` of the page before. Opaque; empty: the first page.",
    )
    limit = serializers.IntegerField(
        required=False,
        default=50,
        min_value=1,
        max_value=MOST,
        help_text=f"How many at most: 1 to {MOST}.",
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a list, and the cursor of the next ones; None: there are none."""

    items: Sequence[Any]
    next: str | None = None


def cursor_say(values: Sequence[Any], *, of: str) -> str:
    """The values, signed, for the list `of`. Moments become ISO 8601."""
    said = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return signing.dumps(said, salt=f"cursor:{of}")


def cursor_read(text: str, *, of: str) -> list[Any]:
    """What `cursor_say` was given, moments as text. Raises Invalid for what it did not say."""
    try:
        return list(signing.loads(text, salt=f"cursor:{of}"))
    except (signing.BadSignature, UnicodeEncodeError) as exc:
        raise Invalid(_("This is no cursor of this list."), field="cursor") from exc


def page_of(rows: QuerySet[Any], asked: Mapping[str, Any], *, by: Sequence[str], of: str) -> Page:
    """The page that `asked` (`PageQuery`) wants of the rows, sorted `by` one or two columns in one
    direction ("-placed_at", "-pk"), the last of which tells all rows apart.

    Raises Invalid for a cursor of another list.
    """
    names = [name.removeprefix("-") for name in by]
    if cursor := asked.get("cursor"):
        rows = rows.filter(_behind(by, names, cursor_read(cursor, of=of)))
    found = list(rows.order_by(*by)[: asked["limit"] + 1])
    items, more = found[: asked["limit"]], len(found) > asked["limit"]
    last = [getattr(items[-1], name) for name in names] if more else []
    return Page(items, cursor_say(last, of=of) if more else None)


def _behind(by: Sequence[str], names: Sequence[str], values: Sequence[Any]) -> Q:
    """As PostgreSQL's `(a, b) < (x, y)`, with a first part that its indexes understand."""
    side = "lt" if by[0].startswith("-") else "gt"
    *first, key = names
    beyond = Q(**{f"{key}__{side}": values[-1]})
    for name, value in zip(first, values, strict=False):
        near = Q(**{f"{name}__{side}e": value})
        beyond = near & (Q(**{f"{name}__{side}": value}) | beyond)
    return beyond


def said(
    out: Callable[..., serializers.BaseSerializer[Any]], items: Any, fields: str = "", **more: Any
) -> Any:
    """The item or items in the words of a serializer, only in these of its fields if some are
    named. Raises Invalid for a field that it does not have."""
    many = isinstance(items, list | tuple)
    form: Any = out(items, many=many, **more)
    if fields:
        own = (form.child if many else form).fields
        wanted = {name.strip() for name in fields.split(",")}
        if unknown := sorted(wanted - set(own)):
            raise Invalid(
                _("There is no such field: %(name)s.") % {"name": unknown[0]}, field="fields"
            )
        for name in set(own) - wanted:
            own.pop(name)
    return form.data


def pages_of(out: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The shape of a page of these, for the API's description."""
    return inline_serializer(
        name=f"{out.__name__.removesuffix('Out')}Page",
        fields={
            "items": out(many=True),
            "next": serializers.CharField(
                allow_null=True, help_text="`cursor` of the next page; null: this is the last."
            ),
        },
    )
