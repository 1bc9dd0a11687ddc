"""Tasks worth an affiliate's time."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.models import AffiliateState
from affiliates.queries import zone_usual
from aiassist.tasks_ahead import tasks_ahead


@require_GET
@affiliate_required
def tasks(request: AffiliateRequest) -> HttpResponse:
    """Each task with its odds, what it is worth, and products that count."""
    ahead = tasks_ahead(request.affiliate)
    active = request.affiliate.state == AffiliateState.ACTIVE
    context = {
        "ahead": ahead,
        "made_at": min((one.told.odds.made_at for one in ahead if one.told), default=None),
        "zone": zone_usual(request.user),
        "may_change": request.membership.may_change and active,
    }
    return render(request, "aiassist/tasks.html", context)
