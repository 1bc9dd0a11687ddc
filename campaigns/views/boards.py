"""Boards of products: rising, highest commission, lower than ever, of a campaign."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.queries import basketed
from campaigns import boards as ranked
from campaigns.models import BoardKind

ABOUT = {
    BoardKind.RISING: _(
        "What sells or is clicked more in the last seven whole days than in the seven before; from "
        "3 pieces or 30 clicks on, five products of a shop at most."
    ),
    BoardKind.HIGHEST: _(
        "The most commission in money on one piece, of what sells: from 10 pieces in 30 days on, "
        "five products of a shop at most."
    ),
    BoardKind.LOWEST: _(
        "Cheaper than at any moment of the last 90 days, and not only because it was dearer for a "
        "day. Coupons come on top."
    ),
    BoardKind.CAMPAIGN: _("Products that count in the campaign, the best sold first."),
}


@require_GET
@affiliate_required
def boards(request: AffiliateRequest) -> HttpResponse:
    """One board, by its kind (?by=) or campaign (?campaign=); rising ones unless asked."""
    affiliate = request.affiliate
    campaigns = ranked.campaigns_of(affiliate)
    asked = request.GET.get("campaign", "")
    campaign = next((one for one in campaigns if str(one.pk) == asked), None)
    by = request.GET.get("by", "")
    kind = BoardKind(by) if by in (BoardKind.HIGHEST, BoardKind.LOWEST) else BoardKind.RISING
    if campaign:
        kind = BoardKind.CAMPAIGN
    board = ranked.shown(affiliate, kind, campaign.pk if campaign else None)
    shown = [one.offer.product.pk for one in board.ranked]
    context = {
        "kind": kind,
        "about": ABOUT[kind],
        "campaign": campaign,
        "campaigns": campaigns,
        "board": board,
        "basketed": basketed(affiliate, shown),
        "may_choose": request.membership.may_change,
    }
    return render(request, "campaigns/boards.html", context)
