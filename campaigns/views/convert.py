"""One box for links: paste anything, take what is ready to share (docs/links.md)."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from affiliates import pasted, queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import ConvertForm
from alliance.kernel.http import page_or_part
from campaigns import sharing
from campaigns.coupon_pages import qr_of


@require_http_methods(["GET", "POST"])
@affiliate_required
def convert(request: AffiliateRequest) -> HttpResponse:
    """GET shows the box; POST makes the links, or says why not. Asking twice is harmless."""
    form = ConvertForm(
        request.POST or None,
        user=request.user,
        initial={
            "zone": queries.zone_used_last(request.user),
            "text": request.GET.get("text", "")[: pasted.LONGEST],
        },
    )
    cards = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        things = pasted.things_in(said["text"], settings.PUBLIC_URL)
        made = services.links_convert(
            actor=request.user,
            affiliate=request.affiliate,
            zone=said["zone"],
            sights=queries.targets_of(things, request.affiliate),
            subs=form.subs(),
            plan=said["plan"],
            dx=said["dx"] and said["plan"] is None,
        )
        cards = sharing.cards_of(made, request.affiliate)
    context = {"form": form, "cards": cards}
    answer = page_or_part(request, "campaigns/convert.html", context, part="results")
    if cards:
        answer["HX-Trigger"] = "link-made"  # the coupon page beside it is shown
    return answer


@require_GET
@affiliate_required
def qr(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The link as a QR code: of its coupon page while there is one, as on the card."""
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    (share,) = sharing.shares_of([link])
    return HttpResponse(qr_of(share.address), content_type="image/svg+xml")
