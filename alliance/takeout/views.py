"""The page where an owner takes away what is kept of the affiliate or the merchant."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.takeout import queries, services, tasks
from alliance.takeout.models import Takeout
from merchants.access import MerchantRequest, merchant_required

VERIFIER = settings.BASE_DIR / "docs" / "verify_takeout.py"
SHOWN = 10


@require_http_methods(["GET", "POST"])
@affiliate_required(owner=True, change=True)
@reauthentication_required
def affiliate(request: AffiliateRequest) -> HttpResponse:
    return _page(request, "affiliate", request.affiliate.pk)


@require_http_methods(["GET", "POST"])
@merchant_required(owner=True, change=True)
@reauthentication_required
def merchant(request: MerchantRequest) -> HttpResponse:
    return _page(request, "merchant", request.merchant.pk)


@never_cache
@require_GET
@affiliate_required(owner=True, change=True)
def affiliate_file(request: AffiliateRequest, pk: int) -> HttpResponse:
    theirs = queries.takeouts_for(f"affiliate:{request.affiliate.pk}")
    return _file(request, get_object_or_404(theirs, pk=pk))


@never_cache
@require_GET
@merchant_required(owner=True, change=True)
def merchant_file(request: MerchantRequest, pk: int) -> HttpResponse:
    theirs = queries.takeouts_for(f"merchant:{request.merchant.pk}")
    return _file(request, get_object_or_404(theirs, pk=pk))


@require_GET
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks an archive, for everybody."""
    program = VERIFIER.read_bytes()
    return HttpResponse(program, content_type="text/x-python; charset=utf-8")


def _page(request: AffiliateRequest | MerchantRequest, side: str, key: int) -> HttpResponse:
    organisation = f"{side}:{key}"
    if request.method == "POST":
        takeout = services.takeout_ask(actor=request.user, organisation=organisation)
        tasks.takeout_make.delay_on_commit(takeout.pk)  # type: ignore[attr-defined]
        messages.success(request, _("It is being written. You are told when it is ready."))
        return redirect(f"takeout:{side}")
    rows = list(queries.takeouts_for(organisation)[:SHOWN])
    going = next((row for row in rows if queries.progress_of(row)), None)
    context = {
        "rows": rows,
        "work": queries.progress_of(going) if going else None,
        "side": side,
        "room": f"{side}s/room.html",
        "here": f"takeout:{side}",
        "back": "merchants:settings" if side == "merchant" else "affiliates:keys",
        "file": f"takeout:{side}_file",
    }
    return render(request, "takeout/page.html", context)


@reauthentication_required
def _file(request: AffiliateRequest | MerchantRequest, takeout: Takeout) -> HttpResponse:
    path = services.takeout_downloaded(actor=request.user, takeout=takeout)
    name = f"{takeout.organisation.replace(':', '-')}-{takeout.updated_at:%Y-%m-%d}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)  # type: ignore[return-value] # as csv_response does
