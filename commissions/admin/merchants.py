"""Merchants as finance sees them too: with the wallet and its credit limit."""

from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from affiliates.admin import AffiliateAdmin
from affiliates.models import Affiliate
from alliance.kernel import columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, DecisionForm, Facts
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions import figures, tasks
from commissions.admin import cases
from commissions.admin.payouts import CLOSE_OUT
from commissions.admin.taxes import TAX_PROFILE
from commissions.admin.wallet_refunds import WALLET_REFUND
from commissions.forms import AmountField
from commissions.models import Balance
from commissions.services.wallets import credit_limit_set
from merchants.admin.merchants import MerchantAdmin
from merchants.models import Merchant

SEES_MONEY = (StaffRole.FINANCE, StaffRole.OPS, StaffRole.RISK, StaffRole.AUDITOR)


class LimitForm(DecisionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["limit"] = AmountField(
            currency=self.obj.currency,
            label=_("New credit limit"),
            widget=UnfoldAdminTextInputWidget,
        )


def limit_set(actor: User, merchant: Merchant, limit: Money) -> None:
    credit_limit_set(actor=actor, merchant=merchant, limit=limit)
    tasks.merchant_funded.delay_on_commit(merchant.pk)  # type: ignore[attr-defined]


def limit_facts(merchant: Merchant) -> Facts:
    yield _("credit limit"), Money(merchant.credit_limit_minor, merchant.currency).localized()
    for kind, balance in figures.money_of(f"merchant:{merchant.pk}"):
        yield KINDS.get(kind, kind), balance.localized()


# What the kinds of accounts are called (docs/ledger.md has the chart).
KINDS = {
    "wallet": _("wallet"),
    "reserved": _("reserved for orders"),
    "pending": _("earned, not settled"),
    "frozen": _("held back"),
    "payable": _("can be withdrawn"),
    "debt": _("debt"),
    "cash": _("bank"),
    "in_flight": _("withdrawals under way"),
    "tech_fee": _("technical service fees"),
    "special_fee": _("special service fees"),
    "subsidy": _("subsidies"),
    "share": _("platform's share"),
    "campaigns": _("paid into campaigns"),
    "budget": _("budget left"),
    "promised": _("promised to affiliates"),
    "coupons": _("set aside for coupons"),
    "tax_withheld": _("tax withheld"),
    "write_off": _("debts written off"),
}


class WithMoney:
    """Mixin: the balances of whom the page is about, for the roles that may see money."""

    change_form_outer_before_template = "desk/money.html"
    owner: str

    def more_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        if not has_role(request.user, *SEES_MONEY):
            return {}
        money = figures.money_of(f"{self.owner}:{obj.pk}")
        order = list(KINDS)
        money.sort(key=lambda found: order.index(found[0]) if found[0] in KINDS else len(order))
        return {"money": [(KINDS.get(kind, kind), balance) for kind, balance in money]}


admin.site.unregister(Merchant)
admin.site.unregister(Affiliate)


@admin.register(Affiliate)
class PaidAffiliateAdmin(WithMoney, AffiliateAdmin):
    owner = "affiliate"
    decisions = (*AffiliateAdmin.decisions, TAX_PROFILE, CLOSE_OUT, cases.ACCOUNT)


@admin.register(Merchant)
class FundedMerchantAdmin(WithMoney, MerchantAdmin):
    owner = "merchant"
    decisions = (
        *MerchantAdmin.decisions,
        Decision(
            name="credit",
            label=_("Credit limit"),
            icon="credit_score",
            run=limit_set,
            roles=(StaffRole.FINANCE,),
            when=lambda merchant: True,
            text=_(
                "How far the wallet may go below zero before commissions have to wait. It cannot "
                "be set lower than what is used already."
            ),
            done=_("The credit limit is set."),
            form=LimitForm,
            initial=lambda merchant: {
                "limit": Money(merchant.credit_limit_minor, merchant.currency).decimal
            },
            facts=limit_facts,
        ),
        WALLET_REFUND,
    )

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        shown = tuple(super().get_list_display(request))
        if not has_role(request.user, *SEES_MONEY):
            return tuple(name for name in shown if name != "credit")
        wallet = columns.amount("wallet_minor", _("wallet"))
        return (*shown[:2], wallet, *shown[2:])

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merchant]:
        wallet = Balance.objects.filter(
            account__code=OuterRef("wallet_code"), account__currency=OuterRef("currency")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                wallet_code=Concat(
                    Value("merchant:"),
                    Cast(F("pk"), CharField()),
                    Value(":wallet"),
                ),
                wallet_minor=Coalesce(
                    Subquery(wallet.values("balance_minor")[:1]), 0, output_field=BigIntegerField()
                ),
            )
        )
