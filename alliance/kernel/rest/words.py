"""Serializers that calls are read with, and the envelope of every refusal."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from alliance.kernel import clock
from alliance.kernel.errors import Invalid


class Moment(serializers.DateTimeField):
    """ISO 8601 with its zone. A moment without one could mean any of 38 hours."""

    default_error_messages = {
        "naive": _("A moment needs its time zone, like 2026-06-18T20:00:00+08:00.")
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return value


class Day(serializers.DateField):
    """A business day, within those that the alliance can have (`clock.FIRST_DAY` to `LAST_DAY`)."""

    default_error_messages = {"far": _("There is nothing on that day.")}

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not clock.FIRST_DAY <= day <= clock.LAST_DAY:
            self.fail("far")
        return day


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt one would cost somebody without a word."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(map(str, set(data) - set(self.fields) - set(self.aliases())))
            if unknown:
                raise serializers.ValidationError(
                    {key: [_("There is no such field.")] for key in unknown}
                )
        return super().to_internal_value(data)

    def aliases(self) -> tuple[str, ...]:
        return ()


def list_in(data: Any, name: str, *, most: int) -> list[Any]:
    """The list that a call of many brings as `{name: [ … ]}`. Raises Invalid for anything else, an
    empty one, and one of more than `most`."""
    if isinstance(data, Mapping) and (unknown := sorted(map(str, set(data) - {name}))):
        raise Invalid(_("There is no such field."), field=unknown[0])
    found = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(found, list) or not found:
        raise Invalid(_("Give a list, and something in it."), field=name)
    if len(found) > most:
        raise Invalid(_("At most %(most)d at once.") % {"most": most}, field=name, most=most)
    return found


class FieldsQuery(Strict):
    """What may be asked of anything that is read."""

    fields = serializers.CharField(  # type: ignore[assignment]  # as callers know it
        required=False,
        max_length=500,
        help_text="Only these fields of each item, with commas between them: `id,title`.",
    )


class ErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="For people, in the language of Accept-Language.")
    help = serializers.CharField(help_text="Where the code is explained.")
    field = serializers.CharField(required=False, help_text="The input at fault, if it is one.")
    facts = serializers.DictField(required=False)
    details = serializers.DictField(required=False, help_text="Field → what is wrong with it.")


class FailureOut(serializers.Serializer[Any]):
    """Every refusal of this API."""

    error = ErrorOut()
