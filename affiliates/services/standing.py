"""Who and what may promote now; each refusal says why."""

from collections.abc import Callable, Collection, Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate, AffiliateState, Site, SiteState
from affiliates.promised import promised
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from merchants.models import EventState, MerchantState, Plan, Product, ProductState, Shop
from merchants.plans import Asker, Wanted, reserved, terms_at

_AFFILIATE = {
    AffiliateState.APPLIED: _("Your application is still being looked at."),
    AffiliateState.FROZEN: _("This affiliate is frozen, so nothing new can be promoted."),
    AffiliateState.CLOSED: _("This affiliate is closed."),
}
_MERCHANT = {
    MerchantState.APPLIED: _("This merchant has not been approved yet."),
    MerchantState.FROZEN: _("This merchant is frozen, so its products cannot be promoted now."),
    MerchantState.CLOSED: _("This merchant has left the alliance."),
}
_OUT_OF_MONEY = _(
    "This merchant's money for commissions has run out, so nothing new of it can be promoted until "
    "it tops up. Links that you have go on: their orders wait for the money."
)
_WITHDRAWN = _("The shop has withdrawn this product.")
_NOT_OF_EVENT = _("This is not a product of the event.")
_RESERVED = _("Only members of an exclusive plan can promote this product.")


def affiliate_must_be_active(affiliate: Affiliate) -> None:
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_AFFILIATE[AffiliateState(affiliate.state)], state=affiliate.state)


def site_must_stand(site: Site) -> None:
    if site.state == SiteState.REJECTED:
        raise WrongState(
            _("The site was rejected: %(reason)s") % {"reason": site.reason}, state=site.state
        )


def zone_must_not_be_frozen(zone: AdZone) -> None:
    if zone.frozen_until and zone.frozen:
        raise WrongState(
            gettext("This ad zone is frozen until %(day)s, so nothing new can be promoted on it.")
            % {"day": date_format(clock.business_day(zone.frozen_until), "DATE_FORMAT")}
        )


def links_must_be_open(affiliate: Affiliate) -> None:
    if affiliate.no_links_until and affiliate.no_links_until > clock.now():
        raise WrongState(
            gettext("Your violation points have reached the limit: no new links until %(day)s.")
            % {"day": date_format(clock.business_day(affiliate.no_links_until), "DATE_FORMAT")},
            state="no_links",
        )


def shop_must_sell(shop: Shop) -> None:
    state = shop.merchant.state
    if state != MerchantState.ACTIVE:
        raise WrongState(_MERCHANT[MerchantState(state)], state=state)
    if shop.merchant.funding_paused_at:
        raise WrongState(_OUT_OF_MONEY, state="funding_paused")


def product_must_be_on_sale(product: Product) -> None:
    if product.state != ProductState.ON_SALE:
        raise WrongState(_WITHDRAWN, state=product.state)


def products_must_be_open(affiliate: Affiliate, products: Collection[Product]) -> None:
    """None of them is reserved for the members of a plan that the affiliate is not in."""
    found = promised(products, affiliate.pk, clock.now())
    if any(reserved(one) for one in found.values()):
        raise WrongState(_RESERVED, state="reserved")


def event_must_take(plan: Plan, product: Product | None) -> None:
    """The plan is one of a published event that is not over, and pays for the product."""
    if plan.event is None or product is None:
        raise Invalid(_NOT_OF_EVENT, field="plan")
    if plan.event.state != EventState.PUBLISHED or plan.event.ends_at <= clock.now():
        raise WrongState(_("This event is over, or has not been published."))
    if not _taken({product: plan}):
        raise Invalid(_NOT_OF_EVENT, field="plan")


def _taken(plans: Mapping[Product, Plan]) -> set[int]:
    """The keys of those products that their plans pay for. Two statements or so."""
    now = clock.now()
    wanted = {
        product.pk: Wanted(
            plan.merchant_id,
            product.pk,
            product.category_id,
            max(now, plan.starts_at),
            Asker(plan_id=plan.pk),
        )
        for product, plan in plans.items()
        if product.shop.merchant_id == plan.merchant_id
    }
    found = terms_at(wanted.values())
    pays = {product.pk: plan.pk for product, plan in plans.items()}
    return {pk for pk, one in wanted.items() if found[one].plan_id == pays[pk]}


def refusals_of(
    affiliate: Affiliate,
    products: Collection[Product],
    plans: Mapping[int, Plan],
    must: Callable[[Product], None],
) -> dict[int, DomainError]:
    """By product why the affiliate gets no link to it: what it `must` be; reserved for others; not
    taken by its merchant's plan in an event (`plans`, by merchant). A few statements, however many.
    """
    found: dict[int, DomainError] = {}
    for product in products:
        try:
            must(product)
        except DomainError as refusal:
            found[product.pk] = refusal
    left = [product for product in products if product.pk not in found]
    for pk, one in promised(left, affiliate.pk, clock.now()).items():
        if reserved(one):
            found[pk] = WrongState(_RESERVED, state="reserved")
    asked = {
        product: plans[product.shop.merchant_id]
        for product in left
        if product.pk not in found and product.shop.merchant_id in plans
    }
    taken = _taken(asked) if asked else set()
    refused = {p.pk: Invalid(_NOT_OF_EVENT, field="plan") for p in asked if p.pk not in taken}
    return found | refused


def why_not(product: Product) -> str:
    """Why nobody can promote the product now; "" if they can."""
    merchant = MerchantState(product.shop.merchant.state)
    if merchant != MerchantState.ACTIVE:
        return str(_MERCHANT[merchant])
    if product.shop.merchant.funding_paused_at:
        return str(_OUT_OF_MONEY)
    return "" if product.state == ProductState.ON_SALE else str(_WITHDRAWN)
