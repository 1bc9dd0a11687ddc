"""Commissions, with every step of how each came about."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin, ReadOnlyInline
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money, percent
from campaigns.queries import grants_of
from commissions import additions
from commissions.admin import cases
from commissions.models import Commission, CommissionLine

WHY = {
    "placed": _("the order was placed"),
    "paid": _("the order was paid"),
    "received": _("the goods were received"),
    "void": _("the order fell through"),
    "estimated": _("the order was paid"),
    "confirmed": _("the goods were received"),
    "settled": _("it was settled"),
    "unfunded": _("the merchant's wallet did not reach"),
    "funded": _("the merchant's wallet reached again"),
    "rise_unfunded": _("the wallet did not reach for the rise"),
    "refund": _("the buyer got money back"),
    "frozen": _("held back for a violation"),
    "released": _("the violation was not upheld"),
    "barred": _("invalidated for a violation"),
    "corrected": _("the shop corrected its report"),
}


class StepInline(ReadOnlyInline):
    """The lines: each is a difference, with its reason and the entry that booked it."""

    model = CommissionLine
    tab = False
    show_change_link = False
    per_page = 50
    verbose_name_plural = _("steps (differences)")
    fields = (
        "revision",
        columns.moment("at", _("at")),
        columns.state(),
        "why",
        *(
            columns.amount(name, label, currency="commission.currency")
            for name, label in (
                ("base_minor", _("base")),
                ("commission_minor", _("commission")),
                ("publisher_minor", _("affiliate's share")),
                ("tech_fee_minor", _("tech fee")),
                ("platform_minor", _("platform")),
                ("subsidy_minor", _("subsidy")),
                ("special_fee_minor", _("special fee")),
                ("net_minor", _("net")),
            )
        ),
        columns.linked("entry", _("entry"), text=lambda entry: f"#{entry.pk}"),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommissionLine]:
        return super().get_queryset(request).select_related("commission", "entry")

    @display(description=_("why"))
    def why(self, line: CommissionLine) -> str:
        why = line.receipt.get("why", "")
        return str(WHY.get(why, why))


@admin.register(Commission)
class CommissionAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT, StaffRole.FINANCE)
    list_display = (
        "line",
        "stands",
        columns.linked("affiliate", _("affiliate")),
        "role",
        columns.linked("merchant", _("merchant")),
        columns.amount("base_minor", _("base")),
        columns.amount("commission_minor", _("commission")),
        columns.amount("net_minor", _("net")),
        columns.moment("placed_at", _("placed at")),
    )
    list_filter = (
        "state",
        "currency",
        "placed_at",
        ("affiliate", AutocompleteSelectFilter),
        ("merchant", AutocompleteSelectFilter),
    )
    search_fields = ("=line__order__external_id",)
    search_help_text = _("Order number")
    ordering = ("-pk",)
    inlines = (StepInline,)
    decisions = (cases.COMMISSION,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "stands",
                    "role",
                    columns.linked("line.order", _("order")),
                    columns.linked("affiliate", _("affiliate")),
                    columns.linked("merchant", _("merchant")),
                    columns.linked(
                        "line.attribution",
                        _("attribution"),
                        text=lambda decision: decision.get_rule_display(),
                    ),
                    "settles_in",
                    columns.moment("settled_at", _("settled at")),
                    columns.moment("placed_at", _("placed at")),
                    columns.moment("confirmed_at", _("goods received at")),
                )
            },
        ),
        (
            _("What it is worth"),
            {
                "fields": (
                    columns.amount("base_minor", _("base")),
                    "of_base",
                    "of_commission",
                    columns.amount("platform_minor", _("platform's share")),
                    "fee",
                    columns.amount("subsidy_minor", _("subsidy")),
                    "by_campaigns",
                    columns.amount("merchant_subsidy_minor", _("of it the merchant's")),
                    columns.amount("special_fee_minor", _("special service fee")),
                    columns.amount("net_minor", _("net to the affiliate")),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Commission]:
        rows = Commission.objects.standing().order_by(*self.get_ordering(request))
        return rows.select_related(
            "line__order", "line__attribution", "attribution", "affiliate", "merchant"
        )

    @display(description=_("state"))
    def stands(self, due: Commission) -> SafeString:
        return columns.badge(due.standing, due.standing_words)

    @display(description=_("commission"))
    def of_base(self, due: Commission) -> SafeString | str:
        return self.share(due.commission_minor, due, _("%(rate)s of the base"), due.rate_bps)

    @display(description=_("affiliate's share"))
    def of_commission(self, due: Commission) -> SafeString | str:
        text = _("%(rate)s of the commission")
        return self.share(due.publisher_minor, due, text, due.share_bps)

    @display(description=_("technical service fee"))
    def fee(self, due: Commission) -> SafeString | str:
        text = {
            "own_share": _("%(rate)s of the affiliate's share"),
            "order_commission": _("%(rate)s of the commission"),
        }[due.tech_fee_base]
        return self.share(due.tech_fee_minor, due, text, due.tech_fee_bps)

    @display(description=_("from campaigns"))
    def by_campaigns(self, due: Commission) -> SafeString | str:
        """What each one added, raised, and was cut to."""
        grants = additions.shown(due, grants_of(due.line_id))
        raised = [additions.rate_words(due, grants), additions.share_words(due, grants)]
        added = []
        for grant in grants:
            amount = Money(grant.amount_minor, due.currency).localized()
            cut = additions.cut_words(grant, due.currency)
            added.append(f"{grant.campaign}: {amount}" + (f" ({cut})" if cut else ""))
        said = [*added, *(words for words in raised if words)]
        return columns.lines(said) if said else "–"

    @staticmethod
    def share(minor: int, due: Commission, text: columns.Text, bps: int) -> SafeString | str:
        how = str(text) % {"rate": percent(bps)}
        return columns.with_note(columns.money(minor, due.currency), how)
