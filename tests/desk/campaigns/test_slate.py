"""The slate at the desk: by filter, by file, by score."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, StaffRole
from campaigns.models import Campaign, SlateItem
from merchants.models import Product
from tests.cast import staff_make
from tests.desk.campaigns.world import DESK, client_of, make

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_filter_is_shown_before_its_products_join(cast, ops, teas):
    made = make(ops)
    page = ops.get(f"{DESK}{made.pk}/slate/?preview=1&brand=Longjing&least_price_minor=20")
    assert (page.context["found"]["count"], page.context["found"]["fresh"]) == (2, 2)
    assert not made.slate.exists()

    said = {"deed": "add", "brand": "Longjing", "least_price_minor": "20"}
    ops.post(f"{DESK}{made.pk}/slate/", said)
    assert set(made.slate.values_list("product__external_id", flat=True)) == {"T2", "T3"}
    event = AuditEvent.objects.get(verb="campaign.slate_added")
    assert event.data == {"count": 2, "how": "brand=Longjing, least_price_minor=20"}


def test_a_file_adds_what_it_names_and_says_what_it_does_not(cast, ops, teas):
    made = make(ops)
    file = SimpleUploadedFile("teas.csv", b"shop product id\nT1\nT9\nT3\n")
    page = ops.post(f"{DESK}{made.pk}/slate/", {"deed": "file", "file": file})

    assert set(made.slate.values_list("product__external_id", flat=True)) == {"T1", "T3"}
    assert page.context["file"].faults == [(3, "T9", "No product has this number.")]
    assert "T9" in page.content.decode()


def test_a_file_that_is_none_is_refused_at_its_field(cast, ops):
    made = make(ops)
    file = SimpleUploadedFile("x.csv", b"a,b\n1,2\n")
    page = ops.post(f"{DESK}{made.pk}/slate/", {"deed": "file", "file": file})

    assert "product id" in page.context["file_form"].errors["file"][0]
    assert not SlateItem.objects.exists()


def test_who_may_only_look_changes_no_slate(cast, ops, teas):
    made = make(ops)
    risk = client_of(staff_make(StaffRole.RISK))
    assert risk.get(f"{DESK}{made.pk}/slate/").status_code == 200
    answer = risk.post(f"{DESK}{made.pk}/slate/", {"deed": "add"})

    assert answer.status_code == 409
    assert not SlateItem.objects.exists()


def test_the_slate_asks_as_often_for_fifty_products_as_for_one(cast, ops, teas):
    made = make(ops)
    client, url = ops, f"{DESK}{made.pk}/slate/?preview=1&brand=Longjing"
    SlateItem.objects.create(campaign=made, product=cast.product)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    client.get(url)
    few = count()
    for i in range(50):
        product = Product.objects.create(
            shop=cast.shop, external_id=f"N{i}", title="x", price_minor=1, currency="CNY"
        )
        SlateItem.objects.create(campaign=made, product=product)
    assert count() <= few < 20


def test_the_score_picks_the_best_proposals_and_says_what_became_of_the_others(cast, ops, teas):
    made = Campaign.objects.get(pk=make(ops, "super_u").pk)
    made.rules = {"per_category": 2}
    made.save(update_fields=["rules"])
    for tea in teas:
        SlateItem.objects.create(
            campaign=made, product=tea, state="proposed", rate_bps=3_000, agreed_at=clock.now()
        )
    url = f"{DESK}{made.pk}/slate/"
    assert "Pick the best by score" in ops.get(url).content.decode()

    page = ops.post(url, {"deed": "pick"}, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "2 products joined.",
        "1 proposal waits: the places of its category are taken.",
    ]
    assert made.slate.filter(state="approved").count() == 2
    plain = make(ops)
    SlateItem.objects.create(campaign=plain, product=teas[0], state="proposed")
    assert "Pick the best" not in ops.get(f"{DESK}{plain.pk}/slate/").content.decode()
    assert ops.post(f"{DESK}{plain.pk}/slate/", {"deed": "pick"}).status_code == 400
