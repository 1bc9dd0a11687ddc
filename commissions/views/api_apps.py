"""The affiliate's tools: their keys and secrets, and who may act for the affiliate."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from commissions import queries
from commissions.forms import ApiAppForm
from commissions.models import ApiApp
from commissions.services.api_apps import (
    Tokens,
    api_app_make,
    api_app_revoke,
    api_app_rotate,
    api_app_secrets,
    api_session_close,
    api_session_open,
)


@never_cache
@require_http_methods(["GET", "POST"])
@affiliate_required
def apps(request: AffiliateRequest) -> HttpResponse:
    """The apps; POST makes one, and shows its secret this once."""
    form = ApiAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = {"actor": request.user, "affiliate": request.affiliate}
        if form.carried_out(api_app_make, **facts, **form.cleaned_data):
            return _page(request, ApiAppForm(), fresh=form.result)
    return _page(request, form)


@never_cache
@require_POST
@affiliate_required
def rotate(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Another secret, shown this once."""
    app = get_object_or_404(queries.api_apps_for(request.user), pk=pk)
    return _page(request, ApiAppForm(), fresh=api_app_rotate(actor=request.user, app=app))


@require_POST
@affiliate_required
def revoke(request: AffiliateRequest, pk: int) -> HttpResponse:
    app = get_object_or_404(queries.api_apps_for(request.user), pk=pk)
    api_app_revoke(actor=request.user, app=app)
    messages.success(
        request, _("%(name)s is revoked. It can do nothing more.") % {"name": app.name}
    )
    return redirect("commissions:api_apps")


@never_cache
@require_POST
@affiliate_required
def session_open(request: AffiliateRequest, pk: int) -> HttpResponse:
    """A session of the affiliate's own for one of its apps, for methods that want one. Its tokens
    are shown now and never again."""
    app = get_object_or_404(queries.api_apps_for(request.user), pk=pk)
    tokens = api_session_open(actor=request.user, app=app, affiliate=request.affiliate)
    return _page(request, ApiAppForm(), tokens)


@require_POST
@affiliate_required
def session_close(request: AffiliateRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(queries.api_sessions_for(request.user), pk=pk)
    api_session_close(actor=request.user, session=session)
    messages.success(request, _("%(name)s may no longer act for you.") % {"name": session.app.name})
    return redirect("commissions:api_apps")


def _page(
    request: AffiliateRequest,
    form: ApiAppForm,
    tokens: Tokens | None = None,
    fresh: ApiApp | None = None,
) -> HttpResponse:
    """`fresh`: an app that has a secret of this moment, which is shown now and never again."""
    context = {
        "form": form,
        "tokens": tokens,
        "fresh": fresh,
        "secret": api_app_secrets(fresh)[0] if fresh else "",
        "apps": queries.api_apps_for(request.user),
        "sessions": queries.api_sessions_for(request.user),
        "address": settings.PUBLIC_URL + reverse("gateway"),
    }
    return render(request, "commissions/api_apps.html", context)
