"""A merchant's campaigns: what it is asked for, what is open to its products, what came of it."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel import clock
from campaigns.calendar import part_of_merchant
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, SlateItem, SlateState
from campaigns.queries import (
    campaigns_of,
    campaigns_open_to,
    opens_to_merchants,
    slate_items_of,
    slate_items_to_agree,
)
from campaigns.rule_words import limit_lines, rule_lines
from campaigns.services.campaigns import campaign_agree
from campaigns.services.slates import slate_agree, slate_propose, slate_withdraw
from commissions.forms import ProposalForm, SeenForm
from commissions.queries.merchant_campaigns import campaigns_seen_by, outcomes
from merchants.access import MerchantRequest, merchant_required
from merchants.models import Product, ProductState
from merchants.queries import products_for, products_found

PER_PAGE = 20


@require_GET
@merchant_required
def campaigns(request: MerchantRequest) -> HttpResponse:
    """Everything at a glance: to agree to, open, own with its outcome."""
    merchant = request.merchant
    mine = Paginator(campaigns_of(merchant), PER_PAGE).get_page(request.GET.get("page"))
    own = list(mine.object_list)
    results = outcomes(merchant, own)
    items = slate_items_of(merchant).filter(campaign__in=own)
    context = {
        "open": [(row, MECHANICS[row.kind]) for row in campaigns_open_to(merchant)[:50]],
        "asked": [
            (campaign, part_of_merchant(campaign))
            for campaign in campaigns_of(merchant).filter(
                merchant=merchant, merchant_bps__gt=0, agreed_at=None, state=CampaignState.DRAFT
            )[:50]
        ],
        "promises": slate_items_to_agree(merchant)[:100],
        "mine": [(campaign, results[campaign.pk], _decided(campaign, items)) for campaign in own],
        "page": mine,
    }
    return render(request, "commissions/merchant_campaigns.html", context)


def _decided(campaign: Campaign, items: Iterable[SlateItem]) -> dict[str, int]:
    """How many of its products are in which state."""
    states = [item.state for item in items if item.campaign_id == campaign.pk]
    return {state: states.count(state) for state in SlateState.values}


@require_http_methods(["GET", "POST"])
@merchant_required
def campaign(request: MerchantRequest, pk: int) -> HttpResponse:
    """What it is, what the merchant proposed and what was decided. POST: propose what is ticked."""
    row = get_object_or_404(campaigns_seen_by(request.user), pk=pk)
    takes = opens_to_merchants(row, request.merchant.pk)
    asked = products_found(
        products_for(request.user).filter(state=ProductState.ON_SALE, currency=row.currency),
        words=request.GET.get("q", ""),
        sort="sales",
    ).exclude(pk__in=row.slate.exclude(state=SlateState.REJECTED).values("product"))
    page = Paginator(asked, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(product, _form(request, row, product)) for product in page] if takes else []
    if request.method == "POST" and _proposed(request, row, rows):
        return redirect("commissions:merchant_campaign", pk)
    items = slate_items_of(request.merchant).filter(campaign=row)[:200]
    pays = row.merchant_id == request.merchant.pk
    context = {
        "campaign": row,
        "asked": pays and row.waits_for_consent and row.state == CampaignState.DRAFT,
        "mechanic": MECHANICS[row.kind],
        "rules": [*rule_lines(row), *limit_lines(row)],
        "takes": takes,
        "rows": rows,
        "page": page,
        "waiting": [item for item in items if item.state != SlateState.APPROVED],
        "taken": [item for item in items if item.state == SlateState.APPROVED],
        "part": part_of_merchant(row) if pays else None,
        "outcome": outcomes(request.merchant, [row])[row.pk],
    }
    return render(request, "commissions/merchant_campaign.html", context)


def _form(request: HttpRequest, row: Campaign, product: Product) -> ProposalForm:
    ticked = request.method == "POST" and str(product.pk) in request.POST.getlist("product")
    return ProposalForm(
        request.POST if ticked else None,
        product=product,
        hosted=MECHANICS[row.kind].hosted,
        prefix=str(product.pk),
    )


def _proposed(
    request: MerchantRequest, row: Campaign, rows: list[tuple[Product, ProposalForm]]
) -> bool:
    """Propose each ticked product; False if one was refused, which then says so in its row."""
    ticked = [(product, form) for product, form in rows if form.is_bound]
    done = 0
    for product, form in ticked:
        if form.is_valid() and form.carried_out(
            slate_propose,
            actor=request.user,
            campaign=row,
            product=product,
            **form.values(),
        ):
            done += 1
    if done:
        said = ngettext("%(count)d product proposed.", "%(count)d products proposed.", done)
        messages.success(request, said % {"count": done})
    if not ticked:
        messages.warning(request, _("Tick the products that you want to propose."))
    return done == len(ticked)


@require_POST
@merchant_required
def agree(request: MerchantRequest, pk: int) -> HttpResponse:
    """To pay the merchant's part, of the draft as the page showed it."""
    row = get_object_or_404(
        campaigns_of(request.merchant), pk=pk, merchant=request.merchant, merchant_bps__gt=0
    )
    campaign_agree(actor=request.user, campaign=row, seen=_seen(request))
    messages.success(
        request, _("Agreed. Your part is taken from your wallet when the campaign is published.")
    )
    return redirect("commissions:merchant_campaigns")


@require_POST
@merchant_required
def promise(request: MerchantRequest, pk: int) -> HttpResponse:
    """Stand by a rate that operations wrote for one of the merchant's products."""
    item = get_object_or_404(slate_items_to_agree(request.merchant), pk=pk)
    slate_agree(actor=request.user, items=[item])
    messages.success(request, _("Agreed. Orders placed from now on have it, while it runs."))
    return redirect("commissions:merchant_campaigns")


@require_POST
@merchant_required
def withdraw(request: MerchantRequest, pk: int) -> HttpResponse:
    """Take a proposal back before it is decided."""
    item = get_object_or_404(slate_items_of(request.merchant), pk=pk)
    slate_withdraw(actor=request.user, item=item)
    messages.success(request, _("The proposal is taken back."))
    return redirect("commissions:merchant_campaign", item.campaign_id)


def _seen(request: HttpRequest) -> datetime:
    """When the draft that the person looked at was last changed. What cannot be read is as old as
    can be, so nothing is agreed to by it."""
    form = SeenForm(request.POST)
    seen: datetime = (
        form.cleaned_data["seen"] if form.is_valid() else clock.day_start(clock.FIRST_DAY)
    )
    return seen
