"""Limited-time freebie 限时免单 (docs/domain.md §5): N free orders in a time slot.

A free order is a coupon worth the product's price, up to a limit. The first to claim in a slot get
one, or it is drawn by lot among all who claimed in it (`winners`). The affiliate on whose page a
winner claimed earns its usual commission on what was paid, and nothing on what was given.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Self

from django.db.models import TextChoices
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.facts import CouponTerms, ProductFacts
from campaigns.mechanics.base import Count, Fault, Mechanic, Minor, Rules, Text, Words
from campaigns.mechanics.draws import drawn


class Mode(TextChoices):
    FIRST = "first", _("The first to claim")
    DRAW = "draw", _("Drawn by lot at the end of the slot")


class Slot(Rules):
    opens: Annotated[time, Words(_("Opens at"), _("Each day of the campaign."))]
    minutes: Annotated[Count, Field(gt=0, le=1_440), Words(_("Minutes"))]


class Freebie(Rules):
    mode: Annotated[Mode, Words(_("Who wins"))] = Mode.FIRST
    winners: Annotated[
        Count,
        Field(gt=0, le=100_000),
        Words(_("Free orders per slot"), _("For example 20.")),
    ] = 20
    most_price_minor: Annotated[
        Minor,
        Field(gt=0),
        Words(_("At most per order"), _("The buyer pays what a product costs above it.")),
    ] = 10_000
    slots: Annotated[
        tuple[Slot, ...],
        Field(min_length=1, max_length=24),
        Words(_("Time slots"), _("For example 10:00 for 30 minutes.")),
    ] = (Slot(opens=time(10), minutes=30), Slot(opens=time(20), minutes=30))
    use_hours: Annotated[
        Count, Field(gt=0, le=168), Words(_("Hours to use it"), _("From the win on."))
    ] = 24
    pause_days: Annotated[
        Count,
        Field(le=365),
        Words(_("Days between two wins"), _("Of one buyer. For example 30.")),
    ] = 30

    @model_validator(mode="after")
    def slots_in_order(self) -> Self:
        minutes = [(_minute(slot.opens), slot.minutes) for slot in self.slots]
        if any(opens + lasts > after for (opens, lasts), (after, _lasts) in pairwise(minutes)):
            raise Fault(_("Slots follow one another and do not overlap."), field="slots")
        opens, lasts = minutes[-1]
        if opens + lasts > 24 * 60:
            raise Fault(_("The last slot ends at midnight at the latest."), field="slots")
        return self


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def slot_at(rules: Freebie, moment: datetime) -> tuple[datetime, datetime] | None:
    """(opens, closes) of the slot that is open at that moment, else None."""
    return next((slot for slot in slots_of_day(rules, moment) if slot[0] <= moment < slot[1]), None)


def next_slot(rules: Freebie, moment: datetime) -> tuple[datetime, datetime]:
    """The first slot that opens after that moment."""
    days = (moment, moment + timedelta(days=1))
    return next(slot for day in days for slot in slots_of_day(rules, day) if slot[0] > moment)


def slots_of_day(rules: Freebie, moment: datetime) -> list[tuple[datetime, datetime]]:
    """The slots of that moment's day in the alliance's zone, in order, in UTC."""
    begins = clock.day_start(clock.business_day(moment))
    openings = [begins + timedelta(minutes=_minute(slot.opens)) for slot in rules.slots]
    return [
        (opens, opens + timedelta(minutes=slot.minutes))
        for opens, slot in zip(openings, rules.slots, strict=True)
    ]


def winners(rules: Freebie, entries: Sequence[str], *, seed: str) -> list[str]:
    """Who wins a slot. `entries` are buyers, in the order they claimed; each counts once."""
    if rules.mode is Mode.DRAW:
        return drawn(seed, entries, rules.winners)
    return list(dict.fromkeys(entries))[: rules.winners]


def coupon(rules: Freebie) -> CouponTerms:
    return CouponTerms(
        faces=((rules.most_price_minor, 1),),
        valid_for=timedelta(hours=rules.use_hours),
        pause_days=rules.pause_days,
    )


def objections(rules: Freebie, product: ProductFacts) -> list[Text]:
    if product.price_minor > rules.most_price_minor:
        return [_("It costs more than a free order pays.")]
    return []


def promises(rules: Freebie, currency: str) -> list[str]:
    words = gettext("Free orders in each slot: %(count)d, worth up to %(amount)s each.")
    amount = Money(rules.most_price_minor, currency).localized()
    slots = [_words(slot) for slot in rules.slots]
    return [words % {"count": rules.winners, "amount": amount}, *slots]


def _words(slot: Slot) -> str:
    words = ngettext(
        "At %(time)s for %(count)d minute.", "At %(time)s for %(count)d minutes.", slot.minutes
    )
    return words % {"time": slot.opens.isoformat("minutes"), "count": slot.minutes}


MECHANIC = Mechanic(
    kind="freebie",
    label=_("Limited-time freebie"),
    about=_("In each time slot some buyers get their order for free: the first ones, or by lot."),
    rules=Freebie,
    promises=promises,
    coupon=coupon,
    objections=objections,
    coupons=True,
)
