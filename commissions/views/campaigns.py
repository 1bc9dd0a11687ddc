"""Campaigns for affiliates: what runs, what one may join, how far one is, and the boards."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.kernel import clock
from alliance.kernel.http import page_or_part
from campaigns.audience import obstacle
from campaigns.queries import coupon_stocks_for
from campaigns.services.enrolments import enrolment_apply, enrolment_quit
from commissions import queries, taking_part
from commissions.forms import ApplicationForm
from commissions.models import AwardState
from commissions.services.awards import evaluates_at
from commissions.services.settlements import settlement_day
from commissions.services.tasks import task_accept, task_quit

PER_PAGE = 20
SLATE, WHOLE_SLATE = 12, 500  # products shown of a campaign, and where one asks for all


@require_GET
@affiliate_required
def campaigns(request: AffiliateRequest) -> HttpResponse:
    """One's own first, then what may be joined, what counts by itself, and what is over."""
    affiliate = request.affiliate
    current = taking_part.cards(affiliate, queries.campaigns_current(affiliate))
    past = queries.campaigns_past(affiliate)
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("page"))
    joined = [card for card in current if card.takes_part]
    context = {
        "joined": joined,
        "open": [card for card in current if card not in joined and card.joins],
        "others": [card for card in current if card not in joined and not card.joins],
        "page": page,
        "past": taking_part.cards(affiliate, page),
    }
    return page_or_part(request, "commissions/campaigns.html", context, part="current")


@require_GET
@affiliate_required
def campaign(request: AffiliateRequest, pk: int) -> HttpResponse:
    """One campaign: its promise, one's progress, the board, the reward and when it is paid."""
    return _page(request, _card(request, pk))


@require_POST
@affiliate_required
def join(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Accept the task, or enrol; where people decide, with a statement."""
    card = _card(request, pk)
    if card.is_task:
        task_accept(actor=request.user, campaign=card.campaign, affiliate=request.affiliate)
        messages.success(request, _("Accepted. Orders that come by clicks from now on count."))
        return redirect("commissions:campaign", pk)
    form = ApplicationForm(request.POST, required=card.mechanic.reviewed)
    if not form.is_valid():
        return _page(request, card, form)
    enrolment_apply(
        actor=request.user,
        campaign=card.campaign,
        affiliate=request.affiliate,
        statement=form.cleaned_data["statement"],
    )
    messages.success(
        request,
        _("Sent. Somebody of the alliance reads it and decides.")
        if card.mechanic.reviewed
        else _("You take part from now on."),
    )
    return redirect("commissions:campaign", pk)


@require_POST
@affiliate_required
def leave(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Quit a task before its first order, or any other campaign."""
    card = _card(request, pk)
    enrolment = get_object_or_404(
        queries.enrolments_for(request.user).filter(affiliate=request.affiliate),
        pk=card.enrolment.pk if card.enrolment else 0,
    )
    service = task_quit if card.is_task else enrolment_quit
    service(actor=request.user, enrolment=enrolment)
    messages.success(request, _("You have left the campaign."))
    return redirect("commissions:campaign", pk)


def _card(request: AffiliateRequest, pk: int) -> taking_part.Card:
    found = get_object_or_404(queries.campaigns_for(request.affiliate), pk=pk)
    return taking_part.cards(request.affiliate, [found])[0]


def _page(
    request: AffiliateRequest, card: taking_part.Card, form: ApplicationForm | None = None
) -> HttpResponse:
    campaign, affiliate = card.campaign, request.affiliate
    lines, granted = (0, None)
    slate = queries.on_slate(campaign).select_related("product__shop")
    if card.mechanic.on_order:
        lines, granted = queries.granted_of(affiliate, campaign)
    coupons = (
        card.mechanic.coupons and coupon_stocks_for(request.user).filter(campaign=campaign).exists()
    )
    due = card.award is not None and card.award.state == AwardState.DUE
    pays_on = settlement_day(card.award.due_month) if card.award else None
    counts = card.takes_part or not card.mechanic.enrols
    context: dict[str, Any] = {
        "card": card,
        "campaign": campaign,
        "form": form or ApplicationForm(required=card.mechanic.reviewed),
        "places": taking_part.board(card, affiliate) if card.is_board else [],
        "ahead": taking_part.ahead(card, affiliate) if card.running else "",
        "coupons": coupons,
        "promotes": card.running and counts and not card.mechanic.coupons,
        "lines": lines,
        "granted": granted,
        "obstacle": None
        if card.takes_part or card.joins or not card.mechanic.enrols
        else obstacle(campaign, affiliate) or _("All places are taken."),
        "evaluates_at": evaluates_at(campaign) if card.mechanic.on_close else None,
        "pays_on": pays_on,
        "waits": due and pays_on is not None and pays_on < clock.business_day(),
        "appeal_days": settings.ALLIANCE["VIOLATION_APPEAL_DAYS"],
        "contact": settings.ALLIANCE["CONTACT"],
        "slate": slate[: WHOLE_SLATE if "all" in request.GET else SLATE],
        "products": slate.count(),
        "may_change": request.membership.may_change,
    }
    if request.headers.get("HX-Request"):
        return page_or_part(request, "commissions/campaign.html", context, part="live")
    return render(request, "commissions/campaign.html", context)
