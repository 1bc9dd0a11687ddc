"""The affiliate's API keys."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from affiliates import queries
from affiliates.access import SCOPES, AffiliateRequest, affiliate_required
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue, api_key_revoke
from alliance.kernel.key_forms import KeyForm


def _page(request: AffiliateRequest, **more: Any) -> HttpResponse:
    context = {
        "keys": queries.api_keys_for(request.user),
        "key_form": KeyForm(scopes=SCOPES, sandbox=True),
        "now": clock.now(),
        **more,
    }
    return render(request, "affiliates/keys.html", context)


@require_safe
@affiliate_required
def keys(request: AffiliateRequest) -> HttpResponse:
    """The keys that work, and the form for another one."""
    return _page(request)


@never_cache
@require_POST
@affiliate_required(owner=True)
def key_new(request: AffiliateRequest) -> HttpResponse:
    """A key, shown this once."""
    form = KeyForm(request.POST, scopes=SCOPES, sandbox=True)
    if not form.is_valid():
        return _page(request, key_form=form)
    key, token = api_key_issue(
        actor=request.user, organisation=f"affiliate:{request.affiliate.pk}", **form.values()
    )
    return _page(request, fresh_key=key, token=token)


@require_POST
@affiliate_required(owner=True)
def key_out(request: AffiliateRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(queries.api_keys_for(request.user), pk=pk)
    api_key_revoke(actor=request.user, key=key)
    messages.success(request, gettext("The key does not work any more."))
    return redirect("affiliates:keys")
