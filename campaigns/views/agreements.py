"""What a merchant is asked to pay beside its commission: offers to agree to, and what runs."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from affiliates.services import intermediation_agree, intermediation_end
from campaigns import queries
from campaigns.services.subsidies import subsidy_agree, subsidy_end
from merchants.access import MerchantRequest, merchant_required


@require_GET
@merchant_required
def agreements(request: MerchantRequest) -> HttpResponse:
    context = {
        "intermediations": queries.intermediations_for(request.user),
        "subsidies": queries.subsidies_for(request.user),
    }
    return render(request, "campaigns/agreements.html", context)


@require_POST
@merchant_required
def intermediation(request: MerchantRequest, pk: int, deed: str) -> HttpResponse:
    """Agree to an intermediary's service fee, decline it, or end it."""
    row = get_object_or_404(queries.intermediations_for(request.user), pk=pk)
    if deed == "agree":
        intermediation_agree(actor=request.user, intermediation=row)
        messages.success(request, _("Agreed. Orders of clicks from now on owe the service fee."))
    else:
        intermediation_end(actor=request.user, intermediation=row)
        messages.success(request, _("Ended. Clicks from now on owe no service fee."))
    return redirect("campaigns:agreements")


@require_POST
@merchant_required
def subsidy(request: MerchantRequest, pk: int, deed: str) -> HttpResponse:
    """Agree to fund a part of a subsidy, or end it."""
    row = get_object_or_404(queries.subsidies_for(request.user), pk=pk, merchant_bps__gt=0)
    if deed == "agree":
        subsidy_agree(actor=request.user, subsidy=row)
        messages.success(request, _("Agreed. Orders placed from now on have the subsidy."))
    else:
        subsidy_end(actor=request.user, subsidy=row)
        messages.success(request, _("Ended. Orders placed from now on have no such subsidy."))
    return redirect("campaigns:agreements")
