"""Gift voucher 淘礼金 (docs/domain.md §5): an affiliate gives its own buyers money off.

The affiliate that holds it pays for it from its earnings, in advance.
"""

from datetime import timedelta
from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import CouponTerms
from campaigns.mechanics.base import Count, Fault, Mechanic, Minor, Rules, Text, Words

REFUSED_AT_POINTS = 18  # violation points (docs/domain.md §5)


class GiftVoucher(Rules):
    title: Annotated[
        str,
        Field(min_length=1, max_length=10),
        Words(_("Name on the voucher"), _("At most ten characters.")),
    ]
    face_minor: Annotated[
        Minor, Field(ge=100), Words(_("Amount of the voucher"), _("At least 1.00."))
    ]
    count: Annotated[Count, Field(gt=0, le=1_000_000), Words(_("Number of vouchers"))]
    per_buyer: Annotated[
        Count, Field(gt=0), Words(_("Vouchers per buyer"), _("At most all of them."))
    ] = 1
    use_days: Annotated[
        Count, Field(gt=0, le=7), Words(_("Days to use it"), _("From the claim on, 1 to 7."))
    ] = 1

    @model_validator(mode="after")
    def enough_for_one_buyer(self) -> Self:
        if self.per_buyer > self.count:
            raise Fault(_("One buyer cannot have more vouchers than there are."), field="per_buyer")
        return self


def cost(rules: GiftVoucher) -> int:
    """What the affiliate pays in advance, minor units; what is not used goes back."""
    return rules.face_minor * rules.count


def refusal(violation_points: int) -> Text | None:
    """Why an affiliate may not give vouchers, or None."""
    if violation_points >= REFUSED_AT_POINTS:
        return _("With %(points)s violation points or more you cannot give vouchers.") % {
            "points": REFUSED_AT_POINTS
        }
    return None


def coupon(rules: GiftVoucher) -> CouponTerms:
    return CouponTerms(
        faces=((rules.face_minor, 1),),
        valid_for=timedelta(days=rules.use_days),
        per_day=None,
        in_all=rules.per_buyer,
    )


def promises(rules: GiftVoucher, currency: str) -> list[str]:
    words = gettext("Vouchers of %(amount)s: %(count)s, for each buyer at most %(most)s.")
    amount = Money(rules.face_minor, currency).localized()
    return [
        words % {"amount": amount, "count": number(rules.count), "most": number(rules.per_buyer)}
    ]


MECHANIC = Mechanic(
    kind="gift_voucher",
    label=_("Gift voucher"),
    about=_(
        "An affiliate gives its buyers vouchers and pays for them from its earnings. What was not "
        "used comes back."
    ),
    rules=GiftVoucher,
    promises=promises,
    owes=cost,
    coupon=coupon,
    refuses_host=refusal,
    coupons=True,
    hosted=True,
    longest=timedelta(days=30),
)
