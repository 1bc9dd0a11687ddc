"""Money on its way in: a second person says that the bank shows it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from alliance.kernel import columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state, person
from alliance.kernel.errors import DomainError
from alliance.kernel.models import StaffRole, User
from commissions import tasks
from commissions.forms import AmountField
from commissions.models import TopUp, TopUpState
from commissions.services.wallets import top_up_book, top_up_receive, top_up_refuse
from merchants.models import Merchant, MerchantState


class BookForm(forms.Form):
    """Money that finance saw, whatever its text says."""

    merchant = forms.ModelChoiceField(
        queryset=Merchant.objects.none(), label=_("Merchant"), widget=UnfoldAdminSelectWidget
    )
    amount = forms.CharField()  # becomes an AmountField of the merchant's currency
    receipt = forms.CharField(
        label=_("Bank's receipt"),
        max_length=140,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The reference under which the bank shows the transfer."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        known = Merchant.objects.exclude(state=MerchantState.APPLIED).order_by("name", "pk")
        self.fields["merchant"].queryset = known  # type: ignore[attr-defined]
        chosen = known.filter(pk=int(pk)).first() if (pk := self._chosen()) else None
        currency = chosen.currency if chosen else settings.ALLIANCE["CURRENCY"]
        self.fields["amount"] = AmountField(
            currency=currency,
            label=_("Amount"),
            help_text=_("In the currency of the merchant's wallet."),
            widget=UnfoldAdminTextInputWidget,
        )

    def _chosen(self) -> str:
        said = str(self.data.get("merchant", ""))
        return said if said.isascii() and said.isdigit() and len(said) < 18 else ""


def receive(actor: User, top_up: TopUp) -> None:
    top_up_receive(actor=actor, top_up=top_up)
    tasks.merchant_funded.delay_on_commit(top_up.merchant_id)  # type: ignore[attr-defined]


def facts(top_up: TopUp) -> Facts:
    yield _("merchant"), columns.link_to(top_up.merchant)
    yield _("amount"), top_up.amount.localized()
    yield _("reference"), top_up.reference
    if top_up.receipt:
        yield _("bank's receipt"), top_up.receipt
    if credit := getattr(top_up, "credit", None):
        yield _("incoming transfer"), columns.link_to(credit)
        yield _("statement uploaded by"), credit.statement.uploaded_by
    yield _("announced by"), top_up.announced_by or "–"
    yield _("announced"), top_up.created_at


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "reference",
        columns.state(),
        columns.linked("merchant", _("merchant")),
        columns.amount("amount_minor", _("amount")),
        columns.moment("created_at", _("announced")),
        "announced_by",
        "decided_by",
    )
    list_select_related = ("merchant", "announced_by", "decided_by")
    list_filter = ("state", ("merchant", AutocompleteSelectFilter))
    search_fields = ("reference", "merchant__name")
    search_help_text = _("Reference or merchant")
    ordering = ("-pk",)
    fields = (
        *list_display,
        "receipt",
        columns.linked("credit", _("incoming transfer")),
        columns.moment("decided_at", _("decided at")),
        "reason",
    )
    actions_list = ("book",)
    decisions = (
        Decision(
            name="receive",
            label=_("Confirm the money"),
            icon="savings",
            variant=ActionVariant.SUCCESS,
            run=receive,
            roles=(StaffRole.FINANCE,),
            when=in_state(TopUpState.ANNOUNCED),
            text=_(
                "You have seen the money in the bank, with this reference and exactly this amount. "
                "It goes into the merchant's wallet, and commissions that waited for it are booked."
            ),
            done=_("The money is in the wallet."),
            facts=facts,
            bulk=True,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, top_up, reason: top_up_refuse(
                actor=actor, top_up=top_up, reason=reason
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(TopUpState.ANNOUNCED),
            text=_("The transfer never came, or not like that. The merchant reads the reason."),
            done=_("The top-up is refused."),
            form=ReasonForm,
            facts=facts,
        ),
    )

    def has_book_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Book a top-up"),
        url_path="book",
        icon="add_card",
        variant=ActionVariant.PRIMARY,
        permissions=["book"],
    )
    def book(self, request: HttpRequest) -> HttpResponse:
        """Money that nobody announced: booked here, received by a second person."""
        if not self.has_book_permission(request):
            raise PermissionDenied
        form = BookForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and (top_up := self._booked(request, form)):
            return HttpResponseRedirect(self.url_of("change", top_up.pk))
        return self.page(
            request,
            "desk/form.html",
            _("Book a top-up"),
            form=form,
            submit=_("Book it"),
            text=_(
                "For money in the bank that no statement will match by itself. Somebody else must "
                "confirm it before it is in the wallet."
            ),
            back=self.url_of("changelist"),
        )

    def _booked(self, request: HttpRequest, form: BookForm) -> TopUp | None:
        try:
            top_up = top_up_book(actor=person(request), **form.cleaned_data)
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, str(exc))
            return None
        messages.success(request, gettext("Booked: somebody else must confirm it now."))
        return top_up
