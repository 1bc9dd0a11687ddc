"""Withdrawals on their way out: released by one person, confirmed by another."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import audit, clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReasonForm,
    in_state,
    person,
)
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions import figures, queries, rails, tasks, tax
from commissions.models import PayeeAccount, Payout, PayoutState
from commissions.services.payouts import (
    payout_close_out,
    payout_fail,
    payout_invoice_note,
    payout_mark_paid,
    payout_release,
)

UNDER_WAY = (PayoutState.READY, PayoutState.SENDING)
ODDITY_LABELS = {
    "shared": _("others use this account too"),
    "huge": _("far more than ever before"),
    "new_account": _("account never paid to"),
}
ODDITY_COLOURS = {"shared": "red", "huge": "orange", "new_account": "yellow"}
RULE_LABELS = {
    "none": _("none"),
    "flat": _("flat rate"),
    "cn_labour": _("labour remuneration"),
    tax.COMPANY: _("company, by invoice"),
}


class ReferenceForm(DecisionForm):
    rail_ref = forms.CharField(
        label=_("Reference of the transfer"),
        max_length=64,
        help_text=_("As the bank or wallet shows it; for several at once, of all of them."),
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"}),
    )


class InvoiceForm(DecisionForm):
    number = forms.CharField(
        label=_("Number of the invoice"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"}),
    )


class CurrencyForm(DecisionForm):
    """In which currency, of those in which something is payable."""

    currency = forms.ChoiceField(label=_("Currency"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [  # type: ignore[attr-defined]
            (left.currency, left.localized()) for left in _payable(self.obj)
        ]


def release(actor: User, payout: Payout) -> None:
    payout_release(actor=actor, payout=payout)
    tasks.payout_send.delay_on_commit(payout.pk)  # type: ignore[attr-defined]


def fail(actor: User, payout: Payout, reason: str) -> None:
    payout_fail(actor=actor, payout=payout, reason=reason)


def said_by_hand(payout: Payout) -> bool:
    return payout.state == PayoutState.SENDING and rails.waits_for_a_person(
        payout.rail, payout.updated_at
    )


def facts(payout: Payout) -> Facts:
    yield _("affiliate"), columns.link_to(payout.affiliate)
    yield _("amount"), payout.amount.localized()
    yield _("tax withheld"), payout.tax.localized()
    yield _("sent"), payout.net.localized()
    yield _("payee account"), f"{payout.payee.holder}, {payout.payee}"
    yield _("look at"), looks(payout)
    yield _("requested by"), payout.requested_by or "–"
    yield _("requested"), payout.created_at
    if payout.released_by_id:
        yield _("released by"), payout.released_by


def summary(payouts: list[Payout]) -> Facts:
    """What the ticked ones come to, by currency, and how many of them want a second look."""
    for currency in sorted({payout.currency for payout in payouts}):
        rows = [payout for payout in payouts if payout.currency == currency]
        yield _("payouts"), len(rows)
        for label, name in ((_("amount"), "amount"), (_("tax"), "tax"), (_("sent"), "net")):
            minor = sum(getattr(payout, f"{name}_minor") for payout in rows)
            yield label, Money(minor, currency).localized()
    if held := [payout for payout in payouts if waits(payout)]:
        yield _("held or without invoice; left out"), len(held)
    odd = Counter(name for payout in payouts for name in queries.oddities(payout))
    for name in queries.ODDITIES:
        if odd[name]:
            yield ODDITY_LABELS[name], odd[name]


def waits(payout: Payout) -> bool:
    """Whether a release would be refused: the account is too new, or an invoice is missing."""
    held = payout.held_until is not None and clock.now() < payout.held_until
    asked = payout.state == PayoutState.REQUESTED
    return asked and (held or (payout.tax_rule == tax.COMPANY and not payout.invoice_number))


@admin.display(description=_("look at"))
def looks(payout: Payout) -> Any:
    """What is odd about it, and what it waits for."""
    odd = [(ODDITY_COLOURS[n], ODDITY_LABELS[n]) for n in queries.oddities(payout)]
    if payout.state != PayoutState.REQUESTED:
        odd = []
    elif payout.held_until and clock.now() < payout.held_until:
        odd.append(("azure", _("held")))
    if payout.closing:
        odd.append(("azure", _("last money of a closed affiliate")))
    if waits(payout) and payout.tax_rule == tax.COMPANY and not payout.invoice_number:
        odd.append(("azure", _("waits for an invoice")))
    badges = format_html_join(" ", '<span class="desk-state" data-colour="{}">{}</span>', odd)
    return badges or "–"


@admin.display(description=_("released by"))
def releaser(payout: Payout) -> Any:
    return _("the system") if payout.auto_released else payout.released_by or "–"


@admin.display(description=_("tax rule"))
def rule(payout: Payout) -> Any:
    return RULE_LABELS.get(payout.tax_rule, payout.tax_rule)


@admin.display(description=_("counts as income of"))
def income_month(payout: Payout) -> str:
    return date_format(payout.month, "YEAR_MONTH_FORMAT")


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        columns.plain("pk", _("number")),
        columns.amount("amount_minor", _("amount")),
        columns.amount("tax_minor", _("tax")),
        columns.linked("affiliate", _("affiliate")),
        columns.state(),
        looks,
        "payee",
        columns.moment("created_at", _("requested")),
        releaser,
    )
    list_select_related = ("affiliate", "payee", "released_by", "confirmed_by", "requested_by")
    list_filter = (
        "state",
        "rail",
        "currency",
        "auto_released",
        ("affiliate", AutocompleteSelectFilter),
    )
    search_fields = ("=pk", "affiliate__name", "=rail_ref")
    search_help_text = _("Number, affiliate or reference of the transfer")
    ordering = ("-pk",)
    change_form_outer_before_template = "desk/payout.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    columns.amount("amount_minor", _("amount")),
                    columns.amount("tax_minor", _("tax withheld")),
                    columns.amount("net_minor", _("sent")),
                    columns.state(),
                    columns.linked("affiliate", _("affiliate")),
                    looks,
                    "payee",
                    "rail",
                    "rail_ref",
                    "reason",
                )
            },
        ),
        (
            _("Tax"),
            {
                "fields": (
                    rule,
                    income_month,
                    columns.amount("tax_back_minor", _("tax given back")),
                    "invoice_number",
                )
            },
        ),
        (
            _("Who and when"),
            {
                "fields": (
                    "requested_by",
                    columns.moment("created_at", _("requested")),
                    columns.moment("held_until", _("held until")),
                    releaser,
                    columns.moment("released_at", _("released at")),
                    "confirmed_by",
                    columns.moment("finished_at", _("finished at")),
                )
            },
        ),
    )
    decisions = (
        Decision(
            name="release",
            label=pgettext_lazy("payout", "Release"),
            icon="send_money",
            variant=ActionVariant.SUCCESS,
            run=release,
            roles=(StaffRole.FINANCE,),
            when=in_state(PayoutState.REQUESTED),
            text=_(
                "The money is sent at once by the payout's rail. By the manual rail finance makes "
                "the transfer, and another person than you confirms it."
            ),
            done=_("The payout is released."),
            facts=facts,
            bulk=True,
            summary=summary,
        ),
        Decision(
            name="invoice",
            label=_("Note the invoice"),
            icon="receipt_long",
            run=lambda actor, payout, number: payout_invoice_note(
                actor=actor, payout=payout, number=number
            ),
            roles=(StaffRole.FINANCE,),
            when=lambda payout: (
                payout.state == PayoutState.REQUESTED and payout.tax_rule == tax.COMPANY
            ),
            text=_("A company is paid without tax withheld, once its invoice is here."),
            done=_("The invoice is noted."),
            form=InvoiceForm,
            initial=lambda payout: {"number": payout.invoice_number},
            facts=facts,
        ),
        Decision(
            name="confirm",
            label=_("Confirm the transfer"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, payout, rail_ref: payout_mark_paid(
                actor=actor, payout=payout, rail_ref=rail_ref
            ),
            roles=(StaffRole.FINANCE,),
            when=said_by_hand,
            text=_("The transfer was made. Whoever released the payout cannot confirm it."),
            done=_("The payout is paid."),
            form=ReferenceForm,
            facts=facts,
            bulk=True,
            summary=summary,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=fail,
            roles=(StaffRole.FINANCE,),
            when=in_state(PayoutState.REQUESTED, PayoutState.READY),
            text=_("The money goes back to the affiliate, who reads the reason."),
            done=_("The payout is refused, and the money is back with the affiliate."),
            form=ReasonForm,
            facts=facts,
        ),
        Decision(
            name="fail",
            label=_("Transfer failed"),
            icon="error",
            variant=ActionVariant.DANGER,
            run=fail,
            roles=(StaffRole.FINANCE,),
            when=said_by_hand,
            text=_(
                "Only if it is certain that no money left. It goes back to the affiliate, who "
                "reads the reason."
            ),
            done=_("The payout failed, and the money is back with the affiliate."),
            form=ReasonForm,
            facts=facts,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        return queries.payouts_looked_at(super().get_queryset(request))

    def more_context(self, request: HttpRequest, obj: Payout) -> dict[str, Any]:
        """The account number in full, for making the transfer: to finance only, and on record."""
        if obj.state not in UNDER_WAY or not has_role(request.user, StaffRole.FINANCE):
            return {}
        audit.record("payee.shown", obj.payee, actor=person(request), payout=obj.pk)
        return {"payee": obj.payee}


@admin.register(PayeeAccount)
class PayeeAccountAdmin(ReadOnlyAdmin):
    """The number is masked here; a released payout shows it in full."""

    seen_by = (StaffRole.FINANCE,)
    list_display = (
        "holder",
        columns.linked("affiliate", _("affiliate")),
        "__str__",
        columns.moment("created_at", _("since")),
    )
    list_select_related = ("affiliate",)
    search_fields = ("holder", "affiliate__name")
    ordering = ("-pk",)
    fields = (
        "rail_label",
        "holder",
        "institution",
        "masked",
        "bank_code",
        columns.linked("affiliate", _("affiliate")),
    )

    @admin.display(description=_("way"))
    def rail_label(self, payee: PayeeAccount) -> str:
        return str(rails.OFFERS[payee.rail].label)


# --- On the page of an affiliate ------------------------------------------------------------------


def _payable(affiliate: Affiliate) -> list[Money]:
    found = figures.money_of(f"affiliate:{affiliate.pk}")
    return [left for kind, left in found if kind == "payable" and left]


def close_out_facts(affiliate: Affiliate) -> Facts:
    payee = queries.payee_of(affiliate)
    for left in _payable(affiliate):
        yield _("can be withdrawn"), left.localized()
    yield _("payee account"), f"{payee.holder}, {payee}" if payee else "–"


def close_out(actor: User, affiliate: Affiliate, currency: str) -> None:
    payout_close_out(actor=actor, affiliate=affiliate, currency=currency)


CLOSE_OUT = Decision(
    name="pay_out",
    label=_("Pay out what is left"),
    icon="send_money",
    run=close_out,
    roles=(StaffRole.FINANCE,),
    when=lambda affiliate: affiliate.state == AffiliateState.CLOSED,
    text=_(
        "All that is payable goes to the last payee account, as a payout that another person "
        "releases."
    ),
    done=_("The payout is requested; another person releases it."),
    form=CurrencyForm,
    facts=close_out_facts,
)
