"""Coupon stocks at the desk: how many coupons a campaign offers, and opening and closing them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, in_state, person
from alliance.kernel.errors import Invalid
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, Claim, CouponStock, StockMode, StockState
from campaigns.models.claim import LIVE
from campaigns.queries import OPEN_STATES
from campaigns.services.stock import stock_discard, stock_make, stocks_plan
from commissions.admin.campaigns.fields import MomentField
from commissions.admin.campaigns.meters import meter
from commissions.admin.campaigns.pages import Page
from commissions.services.coupons import stock_close, stock_open
from merchants.models import Product, ProductState


class SlotsForm(forms.Form):
    """For what; everything else is the campaign's rules."""

    product = forms.ModelChoiceField(
        label=_("Product"),
        queryset=Product.objects.filter(state=ProductState.ON_SALE),
        required=False,
        help_text=_("Empty: every product of the campaign."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product: Any = self.fields["product"]
        relation: Any = CouponStock._meta.get_field("product")
        product.widget = AutocompleteSelect(relation, admin.site)
        product.widget.choices = product.choices


class StockForm(SlotsForm):
    """How many, for what, when; faces and validity are the campaign's rules."""

    size = forms.IntegerField(
        label=_("Coupons"),
        min_value=1,
        max_value=10_000_000,
        widget=UnfoldAdminIntegerFieldWidget({"autofocus": True}),
    )
    mode = forms.ChoiceField(
        label=_("Who gets one"), choices=StockMode.choices, widget=UnfoldAdminSelectWidget
    )
    opens_at = MomentField(
        label=_("Claims from"), required=False, help_text=_("Empty: with the campaign.")
    )
    closes_at = MomentField(
        label=_("Claims until"), required=False, help_text=_("Empty: to its end.")
    )
    field_order = ("size", "product")


STOCK_PAGES = (
    Page(
        name="coupons",
        label=_("Coupons"),
        icon="confirmation_number",
        roles=(StaffRole.OPS,),
        when=lambda campaign: (
            campaign.state in OPEN_STATES and MECHANICS[campaign.kind].coupon is not None
        ),
    ),
)


class Stocking:
    """Mixin of the campaigns' desk."""

    def coupons_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Plan a stock, or one for each time slot of the rules; they are opened on their own pages
        once the campaign is published."""
        desk: Any = self
        by_slots = MECHANICS[campaign.kind].batches is not None
        posted = request.POST if request.method == "POST" else None
        form = SlotsForm(posted) if by_slots else StockForm(posted)
        if not by_slots:
            form.fields["size"].help_text = _budget_holds(campaign)
        if form.is_valid():
            said = {"actor": person(request), "campaign": campaign, **form.cleaned_data}
            try:
                planned = stocks_plan(**said) if by_slots else [stock_make(**said)]
            except Invalid as exc:
                form.add_error(exc.field if exc.field in form.fields else None, str(exc))
            else:
                if campaign.published_at is None:
                    words = gettext("The coupons are planned. Open them once it is published.")
                else:
                    words = gettext("The coupons are planned. Open them next.")
                messages.success(request, words)
                if campaign.published_at is None or len(planned) > 1:
                    return HttpResponseRedirect(desk.url_of("change", campaign.pk))
                page = columns.url_of(CouponStock._meta.label_lower, planned[0].pk)
                return HttpResponseRedirect(page)
        answer: HttpResponse = desk.page(
            request,
            "desk/form.html",
            _("Coupons of %(name)s") % {"name": campaign},
            form=form,
            submit=_("Plan them"),
            text=_slots_ask(campaign)
            if by_slots
            else _(
                "Their amounts and how long they are good for are the campaign's rules. Nobody "
                "can claim one before you open them."
            ),
            back=desk.url_of("change", campaign.pk),
            original=campaign,
        )
        return answer


def _budget_holds(campaign: Campaign) -> str:
    """How many coupons the whole budget is worth, at their average amount."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.coupon is None:
        return ""
    faces = mechanic.coupon(mechanic.parse(campaign.rules)).faces
    whole = sum(weight for _face, weight in faces)
    worth = sum(face * weight for face, weight in faces)
    return gettext(
        "The budget of %(budget)s holds about %(count)s: on average one is worth %(average)s. All "
        "of their worth is set aside from the budget when they are opened."
    ) % {
        "budget": campaign.budget.localized(),
        "count": number(campaign.budget_minor * whole // worth),
        "average": Money(worth // whole, campaign.currency).localized(),
    }


def _slots_ask(campaign: Campaign) -> str:
    """What planning by slots comes to."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.batches is None or mechanic.coupon is None:
        return ""
    rules = mechanic.parse(campaign.rules)
    sizes = [each.size for each in mechanic.batches(rules, campaign.starts_at, campaign.ends_at)]
    face = max(face for face, _weight in mechanic.coupon(rules).faces)
    return gettext(
        "The rules ask for %(count)s coupons in %(slots)s time slots, worth %(worth)s at most; the "
        "budget is %(budget)s. Those still to come are planned. Nobody can claim a coupon before "
        "you open them."
    ) % {
        "count": number(sum(sizes)),
        "slots": number(len(sizes)),
        "worth": Money(sum(sizes) * face, campaign.currency).localized(),
        "budget": campaign.budget.localized(),
    }


def facts(stock: CouponStock) -> Facts:
    yield _("campaign"), columns.link_to(stock.campaign)
    yield _("coupons"), number(stock.size)
    yield _("worth of the whole stock"), stock.total.localized()
    yield _("set aside"), columns.money(stock.set_aside_minor, stock.currency)


def summary(stocks: list[CouponStock]) -> Facts:
    """What the ticked ones come to."""
    for currency in sorted({stock.currency for stock in stocks}):
        rows = [stock for stock in stocks if stock.currency == currency]
        yield _("coupons"), number(sum(stock.size for stock in rows))
        worth = Money(sum(stock.total_minor for stock in rows), currency)
        yield _("worth of all of them"), worth.localized()


@admin.register(CouponStock)
class StockAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "number",
        columns.linked("campaign", _("campaign")),
        columns.linked("product", _("product")),
        columns.state(),
        "mode",
        "claimed",
        columns.amount("total_minor", _("worth of the whole stock")),
        columns.amount("set_aside_minor", _("set aside")),
        columns.moment("opens_at", _("claims from")),
    )
    list_select_related = ("campaign", "product")
    tabs_by = "state"
    list_filter = ("state", "campaign__state", ("campaign", AutocompleteSelectFilter))
    search_fields = ("campaign__name", "product__title")
    search_help_text = _("Campaign or product")
    ordering = ("-pk",)
    fields = (
        columns.linked("campaign", _("campaign")),
        "goods",
        *list_display[3:],
        columns.moment("closes_at", _("claims until")),
        columns.moment("opened_at", _("opened at")),
        columns.moment("closed_at", _("closed at")),
        "valid_for",
        columns.linked("made_by", _("planned by")),
    )
    decisions = (
        Decision(
            name="open",
            label=_("Open for claims"),
            icon="lock_open",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, stock: stock_open(actor=actor, stock=stock),
            roles=(StaffRole.OPS,),
            when=lambda stock: (
                stock.state == StockState.DRAFT
                and stock.campaign.state in OPEN_STATES
                and stock.campaign.published_at is not None
            ),
            text=_(
                "The worth of all of them is set aside from the budget. Buyers can claim them "
                "while the campaign runs."
            ),
            done=_("The coupons can be claimed."),
            facts=facts,
            bulk=True,
            summary=summary,
        ),
        Decision(
            name="discard",
            label=_("Discard"),
            icon="delete",
            variant=ActionVariant.DANGER,
            run=lambda actor, stock: stock_discard(actor=actor, stock=stock),
            roles=(StaffRole.OPS,),
            when=in_state(StockState.DRAFT),
            text=_("The planned coupons are gone. Plan others on the campaign's page."),
            done=_("The planned coupons are discarded."),
            facts=facts,
            bulk=True,
            summary=summary,
        ),
        Decision(
            name="close",
            label=_("End the claims"),
            icon="block",
            variant=ActionVariant.WARNING,
            run=lambda actor, stock: stock_close(actor=actor, stock=stock),
            roles=(StaffRole.OPS, StaffRole.RISK),
            when=in_state(StockState.OPEN),
            text=_("Nothing more is claimed. Who has a coupon may use it; the rest goes back."),
            done=_("The coupons are closed."),
            facts=facts,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CouponStock]:
        taken = (
            Claim.objects.filter(stock=OuterRef("pk"), state__in=LIVE)
            .order_by()
            .values("stock")
            .annotate(count=Count("pk"))
            .values("count")
        )
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.annotate(taken=Coalesce(Subquery(taken), 0))

    @admin.display(description=_("number"), ordering="pk")
    def number(self, stock: CouponStock) -> str:
        return f"#{stock.pk}"

    @display(description=_("product"))
    def goods(self, stock: CouponStock) -> SafeString | str:
        return columns.link_to(stock.product) if stock.product else gettext("all of the campaign")

    @display(description=_("to be used within"))
    def valid_for(self, stock: CouponStock) -> str:
        hours, minutes = divmod(stock.valid_minutes, 60)
        said = [ngettext("%(count)s hour", "%(count)s hours", hours)] if hours else []
        said += [ngettext("%(count)s minute", "%(count)s minutes", minutes)] if minutes else []
        counts = [count for count in (hours, minutes) if count]
        return " ".join(one % {"count": number(n)} for one, n in zip(said, counts, strict=True))

    @display(description=_("claimed"))
    def claimed(self, stock: CouponStock) -> SafeString:
        taken = stock.taken  # type: ignore[attr-defined]
        return meter(taken, stock.size, number(taken), number(stock.size))
