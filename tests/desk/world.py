"""One of everything that the operations desk shows, made through the services; and people."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import override_settings

from affiliates.models import Affiliate, Basket, Channel, Feed, InviterCode, Site, StandDown, Widget
from affiliates.services import (
    affiliate_apply,
    affiliate_approve,
    code_bind,
    event_draft,
    intermediation_open,
    policy_set,
    relation_open,
    site_file,
)
from affiliates.services.invitations import invitation_open
from affiliates.services.places import plan_apply
from aiassist.models import (
    AnomalyNote,
    Autopilot,
    AutopilotDecision,
    AutopilotMode,
    AutopilotNight,
    GroupKind,
    PromptRun,
    RiskPolicy,
    RiskReview,
    RiskScore,
)
from aiassist.services.autopilot.policies import Limits, PolicyWish, policy_sign
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import (
    AuditEvent,
    Delivery,
    DeliveryCall,
    Endpoint,
    StaffRole,
    User,
)
from alliance.kernel.money import cny
from campaigns.models import Campaign, Enrolment, Grant
from campaigns.services.campaigns import campaign_make
from campaigns.services.seasons import season_make
from campaigns.services.slates import slate_propose
from campaigns.services.stock import stock_make
from campaigns.services.subsidies import subsidy_open
from commissions import chart, ledger
from commissions.models import (
    Account,
    Award,
    BankFile,
    Debt,
    DebtWriteOff,
    Entry,
    Payout,
    RailFile,
    Settlement,
    TaxRemittance,
    TopUp,
    VerifySource,
    WalletRefund,
)
from commissions.services.api_apps import api_app_make
from commissions.services.bank import credits_match, statement_read
from commissions.services.bank_files import bank_file_make
from commissions.services.invoices import invoices_issue
from commissions.services.payouts import payee_set, payout_release, payout_request
from commissions.services.periods import period_close
from commissions.services.reconciliation import rail_file_read
from commissions.services.returns import payout_return
from commissions.services.settlements import settlement_build, settlement_open, settlement_run
from commissions.services.statements import statements_issue
from commissions.services.taxes import tax_profile_set
from commissions.services.verification import verification_run
from commissions.services.violations import violation_open
from commissions.services.wallets import top_up_announce
from commissions.tasks import violation_apply
from merchants.models import Category, Coupon, Merchant, Refund
from merchants.services.imports import import_begin
from merchants.services.merchants import merchant_apply
from merchants.services.orders import RefundReport, refunds_keep
from merchants.services.plans import plan_open
from tests.cast import Cast, cast_make, staff_make, user_make
from tests.commissions.rails.bank import camt_053

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
MODELS = [
    model
    for model in admin.site._registry
    if model._meta.app_label
    in ("kernel", "merchants", "affiliates", "campaigns", "commissions", "aiassist")
]


def url_of(model: type[Model], page: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


@dataclass
class World:
    """`things` holds one object of each model by label; `people` one person of each kind."""

    cast: Cast
    applicant: Affiliate
    site: Site
    newcomer: Merchant
    top_up: TopUp
    payout: Payout
    june: Settlement
    refund: Refund
    people: dict[str, User | None]
    things: dict[str, Model] = field(default_factory=dict)


def people_make(cast: Cast) -> dict[str, User | None]:
    people: dict[str, User | None] = {
        "anonymous": None,
        "affiliate": cast.lin,
        "merchant": cast.chen,
        "norole": staff_make(),
        **{role.value: staff_make(role) for role in StaffRole},
        "administrator": user_make(is_staff=True, is_superuser=True),
    }
    people["finance"] = cast.finance
    return people


@contextmanager
def at(moment: datetime, **delta: int):
    with clock.at(moment + timedelta(**delta)):
        yield


def bank_file_there_and_back(cast: Cast) -> tuple[BankFile, RailFile]:
    """1.00 that went to the bank by file and came back, and a fee that only the bank knows."""
    account = {"NAME": "Taoke Alliance", "ACCOUNT": "1202024419900012345", "BIC": ""}
    with override_settings(RAILS={"bank_file": account}):
        payee_set(
            actor=cast.lin,
            affiliate=cast.affiliate,
            rail="bank_file",
            holder="Lin Xiaomei",
            institution="ICBC",
            number="6222023100045678912",
        )
        payout = payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("1.00"))
        payout_release(actor=cast.finance, payout=payout)
        made = bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])
    key, one = f"payout-{payout.pk}", cny("1.00")
    said = [(key, one, "DBIT", ""), ("", cny("0.50"), "DBIT", "")]
    answer, _new = rail_file_read(
        actor=cast.finance2,
        kind="bank",
        name="statement.xml",
        content=camt_053("2026-06-22", said),
    )
    payout_return(payout=payout, reason="AC04")
    return made, answer


def award_refused(cast: Cast) -> Award:
    """Of a board that had no budget and gave nothing."""
    board = Campaign.objects.create(
        kind="leaderboard", name="Board of May", currency="CNY", state="closed",
        starts_at=MAY, ends_at=MAY + timedelta(days=7), confirm_until=MAY + timedelta(days=14),
        published_at=MAY, closed_at=MAY + timedelta(days=7), evaluated_at=MAY + timedelta(days=21),
    )  # fmt: skip
    return Award.objects.create(
        campaign=board,
        affiliate=cast.affiliate,
        currency="CNY",
        state="dropped",
        due_month=MAY.date().replace(day=1),
        reason="Nothing was left of it.",
    )


def autopilot_make(cast: Cast) -> Autopilot:
    """Signed, with a first night that suggests a rate for the affiliate."""
    wish = PolicyWish(
        mode=AutopilotMode.SUGGEST,
        roi_target_centi=700,
        roi_floor_centi=500,
        budget_day_minor=100_00,
        budget_minor=1_000_00,
        ends_on=clock.business_day() + timedelta(days=30),
        limits=[Limits(GroupKind.SHOP, 800, 2_000)],
    )
    made = policy_sign(merchant=cast.merchant, wish=wish, actor=cast.chen)
    night = AutopilotNight.objects.create(
        autopilot=made,
        policy=made.policy,
        day=clock.business_day(),
        outcome="looked",
        orders=120,
        spent_minor=0,
    )
    AutopilotDecision.objects.create(
        night=night,
        group=made.policy.groups.get(),
        affiliate=cast.affiliate,
        from_bps=0,
        to_bps=1_300,
        own_bps=1_200,
        evidence={"marginal_roi": 5.1, "threshold": 4.2, "guard": "change"},
    )
    return made


def score_of(affiliate: Affiliate) -> RiskScore:
    """Twelve of forty orders were hasty."""
    finding = {
        "sign": "hasty", "k": 12, "n": 40, "usual_bps": 130, "low_bps": 0, "high_bps": 480,
        "peers": 61, "chance_ppm": 3, "first": 0, "end": 0,
    }  # fmt: skip
    return RiskScore.objects.create(
        affiliate=affiliate, day=JUNE_22.date(), orders=40, kind="small", category="tea",
        chance_ppm=21, false_bps=40, unusual_bps=40, findings=[finding],
    )  # fmt: skip


def hook_silent(cast: Cast) -> Endpoint:
    """A webhook whose server answers no more."""
    made = Endpoint.objects.create(
        organisation=f"affiliate:{cast.affiliate.pk}", form="webhook", name="Silent",
        url="https://hooks.example/in?token=never-shown", kinds=["payout.paid"], secret="locked",
        failing_since=cast.moment,
    )  # fmt: skip
    row = Delivery.objects.create(
        endpoint=made, kind="payout.paid", body="{}", state="failed", due_at=None, attempts=10
    )
    DeliveryCall.objects.create(delivery=row, url=made.url, status=503, took_ms=12)
    return made


def note_make(campaign: Campaign | None = None) -> AnomalyNote:
    """Three times as many clicks as usual at noon."""
    curve = {"values": [10, 12, 31], "lows": [5, 6, 7], "highs": [14, 15, 16]}
    part = {"kind": "affiliate", "pk": 1, "name": "Lin's picks", "value": 25, "usual": 4}
    return AnomalyNote.objects.create(
        measure="clicks", campaign=campaign, kin="clicks", began_at=JUNE_22, seen_hour=JUNE_22,
        up=True, value=31, low=7, usual=10, high=16, record=True, effect_minor=210_00,
        chance_ppm=20, parts=[{**part, "share_bps": 7_100}], curve=curve,
    )  # fmt: skip


def world_make() -> World:
    """A month that was settled, one that is built, and something in every queue."""
    with at(MAY, days=-1):
        cast = cast_make()
    with at(MAY):
        first = cast.sold("T1")
    with at(MAY, days=5):
        cast.received("T1", placed_at=first.placed_at, paid_at=first.placed_at)
    with at(JUNE_20, days=-15):
        second = cast.sold("T2")
    with at(JUNE_20, days=-10):
        cast.received("T2", placed_at=second.placed_at, paid_at=second.placed_at)
    with at(JUNE_20):
        settled = settlement_run(month=MAY.date(), currency="CNY")
        statements_issue(settled)
    with at(JUNE_22, hours=-2):
        bank_file, answer = bank_file_there_and_back(cast)
    with at(JUNE_22):
        payee = payee_set(
            actor=cast.lin,
            affiliate=cast.affiliate,
            holder="Lin Xiaomei",
            institution="ICBC",
            number="6222 0231 0004 5678 912",
        )
        payout = payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=ledger.balance(chart.payable(cast.affiliate.pk), "CNY"),
        )
        applicant = affiliate_apply(user=user_make(), kind="ka", name="Weibo Digest")
        newcomer = merchant_apply(
            user=user_make(), name="Green Tea", shop_name="Tea", domains=["tea.example"]
        )
        site = site_file(
            actor=cast.lin,
            affiliate=cast.affiliate,
            name="Blog",
            kind="website",
            url="https://blog.example.org/",
        )
        top_up = top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny("500.00"))
        refunds_keep(
            shop=cast.shop,
            refunds=[RefundReport("UM-1", "", 5000, clock.now(), "came back", {"order": "?"})],
        )
        key, _token = api_key_issue(
            actor=cast.chen, organisation=f"merchant:{cast.merchant.pk}", name="Shop", scopes=[]
        )
        ops = staff_make(StaffRole.OPS)
        partners = [
            affiliate_apply(user=user_make(), kind="tuanzhang", name=f"Tuan {i}") for i in range(2)
        ]
        for each in partners:
            affiliate_approve(actor=ops, affiliate=each)
        # Offers that wait for the merchant, and partners apart: they change no order of the cast.
        relation = relation_open(
            actor=ops, affiliate=partners[0], partner=partners[1], share_bps=1000
        )
        below = affiliate_apply(user=user_make(), kind="small", name="Below Lin")
        below.refresh_from_db()
        relation_open(actor=ops, affiliate=below, partner=cast.affiliate, share_bps=500)
        invitation_open(actor=cast.lin, affiliate=cast.affiliate, share_bps=500)
        intermediation = intermediation_open(
            actor=ops, affiliate=partners[0], plan=first.attribution.plan, service_bps=500
        )
        event = event_draft(
            actor=ops,
            host=partners[0],
            name="Summer",
            least_bps=1_000,
            service_bps=300,
            enrol_until=MAY + timedelta(days=900),
            starts_at=MAY + timedelta(days=900),
            ends_at=MAY + timedelta(days=930),
        )
        friends = plan_open(merchant=cast.merchant, name="Friends", kind="SP", actor=cast.chen)
        place = plan_apply(actor=cast.lin, affiliate=cast.affiliate, plan=friends, words="Tea")
        subsidy = subsidy_open(
            actor=ops,
            name="Summer",
            rate_bps=300,
            cap=cny("5.00"),
            merchant=cast.merchant,
            merchant_bps=10_000,
        )
        season = season_make(
            actor=ops,
            name="618",
            warm_up_from=MAY,
            opening_from=MAY + timedelta(days=10),
            main_from=MAY + timedelta(days=30),
            closing_from=MAY + timedelta(days=40),
            ends_at=JUNE_22 + timedelta(days=30),
        )
        campaign = campaign_make(
            actor=ops,
            kind="super_u",
            name="Super U in July",
            season=season,
            sponsor="merchant",
            merchant=cast.merchant,
            budget_minor=10_000,
            starts_at=JUNE_22 + timedelta(days=20),
            ends_at=JUNE_22 + timedelta(days=27),
            enrol_from=JUNE_22 - timedelta(days=1),
            enrol_until=JUNE_22 + timedelta(days=3650),
        )
        stock = stock_make(
            actor=ops,
            campaign=campaign_make(
                actor=ops,
                kind="super_coupon",
                name="Super coupons",
                budget_minor=100_000,
                starts_at=JUNE_22 + timedelta(days=20),
                ends_at=JUNE_22 + timedelta(days=27),
            ),
            size=10,
        )
        proposal = slate_propose(
            actor=cast.chen, campaign=campaign, product=cast.product, rate_bps=3_000
        )
        period = period_close(month=MAY.date().replace(month=3, day=1), actor=cast.finance)
        verified = verification_run(source=VerifySource.NIGHT)
        issued = invoices_issue(month=clock.month_start(MAY.date()), currency="CNY")
        statement = statement_read(
            actor=cast.finance2,
            content=b"date,amount,currency,text,bank reference\n2026-06-22,77.00,CNY,hello,B-1\n",
            name="june.csv",
        )
        credits_match()
    with at(JUNE_22, days=10):
        june = settlement_build(
            settlement=settlement_open(month=JUNE_22.date(), currency="CNY", actor=cast.finance)
        )
    category = Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")
    coupon = Coupon.objects.create(
        merchant=cast.merchant,
        shop=cast.shop,
        code="TEN",
        face_minor=1000,
        currency="CNY",
        starts_at=MAY,
        ends_at=JUNE_22,
    )
    own_code = Coupon.objects.create(
        merchant=cast.merchant, shop=cast.shop, code="LIN5", face_minor=500, currency="CNY",
        starts_at=MAY, ends_at=JUNE_22 + timedelta(days=3650),
    )  # fmt: skip
    with at(JUNE_22):
        binding = code_bind(actor=cast.chen, coupon=own_code, affiliate=cast.affiliate)
    run = import_begin(
        shop=cast.shop,
        kind="orders",
        filename="may.csv",
        file=BytesIO("订单编号,买家实际支付金额\nT9,10.00\n".encode()),
        actor=cast.chen,
    )
    with at(JUNE_22, days=12):
        case = violation_open(
            actor=staff_make(StaffRole.RISK),
            target=cast.affiliate.sites.order_by("pk")[0].zones.create(name="Quiet"),
            reason=26,
            consequence="points",
            text="Too fast for people.",
            file=SimpleUploadedFile("log.txt", b"12:00:00 click"),
        )
        violation_apply(case.pk)
    refund = Refund.objects.get(external_id="UM-1")
    attribution = first.attribution
    taxed = tax_profile_set(
        actor=cast.finance, affiliate=applicant, kind="company", tax_id="91330100MA2B7X8Y9Z"
    )
    policy = policy_set(actor=ops, window_days=15, precedence="code_first", stand_down_seconds=5)
    hasty = StandDown.objects.create(
        order=first.line.order, touch=attribution.touch, affiliate=cast.affiliate, zone=cast.zone,
        after_ms=3_000,
    )  # fmt: skip
    # An account that never owed, and decisions that moved nothing: the books stay as they are.
    ledger.floor_set(code=chart.debt(applicant.pk), currency="CNY", floor=cny("-1.00"))
    by = {"amount_minor": 100, "currency": "CNY"}
    asked = {**by, "state": "refused", "requested_by": cast.finance, "decided_by": cast.finance2}
    # What an earlier campaign would have given: it gave nothing, so the books know nothing of it.
    grant = Grant.objects.create(
        campaign=campaign,
        line=first.line,
        affiliate=cast.affiliate,
        day=MAY.date(),
        active=False,
        why={"usual_bps": 1_200},
    )
    enrolment = Enrolment.objects.create(
        campaign=campaign, affiliate=applicant, state="applied", statement="A page of its own."
    )
    untouched = [
        grant,
        enrolment,
        TaxRemittance.objects.create(
            month=MAY.date().replace(day=1), state="dropped", prepared_by=cast.finance, **by
        ),
        DebtWriteOff.objects.create(affiliate=applicant, reason="gone", **asked),
        api_app_make(actor=cast.lin, affiliate=cast.affiliate, name="Desk's view"),
        WalletRefund.objects.create(merchant=cast.merchant, **asked),
        Debt.objects.get(code=chart.debt(applicant.pk)),
        award_refused(cast),
        PromptRun.objects.create(
            purpose="copy", provider="offline", digest="0" * 64, currency="CNY", verdict="ok"
        ),
        RiskPolicy.objects.create(set_by=cast.finance),
        RiskReview.objects.create(affiliate=cast.affiliate, score=score_of(cast.affiliate)),
        note_make(),
    ]
    flight = autopilot_make(cast)
    untouched += [flight, AutopilotDecision.objects.get()]
    world = World(cast, applicant, site, newcomer, top_up, payout, june, refund, people_make(cast))
    everything: list[Any] = [
        cast.affiliate, site, cast.merchant, cast.shop, cast.product, category,
        attribution.plan, coupon, run, first.line.order, refund, first, attribution, cast.link,
        attribution.touch, top_up, settled, payout, payee, period, verified, cast.lin, key,
        Account.objects.get(code=chart.CASH), Entry.objects.order_by("pk").first(),
        AuditEvent.objects.order_by("pk").first(), relation, intermediation, subsidy,
        policy, hasty, binding,
        event, place,
        season, campaign, proposal, stock,
        issued.invoices.get(), statement,
        statement.credits.get(),
        case, case.evidence.get(),
        bank_file, answer, answer.differences.get(),
        cast.affiliate.statements.get(),
    ]  # fmt: skip
    code = InviterCode.objects.create(affiliate=cast.affiliate, code="WANG", kind=1)
    facts = {"affiliate": cast.affiliate, "kind": 1, "name": "Uncle Wang"}
    everything += [code, Channel.objects.create(code=code, publisher=applicant, **facts)]
    everything += [taxed, *untouched, Basket.objects.create(affiliate=cast.affiliate, name="Tea")]
    everything += [
        Feed.objects.create(
            affiliate=cast.affiliate, zone=cast.zone, name="Tea", size=100, wish={}, digest="-"
        ),
        Widget.objects.create(
            affiliate=cast.affiliate, zone=cast.zone, name="Tea", size=4, wish={}, code="tea"
        ),
    ]
    everything += [hook_silent(cast)]
    world.things = {thing._meta.label_lower: thing for thing in everything}
    return world
