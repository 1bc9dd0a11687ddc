"""Picking a product. Its link is made where all links are (campaigns.views.convert)."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import LinkForm, PickingForm
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
    shown = [product.pk for product in found.products]
    context = {
        "form": form,
        "found": found,
        "offers": queries.offers_of(found.products, affiliate=request.affiliate),
        "window_days": queries.policy_now().window_days,
        "first_steps": not queries.links_of(request.user).exists(),
        "basketed": queries.basketed(request.affiliate, shown),
        "may_choose": request.membership.may_change,
    }
    return page_or_part(request, "affiliates/products.html", context, part="grid")


@require_GET
@affiliate_required
def product(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The product, what it earns and why, and the form that makes its link."""
    product = get_object_or_404(queries.products_known(), pk=pk)
    (offer,) = queries.offers_of([product], affiliate=request.affiliate)
    plan = _event_plan(request)
    at = max(clock.now(), plan.starts_at) if plan else clock.now()
    affiliate = request.affiliate.pk
    found = promised([product], affiliate, at, plan_id=plan.pk if plan else None)[product.pk]
    plain = promised([product], affiliate, at)[product.pk] if plan else found
    share_bps = queries.share_of(request.affiliate)
    context = {
        "offer": offer,
        "form": LinkForm(user=request.user, initial={"zone": queries.zone_usual(request.user)}),
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
        "baskets": queries.baskets_for(request.user).filter(affiliate=request.affiliate),
        "held": queries.basketed(request.affiliate, [product.pk]).get(product.pk),
        "history": queries.rate_history(request.affiliate, product)[:HISTORY],
    }
    return render(request, "affiliates/product.html", context)


def _event_plan(request: AffiliateRequest) -> Plan | None:
    """The event's plan that the link shall be made for (?plan=)."""
    number = request.GET.get("plan", "")
    return get_object_or_404(queries.event_plans(), pk=key_in(number)) if number else None
