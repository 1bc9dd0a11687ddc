"""The books, to look at: accounts and entries."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin, ReadOnlyInline
from alliance.kernel.models import StaffRole
from commissions import figures
from commissions.admin.merchants import KINDS
from commissions.models import (
    Account,
    CommissionLine,
    DebtWriteOff,
    Entry,
    Line,
    Payout,
    Settlement,
    TaxRemittance,
    TopUp,
    WalletRefund,
)

# What the first part of an entry's key names.
NOUNS: dict[str, type[Model]] = {
    "payout": Payout,
    "top_up": TopUp,
    "settlement": Settlement,
    "tax_remittance": TaxRemittance,
    "debt": DebtWriteOff,
    "wallet_refund": WalletRefund,
}


class BooksAdmin(ReadOnlyAdmin):
    """Accounts and entries: finance and auditors look, nobody writes."""

    seen_by = (StaffRole.FINANCE,)


@admin.register(Account)
class AccountAdmin(BooksAdmin):
    list_display = (
        "code",
        "kind_name",
        "currency",
        columns.amount("balance_minor", _("balance")),
        columns.amount("guarded.floor_minor", _("floor")),
    )
    list_select_related = ("guarded",)
    list_filter = ("kind", "currency")
    search_fields = ("code",)
    ordering = ("code", "currency")
    change_form_outer_after_template = "desk/account_lines.html"
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return figures.accounts_with_balances(super().get_queryset(request))

    @display(description=_("kind"), ordering="kind")
    def kind_name(self, account: Account) -> str:
        return str(KINDS.get(account.kind, account.kind))

    def more_context(self, request: HttpRequest, obj: Account) -> dict[str, Any]:
        page = Paginator(figures.lines_of(obj), 50).get_page(request.GET.get("p"))
        return {"account": obj, "lines": page}


class EntryLineInline(ReadOnlyInline):
    model = Line
    tab = False
    show_change_link = False
    per_page = 100
    fields = (
        columns.linked("debit", _("debit")),
        columns.linked("credit", _("credit")),
        columns.amount("amount_minor", _("amount")),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Line]:
        return super().get_queryset(request).select_related("debit", "credit").order_by("pk")


@admin.register(Entry)
class EntryAdmin(BooksAdmin):
    list_display = (
        "key",
        "effective_on",
        columns.moment("recorded_at", _("recorded at")),
        "actor",
    )
    list_select_related = ("actor",)
    list_filter = ("effective_on",)
    search_fields = ("key__startswith",)
    search_help_text = _("The beginning of the key, for example payout:12")
    ordering = ("-pk",)
    inlines = (EntryLineInline,)
    change_form_outer_after_template = "desk/entry_commissions.html"
    fields = (*list_display, "about")

    @display(description=_("about"))
    def about(self, entry: Entry) -> str:
        """What the key names: noun:pk:fact."""
        noun, _colon, rest = entry.key.partition(":")
        model = NOUNS.get(noun)
        if model is None:
            return "–"
        pk = rest.partition(":")[0]
        url = columns.url_of(model._meta.label_lower, pk)
        return str(columns.link(url, f"{model._meta.verbose_name} {pk}"))

    def more_context(self, request: HttpRequest, obj: Entry) -> dict[str, Any]:
        booked = CommissionLine.objects.filter(entry=obj).select_related(
            "commission__line__order", "commission__affiliate"
        )
        totals = obj.lines.order_by("currency").values("currency").annotate(sum=Sum("amount_minor"))
        return {
            "booked": Paginator(booked.order_by("pk"), 50).get_page(request.GET.get("p")),
            "totals": totals,
        }
