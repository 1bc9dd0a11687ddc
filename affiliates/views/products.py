"""Picking a product and turning it into a link."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import LinkForm, PickingForm
from affiliates.models import Link
from affiliates.promised import promised
from affiliates.services.standing import why_not
from alliance.kernel import clock
from alliance.kernel.http import key_in, page_or_part
from merchants import plans
from merchants.models import Plan

PER_PAGE = 24
HISTORY = 20  # announcements shown beside a product


@require_GET
@affiliate_required
def products(request: AffiliateRequest) -> HttpResponse:
    form = PickingForm(request.GET)
    places = {name: queries.Place.read(request.GET.get(name, "")) for name in ("after", "before")}
    found = queries.products_offered(form.wish, size=PER_PAGE, **places)
    context = {
        "form": form,
        "found": found,
        "offers": queries.offers_of(found.products, affiliate=request.affiliate),
        "window_days": queries.policy_now().window_days,
        "first_steps": not queries.links_for(request.user).exists(),
    }
    return page_or_part(request, "affiliates/products.html", context, part="grid")


@require_http_methods(["GET", "POST"])
@affiliate_required
def product(request: AffiliateRequest, pk: int) -> HttpResponse:
    """GET shows the product and the link builder; POST gives the link. Asking twice is harmless."""
    product = get_object_or_404(queries.products_known(), pk=pk)
    form = LinkForm(
        request.POST or None,
        user=request.user,
        initial={"zone": queries.zone_used_last(request.user)},
    )
    (offer,) = queries.offers_of([product], affiliate=request.affiliate)
    plan = _event_plan(request)
    at = max(clock.now(), plan.starts_at) if plan else clock.now()
    affiliate = request.affiliate.pk
    found = promised([product], affiliate, at, plan_id=plan.pk if plan else None)[product.pk]
    plain = promised([product], affiliate, at)[product.pk] if plan else found
    share_bps = queries.share_of(request.affiliate)
    context = {
        "offer": offer,
        "form": form,
        "plan": plan,
        "why_not": why_not(product),
        "reserved": plans.reserved(found),
        "found": found,
        "plain": plain,
        "reasons": plans.explain(found.why),
        "commission": offer.price.share(found.rate_bps),
        "earning": offer.price.share(found.rate_bps).share(share_bps),
        "share_bps": share_bps,
        "extra": queries.extra_of(product, found.plan_id),
        "history": queries.rate_history(request.affiliate, product)[:HISTORY],
    }
    if request.method == "POST" and form.is_valid():
        link = services.link_create(
            actor=request.user,
            affiliate=request.affiliate,
            zone=form.cleaned_data["zone"],
            product=product,
            subs=form.subs(),
            plan=plan,
            dx=form.cleaned_data["dx"] and plan is None,
        )
        context |= {"link": link, "words": _words(offer, link)}
    answer = page_or_part(request, "affiliates/product.html", context, part="builder")
    if "link" in context:
        answer["HX-Trigger"] = "link-made"  # its coupon page is shown beside it
    return answer


def _event_plan(request: AffiliateRequest) -> Plan | None:
    """The event's plan that the link shall be made for (?plan=)."""
    number = request.GET.get("plan", "")
    return get_object_or_404(queries.event_plans(), pk=key_in(number)) if number else None


def _words(offer: queries.Offer, link: Link) -> str:
    """Text to share. It says that it is an advertisement: the law in most places wants that."""
    facts = {
        "title": offer.product.name,
        "price": offer.price.localized(),
        "code": offer.coupon.code if offer.coupon else "",
        "address": services.link_address(link),
    }
    if offer.coupon:
        return gettext("[Ad] %(title)s\n%(price)s with coupon %(code)s\n%(address)s") % facts
    return gettext("[Ad] %(title)s\n%(price)s\n%(address)s") % facts
