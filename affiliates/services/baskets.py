"""Baskets: made, filled, emptied. Only the affiliate's own; nothing in them earns or costs."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Basket, BasketItem
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Product

BASKETS = 20  # of an affiliate
PRODUCTS = 100  # in a basket: as many links are made in one go


@transaction.atomic
def basket_make(*, actor: User, affiliate: Affiliate, name: str) -> Basket:
    """An empty basket. Raises Invalid for a name that is missing or there already, WrongState where
    there are BASKETS of them."""
    name = _named(name)
    _hold(affiliate)
    held = Basket.objects.filter(affiliate=affiliate)
    if held.filter(name=name).exists():
        raise Invalid(_("You have a basket of this name already."), field="name")
    if held.count() >= BASKETS:
        raise WrongState(
            gettext("You have %(count)d baskets, which is as many as there can be.")
            % {"count": BASKETS}
        )
    basket = Basket.objects.create(affiliate=affiliate, name=name)
    audit.record("basket.made", basket, actor=actor, name=name)
    return basket


@transaction.atomic
def basket_rename(*, actor: User, basket: Basket, name: str) -> None:
    """Raises Invalid for a name that is missing or another basket's."""
    name = _named(name)
    _hold(basket.affiliate)
    others = Basket.objects.filter(affiliate=basket.affiliate_id).exclude(pk=basket.pk)
    if others.filter(name=name).exists():
        raise Invalid(_("You have a basket of this name already."), field="name")
    Basket.objects.filter(pk=basket.pk).update(name=name, updated_at=clock.now())
    audit.record("basket.renamed", basket, actor=actor, before=basket.name, name=name)
    basket.name = name


@transaction.atomic
def basket_drop(*, actor: User, basket: Basket) -> None:
    """The basket is gone, and what was in it is only where it was before."""
    _hold(basket.affiliate)
    audit.record("basket.dropped", basket, actor=actor, name=basket.name)
    basket.delete()


@transaction.atomic
def basket_put(*, basket: Basket, products: Collection[Product]) -> int:
    """Put these in; one that is there stays where it is. How many are new.

    Raises WrongState, and puts none in, if there would be more than PRODUCTS or the basket is gone.
    """
    _hold(basket.affiliate)
    if not Basket.objects.filter(pk=basket.pk).exists():
        raise WrongState
    inside = set(basket.items.values_list("product", flat=True))
    fresh = [one for one in {one.pk: one for one in products}.values() if one.pk not in inside]
    if len(inside) + len(fresh) > PRODUCTS:
        free = PRODUCTS - len(inside)
        said = ngettext(
            "“%(basket)s” has room for %(free)d more product; there can be %(most)d in it.",
            "“%(basket)s” has room for %(free)d more products; there can be %(most)d in it.",
            free,
        )
        raise WrongState(said % {"basket": basket.name, "free": free, "most": PRODUCTS})
    BasketItem.objects.bulk_create(BasketItem(basket=basket, product=one) for one in fresh)
    Basket.objects.filter(pk=basket.pk).update(updated_at=clock.now())  # used last: offered first
    return len(fresh)


@transaction.atomic
def basket_take(*, basket: Basket, product: Product) -> bool:
    """Take it out; whether it was there."""
    gone, _each = basket.items.filter(product=product).delete()
    return bool(gone)


def _hold(affiliate: Affiliate) -> None:
    """Two who add at the same time come one after the other, so that limits hold."""
    Affiliate.objects.select_for_update(no_key=True).only("pk").get(pk=affiliate.pk)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(_("Please give a name."), field="name")
    if len(name) > 60 or "\x00" in name:
        raise Invalid(_("This text is too long or not readable."), field="name")
    return name
