"""Of what a report tells: a day, and all of an affiliate, one of its ad zones, or one channel."""

import re
from datetime import date

from affiliates.models import AdZone
from affiliates.queries import zones_of
from alliance.kernel import clock
from alliance.kernel.http import key_in
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong

_DAY = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})", re.ASCII)


def day_in(call: Call) -> date:
    """The business day `biz_date`, as 20260618 or 2026-06-18. Raises Refused, for days to come
    as well."""
    found = _DAY.fullmatch(call.args["biz_date"])
    try:
        day = date(*map(int, found.group(1, 3, 4))) if found else date.max
    except ValueError:
        raise wrong("biz_date") from None
    if not clock.FIRST_DAY <= day <= clock.business_day():
        raise wrong("biz_date")
    return day


def zone_in(call: Call) -> AdZone | None:
    """The affiliate's ad zone whose PID `pid` is. Raises Refused for anybody else's."""
    said = call.args.get("pid")
    if said is None:
        return None
    zone = zones_of(call.affiliate).filter(pk=key_in(said.rpartition("_")[2])).first()
    if zone is None or zone.pid != said:
        raise wrong("pid")
    return zone


def day_said(day: date) -> str:
    return day.strftime("%Y%m%d")
