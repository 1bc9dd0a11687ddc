"""More rows of each table of the desk, as many as one asks for."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from affiliates.models import (
    Affiliate,
    Channel,
    CodeBinding,
    EventHost,
    Intermediation,
    InviterCode,
    PlanMember,
    Relation,
    Site,
    StandDown,
)
from affiliates.services import link_create, policy_set
from aiassist.models import (
    AnomalyNote,
    Autopilot,
    AutopilotDecision,
    PromptRun,
    RiskPolicy,
    RiskReview,
)
from alliance.kernel import audit
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import Endpoint
from alliance.kernel.money import cny
from campaigns.models import Campaign, Enrolment, Grant, Season, SlateItem, Subsidy
from campaigns.services.stock import stock_make
from commissions import chart, ledger
from commissions.ledger import Move
from commissions.models import (
    Award,
    BankFile,
    Commission,
    DebtWriteOff,
    Difference,
    Invoice,
    PayeeAccount,
    Payout,
    Period,
    RailFile,
    Settlement,
    TaxProfile,
    TaxRemittance,
    VerifyRun,
    WalletRefund,
)
from commissions.services.bank import credits_match, statement_read
from commissions.services.violations import violation_open
from commissions.services.wallets import top_up_announce
from merchants.models import (
    Category,
    Coupon,
    Event,
    ImportRun,
    Merchant,
    OrderLine,
    Plan,
    Product,
)
from merchants.services.orders import RefundReport, refunds_keep
from tests.cast import user_make
from tests.desk.world import JUNE_20, MAY, World, at, score_of


def sell(world: World, count: int) -> None:
    """Orders with a commission each, reported in one batch."""
    cast = world.cast
    with at(MAY, days=2):
        cast.record(*(cast.report(f"N{i}", click_id=cast.click()) for i in range(count)))


def users(world: World, count: int) -> None:
    for _i in range(count):
        user_make()


def affiliates(world: World, count: int) -> None:
    Affiliate.objects.bulk_create(Affiliate(name=f"A{i}", kind="ka") for i in range(count))


def sites(world: World, count: int) -> None:
    affiliates(world, count)
    newest = Affiliate.objects.order_by("-pk")[:count]
    Site.objects.bulk_create(Site(affiliate=one, name=one.name) for one in newest)


def merchants(world: World, count: int) -> None:
    for i in range(count):
        one = Merchant.objects.create(name=f"M{i}")
        one.shops.create(name=f"S{i}", domains=[f"s{i}.example"])


def products(world: World, count: int) -> None:
    merchants(world, count)
    for one in Merchant.objects.order_by("-pk")[:count]:
        shop = one.shops.get()
        category = Category.objects.create(slug=f"c{one.pk}", name_zh="茶")
        product = Product.objects.create(
            shop=shop, external_id="1", title="茶", price_minor=1, currency="CNY", category=category
        )
        Plan.objects.create(merchant=one, name="P")
        facts = {"merchant": one, "shop": shop}
        Coupon.objects.create(
            **facts, product=product, code="C", face_minor=1, currency="CNY",
            starts_at=MAY, ends_at=JUNE_20,
        )  # fmt: skip
        ImportRun.objects.create(**facts, kind="orders", filename="x", sha256="0" * 64)


def refunds(world: World, count: int) -> None:
    reports = [RefundReport(f"U{i}", "", 100, MAY) for i in range(count)]
    refunds_keep(shop=world.cast.shop, refunds=reports)


def links(world: World, count: int) -> None:
    cast = world.cast
    for i in range(count):
        link_create(
            actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product,
            subs={"sub1": str(i)},
        )  # fmt: skip


def parts(world: World, count: int) -> None:
    affiliates(world, 2 * count)
    made = list(Affiliate.objects.order_by("-pk")[: 2 * count])
    for one, other in zip(made[:count], made[count:], strict=True):
        Relation.objects.create(affiliate=one, partner=other, share_bps=100)
        plan = Plan.objects.create(merchant=Merchant.objects.create(name=one.name), name="P")
        Intermediation.objects.create(affiliate=one, plan=plan, service_bps=100)


def channels(world: World, count: int) -> None:
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        facts = {"affiliate": one, "kind": 1, "publisher": world.cast.affiliate}
        code = InviterCode.objects.create(affiliate=one, code=f"C{one.pk}", kind=1)
        Channel.objects.create(name=one.name, code=code, **facts)


def policies(world: World, count: int) -> None:
    terms = {"window_days": 15, "precedence": "code_first", "stand_down_seconds": 5}
    for _i in range(count):
        policy_set(actor=user_make(), **terms)


def codes(world: World, count: int) -> None:
    for i in range(count):
        coupon = Coupon.objects.create(
            merchant=world.cast.merchant, shop=world.cast.shop, code=f"BOUND{i}", face_minor=1,
            currency="CNY", starts_at=MAY, ends_at=JUNE_20,
        )  # fmt: skip
        CodeBinding.objects.create(
            coupon=coupon, affiliate=world.cast.affiliate, zone=world.cast.zone
        )


def stand_downs(world: World, count: int) -> None:
    sell(world, count)
    for made in Commission.objects.select_related("line__order").order_by("-pk")[:count]:
        StandDown.objects.create(
            order=made.line.order, touch_id=made.attribution.touch_id, affiliate=made.affiliate,
            zone=made.attribution.zone, after_ms=1,
        )  # fmt: skip


def places(world: World, count: int) -> None:
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        merchant = Merchant.objects.create(name=one.name)
        plan = Plan.objects.create(merchant=merchant, name="P", kind="SP")
        PlanMember.objects.create(plan=plan, affiliate=one)


def promotions(world: World, count: int) -> None:
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        event = Event.objects.create(
            name=one.name, least_bps=100, enrol_until=MAY, starts_at=MAY, ends_at=JUNE_20
        )
        EventHost.objects.create(event=event, affiliate=one)
        merchant = Merchant.objects.create(name=one.name)
        Plan.objects.create(merchant=merchant, name="P", kind="EVENT", event=event)


def subsidies(world: World, count: int) -> None:
    for i in range(count):
        Subsidy.objects.create(
            name=f"S{i}", currency="CNY", rate_bps=100, cap_minor=100, created_at=MAY,
            starts_at=MAY, merchant=Merchant.objects.create(name=f"M{i}"),
        )  # fmt: skip


def season(world: World, count: int) -> None:
    """Seasons, campaigns, products on their slates and grants, one of each for another merchant."""
    products(world, count)
    sell(world, count)
    order_lines = OrderLine.objects.order_by("-pk")[:count]
    chosen = Product.objects.order_by("-pk")[:count]
    for i, (line, product) in enumerate(zip(order_lines, chosen, strict=True)):
        frame = Season.objects.create(
            name=f"S{i}", warm_up_from=MAY, opening_from=MAY, main_from=MAY, closing_from=MAY,
            ends_at=JUNE_20,
        )  # fmt: skip
        one = Campaign.objects.create(
            kind="super_u", name=f"C{i}", season=frame, currency="CNY", starts_at=MAY,
            ends_at=JUNE_20, confirm_until=JUNE_20, merchant=product.shop.merchant,
        )  # fmt: skip
        SlateItem.objects.create(campaign=one, product=product, state="proposed", rate_bps=2_000)
        Grant.objects.create(
            campaign=one, line=line, affiliate=world.cast.affiliate, day=MAY, active=False
        )
        coupons = Campaign.objects.create(
            kind="super_coupon", name=f"K{i}", currency="CNY", starts_at=MAY, ends_at=JUNE_20,
            confirm_until=JUNE_20,
        )  # fmt: skip
        stock_make(actor=world.cast.finance, campaign=coupons, size=5, product=product)
        affiliate = Affiliate.objects.create(name=f"E{i}", kind="ka")
        Enrolment.objects.create(campaign=one, affiliate=affiliate, state="applied")
        Award.objects.create(
            campaign=one,
            affiliate=affiliate,
            currency="CNY",
            state="dropped",
            due_month=MAY.date().replace(day=1),
        )


def top_ups(world: World, count: int) -> None:
    for i in range(count):
        top_up_announce(
            actor=world.cast.chen, merchant=world.cast.merchant, amount=cny(f"{i + 1}.00")
        )


def transfers(world: World, count: int) -> None:
    for i in range(count):
        content = f"date,amount,text,bank reference\n2026-06-22,5.00,x,N-{i}\n".encode()
        statement_read(actor=world.cast.finance, content=content, name=f"{i}.csv")
    credits_match()


def invoices(world: World, count: int) -> None:
    merchants(world, count)
    issued = Invoice.objects.get()
    for place, one in enumerate(Merchant.objects.order_by("-pk")[:count], 2):
        Invoice.objects.create(
            run=issued.run, merchant=one, series="INV", year=2026, number=place,
            month=issued.month, currency="CNY", total_minor=100, issued_on=issued.issued_on,
            issuer=[], recipient=[],
        )  # fmt: skip


def payouts(world: World, count: int) -> None:
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        payee = PayeeAccount.objects.create(
            affiliate=one, holder="L", institution="ICBC", number=f"62220{one.pk}"
        )
        Payout.objects.create(
            affiliate=one, payee=payee, amount_minor=100, currency="CNY",
            requested_by=world.cast.lin, released_by=world.cast.finance, state="sending",
        )  # fmt: skip


def settlements(world: World, count: int) -> None:
    for i in range(count):
        Settlement.objects.create(
            month=date(2020 + i // 12, i % 12 + 1, 1), currency="CNY", state="closed",
            closed_at=MAY, closed_by=world.cast.finance,
        )  # fmt: skip


def runs(world: World, count: int) -> None:
    VerifyRun.objects.bulk_create(
        VerifyRun(source="night", state="ended", started_at=MAY, ended_at=MAY)
        for _i in range(count)
    )


def statements(world: World, count: int) -> None:
    told = world.cast.affiliate.statements.get()
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        told.pk, told._state.adding, told.affiliate, told.number = None, True, one, f"A{one.pk}"
        told.save()


def periods(world: World, count: int) -> None:
    for i in range(count):
        Period.objects.create(
            month=date(2020 + i // 12, i % 12 + 1, 1), closed_by=world.cast.finance
        )


def entries(world: World, count: int) -> None:
    for i in range(count):
        ledger.post(
            key=f"test:{i}:moved",
            moves=[Move(cny("1.00"), debit="platform:cash", credit=f"merchant:{1000 + i}:wallet")],
            actor=world.cast.finance,
        )


def endpoints(world: World, count: int) -> None:
    Endpoint.objects.bulk_create(
        Endpoint(
            organisation="affiliate:1", form="postback", name=f"T{i}", url="https://t.example/",
            method="GET", kinds=["commission.void"],
        )
        for i in range(count)
    )  # fmt: skip


def keys(world: World, count: int) -> None:
    for i in range(count):
        api_key_issue(actor=world.cast.chen, organisation="merchant:1", name=f"K{i}", scopes=[])


def apps(world: World, count: int) -> None:
    one = world.things["commissions.apiapp"]
    for number in range(count):
        one.pk, one._state.adding, one.key = None, True, f"{number}"
        one.save()


def prompt_runs(world: World, count: int) -> None:
    one = world.things["aiassist.promptrun"]
    for _i in range(count):
        PromptRun.objects.create(
            purpose="copy", provider=one.provider, digest=one.digest, currency="CNY", verdict="ok"
        )


def risks(world: World, count: int) -> None:
    """Policies, and affiliates to look at."""
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        RiskPolicy.objects.create(set_by=world.cast.finance)
        RiskReview.objects.create(affiliate=one, score=score_of(one))


def notes(world: World, count: int) -> None:
    one = AnomalyNote.objects.get()
    for _hour in range(count):
        one.pk, one._state.adding = None, True
        one.began_at += timedelta(hours=1)
        one.state, one.ended_at = "ended", one.began_at
        one.save()


def autopilots(world: World, count: int) -> None:
    """Of other merchants, and what the first one decided for each affiliate."""
    one, decided = Autopilot.objects.get(), AutopilotDecision.objects.get()
    affiliates(world, count)
    for affiliate in Affiliate.objects.order_by("-pk")[:count]:
        one.pk, one._state.adding = None, True
        one.merchant = Merchant.objects.create(name=affiliate.name)
        one.save()
        decided.pk, decided._state.adding, decided.affiliate = None, True, affiliate
        decided.save()


def events(world: World, count: int) -> None:
    for _i in range(count):
        audit.record("test.done", world.cast.merchant, actor=world.cast.finance)


def debts(world: World, count: int) -> None:
    affiliates(world, count)
    for one in Affiliate.objects.order_by("-pk")[:count]:
        ledger.post(
            key=f"test:{one.pk}:owed",
            moves=[Move(cny("1.00"), debit=chart.debt(one.pk), credit=chart.CASH)],
        )


def decided(world: World, count: int) -> None:
    """Tax profiles, remittances, write-offs and wallet refunds."""
    affiliates(world, count)
    person, by = world.cast.finance, {"amount_minor": 100, "currency": "CNY"}
    for one in Affiliate.objects.order_by("-pk")[:count]:
        merchant = Merchant.objects.create(name=one.name)
        TaxProfile.objects.create(affiliate=one, kind="individual", set_by=person)
        TaxRemittance.objects.create(month=MAY, state="dropped", prepared_by=person, **by)
        DebtWriteOff.objects.create(
            affiliate=one, merchant=merchant, reason="gone", requested_by=person, **by
        )
        WalletRefund.objects.create(merchant=merchant, requested_by=person, **by)


def cases(world: World, count: int) -> None:
    """About an order and about a zone, half each."""
    sell(world, count // 2)
    orders = Commission.objects.order_by("-pk")[: count // 2]
    zones = [world.site.zones.create(name=f"Z{i}") for i in range(count - count // 2)]
    for target in (*orders, *zones):
        with at(MAY, days=3):
            violation_open(
                actor=world.people["risk"], target=target, reason=26, consequence="points", text="?"
            )


def bank_files(world: World, count: int) -> None:
    for i in range(count):
        BankFile.objects.create(
            number=f"F{i}", currency="CNY", payouts_count=1, total_minor=1, content=b"x",
            sha256="0" * 64, made_by=world.cast.finance,
        )  # fmt: skip


def differences(world: World, count: int) -> None:
    for i in range(count):
        file = RailFile.objects.create(
            rail="bank_file", kind="bank", name=f"F{i}", first_day=MAY, last_day=MAY,
            closes_days=True, sha256=str(i), content=b"x", uploaded_by=world.cast.finance,
        )  # fmt: skip
        Difference.objects.create(kind="ours_only", file=file, payout=_another(world, i))


def _another(world: World, i: int) -> Payout:
    made = world.payout
    return Payout.objects.create(
        affiliate=made.affiliate, payee=made.payee, amount_minor=100 + i, currency="CNY",
        month=made.month, state="failed", reason="no",
    )  # fmt: skip


MORE: dict[str, Callable[[World, int], Any]] = {
    "affiliates.affiliate": affiliates,
    "affiliates.attribution": sell,
    "affiliates.attributionpolicy": policies,
    "affiliates.channel": channels,
    "affiliates.codebinding": codes,
    "affiliates.intermediation": parts,
    "affiliates.link": links,
    "affiliates.relation": parts,
    "affiliates.site": sites,
    "affiliates.standdown": stand_downs,
    "affiliates.touch": sell,
    "campaigns.campaign": season,
    "campaigns.couponstock": season,
    "campaigns.enrolment": season,
    "campaigns.grant": season,
    "campaigns.season": season,
    "campaigns.slateitem": season,
    "campaigns.subsidy": subsidies,
    "commissions.account": entries,
    "commissions.award": season,
    "commissions.bankcredit": transfers,
    "commissions.bankstatement": transfers,
    "commissions.bankfile": bank_files,
    "commissions.difference": differences,
    "commissions.railfile": differences,
    "affiliates.planmember": places,
    "commissions.commission": sell,
    "commissions.debt": debts,
    "commissions.debtwriteoff": decided,
    "commissions.entry": entries,
    "commissions.invoice": invoices,
    "commissions.payeeaccount": payouts,
    "commissions.payout": payouts,
    "commissions.period": periods,
    "commissions.settlement": settlements,
    "commissions.statement": statements,
    "commissions.taxprofile": decided,
    "commissions.taxremittance": decided,
    "commissions.topup": top_ups,
    "commissions.walletrefund": decided,
    "commissions.verifyrun": runs,
    "commissions.violation": cases,
    "commissions.evidence": cases,
    "aiassist.anomalynote": notes,
    "aiassist.autopilot": autopilots,
    "aiassist.autopilotdecision": autopilots,
    "aiassist.promptrun": prompt_runs,
    "aiassist.riskpolicy": risks,
    "aiassist.riskreview": risks,
    "commissions.apiapp": apps,
    "kernel.apikey": keys,
    "kernel.auditevent": events,
    "kernel.endpoint": endpoints,
    "kernel.user": users,
    "merchants.category": products,
    "merchants.coupon": products,
    "merchants.event": promotions,
    "merchants.importrun": products,
    "merchants.merchant": merchants,
    "merchants.order": sell,
    "merchants.plan": products,
    "merchants.product": products,
    "merchants.refund": refunds,
    "merchants.shop": merchants,
}
