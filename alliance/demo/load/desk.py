"""What waits for the staff today: applications, sites, transfers, refunds without an order."""

from datetime import timedelta

from affiliates.models import Affiliate
from affiliates.services import site_file
from alliance.demo.load.accounts import NEWCOMERS
from alliance.demo.load.money import DRY
from alliance.demo.load.stage import CURRENCY, Seller, Stage
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import tasks
from commissions.queries import debts_all
from commissions.services.bank import credits_match, statement_read
from commissions.services.wallets import top_up_announce
from commissions.services.write_offs import write_off_request
from merchants.services.merchants import merchant_apply
from merchants.services.orders import RefundReport, refunds_keep

APPLICATIONS = {  # login: merchant, shop
    "bamboo": ("竹里馆 Bamboo Lodge", "竹里馆茶器店"),
    "nordlicht": ("Nordlicht Kerzen", "Nordlicht Kerzenmanufaktur"),
}
SITES = (  # affiliate, kind, name
    ("baomali", "website", "宝妈莉莉测评网"),
    ("ajie", "app", "阿杰跑步打卡"),
    ("koffein", "software", "Koffein Preisalarm"),
)
TRANSFERS = {DEMO_MERCHANT: 5_000_00, **dict.fromkeys(DRY, 1_000_00)}  # fen, by shop
REFUNDS = (  # shop, amount in fen, reason
    (DEMO_MERCHANT, 89_00, "线下门店退款，未附订单号"),
    ("tuanyuan", 36_50, "客服手工退款"),
    ("doorstep", 128_00, "补差价，订单号缺失"),
)
NAMED = ("tuanyuan", 2_000_00)  # its transfer names the reference, so that nobody has to decide
ARRIVED = (  # of the bank's latest statement: amount, payer, text, the bank's reference
    ("3000.00", "杭州团圆食品有限公司", "充值 佣金", "20260618000417"),
    ("128.50", "王丽", "房租", "20260618000533"),
)


def desk_fill(stage: Stage, users: dict[str, User]) -> None:
    """Put on the agenda what nobody has answered yet."""
    for hours, login in zip((5, 26), NEWCOMERS, strict=True):
        stage.agenda.at(stage.ago(hours=hours), _apply, login, users[login])
    for number, (code, kind, name) in enumerate(SITES):
        at = stage.ago(hours=4 + 9 * number)
        stage.agenda.at(at, _file, stage, code, kind, name)
    for number, (code, minor) in enumerate(TRANSFERS.items()):
        at = stage.ago(hours=2 + 5 * number)
        stage.agenda.at(at, _announce, stage.sellers[code], minor)
    for number, (code, minor, reason) in enumerate(REFUNDS):
        at = stage.ago(hours=3 + 7 * number)
        stage.agenda.at(at, _refund, stage.sellers[code], minor, reason)
    code, minor = NAMED
    stage.agenda.at(stage.ago(hours=19), _announce, stage.sellers[code], minor)
    stage.agenda.at(stage.ago(hours=6), _let_a_debt_go, stage)
    stage.agenda.at(stage.ago(hours=1), _statement, stage)


def _apply(code: str, user: User) -> None:
    name, shop = APPLICATIONS[code]
    domains = [f"{code}.example"]
    merchant_apply(user=user, name=name, shop_name=shop, domains=domains, currency=CURRENCY)


def _file(stage: Stage, code: str, kind: str, name: str) -> None:
    promoter, url = stage.promoters[code], f"https://{kind}.{code}.example/"
    site_file(actor=promoter.user, affiliate=promoter.affiliate, name=name, kind=kind, url=url)


def _announce(seller: Seller, minor: int) -> None:
    top_up_announce(actor=seller.user, merchant=seller.merchant, amount=Money(minor, CURRENCY))


def _refund(seller: Seller, minor: int, reason: str) -> None:
    at = clock.now() - timedelta(hours=1)
    report = RefundReport(
        external_id=f"RX{at:%Y%m%d}", line_external_id="", amount_minor=minor, refunded_at=at,
        reason=reason,
    )  # fmt: skip
    for outcome in refunds_keep(shop=seller.shop, refunds=[report], actor=seller.user):
        if outcome.error:
            raise outcome.error


def _let_a_debt_go(stage: Stage) -> None:
    """The oldest debt; a second person decides."""
    oldest = debts_all().filter(owed_minor__gt=0, currency=CURRENCY).order_by("since").first()
    if oldest:
        write_off_request(
            actor=stage.staff["finance"],
            affiliate=Affiliate.objects.get(pk=oldest.affiliate_id),
            amount=Money(oldest.owed_minor, CURRENCY),
            reason="两次结算均未能扣回，联系不上推广者",
        )


def _statement(stage: Stage) -> None:
    """One transfer that names its top-up, and two that explain themselves to nobody."""
    day = clock.business_day()
    named = stage.sellers[NAMED[0]].merchant.top_ups.latest("pk")
    told = (str(named.amount.decimal), "杭州团圆食品有限公司", named.reference, "20260618000391")
    rows = [
        f"{day},{amount},CNY,{payer},{text},{ref}" for amount, payer, text, ref in (told, *ARRIVED)
    ]
    content = "\n".join(("日期,金额,币种,对方户名,附言,流水号", *rows)).encode()
    statement_read(
        actor=stage.staff["finance2"], content=content, name=f"ICBC-{day}.csv", account="ICBC"
    )
    for merchant_pk in credits_match():
        tasks.merchant_funded(merchant_pk)
