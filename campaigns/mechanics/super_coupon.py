"""Super coupon 超级红包 (docs/domain.md §5): coupons without a threshold, and a raised share.

The buyer claims a coupon on an affiliate's page; the order that uses it goes to that affiliate, at
a share of the commission that grows with the affiliate's tier and with the coupons of its buyers
that were used in the last seven days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Self

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from affiliates.models import AffiliateKind
from alliance.kernel.money import percent
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import CouponTerms, OrderFacts, Reward
from campaigns.mechanics.base import Bps, Count, Fault, Mechanic, Minor, Rules, Words


class TierShare(Rules):
    tier: Annotated[int, Field(ge=0, le=5), Words(_("From tier"))]
    share_bps: Annotated[Bps, Field(gt=0), Words(_("Share of the commission"))]


class UsesShare(Rules):
    uses: Annotated[Count, Field(gt=0), Words(_("From coupons used"), _("In the last seven days."))]
    share_bps: Annotated[Bps, Field(gt=0), Words(_("Share of the commission"))]


class Face(Rules):
    face_minor: Annotated[Minor, Field(gt=0), Words(_("Amount of the coupon"))]
    weight: Annotated[Count, Field(gt=0), Words(_("Weight"), _("How often it is drawn."))]


class SuperCoupon(Rules):
    base_bps: Annotated[
        Bps, Words(_("Share for everybody"), _("Of the commission. For example 55 percent."))
    ] = 5_500
    tiers: Annotated[
        tuple[TierShare, ...],
        Field(max_length=6),
        Words(_("Share by tier"), _("For example 65 percent from T2 on, 75 percent from T3 on.")),
    ] = (TierShare(tier=2, share_bps=6_500), TierShare(tier=3, share_bps=7_500))
    ka_bps: Annotated[
        Bps, Words(_("Share of key-account media"), _("For example 90 percent. 0: by its tier."))
    ] = 9_000
    uses: Annotated[
        tuple[UsesShare, ...],
        Field(max_length=10),
        Words(
            _("Share by use"),
            _("For example 70 percent from 100 coupons on. The best of all shares counts."),
        ),
    ] = (
        UsesShare(uses=100, share_bps=7_000),
        UsesShare(uses=500, share_bps=8_000),
        UsesShare(uses=2_000, share_bps=9_000),
    )
    faces: Annotated[
        tuple[Face, ...],
        Field(min_length=1, max_length=20),
        Words(_("Coupons"), _("Amounts and how often each is drawn. For example 5.00 with 60.")),
    ] = (
        Face(face_minor=500, weight=60),
        Face(face_minor=1_000, weight=30),
        Face(face_minor=2_000, weight=10),
    )
    valid_hours: Annotated[
        Count, Field(gt=0, le=720), Words(_("Hours to use it"), _("From the claim on."))
    ] = 24
    until_end: Annotated[
        bool, Words(_("Not longer than the campaign"), _("Coupons expire when it ends."))
    ] = True
    claimer_wins: Annotated[
        bool,
        Words(
            _("The order goes to the affiliate of the claim"),
            _("Whatever the buyer clicked on later."),
        ),
    ] = True
    least_wait_seconds: Annotated[
        Count,
        Field(le=3_600),
        Words(_("Seconds between claim and payment"), _("Faster than that is a machine.")),
    ] = 3

    @model_validator(mode="after")
    def shares_rise(self) -> Self:
        if not _rises([(row.tier, row.share_bps) for row in self.tiers]):
            raise Fault(_("A higher tier has a higher share."), field="tiers")
        if not _rises([(row.uses, row.share_bps) for row in self.uses]):
            raise Fault(_("More coupons used give a higher share."), field="uses")
        if len({row.face_minor for row in self.faces}) < len(self.faces):
            raise Fault(_("Each amount stands in the list once."), field="faces")
        return self


def _rises(steps: Sequence[tuple[int, int]]) -> bool:
    return all(low[0] < high[0] and low[1] <= high[1] for low, high in pairwise(steps))


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the commission, and where the table has it: base, tier, ka or uses."""

    bps: int
    by: str


def share(rules: SuperCoupon, *, kind: str, tier: int, uses: int) -> Share:
    """The best share that the table has for an affiliate; it never falls with tier or uses."""
    candidates = [Share(rules.base_bps, "base")]
    candidates += [Share(row.share_bps, "tier") for row in rules.tiers if tier >= row.tier]
    candidates += [Share(row.share_bps, "uses") for row in rules.uses if uses >= row.uses]
    if kind == AffiliateKind.KA:
        candidates.append(Share(rules.ka_bps, "ka"))
    return max(candidates, key=lambda each: each.bps)


def next_share(
    rules: SuperCoupon, *, kind: str, tier: int, uses: int, usual_bps: int = 0
) -> tuple[int, int] | None:
    """(coupons still to be used, the share then), or None if use raises it no further above what
    the affiliate gets anyway, without the campaign (`usual_bps`)."""
    now = max(share(rules, kind=kind, tier=tier, uses=uses).bps, usual_bps)
    ahead = [row for row in rules.uses if row.uses > uses and row.share_bps > now]
    return (ahead[0].uses - uses, ahead[0].share_bps) if ahead else None


def on_order(rules: SuperCoupon, facts: OrderFacts) -> Reward | None:
    """The raised share. Granted also where it raises nothing, so that the use is on record."""
    if not facts.coupon_minor:
        return None
    best = share(
        rules, kind=facts.affiliate_kind, tier=facts.affiliate_tier, uses=facts.used_before
    )
    return Reward(
        share_bps=best.bps if best.bps > facts.share_bps else None,
        why={
            "coupon_minor": facts.coupon_minor,
            "by": best.by,
            "table_bps": best.bps,
            "usual_bps": facts.share_bps,
            "tier": facts.affiliate_tier,
            "used": facts.used_before,
        },
    )


def coupon(rules: SuperCoupon) -> CouponTerms:
    return CouponTerms(
        faces=tuple((face.face_minor, face.weight) for face in rules.faces),
        valid_for=timedelta(hours=rules.valid_hours),
        until_end=rules.until_end,
        wins=rules.claimer_wins,
        least_wait=timedelta(seconds=rules.least_wait_seconds),
    )


def promises(rules: SuperCoupon, currency: str) -> list[str]:
    """The table of shares, from everybody's on."""
    words = gettext("%(percent)s of the commission of each order with a coupon of yours.")
    said = [words % {"percent": percent(rules.base_bps)}]
    said += [
        gettext("From T%(tier)d on: %(percent)s.")
        % {"tier": row.tier, "percent": percent(row.share_bps)}
        for row in rules.tiers
    ]
    if rules.ka_bps:
        words = gettext("Key-account media: %(percent)s.")
        said.append(words % {"percent": percent(rules.ka_bps)})
    said += [
        ngettext(
            "From %(count)s coupon used in seven days on: %(percent)s.",
            "From %(count)s coupons used in seven days on: %(percent)s.",
            row.uses,
        )
        % {"count": number(row.uses), "percent": percent(row.share_bps)}
        for row in rules.uses
    ]
    return said


MECHANIC = Mechanic(
    kind="super_coupon",
    label=_("Super coupon"),
    about=_(
        "Buyers claim a coupon without minimum spend, once a day. The order goes to the affiliate "
        "of the claim, at a raised share of the commission."
    ),
    rules=SuperCoupon,
    promises=promises,
    on_order=on_order,
    asks=frozenset({"used_before"}),
    coupon=coupon,
    coupons=True,
)
