"""A campaign's slate at the desk: products by filter or by file, and merchants' proposals."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
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
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.http import key_in
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, SlateItem, SlateState
from campaigns.queries import OPEN_STATES, SlateFilter
from campaigns.services.slates import SlateFile, slate_add, slate_decide, slate_read, slate_remove
from campaigns.slates import objections_to
from commissions.admin.campaigns.fields import MinorField, RateField
from commissions.admin.campaigns.pages import Page
from commissions.services.picks import slate_pick
from merchants.models import Category, Merchant, Product

SHOWN = 12  # products of a preview
PER_PAGE = 50
FILE_MOST = 5 * 1024 * 1024


class FilterForm(forms.Form):
    """What the products have in common; all empty is every product on sale."""

    words = forms.CharField(
        label=_("Words in the title"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.order_by("slug"),
        required=False,
        empty_label=_("All"),
        widget=UnfoldAdminSelectWidget,
    )
    brand = forms.CharField(
        label=_("Brand"), required=False, max_length=80, widget=UnfoldAdminTextInputWidget
    )
    merchant = forms.ModelChoiceField(
        label=_("Merchant"), queryset=Merchant.objects.all(), required=False
    )
    least_rate_bps = RateField(
        label=_("Commission rate from (%)"), required=False, least_bps=0, most_bps=10_000
    )
    least_sales = forms.IntegerField(
        label=_("Sold in 30 days, from"),
        required=False,
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("least_price_minor", _("Price from")),
            ("most_price_minor", _("Price up to")),
        ):
            self.fields[name] = MinorField(
                currency=currency, label=label, required=False, least_minor=0
            )
        merchant: Any = self.fields["merchant"]
        relation: Any = Campaign._meta.get_field("merchant")
        merchant.widget = AutocompleteSelect(relation, admin.site)
        merchant.widget.choices = merchant.choices

    def said(self) -> SlateFilter:
        given = self.cleaned_data
        keys = {name: given[name] and given[name].pk for name in ("category", "merchant")}
        return SlateFilter(**{**given, **keys})

    def told(self) -> str:
        """For the trail: what was asked, as typed."""
        asked = [(name, self.data.get(name, "")) for name in self.fields]
        return ", ".join(f"{name}={value}" for name, value in asked if value)


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,text/csv"}),
        help_text=_(
            "With a column “product id” (our number) or “shop product id”; where shops share "
            "numbers, with a column “shop” (its number or name)."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_MOST:
            raise forms.ValidationError(_("A file may have at most 5 MB."))
        return file


SLATE_PAGES = (
    Page(
        name="slate",
        label=_("Slate"),
        icon="checklist",
        roles=(StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT, StaffRole.AUDITOR),
    ),
)


class Slating:
    """Mixin of the campaigns' desk."""

    def slate_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """GET with `preview`: which products a filter finds. POST: add them, read a file, let the
        score pick proposals, or take one off. What a file could not say stands on the page that
        answers it."""
        may = has_role(request.user, StaffRole.OPS) and campaign.state in OPEN_STATES
        deed = request.POST.get("deed", "") if request.method == "POST" else ""
        if deed and not may:
            raise WrongState
        answers = {
            "add": self._add,
            "file": self._read,
            "remove": self._remove,
            "pick": self._pick,
        }
        if deed in answers:
            return answers[deed](request, campaign)
        return self._slate(request, campaign)

    def _slate(
        self,
        request: HttpRequest,
        campaign: Campaign,
        *,
        file_form: FileForm | None = None,
        file: SlateFile | None = None,
        added: int = 0,
    ) -> HttpResponse:
        desk: Any = self
        previewed = "preview" in request.GET
        form = FilterForm(request.GET if previewed else None, currency=campaign.currency)
        found: dict[str, Any] = {}
        if previewed and form.is_valid():
            products = form.said().products(campaign.currency)
            on_it = SlateItem.objects.filter(campaign=campaign).values("product")
            fresh = products.exclude(pk__in=on_it)
            found = {
                "count": products.count(),
                "fresh": fresh.count(),
                "products": fresh.select_related("shop__merchant", "category")[:SHOWN],
            }
        items = campaign.slate.select_related("product__shop__merchant", "product__category")
        rows = items.order_by("state", "-pk")
        return desk.page(
            request,
            "desk/campaigns/slate.html",
            _("Slate: %(name)s") % {"name": campaign},
            campaign=campaign,
            original=campaign,
            may_change=has_role(request.user, StaffRole.OPS) and campaign.state in OPEN_STATES,
            form=form,
            found=found,
            asked=request.GET.urlencode(),
            file_form=file_form or FileForm(),
            file=file,
            added=added,
            page=Paginator(rows, PER_PAGE).get_page(request.GET.get("p")),
            proposed=campaign.slate.filter(state=SlateState.PROPOSED).count(),
            picks=MECHANICS[campaign.kind].picks is not None,
            here=desk.url_of("slate", campaign.pk),
            media=form.media,
        )

    def _add(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        desk: Any = self
        form = FilterForm(request.POST, currency=campaign.currency)
        if not form.is_valid():  # somebody typed into the address; the page says what is wrong
            return HttpResponseRedirect(desk.url_of("slate", campaign.pk))
        count = slate_add(
            actor=person(request),
            campaign=campaign,
            products=form.said().products(campaign.currency),
            how=form.told(),
        )
        _tell(request, count)
        return HttpResponseRedirect(desk.url_of("slate", campaign.pk))

    def _read(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._slate(request, campaign, file_form=form)
        given = form.cleaned_data["file"]
        try:
            file = slate_read(campaign=campaign, file=given)
            count = slate_add(
                actor=person(request), campaign=campaign, products=file.products, how=given.name
            )
        except Invalid as exc:
            form.add_error("file", str(exc))
            return self._slate(request, campaign, file_form=form)
        _tell(request, count)
        if not file.faults:
            desk: Any = self
            return HttpResponseRedirect(desk.url_of("slate", campaign.pk))
        return self._slate(request, campaign, file=file, added=count)

    def _remove(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        desk: Any = self
        item = get_object_or_404(
            campaign.slate.select_related("campaign"), pk=key_in(request.POST.get("item", ""))
        )
        slate_remove(actor=person(request), item=item, reason=request.POST.get("reason", ""))
        messages.success(request, gettext("The product is off the slate."))
        return HttpResponseRedirect(desk.url_of("slate", campaign.pk))

    def _pick(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        desk: Any = self
        picked = slate_pick(actor=person(request), campaign=campaign)
        if picked.joined:
            _tell(request, picked.joined)
        if picked.rejected:
            said = ngettext(
                "%(count)s proposal is rejected, with what speaks against it.",
                "%(count)s proposals are rejected, with what speaks against them.",
                picked.rejected,
            )
            messages.info(request, said % {"count": number(picked.rejected)})
        if picked.waiting:
            said = ngettext(
                "%(count)s proposal waits: the places of its category are taken.",
                "%(count)s proposals wait: the places of their categories are taken.",
                picked.waiting,
            )
            messages.info(request, said % {"count": number(picked.waiting)})
        return HttpResponseRedirect(desk.url_of("slate", campaign.pk))


def _tell(request: HttpRequest, count: int) -> None:
    said = ngettext("%(count)s product joined.", "%(count)s products joined.", count)
    messages.success(request, said % {"count": number(count)})


# --- Proposals ------------------------------------------------------------------------------------


class NoteForm(DecisionForm):
    reason = forms.CharField(
        label=_("A word to the merchant"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )


def facts(item: SlateItem) -> Facts:
    product: Product = item.product
    yield _("merchant"), columns.link_to(product.shop.merchant)
    yield _("price now"), product.price.localized()
    if item.price_minor is not None:
        yield _("price in the campaign"), Money(item.price_minor, product.currency).localized()
    yield _("rate now"), percent(product.rate_bps)
    if item.rate_bps is not None:
        yield _("rate in the campaign"), percent(item.rate_bps)
    if item.service_bps:
        yield _("service fee"), percent(item.service_bps)
    yield _("sold in 30 days"), number(product.sales_count)
    if against := objections_to(item):
        yield _("against it"), columns.lines([str(one) for one in against])


@admin.register(SlateItem)
class SlateItemAdmin(ReadOnlyAdmin):
    """What merchants propose, and what is on slates."""

    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT)
    list_display = (
        "name",
        columns.linked("product.shop.merchant", _("merchant")),
        columns.linked("campaign", _("campaign")),
        columns.state(),
        "promise",
        "objected",
        columns.moment("created_at", _("since")),
    )
    list_select_related = ("campaign", "product__shop__merchant", "product__category")
    tabs_by = "state"
    list_filter = ("state", ("campaign", AutocompleteSelectFilter))
    search_fields = ("product__title", "product__title_en", "campaign__name")
    search_help_text = _("Title or campaign")
    ordering = ("-pk",)
    fields = (
        columns.linked("campaign", _("campaign")),
        columns.linked("product", _("product")),
        columns.linked("product.shop.merchant", _("merchant")),
        columns.state(),
        "promise",
        "objected",
        "reason",
        columns.moment("agreed_at", _("agreed at")),
        columns.linked("proposed_by", _("proposed by")),
        columns.linked("decided_by", _("decided by")),
    )
    decisions = (
        Decision(
            name="approve",
            label=_("Take it"),
            icon="check",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, item, reason="": slate_decide(
                actor=actor, item=item, accept=True, reason=reason
            ),
            roles=(StaffRole.OPS,),
            when=in_state(SlateState.PROPOSED),
            text=_("It joins the slate; its merchant sees it on its page."),
            done=_("The product is on the slate."),
            form=NoteForm,
            facts=facts,
            bulk=True,
        ),
        Decision(
            name="reject",
            label=_("Reject"),
            icon="close",
            variant=ActionVariant.DANGER,
            run=lambda actor, item, reason: slate_decide(
                actor=actor, item=item, accept=False, reason=reason
            ),
            roles=(StaffRole.OPS,),
            when=in_state(SlateState.PROPOSED),
            text=_("The merchant reads the reason and may propose it again."),
            done=_("The proposal is rejected."),
            form=ReasonForm,
            facts=facts,
            bulk=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlateItem]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description=_("product"), ordering="product__title")
    def name(self, item: SlateItem) -> str:
        return item.product.name

    @admin.display(description=_("in the campaign"), ordering="rate_bps")
    def promise(self, item: SlateItem) -> Any:
        """Rate, service fee and price, as far as they are not the usual ones."""
        said = "–" if item.rate_bps is None else percent(item.rate_bps)
        said = f"{said} + {percent(item.service_bps)}" if item.service_bps else said
        if item.price_minor is None:
            return said
        return columns.with_note(said, Money(item.price_minor, item.product.currency).localized())

    @admin.display(description=_("against it"))
    def objected(self, item: SlateItem) -> Any:
        against = [] if item.state != SlateState.PROPOSED else objections_to(item)
        return columns.lines([str(one) for one in against]) if against else "–"
