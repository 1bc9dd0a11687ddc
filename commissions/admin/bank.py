"""The bank's statements at the desk: upload one, and decide about what it did not explain."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from alliance.kernel import columns
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
from alliance.kernel.errors import Invalid
from alliance.kernel.models import StaffRole, User
from commissions import queries, tasks
from commissions.bank import TOO_LARGE
from commissions.models import BankCredit, BankCreditState, BankStatement
from commissions.services.bank import (
    credit_assign,
    credit_reject,
    credit_reopen,
    statement_read,
)
from merchants.models import Merchant, MerchantState


class StatementForm(forms.Form):
    file = forms.FileField(
        label=pgettext_lazy("bank", "Statement"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("camt.053 (XML), or CSV with date, amount, currency, text; at most 5 MB."),
    )
    account = forms.CharField(
        label=_("Account"),
        required=False,
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Only for CSV: which of your accounts. Always write it the same way."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > TOO_LARGE:
            raise forms.ValidationError(_("The file is larger than 5 MB."))
        return file


class MerchantForm(DecisionForm):
    """Which merchant the money is from."""

    merchant = forms.ModelChoiceField(
        queryset=Merchant.objects.none(), label=_("Merchant"), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Merchant.objects.exclude(state=MerchantState.APPLIED)
        if self.obj:
            known = known.filter(currency=self.obj.currency)
        self.fields["merchant"].queryset = known.order_by("name", "pk")  # type: ignore[attr-defined]


def assign(actor: User, credit: BankCredit, merchant: Merchant) -> str:
    top_up = credit_assign(actor=actor, credit=credit, merchant=merchant)
    return gettext("Assigned as top-up %(reference)s: somebody else must confirm it.") % {
        "reference": top_up.reference
    }


def facts(credit: BankCredit) -> Facts:
    yield _("amount"), credit.amount.localized()
    yield _("booked on"), date_format(credit.booked_on, "SHORT_DATE_FORMAT")
    yield _("payer"), credit.payer or "–"
    yield _("text"), credit.text or "–"
    yield _("why it waits"), credit.get_finding_display()
    if named := credit.named:
        yield _("it names"), _top_up(named)
    for top_up in queries.top_ups_like(credit):
        yield _("the same sum, received without a statement"), _top_up(top_up)


def _top_up(top_up: Any) -> Any:
    said = f"{top_up.reference} · {top_up.merchant} · {top_up.amount.localized()}"
    return columns.link_to(top_up, f"{said} · {top_up.get_state_display()}")


@admin.register(BankCredit)
class BankCreditAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "entry_ref",
        columns.state(),
        columns.amount("amount_minor", _("amount")),
        "booked_on",
        "payer",
        "text",
        "finding",
        columns.linked("top_up", _("top-up")),
    )
    list_select_related = ("top_up", "statement")
    list_filter = ("state", "finding", ("statement", AutocompleteSelectFilter))
    search_fields = ("=entry_ref", "text", "payer", "=top_up__reference")
    search_help_text = _("Bank's reference, text, payer or top-up")
    ordering = ("-pk",)
    fields = (
        *list_display,
        columns.linked("named", _("names")),
        columns.linked("statement", _("bank statement")),
        "account",
        "reason",
    )
    decisions = (
        Decision(
            name="assign",
            label=_("Assign to a merchant"),
            icon="storefront",
            variant=ActionVariant.PRIMARY,
            run=assign,
            roles=(StaffRole.FINANCE,),
            when=in_state(BankCreditState.OPEN),
            text=_(
                "A top-up of this amount is made for the merchant. Somebody else, who has not "
                "uploaded the statement either, confirms it; then the money is in the wallet. If "
                "the transfer names an announced top-up of this merchant, that one is refused."
            ),
            done=_("Assigned."),
            form=MerchantForm,
            facts=facts,
            initial=lambda credit: {"merchant": credit.named.merchant_id if credit.named else None},
        ),
        Decision(
            name="reject",
            label=_("Not ours"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, credit, reason: credit_reject(
                actor=actor, credit=credit, reason=reason
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(BankCreditState.OPEN),
            text=_("The money belongs to no merchant's wallet. Say what it is."),
            done=_("Noted: not a top-up."),
            form=ReasonForm,
            facts=facts,
        ),
        Decision(
            name="reopen",
            label=_("Look at it again"),
            icon="undo",
            run=lambda actor, credit: credit_reopen(actor=actor, credit=credit),
            roles=(StaffRole.FINANCE,),
            when=in_state(BankCreditState.REJECTED),
            text=_("It was a merchant's money after all: it waits for a decision again."),
            done=_("It waits for a decision again."),
            facts=facts,
        ),
    )


@admin.register(BankStatement)
class BankStatementAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "name",
        "format",
        "account",
        columns.moment("uploaded_at", _("uploaded at")),
        "uploaded_by",
        "credits_found",
        "credits_new",
    )
    list_select_related = ("uploaded_by",)
    search_fields = ("name", "=sha256", "account")
    search_help_text = _("File, account or SHA-256")
    ordering = ("-pk",)
    fields = (*list_display, "sha256")
    actions_list = ("upload",)
    change_form_outer_after_template = "desk/bank_credits.html"

    def has_upload_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Upload a statement"),
        url_path="upload",
        icon="upload_file",
        variant=ActionVariant.PRIMARY,
        permissions=["upload"],
    )
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Read it, receive what names a top-up, and show what is left to decide."""
        if not self.has_upload_permission(request):
            raise PermissionDenied
        form = StatementForm(request.POST or None, request.FILES or None)
        if form.is_valid() and (statement := self._read(request, form)):
            return HttpResponseRedirect(self.url_of("change", statement.pk))
        return self.page(
            request,
            "desk/form.html",
            _("Upload a statement"),
            form=form,
            submit=_("Read it"),
            text=_(
                "Transfers that name an announced top-up with its exact amount are received at "
                "once, up to what one person may let in; above that somebody else confirms them. "
                "Everything else is listed for a decision. The same file or transfer a "
                "second time changes nothing."
            ),
            back=self.url_of("changelist"),
        )

    def _read(self, request: HttpRequest, form: StatementForm) -> BankStatement | None:
        file = form.cleaned_data["file"]
        try:
            statement = statement_read(
                actor=person(request),
                content=file.read(),
                name=file.name,
                account=form.cleaned_data["account"],
            )
        except Invalid as exc:
            form.add_error("file", str(exc))
            return None
        tasks.bank_credits_match()
        left = queries.credits_of(statement).filter(state=BankCreditState.OPEN).count()
        messages.success(
            request,
            gettext("%(found)d incoming transfers, %(new)d of them new; %(left)d to look at.")
            % {"found": statement.credits_found, "new": statement.credits_new, "left": left},
        )
        return statement

    def more_context(self, request: HttpRequest, obj: BankStatement) -> dict[str, Any]:
        return {"credits": queries.credits_of(obj), "file": self.url_of("file", obj.pk)}

    def get_urls(self) -> list[URLPattern]:
        file = path(
            "<path:object_id>/file/",
            self.admin_site.admin_view(self.file_view),
            name=f"{self._url_base}_file",
        )
        return [file, *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bytes as they were uploaded, to be kept, never to be shown by a browser."""
        statement = self.get_object(request, unquote(object_id))
        if statement is None:
            raise Http404
        if not self.has_view_permission(request, statement):
            raise PermissionDenied
        response = HttpResponse(statement.content, content_type="application/octet-stream")
        ending = "xml" if statement.format.startswith("camt") else "csv"
        name = f"statement-{statement.pk}.{ending}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
