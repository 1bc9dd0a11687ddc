"""What people find of money: orders, refunds, campaigns, statements, withdrawals, cases."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel.models import User
from alliance.kernel.search import MOST, Asked, Hit
from campaigns.models import Campaign
from commissions import queries
from commissions.models import Award, Payout, Statement, Violation
from commissions.models.commission import CommissionQuerySet
from commissions.queries.merchant_campaigns import campaigns_seen_by
from merchants.models import Merchant, Order, Refund

SHORTEST_PART = 3  # the beginning of an order's number that is looked for


def found_by_affiliate(user: User, affiliate: Affiliate, asked: Asked) -> Iterator[Hit]:
    yield from _commissions(queries.commissions_for(user).filter(affiliate=affiliate), asked)
    yield from _withdrawals(queries.payouts_for(user).filter(affiliate=affiliate), asked)
    yield from _cases(queries.violations_for(user).filter(affiliate=affiliate), asked)
    yield from _awards(queries.awards_for(user).filter(affiliate=affiliate), asked)
    mine = queries.statements_for(user).filter(affiliate=affiliate)
    yield from _statements(mine, "commissions:affiliate_statement", asked)
    seen = queries.campaigns_for(affiliate)
    yield from _campaigns(seen, "commissions:campaign", asked)


def found_by_merchant(user: User, merchant: Merchant, asked: Asked) -> Iterator[Hit]:
    yield from _orders(queries.orders_reported_for(user).filter(merchant=merchant), asked)
    yield from _refunds(queries.refunds_for(user).filter(shop__merchant=merchant), asked)
    yield from _invoices(user, asked)
    mine = queries.statements_for(user).filter(merchant=merchant)
    yield from _statements(mine, "commissions:merchant_statement", asked)
    seen = campaigns_seen_by(user)
    yield from _campaigns(seen, "commissions:merchant_campaign", asked)


def _commissions(mine: CommissionQuerySet, asked: Asked) -> Iterator[Hit]:
    if len(asked.text) < SHORTEST_PART:
        rows = mine.filter(line__order__external_id=asked.text)
    else:
        rows = queries.commissions_found(mine, number=asked.text)
    for commission in rows[:MOST]:
        order = commission.line.order
        yield Hit(
            what=_("Order"),
            icon="receipt",
            title=order.external_id,
            url=reverse("commissions:receipt", args=[commission.pk]),
            note=f"{order.shop.name} · {commission.line.title}",
            exact=asked.is_whole(order.external_id),
        )


def _withdrawals(mine: QuerySet[Payout], asked: Asked) -> Iterator[Hit]:
    """By our number for the rail ("payout-7"), the rail's reference, or the invoice's number."""
    if not asked.text:
        return
    key = asked.numbered("payout-") or asked.key
    which = Q(pk=key) | Q(rail_ref=asked.text) | Q(invoice_number=asked.text)
    for payout in mine.filter(which)[:MOST]:
        yield Hit(
            what=_("Withdrawal"),
            icon="building-bank",
            title=payout.amount.localized(),
            url=f"{reverse('commissions:withdrawals')}#payout-{payout.pk}",
            note=str(payout.get_state_display()),
            exact=True,
        )


def _cases(mine: QuerySet[Violation], asked: Asked) -> Iterator[Hit]:
    for case in mine.filter(pk=asked.numbered("V") or asked.key)[:MOST]:
        yield Hit(
            what=_("Case"),
            icon="scale",
            title=f"{case.number}: {case.get_reason_display()}",
            url=reverse("commissions:violation", args=[case.pk]),
            exact=True,
        )


def _awards(mine: QuerySet[Award], asked: Asked) -> Iterator[Hit]:
    for award in mine.filter(pk=asked.numbered("AW"))[:MOST]:
        yield Hit(
            what=_("Reward"),
            icon="coins",
            title=f"{award.number}: {award.amount.localized()}",
            url=reverse("commissions:campaign", args=[award.campaign_id]),
            note=award.campaign.name,
            exact=True,
        )


def _orders(mine: QuerySet[Order], asked: Asked) -> Iterator[Hit]:
    part = "" if len(asked.text) < SHORTEST_PART else "__startswith"
    named = mine.filter(**{f"external_id{part}": asked.text})
    for order in named.order_by("-pk")[:MOST]:
        yield Hit(
            what=_("Order"),
            icon="receipt",
            title=order.external_id,
            url=reverse("commissions:merchant_order", args=[order.pk]),
            note=f"{order.shop.name} · {order.get_state_display()}",
            exact=asked.is_whole(order.external_id),
        )


def _refunds(mine: QuerySet[Refund], asked: Asked) -> Iterator[Hit]:
    for refund in mine.filter(external_id=asked.text)[:MOST]:
        yield Hit(
            what=_("Refund"),
            icon="receipt-refund",
            title=refund.external_id,
            url=reverse("commissions:merchant_refund", args=[refund.pk]),
            exact=True,
        )


def _invoices(user: User, asked: Asked) -> Iterator[Hit]:
    series, _dash, rest = asked.text.rpartition("-")[0].partition("-")
    number = asked.text.rpartition("-")[2]
    if not (rest.isdecimal() and number.isdecimal() and len(rest) == 4 and len(number) < 10):
        return
    named = Q(series__iexact=series, year=int(rest), number=int(number))
    for invoice in queries.invoices_for(user).filter(named)[:MOST]:
        yield Hit(
            what=_("Invoice"),
            icon="file-text",
            title=str(invoice),
            url=reverse("commissions:invoice", args=[invoice.pk]),
            note=invoice.total.localized(),
            exact=True,
        )


def _statements(mine: QuerySet[Statement], page: str, asked: Asked) -> Iterator[Hit]:
    for statement in mine.filter(number__iexact=asked.text)[:MOST]:
        yield Hit(
            what=_("Statement"),
            icon="file-text",
            title=statement.number,
            url=reverse(page, args=[statement.pk]),
            exact=True,
        )


def _campaigns(seen: QuerySet[Campaign], page: str, asked: Asked) -> Iterator[Hit]:
    which = Q(pk=asked.key)
    if asked.searches:
        which |= Q(name__icontains=asked.text)
    for campaign in seen.filter(which)[:MOST]:
        yield Hit(
            what=_("Campaign"),
            icon="target-arrow",
            title=campaign.name,
            url=reverse(page, args=[campaign.pk]),
            note=str(campaign.get_state_display()),
            exact=campaign.pk == asked.key,
        )
