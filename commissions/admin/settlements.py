"""The month's turn: choose a month, build, look at who gets what, close."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, history_of, in_state, person
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions import figures, tasks
from commissions.models import Period, Settlement, SettlementState
from commissions.queries.statements import statements_progress
from commissions.services.periods import period_close
from commissions.services.settlements import (
    settlement_build,
    settlement_close,
    settlement_day,
    settlement_open,
)
from commissions.services.verification import books_proved, proof_missing

ODDITY_LABELS = {
    "changed": _("changed since built"),
    "stopped": _("not active"),
    "zero": _("nothing to pay"),
    "huge": _("far more than usual"),
    "first": _("first settlement"),
}
ODDITY_COLOURS = {"changed": "red", "stopped": "red", "huge": "orange"}


class MonthForm(forms.Form):
    """One of the months offered, as its first day."""

    month = forms.TypedChoiceField(label=_("Month"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, months: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_text = {f"{month:%Y-%m}": month for month in months}
        field = self.fields["month"]
        field.choices = [(t, date_format(m, "YEAR_MONTH_FORMAT")) for t, m in by_text.items()]  # type: ignore[attr-defined]
        field.coerce = by_text.__getitem__  # type: ignore[attr-defined]


class RunForm(MonthForm):
    currency = forms.ChoiceField(label=_("Currency"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(c, c) for c in figures.currencies()]  # type: ignore[attr-defined]


def build(actor: User, settlement: Settlement) -> None:
    settlement_build(settlement=settlement, actor=actor)


def close(actor: User, settlement: Settlement) -> str:
    """Closing a settlement on books that do not verify would spread the fault."""
    books_proved(since=settlement.built_at or clock.now())
    closed = settlement_close(settlement=settlement, actor=actor)
    tasks.statements_issue.delay_on_commit(closed.pk)  # type: ignore[attr-defined]
    total = figures.settlements_with_totals(Settlement.objects.filter(pk=closed.pk)).get()
    return gettext("Closed: %(net)s are payable now, to %(count)d affiliates.") % {
        "net": Money(total.net_minor, total.currency).localized(),
        "count": total.affiliates,
    }


def close_facts(settlement: Settlement) -> Facts:
    rows = figures.shares(settlement)
    total = Money(sum(row.net_minor for row in rows), settlement.currency)
    yield _("month"), date_format(settlement.month, "YEAR_MONTH_FORMAT")
    yield _("affiliates"), len([row for row in rows if row.commissions])
    yield _("net to affiliates"), total.localized()
    yield _("built"), settlement.built_at
    for name in figures.ODDITIES:
        if count := len([row for row in rows if name in row.odd]):
            yield ODDITY_LABELS[name], count


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "month_name",
        "currency",
        columns.state(),
        "affiliates",
        columns.amount("net_minor", _("net to affiliates")),
        columns.amount("debt_repaid_minor", _("debt repaid")),
        columns.moment("closed_at", _("closed at")),
        "closed_by",
    )
    list_select_related = ("closed_by",)
    list_filter = ("state", "currency")
    ordering = ("-month", "currency")
    actions_list = ("run",)
    change_form_outer_before_template = "desk/settlement.html"
    fields = ("month_name", "currency", columns.state(), "closed_by")
    decisions = (
        Decision(
            name="build",
            label=_("Build again"),
            icon="refresh",
            run=build,
            roles=(StaffRole.FINANCE,),
            when=in_state(SettlementState.OPEN, SettlementState.BUILT),
            text=_("Works out anew who gets what. No money moves."),
            done=_("Built. Look at the shares before you close."),
        ),
        Decision(
            name="close",
            label=_("Close the settlement"),
            icon="lock",
            variant=ActionVariant.PRIMARY,
            run=close,
            roles=(StaffRole.FINANCE,),
            when=in_state(SettlementState.BUILT),
            text=_(
                "The books must have been verified since it was built. Everything that is due now "
                "becomes payable, debts are repaid first, and nothing of it can be taken back. "
                "Corrections go into the next settlement."
            ),
            done=_("The settlement is closed."),
            facts=close_facts,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Settlement]:
        return figures.settlements_with_totals(super().get_queryset(request))

    @admin.display(description=_("month"), ordering="month")
    def month_name(self, settlement: Settlement) -> str:
        return date_format(settlement.month, "YEAR_MONTH_FORMAT")

    @admin.display(description=_("affiliates"), ordering="affiliates")
    def affiliates(self, settlement: Settlement) -> int:
        return settlement.affiliates  # type: ignore[attr-defined]

    def has_run_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Settle a month"),
        url_path="run",
        icon="event_available",
        variant=ActionVariant.PRIMARY,
        permissions=["run"],
    )
    def run(self, request: HttpRequest) -> HttpResponse:
        """Choose the month: it is opened and built, and one sees who would get what."""
        if not self.has_run_permission(request):
            raise PermissionDenied
        form = RunForm(
            request.POST if request.method == "POST" else None, months=figures.months_to_settle()
        )
        if form.is_valid():
            settlement = settlement_open(actor=person(request), **form.cleaned_data)
            if settlement.state == SettlementState.CLOSED:
                messages.warning(request, gettext("This month is settled already."))
            else:
                settlement_build(settlement=settlement, actor=person(request))
                messages.success(request, gettext("Built. Look at the shares before you close."))
            return HttpResponseRedirect(self.url_of("change", settlement.pk))
        return self.page(
            request,
            "desk/form.html",
            _("Settle a month"),
            form=form,
            submit=_("Open and build"),
            text=_(
                "Everything received before the end of the month that no settlement has taken yet "
                "is collected. Building is a preview: no money moves before you close it."
            ),
            back=self.url_of("changelist"),
        )

    def more_context(self, request: HttpRequest, obj: Settlement) -> dict[str, Any]:
        rows = figures.shares(obj)
        drift = [row for row in rows if "changed" in row.odd]
        closing = history_of(obj).filter(verb="settlement.closed").first()
        return {
            "settlement": obj,
            "due_day": settlement_day(obj.month),
            "steps": _steps(obj),
            "telling": statements_progress(obj),
            "shares": Paginator(rows, 100).get_page(request.GET.get("p")),
            "totals": {
                name: sum(getattr(row, name) for row in rows)
                for name in (
                    "commissions",
                    "publisher_minor",
                    "tech_fee_minor",
                    "net_minor",
                    "debt_repaid_minor",
                )
            },
            "oddities": [
                (ODDITY_LABELS[name], ODDITY_COLOURS.get(name, "yellow"), count)
                for name in figures.ODDITIES
                if (count := len([row for row in rows if name in row.odd]))
            ],
            "oddity_labels": ODDITY_LABELS,
            "oddity_colours": ODDITY_COLOURS,
            "unproved": proof_missing(since=obj.built_at)
            if obj.built_at and obj.state == SettlementState.BUILT
            else None,
            "drift": len(drift),
            "drift_minor": sum((row.now_minor or 0) - row.net_minor for row in drift),
            "changed_at_closing": len(closing.data["changed_since_built"]) if closing else 0,
        }


def _steps(settlement: Settlement) -> list[tuple[columns.Text, Any, bool]]:
    """Opened, built, closed: when, and whether it is done."""
    return [
        (_("Opened"), settlement.created_at, True),
        (_("Built"), settlement.built_at, settlement.built_at is not None),
        (_("Closed"), settlement.closed_at, settlement.closed_at is not None),
    ]


@admin.register(Period)
class PeriodAdmin(ReadOnlyAdmin):
    """Months of the books that take no more postings."""

    seen_by = (StaffRole.FINANCE,)
    list_display = ("__str__", columns.moment("closed_at", _("closed at")), "closed_by")
    list_select_related = ("closed_by",)
    ordering = ("-month",)
    actions_list = ("close",)

    def has_close_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Close a month"),
        url_path="close",
        icon="lock",
        variant=ActionVariant.PRIMARY,
        permissions=["close"],
    )
    def close(self, request: HttpRequest) -> HttpResponse:
        """Choose a month that is over; after that nothing is posted into it."""
        if not self.has_close_permission(request):
            raise PermissionDenied
        months = figures.months_to_close()
        form = MonthForm(request.POST if request.method == "POST" else None, months=months)
        if months and form.is_valid():
            month = form.cleaned_data["month"]
            books_proved(since=clock.day_start(clock.next_month(month)))
            period_close(actor=person(request), month=month)
            messages.success(request, gettext("The books of that month are closed."))
            return HttpResponseRedirect(self.url_of("changelist"))
        return self.page(
            request,
            "desk/form.html",
            _("Close a month of the books"),
            form=form if months else None,
            submit=_("Close the month"),
            text=_(
                "For good: no entry can be dated into the month any more. Later corrections are "
                "entries of the day on which they are made. The books must have been verified "
                "since the month was over."
            )
            if months
            else _("Every month that is over is closed already."),
            back=self.url_of("changelist"),
            today=clock.business_day(),
        )
