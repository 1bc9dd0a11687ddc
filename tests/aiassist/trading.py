"""A merchant with weeks of clicks and orders by several affiliates: what the autopilot looks at."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from affiliates.models import AdZone, Affiliate, Link
from affiliates.services import Click, affiliate_apply, link_create, touches_record
from affiliates.services.figures import clicks_count
from aiassist.models import Autopilot, AutopilotMode, AutopilotNight, GroupKind
from aiassist.services.autopilot.nights import night_spend
from aiassist.services.autopilot.policies import Limits, PolicyWish, policy_sign
from alliance.kernel import clock
from commissions import pipeline
from merchants.services.orders import OrderReport, orders_record
from tests.cast import Cast, cast_make, user_make

NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
WEEKS = 42  # days of clicks


@dataclass
class Trade:
    """`links` by the affiliate's name; each brings as many orders a day as `bring` says."""

    cast: Cast
    links: dict[str, Link]

    def affiliate(self, name: str) -> Affiliate:
        return self.links[name].affiliate

    def sell(self, first: datetime, days: int, bring: dict[str, int], clicks: int = 2) -> None:
        """Clicks of these days and what came of them, received three days later."""
        made = [
            (name, first + day * DAY + n * timedelta(minutes=7), n)
            for day in range(days)
            for name, orders in bring.items()
            for n in range(orders * clicks)
        ]
        touches = touches_record(
            [Click.through(self.links[name], touched_at=at) for name, at, _n in made]
        )
        bought = [
            (at, touch.click_id)
            for (name, at, n), touch in zip(made, touches, strict=True)
            if n % clicks == 0
        ]
        outcomes = orders_record(
            shop=self.cast.shop, reports=[self._order(at, click_id) for at, click_id in bought]
        )
        assert not [one.error for one in outcomes if one.error]
        pipeline.orders_process([one.order_pk for one in outcomes])
        clicks_count()

    def _order(self, at: datetime, click_id: str) -> OrderReport:
        plain = self.cast.report(f"O-{click_id}")
        got = min(at + 3 * DAY, clock.now())
        return replace(
            plain,
            state="received",
            click_id=click_id,
            placed_at=at + timedelta(hours=1),
            paid_at=at + timedelta(hours=1),
            received_at=max(got, at + timedelta(hours=2)),
            reported_at=clock.now(),
        )


def trade_make(names: str = "ABCDE") -> Trade:
    """At NOON, with WEEKS days behind it; the general plan pays 12 %, the product costs 199.00."""
    with clock.at(NOON - (WEEKS + 2) * DAY):
        cast = cast_make(wallet="900000.00")
        links = {}
        for name in names:
            owner = user_make()
            affiliate = affiliate_apply(user=owner, kind="small", name=f"Media {name}")
            zone = AdZone.objects.get(site__affiliate=affiliate)
            links[name] = link_create(
                actor=owner, affiliate=affiliate, zone=zone, product=cast.product
            )
    return Trade(cast, links)


def wish(trade: Trade, mode: AutopilotMode = AutopilotMode.SUGGEST, **changes) -> PolicyWish:
    """A return of 7 with 8 to 20 per cent for everything, nobody held out."""
    plain = PolicyWish(
        mode=mode,
        roi_target_centi=700,
        roi_floor_centi=400,
        budget_day_minor=20_000_00,
        budget_minor=600_000_00,
        ends_on=clock.business_day() + 60 * DAY,
        limits=[Limits(GroupKind.SHOP, 800, 2000)],
        held_out_bps=0,
    )
    return replace(plain, **changes)


def signed(trade: Trade, **changes) -> Autopilot:
    return policy_sign(
        merchant=trade.cast.merchant, wish=wish(trade, **changes), actor=trade.cast.chen
    )


def night(autopilot: Autopilot) -> AutopilotNight:
    made = night_spend(autopilot_pk=autopilot.pk)
    assert made is not None
    autopilot.refresh_from_db()
    return made
