"""Orders with their lines, and refunds that wait for a person."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from alliance.kernel import clock, columns
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReadOnlyInline,
    in_state,
)
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions import figures, pipeline, queries
from merchants.models import Order, OrderLine, Refund, RefundState
from merchants.services.orders import refund_match

OPS, RISK, FINANCE, SUPPORT = StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT


class LineInline(ReadOnlyInline):
    model = OrderLine
    tab = False
    show_change_link = False
    per_page = 100
    fields = (
        "external_id",
        "what",
        "quantity",
        columns.amount("amount_minor", _("amount paid")),
        columns.amount("refunded_minor", _("refunded")),
        "whose",
        "due",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        rows = super().get_queryset(request)
        return (
            rows.select_related("product", "attribution__affiliate")
            .prefetch_related(queries.dues())
            .order_by("pk")
        )

    @display(description=_("product"))
    def what(self, line: OrderLine) -> SafeString | str:
        return columns.link_to(line.product) if line.product else line.title or "–"

    @display(description=_("affiliate"))
    def whose(self, line: OrderLine) -> SafeString | str:
        if not hasattr(line, "attribution"):
            return "–"
        decision = line.attribution
        return columns.link_to(decision, str(decision.affiliate or decision.get_rule_display()))

    @display(description=_("commission"))
    def due(self, line: OrderLine) -> SafeString | str:
        dues = [
            (
                columns.link_to(due, Money(due.commission_minor, due.currency).localized()),
                columns.badge(due.standing, due.standing_words),
            )
            for due in line.commissions.all()
        ]
        return format_html_join(SafeString("<br>"), "{} {}", dues) or "–"


class WaitingFilter(admin.SimpleListFilter):
    """Orders that the pipeline has not caught up with."""

    title = _("pipeline")
    parameter_name = "pipeline"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "waiting":
            return queryset.exclude(processed_version=F("version"))
        return queryset


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, RISK, SUPPORT, FINANCE)
    list_display = (
        "external_id",
        columns.linked("merchant", _("merchant")),
        columns.linked("shop", _("shop")),
        columns.state(),
        columns.moment("placed_at", _("placed at")),
        columns.moment("received_at", _("received at")),
        "processed",
    )
    list_select_related = ("merchant", "shop")
    list_filter = ("state", WaitingFilter, "placed_at", ("merchant", AutocompleteSelectFilter))
    search_fields = ("=external_id", "=click_id")
    search_help_text = _("Order number or click id")
    ordering = ("-pk",)
    inlines = (LineInline,)
    change_form_outer_after_template = "desk/order_refunds.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    columns.state(),
                    columns.linked("merchant", _("merchant")),
                    columns.linked("shop", _("shop")),
                    "click_id",
                    "coupon_code",
                    "void_reason",
                    "processed",
                )
            },
        ),
        (
            _("Dates"),
            {
                "fields": (
                    columns.moment("placed_at", _("placed at")),
                    columns.moment("deposit_paid_at", _("deposit paid at")),
                    columns.moment("paid_at", _("paid at")),
                    columns.moment("received_at", _("received at")),
                    columns.moment("void_at", _("void at")),
                    columns.moment("reported_at", _("reported at")),
                )
            },
        ),
    )
    decisions = (
        Decision(
            name="process",
            label=_("Process now"),
            icon="play_arrow",
            run=lambda actor, order: pipeline.orders_process([order.pk]) and None,
            roles=(OPS,),
            when=lambda order: order.processed_version != order.version,
            text=_(
                "Brings the commissions of this order up to date at once instead of at the next "
                "sweep. It cannot do harm: only the difference is booked."
            ),
            done=_("The order was processed."),
            bulk=True,
        ),
    )

    @display(description=_("processed"), boolean=True)
    def processed(self, order: Order) -> bool:
        return order.processed_version == order.version

    def more_context(self, request: HttpRequest, obj: Order) -> dict[str, Any]:
        refunds = Refund.objects.filter(line__order=obj).select_related("line")
        return {"refunds": refunds.order_by("refunded_at", "pk")}


class MatchForm(DecisionForm):
    """To which line: one of those that fit, or a number typed in."""

    line = forms.ChoiceField(
        label=_("Lines that fit"), required=False, widget=UnfoldAdminRadioSelectWidget
    )
    number = forms.CharField(
        label=_("Or another: order or line number"),
        required=False,
        max_length=96,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, obj: Refund, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, **kwargs)
        self.fitting = {str(line.pk): line for line in figures.suggestions(obj)}
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            (pk, self.label(line)) for pk, line in self.fitting.items()
        ]
        if not self.fitting:
            del self.fields["line"]

    @staticmethod
    def label(line: OrderLine) -> str:
        left = Money(line.amount_minor - line.refunded_minor, line.currency).localized()
        day = date_format(clock.business_day(line.order.placed_at), "SHORT_DATE_FORMAT")
        return f"{line.external_id} · {day} · {line.title or line.product or '–'} · {left}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number = (cleaned.get("number") or "").strip()
        if not number:
            line = self.fitting.get(cleaned.get("line") or "")
            if line is None:
                raise forms.ValidationError(_("Choose a line or type a number."))
            return {"line": line}
        lines = OrderLine.objects.filter(order__shop=self.obj.shop)
        found = list(lines.filter(external_id=number)[:1]) or list(
            lines.filter(order__external_id=number)[:2]
        )
        if not found:
            raise forms.ValidationError(_("This shop has no order or line with that number."))
        if len(found) > 1:
            raise forms.ValidationError(
                _("That order has several lines: type the number of the line.")
            )
        return {"line": found[0]}


def match(actor: User, refund: Refund, line: OrderLine) -> None:
    pipeline.orders_process([refund_match(refund=refund, line=line, actor=actor)])


def refund_facts(refund: Refund) -> Facts:
    yield _("shop"), columns.link_to(refund.shop)
    yield _("amount"), Money(refund.amount_minor, refund.currency).localized()
    yield _("refunded at"), refund.refunded_at
    yield _("reason"), refund.reason or "–"
    yield _("as reported"), reported(refund)


def reported(refund: Refund) -> SafeString:
    """What the shop said beyond the columns."""
    return columns.facts({k: v for k, v in refund.facts.items() if not k.endswith("_minor")})


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, RISK, SUPPORT, FINANCE)
    list_display = (
        "external_id",
        columns.linked("shop", _("shop")),
        columns.state(),
        columns.amount("amount_minor", _("amount")),
        columns.moment("refunded_at", _("refunded at")),
        columns.linked("line.order", _("order")),
        "reason",
    )
    list_select_related = ("shop", "line__order")
    list_filter = ("state", ("shop", AutocompleteSelectFilter))
    search_fields = ("=external_id", "=line__order__external_id")
    search_help_text = _("Refund or order number")
    ordering = ("-pk",)
    fields = (*list_display, "line", "reported", columns.moment("created_at", _("reported at")))
    decisions = (
        Decision(
            name="match",
            label=_("Match to an order line"),
            icon="join_inner",
            variant=ActionVariant.PRIMARY,
            run=match,
            roles=(OPS,),
            when=in_state(RefundState.UNMATCHED),
            text=_("The commission of that line becomes smaller by what is refunded."),
            done=_("The refund is matched, and the commission is up to date."),
            form=MatchForm,
            facts=refund_facts,
        ),
    )

    @display(description=_("as reported"))
    def reported(self, refund: Refund) -> SafeString:
        return format_html('<div class="desk-facts">{}</div>', reported(refund))
