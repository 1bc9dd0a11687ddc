"""What the tasks of campaigns and coupons have to do once: the moment, and the messages."""

from datetime import datetime, timedelta
from unittest.mock import patch

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns import claims
from campaigns.services.stock import stock_make
from commissions import pipeline
from commissions.services.coupons import stock_open
from tests.campaigns.claims.world import rules_of, through
from tests.cast import Cast, staff_make
from tests.proof.stories import MAY, story_of

HOUR = timedelta(hours=1)
ENDS = MAY + timedelta(days=2)


def evening(cast: Cast) -> list[str]:
    """Three of four coupons are claimed, one within the last ten minutes; their codes."""
    with clock.at(MAY - HOUR):
        made = cast.campaign("super_coupon", rules=rules_of((3000, 1)), ends_at=ENDS)
        campaign = cast.publish(made)
        ops = staff_make(StaffRole.OPS)
        stock = stock_make(actor=ops, campaign=campaign, size=4, product=cast.product)
        stock_open(actor=ops, stock=stock)
    codes = []
    for buyer, minutes in (("ada", 50), ("bo", 40), ("cy", 5)):
        with clock.at(MAY - timedelta(minutes=minutes)):
            taken = claims.claim(
                stock_id=stock.pk,
                buyer_key=buyer,
                request_key=buyer,
                through=through(cast.link),
            )
            codes.append(taken.code)
    return codes


@story_of("campaigns.tasks.claims_sweep")
def nobody_was_there_when_buyers_claimed(cast: Cast):
    evening(cast)
    return MAY, [()]


@story_of("campaigns.tasks.claims_turn")
def coupons_were_not_used_in_their_time(cast: Cast):
    evening(cast)
    return MAY + timedelta(hours=24), [()]


@story_of("commissions.tasks.campaigns_turn")
def a_campaign_is_over(cast: Cast):
    evening(cast)
    return ENDS, [()]


@story_of("commissions.tasks.coupons_turn")
def a_process_died_between_an_order_and_its_coupon(cast: Cast) -> tuple[datetime, list[tuple[()]]]:
    code = evening(cast)[0]
    with clock.at(MAY), patch.object(pipeline, "coupons_settle"):
        coupon = {"coupon_code": code, "click_id": "", "amount_minor": 16900}
        cast.sold("T1", **coupon)
        cast.received("T1", **coupon)
    return ENDS, [()]
