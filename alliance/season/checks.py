"""What has to be true in the morning: the database against what everybody was told."""

from collections.abc import Iterator

from django.db.models import Count, Sum

from alliance.season.shops import Sale, Shops
from alliance.season.visitors import Told
from campaigns.claims import left_in
from campaigns.models import LIVE, Campaign, CampaignState, Claim, CouponStock
from commissions import chart, ledger
from commissions.models import Award, Commission
from commissions.verify import verify
from merchants.models import Order, Refund


def faults(shops: Shops, told: Told) -> list[str]:
    """Sentences; empty means that everything agrees."""
    return [*verify(), *_orders(shops), *told.doubted, *_coupons(told), *_budgets()]


def _orders(shops: Shops) -> Iterator[str]:
    """Each order is there once, as its shop last reported it, and has been looked at."""
    there = {order.external_id: order for order in Order.objects.prefetch_related("lines")}
    if extra := there.keys() - shops.sales.keys():
        yield f"{len(extra)} orders are there that no shop reported"
    back = dict(Refund.objects.filter(state="applied").values_list("external_id", "amount_minor"))
    looked_at = set(Commission.objects.values_list("line__order__external_id", flat=True))
    for number, sale in shops.sales.items():
        order = there.get(number)
        if order is None:
            yield f"order {number} was taken and is lost"
        elif order.processed_version != order.version:
            yield f"order {number} waits still"
        elif number not in looked_at and sale.amount_minor:
            yield f"order {number} came by a link and earned nothing"
        else:
            yield from _order(order, sale, back)


def _order(order: Order, sale: Sale, back: dict[str, int]) -> Iterator[str]:
    paid = sum(line.amount_minor for line in order.lines.all())
    if (order.state, paid) != (sale.state, sale.amount_minor):
        yield f"order {sale.number} is {order.state} {paid}, its shop said {sale.state}"
    for number, minor in sale.refunds.items():
        if back.get(number) != minor:
            yield f"refund {number} of {minor} is {back.get(number)}"


def _coupons(told: Told) -> Iterator[str]:
    """Each coupon that a buyer was told is theirs is there; nobody else has one, nor two a day."""
    there = {claim.code: claim for claim in Claim.objects.all()}
    for code, coupon in told.coupons.items():
        if code not in there:
            yield f"coupon {code} was given and is lost"
        elif there[code].face_minor != coupon.face_minor:
            yield f"coupon {code} is of {there[code].face_minor}, shown was {coupon.face_minor}"
    if unknown := there.keys() - told.coupons.keys():
        yield f"{len(unknown)} coupons are claimed that nobody was shown"
    twice = Claim.objects.values("campaign", "buyer_key", "day").annotate(n=Count("pk"))
    yield from (f"a buyer has {row['n']} coupons of a day" for row in twice.filter(n__gt=1))


def stocks() -> Iterator[str]:
    """At midnight, while they are open: stock = used, held, and left."""
    for stock in CouponStock.objects.order_by("pk"):
        live = Claim.objects.filter(stock=stock, state__in=LIVE).count()
        left = left_in(stock)
        if live + left != stock.size:
            yield f"{stock}: {stock.size} coupons, {live} are taken and {left} left"


def _budgets() -> Iterator[str]:
    """Budget = given to affiliates and merchants + gone back; nothing lies about."""
    for campaign in Campaign.objects.exclude(state=CampaignState.DRAFT).order_by("pk"):
        accounts = (
            chart.budget(campaign.pk),
            chart.promised(campaign.pk),
            chart.coupons(campaign.pk),
        )
        left = sum(ledger.balance(code, campaign.currency).minor for code in accounts)
        given = spent(campaign)
        if campaign.state != CampaignState.SETTLED or left:
            yield f"{campaign} is {campaign.state} with {left} left in it"
        if given + campaign.returned_minor != campaign.budget_minor:
            yield f"{campaign}: {campaign.budget_minor} = {given} + {campaign.returned_minor}?"


def spent(campaign: Campaign) -> int:
    """What order lines, awards and coupons have got of it, in minor units."""
    grants = campaign.grants.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    awards = Award.objects.filter(campaign=campaign).aggregate(sum=Sum("booked_minor"))["sum"] or 0
    coupons = Claim.objects.filter(campaign=campaign).aggregate(sum=Sum("paid_minor"))["sum"] or 0
    return int(grants + awards + coupons)
