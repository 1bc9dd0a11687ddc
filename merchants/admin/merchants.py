"""Merchants and their shops: who sells, and whether they may."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from alliance.kernel import columns
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ReasonForm,
    in_state,
    last_reason,
)
from alliance.kernel.models import StaffRole, User
from merchants.models import (
    Merchant,
    MerchantMember,
    MerchantState,
    Plan,
    Shop,
)
from merchants.services.merchants import (
    merchant_approve,
    merchant_close,
    merchant_freeze,
    merchant_unfreeze,
)
from merchants.services.shops import shop_score

OPS, RISK, FINANCE, SUPPORT = (
    StaffRole.OPS,
    StaffRole.RISK,
    StaffRole.FINANCE,
    StaffRole.SUPPORT,
)


DATES = (columns.moment("starts_at", _("starts at")), columns.moment("ends_at", _("ends at")))


class MemberInline(ReadOnlyInline):
    model = MerchantMember
    fields = ("user", "role", columns.moment("created_at", _("since")))
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MerchantMember]:
        return super().get_queryset(request).select_related("user")


class ShopInline(ReadOnlyInline):
    model = Shop
    fields = ("name", "domain_list", "score")
    readonly_fields = fields

    @display(description=_("registered domains"))
    def domain_list(self, shop: Shop) -> str:
        return ", ".join(shop.domains)

    @display(description=_("shop score"))
    def score(self, shop: Shop) -> str:
        return score_text(shop)


class PlanInline(ReadOnlyInline):
    model = Plan
    fields = ("name", "kind", columns.state(), *DATES)
    readonly_fields = fields


def merchant_facts(merchant: Merchant) -> Facts:
    yield _("legal name"), merchant.legal_name or "–"
    yield _("contact e-mail"), merchant.contact_email or "–"
    yield _("applied"), merchant.created_at
    for shop in merchant.shops.all():
        yield _("shop"), f"{shop.name}: {', '.join(shop.domains)}"


def close(actor: User, merchant: Merchant, reason: str) -> None:
    merchant_close(merchant=merchant, reason=reason, actor=actor)


@admin.register(Merchant)
class MerchantAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, FINANCE, RISK, SUPPORT)
    list_display = (
        "name",
        columns.state(),
        "legal_name",
        "contact_email",
        "credit",
        columns.moment("created_at", _("applied")),
    )
    list_filter = ("state", "currency", "coverage")
    search_fields = ("name", "legal_name", "contact_email", "shops__domains__icontains")
    search_help_text = _("Name, e-mail or domain")
    ordering = ("-pk",)
    inlines = (ShopInline, PlanInline, MemberInline)
    fields = (
        "name",
        "legal_name",
        "contact_email",
        columns.state(),
        "reason_of_state",
        "currency",
        "credit",
        columns.state("coverage", _("coverage")),
        columns.moment("funding_paused_at", _("out of money since")),
        "auto_receive_days",
        columns.moment("created_at", _("applied")),
    )
    credit = staticmethod(columns.amount("credit_limit_minor", _("credit limit")))
    decisions: tuple[Decision, ...] = (
        Decision(
            name="approve",
            label=_("Approve"),
            icon="how_to_reg",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, merchant: merchant_approve(merchant=merchant, actor=actor),
            roles=(OPS,),
            when=in_state(MerchantState.APPLIED),
            text=_("The merchant can publish products and plans at once, and affiliates see them."),
            done=_("The merchant is approved."),
            facts=merchant_facts,
            bulk=True,
        ),
        Decision(
            name="freeze",
            label=_("Freeze"),
            icon="ac_unit",
            variant=ActionVariant.WARNING,
            run=lambda actor, merchant, reason: merchant_freeze(
                merchant=merchant, reason=reason, actor=actor
            ),
            roles=(OPS, RISK),
            when=in_state(MerchantState.ACTIVE),
            text=_(
                "No new links and no new orders. What was begun goes on: receipts, refunds and "
                "commissions of earlier orders."
            ),
            done=_("The merchant is frozen."),
            form=ReasonForm,
            facts=merchant_facts,
            bulk=True,
        ),
        Decision(
            name="unfreeze",
            label=_("Unfreeze"),
            icon="wb_sunny",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, merchant: merchant_unfreeze(merchant=merchant, actor=actor),
            roles=(OPS, RISK),
            when=in_state(MerchantState.FROZEN),
            text=_("New links and orders are possible again."),
            done=_("The merchant is active again."),
            facts=lambda merchant: [(_("Frozen because"), freeze_reason(merchant) or "–")],
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=close,
            roles=(OPS,),
            when=in_state(MerchantState.APPLIED),
            text=_("The application is closed for good, with the reason on record."),
            done=_("The application is refused."),
            form=ReasonForm,
            facts=merchant_facts,
        ),
        Decision(
            name="close",
            label=_("Close"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=close,
            roles=(OPS,),
            when=in_state(MerchantState.ACTIVE, MerchantState.FROZEN),
            text=_("For good. The domains become free for other merchants."),
            done=_("The merchant is closed."),
            form=ReasonForm,
            facts=merchant_facts,
        ),
    )

    @display(description=_("reason given"))
    def reason_of_state(self, merchant: Merchant) -> str:
        return last_reason(merchant, "merchant.frozen", "merchant.closed") or "–"


def freeze_reason(merchant: Merchant) -> str:
    return last_reason(merchant, "merchant.frozen")


def score_text(shop: Shop) -> str:
    return f"{shop.score_centi / 100:.2f}" if shop.score_centi else "–"


class ScoreForm(DecisionForm):
    score = forms.DecimalField(
        label=_("Shop score"),
        min_value=0,
        max_value=5,
        decimal_places=2,
        help_text=_("The buyers' rating, 0 to 5."),
        widget=UnfoldAdminDecimalFieldWidget,
    )


@admin.register(Shop)
class ShopAdmin(ReadOnlyAdmin):
    seen_by = (OPS, RISK, SUPPORT)
    list_display = ("name", columns.linked("merchant", _("merchant")), "domain_list", "score")
    list_select_related = ("merchant",)
    list_filter = (("merchant", AutocompleteSelectFilter),)
    search_fields = ("name", "merchant__name", "domains__icontains")
    ordering = ("-pk",)
    fields = ("name", columns.linked("merchant", _("merchant")), "domain_list", "score")
    decisions = (
        Decision(
            name="score",
            label=_("Set the score"),
            icon="star",
            run=lambda actor, shop, score: shop_score(
                shop=shop, score_centi=int(score * 100), actor=actor
            ),
            roles=(OPS,),
            when=lambda shop: True,
            text=_("Affiliates see the score beside the shop's products."),
            done=_("The score is set."),
            form=ScoreForm,
            initial=lambda shop: {"score": f"{shop.score_centi / 100:.2f}"},
        ),
    )

    @display(description=_("registered domains"))
    def domain_list(self, shop: Shop) -> str:
        return ", ".join(shop.domains)

    @display(description=_("shop score"), ordering="score_centi")
    def score(self, shop: Shop) -> str:
        return score_text(shop)
