"""The rails at the desk: files for the bank, what the rails answer, and where we differ."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import (
    Decision,
    Facts,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ReasonForm,
    in_state,
    person,
)
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money
from commissions import queries
from commissions.models import (
    BankFile,
    BankFileItem,
    Difference,
    DifferenceKind,
    DifferenceState,
    RailFile,
)
from commissions.rails.bank_file import debtor
from commissions.rails.files import LARGEST, READERS, unreadable
from commissions.services.bank_files import bank_file_downloaded, bank_file_make
from commissions.services.reconciliation import (
    difference_carry_out,
    difference_resolve,
    rail_file_downloaded,
    rail_file_read,
)


class FilesAdmin(ReadOnlyAdmin):
    """Files that can be taken out again, byte for byte: they name accounts in full."""

    seen_by = (StaffRole.FINANCE,)

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<path:object_id>/download/",
            self.admin_site.admin_view(self.download),
            name=f"{self._url_base}_download",
        )
        return [download, *super().get_urls()]

    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not has_role(request.user, StaffRole.FINANCE):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        name, content = self.taken(request, obj)
        response = HttpResponse(content, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    def taken(self, request: HttpRequest, obj: Any) -> tuple[str, bytes]:
        """The file's name and bytes, with the record of who took them."""
        raise NotImplementedError

    def has_finance_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    def more_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        may = self.has_finance_permission(request)
        return {"download": self.url_of("download", obj.pk) if may else ""}


# --- Files for the bank ---------------------------------------------------------------------------


class ItemInline(ReadOnlyInline):
    model = BankFileItem
    tab = False
    show_change_link = False
    per_page = 100
    fields = (
        columns.linked("payout", _("payout")),
        columns.plain("payout.payee", _("payee account")),
        columns.amount("amount_minor", _("amount"), currency="payout.currency"),
        columns.state("payout.state", _("state")),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("payout__payee").order_by("pk")


class MakeForm(forms.Form):
    """Some of the payouts that wait, all of one currency."""

    currency = forms.CharField(max_length=3)
    payouts = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, *args: Any, waiting: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payouts"].choices = [(one.pk, one.pk) for one in waiting]  # type: ignore[attr-defined]


@admin.register(BankFile)
class BankFileAdmin(FilesAdmin):
    list_display = (
        "number",
        columns.amount("total_minor", _("total")),
        "payouts_count",
        columns.moment("made_at", _("made at")),
        "made_by",
    )
    list_select_related = ("made_by",)
    list_filter = ("currency",)
    search_fields = ("number", "=items__payout__pk")
    search_help_text = _("Number of the file or of a payout")
    ordering = ("-pk",)
    actions_list = ("make",)
    inlines = (ItemInline,)
    change_form_outer_before_template = "desk/rail_download.html"
    fields = (*list_display, "sha256")

    def taken(self, request: HttpRequest, obj: BankFile) -> tuple[str, bytes]:
        return f"{obj.number}.xml", bank_file_downloaded(actor=person(request), file=obj)

    @action(
        description=_("Make a bank file"),
        url_path="make",
        icon="note_add",
        variant=ActionVariant.PRIMARY,
        permissions=["finance"],
    )
    def make(self, request: HttpRequest) -> HttpResponse:
        """What waits for the bank, by currency; the ticked ones become a file."""
        if not self.has_finance_permission(request):
            raise PermissionDenied
        waiting = list(queries.payouts_for_bank_file())
        form = MakeForm(request.POST if request.method == "POST" else None, waiting=waiting)
        if form.is_valid():
            file = bank_file_make(
                actor=person(request),
                currency=form.cleaned_data["currency"],
                payout_pks=form.cleaned_data["payouts"],
            )
            messages.success(
                request, gettext("Made. Take it to the bank, and bring its answer back.")
            )
            return HttpResponseRedirect(self.url_of("change", file.pk))
        groups = [(c, list(rows)) for c, rows in groupby(waiting, lambda one: one.currency)]
        return self.page(
            request,
            "desk/bank_file_make.html",
            _("Make a bank file"),
            groups=[
                (currency, rows, sum((one.net for one in rows), Money(0, currency)))
                for currency, rows in groups
            ],
            nothing_ticked=form.is_bound,
            debtor=debtor(),
            back=self.url_of("changelist"),
        )


# --- What the rails answer ------------------------------------------------------------------------


class ReadForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[(kind, reader.label) for kind, reader in READERS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    file = forms.FileField(label=_("File"), widget=UnfoldAdminFileFieldWidget)

    def clean_file(self) -> Any:
        """Before all of it is taken into memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(str(unreadable(_("it is larger than 16 MB."))))
        return file


@admin.register(RailFile)
class RailFileAdmin(FilesAdmin):
    list_display = (
        "name",
        "kind_name",
        "first_day",
        "last_day",
        columns.moment("uploaded_at", _("uploaded at")),
        "uploaded_by",
    )
    list_select_related = ("uploaded_by",)
    list_filter = ("kind", "last_day")
    search_fields = ("name", "=rows__payout__pk")
    search_help_text = _("Name of the file, or number of a payout in it")
    ordering = ("-pk",)
    actions_list = ("read",)
    change_form_outer_before_template = "desk/rail_download.html"
    change_form_outer_after_template = "desk/rail_file.html"
    fields = (*list_display, "closes_days", "sha256")

    @display(description=_("kind"), ordering="kind")
    def kind_name(self, file: RailFile) -> str:
        return str(READERS[file.kind].label)

    def taken(self, request: HttpRequest, obj: RailFile) -> tuple[str, bytes]:
        return f"answer-{obj.pk}.bin", rail_file_downloaded(actor=person(request), file=obj)

    def more_context(self, request: HttpRequest, obj: RailFile) -> dict[str, Any]:
        open_here = obj.differences.filter(state=DifferenceState.OPEN)
        return {
            **super().more_context(request, obj),
            "rows": Paginator(queries.rows_of(obj), 100).get_page(request.GET.get("p")),
            "open_here": open_here.select_related("payout", "row").order_by("pk")[:100],
        }

    @action(
        description=_("Read a file"),
        url_path="read",
        icon="upload_file",
        variant=ActionVariant.PRIMARY,
        permissions=["finance"],
    )
    def read(self, request: HttpRequest) -> HttpResponse:
        """Upload what a rail says; its rows decide what is unclear, differences are shown."""
        if not self.has_finance_permission(request):
            raise PermissionDenied
        form = ReadForm(request.POST if request.method == "POST" else None, request.FILES or None)
        if form.is_valid():
            uploaded = form.cleaned_data["file"]
            file, is_new = rail_file_read(
                actor=person(request),
                kind=form.cleaned_data["kind"],
                name=uploaded.name,
                content=uploaded.read(),
            )
            self._say(request, file, is_new=is_new)
            return HttpResponseRedirect(self.url_of("change", file.pk))
        return self.page(
            request,
            "desk/form.html",
            _("Read a file of a rail"),
            form=form,
            submit=_("Read"),
            text=_(
                "Payouts that are under way follow what the file says of them, unless you released "
                "them yourself. That a paid one came back is for somebody else to confirm. What "
                "does not agree is shown, and nothing else changes."
            ),
            back=self.url_of("changelist"),
        )

    @staticmethod
    def _say(request: HttpRequest, file: RailFile, *, is_new: bool) -> None:
        count = file.differences.filter(state=DifferenceState.OPEN).count()
        if not is_new:
            messages.warning(
                request, gettext("This file was read before; nothing is counted twice.")
            )
        elif count:
            said = gettext("Read. Ours and theirs differ in %(count)d places.") % {"count": count}
            messages.warning(request, said)
        else:
            messages.success(request, gettext("Read. Ours and theirs agree."))


# --- Differences ----------------------------------------------------------------------------------


def ours(difference: Difference) -> str:
    payout = difference.payout
    return f"{payout.net.localized()}, {payout.get_state_display()}" if payout else "–"


def theirs(difference: Difference) -> str:
    row = difference.row
    if row is None:
        return "–"
    known = row.amount_minor is not None
    amount = Money(row.amount_minor or 0, row.currency).localized() if known else "?"
    return f"{amount}, {row.get_fact_display()}"


def facts(difference: Difference) -> Facts:
    yield _("payout"), columns.link_to(difference.payout)
    yield _("ours"), ours(difference)
    yield _("theirs"), theirs(difference)
    yield _("file"), columns.link_to(difference.file)
    if difference.row:
        yield _("row"), difference.row.line
        yield pgettext_lazy("payout", "key"), difference.row.key
        yield _("rail's reference"), difference.row.ref
        yield _("words"), difference.row.words


def can_be_carried_out(difference: Difference) -> bool:
    return difference.state == DifferenceState.OPEN and difference.kind == DifferenceKind.STATE


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    comes = _(
        "Every file that the bank or a rail sends is held against our payouts. Where the two "
        "differ it comes here for a decision."
    )
    list_display = (
        "kind_name",
        columns.state(),
        columns.linked("payout", _("payout")),
        "ours",
        "theirs",
        "age",
        columns.linked("file", _("file")),
    )
    list_select_related = ("payout", "row", "file", "resolved_by")
    list_filter = ("state", "kind")
    search_fields = ("=payout__pk", "row__key", "row__ref")
    search_help_text = _("Number of the payout, or what the file says of it")
    ordering = ("state", "created_at", "pk")
    fields = (
        *list_display,
        "reason",
        "resolved_by",
        columns.moment("resolved_at", _("resolved at")),
    )
    decisions = (
        Decision(
            name="resolve",
            label=_("Resolve"),
            icon="task_alt",
            variant=ActionVariant.PRIMARY,
            run=lambda actor, difference, reason: difference_resolve(
                actor=actor, difference=difference, reason=reason
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(DifferenceState.OPEN),
            text=_("You know why ours and theirs differ, and nothing in the books has to follow."),
            done=_("Resolved, with your reason on record."),
            form=ReasonForm,
            facts=facts,
        ),
        Decision(
            name="carry-out",
            label=_("Carry out what the file says"),
            icon="published_with_changes",
            variant=ActionVariant.DANGER,
            run=lambda actor, difference: difference_carry_out(actor=actor, difference=difference),
            roles=(StaffRole.FINANCE,),
            when=can_be_carried_out,
            text=_(
                "Our payout follows the rail's word: it becomes paid, failed or returned, and the "
                "money with it. Whoever released it cannot do this, nor whoever uploaded the file "
                "if it brings back what was paid."
            ),
            done=_("The payout follows the file now."),
            facts=facts,
        ),
    )

    @display(description=_("kind"), ordering="kind")
    def kind_name(self, difference: Difference) -> SafeString:
        return columns.badge("requested", difference.get_kind_display())

    @display(description=_("ours"))
    def ours(self, difference: Difference) -> str:
        return ours(difference)

    @display(description=_("theirs"))
    def theirs(self, difference: Difference) -> str:
        return theirs(difference)

    @display(description=_("days open"), ordering="created_at")
    def age(self, difference: Difference) -> int:
        return ((difference.resolved_at or clock.now()) - difference.created_at).days
