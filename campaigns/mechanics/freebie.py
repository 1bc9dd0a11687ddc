"""Limited-time freebie 限时免单 (docs/domain.md §5): N free orders in a time slot.

A free order is a coupon worth the product's price, up to a limit. The first to claim in a slot get
one, or it is drawn by lot among all who claimed in it. The affiliate on whose page a winner claimed
earns its usual commission on what was paid, and nothing on what was given.
"""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Self

from django.db.models import TextChoices
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel import clock
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import Batch, CouponTerms, ProductFacts
from campaigns.mechanics.base import Count, Fault, Mechanic, Minor, Rules, Text, Words


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


def batches(rules: Freebie, starts_at: datetime, ends_at: datetime) -> list[Batch]:
    """A batch for each slot that lies within that time as a whole; days are the alliance's."""
    day, found = clock.business_day(starts_at), []
    while clock.day_start(day) < ends_at:
        for slot in rules.slots:
            opens = datetime.combine(day, slot.opens, clock.ZONE).astimezone(UTC)
            closes = opens + timedelta(minutes=slot.minutes)
            if starts_at <= opens and closes <= ends_at:
                by_lot = rules.mode is Mode.DRAW
                found.append(
                    Batch(size=rules.winners, opens_at=opens, closes_at=closes, by_lot=by_lot)
                )
        day += timedelta(days=1)
    return found


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
    words = gettext("Free orders in each slot: %(count)s, worth up to %(amount)s each.")
    amount = Money(rules.most_price_minor, currency).localized()
    slots = [_words(slot) for slot in rules.slots]
    return [words % {"count": number(rules.winners), "amount": amount}, *slots]


def _words(slot: Slot) -> str:
    words = ngettext(
        "At %(time)s for %(count)s minute.", "At %(time)s for %(count)s minutes.", slot.minutes
    )
    return words % {"time": slot.opens.isoformat("minutes"), "count": number(slot.minutes)}


MECHANIC = Mechanic(
    kind="freebie",
    label=_("Limited-time freebie"),
    about=_("In each time slot some buyers get their order for free: the first ones, or by lot."),
    rules=Freebie,
    promises=promises,
    coupon=coupon,
    batches=batches,
    objections=objections,
    coupons=True,
)
