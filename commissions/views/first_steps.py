"""A merchant's first steps: how far it is, and putting them away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.kernel.errors import WrongState
from alliance.kernel.http import page_or_part
from commissions.first_steps import first_steps_of
from merchants.access import MerchantRequest, merchant_required
from merchants.services.merchants import first_steps_hide


@require_GET
@merchant_required
def first_steps(request: MerchantRequest) -> HttpResponse:
    """All of them; while something is lacking the page looks again by itself."""
    context = {"steps": first_steps_of(request.merchant), "watched": True}
    return page_or_part(request, "commissions/first_steps.html", context, part="steps")


@require_POST
@merchant_required
def hide(request: MerchantRequest) -> HttpResponse:
    """Off the home page. WrongState while something is lacking that is needed."""
    if not first_steps_of(request.merchant).ready:
        raise WrongState(_("Something is still lacking before affiliates can sell for you."))
    first_steps_hide(merchant=request.merchant, actor=request.user)
    messages.success(request, _("Put away. Under “Settings” you find your first steps again."))
    return redirect("commissions:merchant_home")
