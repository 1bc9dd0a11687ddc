"""The affiliate's media and the ad zones on them."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import SiteForm, ZoneForm
from affiliates.limits import limits_of
from alliance.kernel import clock


@require_http_methods(["GET", "POST"])
@affiliate_required
def sites(request: AffiliateRequest) -> HttpResponse:
    """The sites with their zones; POST files another site."""
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.site_file(actor=request.user, affiliate=request.affiliate, **form.cleaned_data)
        messages.success(
            request, gettext("Your site is filed. Create an ad zone on it to build links.")
        )
        return redirect("affiliates:sites")
    today = clock.business_day()
    came = queries.clicks_by_zone(request.affiliate, today - timedelta(days=29), today)
    sites = queries.sites_for(request.user)
    context = {
        "form": form,
        "zone_form": ZoneForm(),
        "sites": [
            (site, [(zone, came.get(zone.pk, queries.Clicks())) for zone in site.zones.all()])
            for site in sites
        ],
        "limits": limits_of(request.affiliate),
    }
    return render(request, "affiliates/sites.html", context)


@require_POST
@affiliate_required
def zone_add(request: AffiliateRequest, pk: int) -> HttpResponse:
    site = get_object_or_404(queries.sites_for(request.user), pk=pk)
    zone = services.zone_create(actor=request.user, site=site, name=request.POST.get("name", ""))
    messages.success(
        request, gettext("The ad zone is there. Its PID is %(pid)s.") % {"pid": zone.pid}
    )
    return redirect("affiliates:sites")
