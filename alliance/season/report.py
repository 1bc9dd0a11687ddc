"""The report that is read in the morning."""

from django.db.models import Count, Q, Sum

from alliance.demo.load.stage import CURRENCY
from alliance.embedded.screen import table
from alliance.kernel.money import Money
from alliance.season.browser import Watch
from alliance.season.checks import spent
from alliance.season.shops import Shops
from alliance.season.visitors import Told
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    Campaign,
    Claim,
    ClaimState,
    CouponStock,
    Enrolment,
    EnrolmentState,
    Refusal,
    Standing,
)
from commissions import chart, ledger
from commissions.models import Award, Commission, PayeeRole, Payout, Settlement
from merchants.models import Merchant

TOP = 10
ASKED = {
    "click": "a click on a link",
    "page": "a coupon page",
    "claim": "a claim",
    "report": "an order report",
}


def money(minor: int | None) -> str:
    return f"{Money(minor or 0, CURRENCY).decimal:,.2f}"


def the_night(told: Told, shops: Shops, watch: Watch) -> list[str]:
    """Who came and what they did."""
    sales = list(shops.sales.values())
    kept = [sale for sale in sales if sale.state != "void"]
    rows = [
        ["coupon pages", f"{told.figures['pages']:,}"],
        ["coupons claimed", f"{len(told.coupons):,}"],
        ["came when none was left", f"{told.figures['too late']:,}"],
        ["claims refused", f"{sum(told.refused.values()):,}"],
        ["clicks", f"{told.figures['clicks']:,}"],
        ["orders", f"{len(sales):,}"],
        ["  cancelled", f"{len(sales) - len(kept):,}"],
        ["  refunds", f"{sum(len(sale.refunds) for sale in sales):,}"],
        ["sales", money(sum(sale.left_minor for sale in kept))],
        ["reports sent again", f"{shops.repeated:,}"],
        ["asked again while something was away", f"{watch.again:,}"],
    ]
    lines = table([[name, f"{figure:>14}"] for name, figure in rows])
    times = [
        [what, f"{watch.quantile(key, 0.5):7.0f} ms", f"{watch.quantile(key, 0.95):7.0f} ms"]
        for key, what in ASKED.items()
        if watch.seconds[key]
    ]
    return [*lines, "", *table([["answered within", "   half", "   19 of 20"], *times])]


def campaigns() -> list[str]:
    """What each one gave, of which budget, and what went back."""
    rows = [["campaign", "kind", "lines", "budget", "spent", "returned", "state"]]
    found = Campaign.objects.annotate(
        lines=Count("grants", filter=Q(grants__active=True))
    ).order_by("pk")
    rows += [
        [
            campaign.name,
            str(MECHANICS[campaign.kind].label),
            f"{campaign.lines:>5}",
            f"{money(campaign.budget_minor):>10}",
            f"{money(spent(campaign)):>10}",
            f"{money(campaign.returned_minor):>10}",
            str(campaign.get_state_display()),
        ]
        for campaign in found
    ]
    return table(rows)


def coupons() -> list[str]:
    """How many there were, what became of them, and who got none."""
    rows = [["coupons", "stock", "claimed", "used", "worth", "paid"]]
    for stock in CouponStock.objects.select_related("campaign", "product").order_by("pk"):
        claims = Claim.objects.filter(stock=stock)
        used = claims.filter(state=ClaimState.USED)
        rows.append(
            [
                f"{stock.campaign.name}: {stock.product or '全场'}"[:32],
                f"{stock.size:>6,}",
                f"{claims.count():>7,}",
                f"{used.count():>6,}",
                f"{money(claims.aggregate(sum=Sum('face_minor'))['sum']):>10}",
                f"{money(used.aggregate(sum=Sum('paid_minor'))['sum']):>10}",
            ]
        )
    refused = (
        Refusal.objects.values_list("reason").annotate(n=Sum("count")).order_by("-n", "reason")
    )
    said = ", ".join(f"{reason} {number:,}" for reason, number in refused) or "nobody"
    return [*table(rows), "", f"refused: {said}"]


def joined() -> list[str]:
    """Tasks, boards and pots: who takes part, and what each came to."""
    rows = [["campaign", "affiliate", "rank", "orders", "reward"]]
    awards = Award.objects.exclude(amount_minor=0).select_related("campaign", "affiliate")
    for award in awards.order_by("campaign", "rank", "-amount_minor", "affiliate"):
        standing = Standing.objects.filter(
            campaign=award.campaign, affiliate=award.affiliate, final=True
        ).first()
        rows.append(
            [
                award.campaign.name,
                award.affiliate.name,
                f"{award.rank or '':>4}",
                f"{standing.orders if standing else 0:>6}",
                f"{money(award.amount_minor):>10}",
            ]
        )
    tasks = Enrolment.objects.filter(campaign__kind="guaranteed_task")
    reached = tasks.filter(state=EnrolmentState.SETTLED).count()
    return [*table(rows), "", f"tasks: {tasks.count()} accepted, {reached} reached and paid"]


def affiliates() -> list[str]:
    """Who earned most."""
    rows = [["affiliate", "orders", "sales", "commission", "campaigns", "tech fee", "net"]]
    earned = (
        Commission.objects.filter(role=PayeeRole.AFFILIATE, state="confirmed")
        .values("affiliate__name")
        .annotate(
            orders=Count("line__order", distinct=True),
            sales=Sum("base_minor"),
            share=Sum("publisher_minor"),
            extra=Sum("subsidy_minor"),
            fee=Sum("tech_fee_minor"),
            got=Sum("net_minor"),
        )
        .order_by("-got", "affiliate__name")
    )
    rows += [
        [
            row["affiliate__name"],
            f"{row['orders']:>6}",
            *(f"{money(row[name]):>11}" for name in ("sales", "share", "extra", "fee", "got")),
        ]
        for row in earned[:TOP]
    ]
    return table(rows)


def merchants() -> list[str]:
    """What each merchant paid, and what it got for it."""
    rows = [["merchant", "orders", "sales", "commission", "campaigns", "per yuan"]]
    sold = {
        row["merchant"]: row
        for row in Commission.objects.filter(state="confirmed")
        .values("merchant")
        .annotate(
            orders=Count("line__order", distinct=True),
            sales=Sum("base_minor", filter=Q(role=PayeeRole.AFFILIATE)),
            paid=Sum("commission_minor") + Sum("special_fee_minor"),
            subsidy=Sum("merchant_subsidy_minor"),
        )
    }
    for merchant in Merchant.objects.filter(pk__in=sold).order_by("name"):
        row = sold[merchant.pk]
        budgets = sum(
            Money(campaign.budget_minor - campaign.returned_minor, CURRENCY)
            .split([10_000 - campaign.merchant_bps, campaign.merchant_bps])[1]
            .minor
            for campaign in merchant.campaigns.exclude(state="draft")
        )
        cost = row["paid"] + row["subsidy"] + budgets
        rows.append(
            [
                merchant.name,
                f"{row['orders']:>6}",
                f"{money(row['sales']):>11}",
                f"{money(row['paid']):>11}",
                f"{money(row['subsidy'] + budgets):>11}",
                f"{row['sales'] / cost:>8.2f}" if cost else f"{'–':>8}",
            ]
        )
    return table(rows)


def books() -> list[str]:
    """Where the money is now."""
    settled = Settlement.objects.filter(state="closed").aggregate(net=Sum("shares__net_minor"))
    paid = Payout.objects.filter(state="paid").aggregate(
        sum=Sum("amount_minor"), tax=Sum("tax_minor")
    )
    whole = Commission.objects.filter(role=PayeeRole.AFFILIATE, state="confirmed").aggregate(
        all=Sum("commission_minor"), theirs=Sum("publisher_minor")
    )
    share = 100 * (whole["theirs"] or 0) / max(whole["all"] or 0, 1)
    rows = [
        ["commission of received orders", money(whole["all"])],
        ["  the affiliates' share of it", f"{share:.2f} %"],
        ["settled", money(settled["net"])],
        ["paid out", money(paid["sum"])],
        ["  tax withheld of it", money(paid["tax"])],
        ["the alliance's tech fee", money(ledger.balance(chart.TECH_FEE, CURRENCY).minor)],
        ["the alliance's share", money(ledger.balance(chart.SHARE, CURRENCY).minor)],
        [
            "it put into campaigns",
            money(-ledger.balance(chart.CAMPAIGNS, CURRENCY).minor),
        ],
    ]
    return table([[name, f"{figure:>14}"] for name, figure in rows])
