"""One box for links: paste anything, take what is ready to share (docs/links.md)."""

import hashlib

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from affiliates import pasted, queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import ConvertForm
from alliance.kernel import tries
from alliance.kernel.errors import DomainError
from alliance.kernel.http import key_in, page_or_part
from campaigns import sharing, tasks
from campaigns.coupon_pages import qr_of
from campaigns.posters import DRAWING, draw

PICTURES_IN_TEN_MINUTES = 300


class TooManyPictures(DomainError):
    """Each poster is a tenth of a second's drawing."""

    code = "too_many_pictures"
    status = 429
    message = _("Those were many pictures in a short time. Try again in a few minutes.")


@require_http_methods(["GET", "POST"])
@affiliate_required
def convert(request: AffiliateRequest) -> HttpResponse:
    """GET shows the box, and under it one of the affiliate's links (?link=); POST makes the links,
    or says why not. Asking twice is harmless."""
    form = ConvertForm(
        request.POST or None,
        user=request.user,
        initial={
            "zone": queries.zone_usual(request.user),
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
            event=form.event,
            dx=form.general,
        )
        for one in made:
            tasks.picture_ask(one.product if one.link else None)
        cards = sharing.cards_of(made, request.affiliate)
    elif request.method == "GET" and (number := request.GET.get("link")):
        link = get_object_or_404(queries.links_for(request.user), pk=key_in(number))
        cards = sharing.cards_of([services.link_shown(link)], request.affiliate)
    context = {"form": form, "cards": cards}
    answer = page_or_part(request, "campaigns/convert.html", context, part="results")
    if request.method == "POST" and cards:
        answer["HX-Trigger"] = "link-made"  # the coupon page beside it is shown
    return answer


@require_GET
@affiliate_required
def qr(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The link as a QR code: of its coupon page while there is one, as on the card."""
    address = _share(request, pk).address
    if same := _same(request, address):
        return same
    _count(request)
    return _tagged(HttpResponse(qr_of(address), content_type="image/svg+xml"), address)


@require_GET
@affiliate_required
def poster(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The link's poster as it is now. One that the browser has already is not drawn again."""
    share = _share(request, pk)
    tasks.picture_ask(share.link.product)
    said, picture = sharing.poster_of(share), share.picture
    facts = f"{DRAWING} {said!r} {hashlib.sha256(picture).hexdigest()}"
    if same := _same(request, facts):
        return same
    _count(request)
    return _tagged(HttpResponse(draw(said, picture), content_type="image/png"), facts)


@require_GET
@affiliate_required
def pictures(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The part of a card with QR code and poster, for who waits for the product's picture."""
    return render(request, "campaigns/pictures.html", {"share": _share(request, pk)})


def _share(request: AffiliateRequest, pk: int) -> sharing.Share:
    """Of the affiliate's own link; a stranger's is not there."""
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    (share,) = sharing.shares_of([link])
    return share


def _count(request: AffiliateRequest) -> None:
    """A team's pictures together: a team may have as many members as it likes."""
    if tries.count(f"pictures:{request.affiliate.pk}", 600) > PICTURES_IN_TEN_MINUTES:
        raise TooManyPictures


def _tag(facts: str) -> str:
    return f'"{hashlib.sha256(facts.encode()).hexdigest()[:32]}"'


def _same(request: AffiliateRequest, facts: str) -> HttpResponse | None:
    """304 where the browser has what these facts look like."""
    answer = get_conditional_response(request, etag=_tag(facts))
    return answer or None


def _tagged(response: HttpResponse, facts: str) -> HttpResponse:
    response["ETag"] = _tag(facts)
    response["Cache-Control"] = "private, no-cache"
    return response
