"""Windows of time in which tools follow orders and refunds, page by page.

A page names the places of its first and last row (`position_index`), and the next one begins
behind: rows that come in move nothing, however deep a tool pages. A row has its moment before its
transaction ends, though: who follows lets windows overlap, or follows `/api/v1/changes`.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import ngettext

from commissions.gateway.call import Call
from commissions.gateway.errors import missing, wrong
from commissions.gateway.schema import Args, moment_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,17})_(\d{1,18})\|(\d{1,17})_(\d{1,18})", re.ASCII)
_FORWARD, _BACK = 1, -1

Place = tuple[datetime, int]
Row = TypeVar("Row", bound=Model)


def window_of(args: Args, *, longest: timedelta | None = None) -> tuple[datetime, datetime]:
    """From `start_time` until before `end_time`. Raises Refused: one is missing or no moment, the
    window is empty or longer than `longest`."""
    start, end = moment_in(args, "start_time"), moment_in(args, "end_time")
    if end <= start:
        raise wrong("end_time")
    if longest and end - start > longest:
        minutes = longest // timedelta(minutes=1)
        words = ngettext(
            "The window may be %(minutes)d minute long at most.",
            "The window may be %(minutes)d minutes long at most.",
            minutes,
        )
        raise wrong("end_time", words % {"minutes": minutes})
    return start, end


def moment_in(args: Args, name: str) -> datetime:
    """Methods do not agree on whether a moment is a text. Raises Refused."""
    if name not in args:
        raise missing(name)
    said = args[name]
    return said if isinstance(said, datetime) else moment_of(said, name)


def page_turned(
    rows: QuerySet[Row], call: Call, args: Args
) -> tuple[Sequence[Row], dict[str, Any]]:
    """The page of `rows` that `args` ask for, and what its answer says of itself. The rows carry
    their `moment`, by which they are told, the oldest first. Raises Refused."""
    number, size = call.page_in(args)
    jump, said = args.get("jump_type", _FORWARD), args.get("position_index", "")
    if jump not in (_FORWARD, _BACK):
        raise wrong("jump_type")
    if number > 1 and not said:
        raise missing("position_index")
    first, last = _read(said) if said else (None, None)
    if first and jump == _BACK:
        found = list(rows.filter(_before(first)).order_by("-moment", "-pk")[: size + 1])
        page, has_pre, has_next = found[:size][::-1], len(found) > size, True
    else:
        behind = rows.filter(_behind(last)) if last else rows
        found = list(behind.order_by("moment", "pk")[: size + 1])
        page, has_pre, has_next = found[:size], bool(last), len(found) > size
    return page, {
        "position_index": _said(page) if page else said,
        "page_no": number,
        "page_size": size,
        "has_pre": has_pre,
        "has_next": has_next,
        "pre_page": number - 1 if has_pre else None,
        "next_page": number + 1 if has_next else None,
    }


def _before(place: Place) -> Q:
    moment, key = place
    return Q(moment__lt=moment) | Q(moment=moment, pk__lt=key)


def _behind(place: Place) -> Q:
    moment, key = place
    return Q(moment__gt=moment) | Q(moment=moment, pk__gt=key)


def _said(page: Sequence[Any]) -> str:
    return "|".join(
        f"{(row.moment - _EPOCH) // timedelta(microseconds=1)}_{row.pk}"
        for row in (page[0], page[-1])
    )


def _read(said: str) -> tuple[Place, Place]:
    found = _PLACE.fullmatch(said)
    if found is None:
        raise wrong("position_index")
    numbers = [int(one) for one in found.groups()]
    first, last = (_EPOCH + timedelta(microseconds=numbers[at]) for at in (0, 2))
    return (first, numbers[1]), (last, numbers[3])
