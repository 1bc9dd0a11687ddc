"""Many links at once: the same links as one by one, in a constant number of statements."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import Link
from affiliates.pasted import ALPHABET
from affiliates.services import link_pause, links_create, site_reject, zone_create
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent
from merchants.models import Merchant, MerchantState, Product, ProductState

pytestmark = pytest.mark.django_db


def build(affiliate, *ways):
    return links_create(actor=affiliate.owner, affiliate=affiliate, ways=ways)


def test_each_pair_has_its_link_in_the_order_asked(affiliate, make_product):
    first, second = make_product(), make_product()
    zone = zone_create(actor=affiliate.owner, site=affiliate.zone.site, name="Second")
    made = build(affiliate, (zone, second), (affiliate.zone, first), (zone, second))

    assert [(link.zone, link.product, link.url) for link in made] == [
        (zone, second, second.url),
        (affiliate.zone, first, first.url),
        (zone, second, second.url),
    ]
    assert made[0].pk == made[2].pk
    assert all(re.fullmatch(rf"[{ALPHABET}]{{10}}", link.code) for link in made)
    assert {(link.affiliate, link.shop) for link in made} == {(affiliate, first.shop)}
    event = AuditEvent.objects.get(verb="links.created")
    assert (event.object_id, event.data) == (str(affiliate.pk), {"count": 2})


def test_a_link_that_is_there_is_found_and_resumed(affiliate, product, make_product, make_link):
    plain = make_link(affiliate, product)
    make_link(affiliate, product, subs={"sub1": "a"})
    link_pause(actor=affiliate.owner, link=plain)
    found, fresh = build(affiliate, (affiliate.zone, product), (affiliate.zone, make_product()))

    assert found == plain
    assert found.paused_at is None
    assert fresh not in (plain, found)
    assert build(affiliate, (affiliate.zone, product)) == [plain]
    assert Link.objects.count() == 3


def test_the_number_of_statements_does_not_grow(affiliate, make_product):
    products = [make_product() for _i in range(30)]
    assert affiliate.zone.site  # as callers fetch it
    counts = []
    for part in (products[:1], products[1:]):
        with CaptureQueriesContext(connection) as queries:
            build(affiliate, *((affiliate.zone, product) for product in part))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def product_set(product, **fields):
    Product.objects.filter(pk=product.pk).update(**fields)


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (lambda a, p: product_set(p, state=ProductState.WITHDRAWN), WrongState),
        (lambda a, p: product_set(p, url="https://else.example/"), Invalid),
        (lambda a, p: Merchant.objects.update(state=MerchantState.FROZEN), WrongState),
        (lambda a, p: site_reject(actor=a.owner, site=a.zone.site, reason="spam"), WrongState),
        (lambda a, p: setattr(a, "state", "frozen"), WrongState),
    ],
    ids=["withdrawn", "outside", "merchant", "site", "affiliate"],
)  # fmt: skip
def test_one_pair_that_is_refused_refuses_them_all(affiliate, make_product, harm, error):
    good, bad = make_product(), make_product()
    harm(affiliate, bad)
    bad = Product.objects.select_related("shop__merchant").get(pk=bad.pk)
    with pytest.raises(error):
        build(affiliate, (affiliate.zone, good), (affiliate.zone, bad))
    assert not Link.objects.exists()


def test_somebody_elses_zone_is_refused(affiliate, make_affiliate, product):
    with pytest.raises(Invalid):
        build(affiliate, (make_affiliate().zone, product))
