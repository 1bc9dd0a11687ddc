"""The shop's own coupons on the merchant's page."""

from datetime import timedelta

from alliance.kernel import clock
from merchants.models import Coupon
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import url


def test_a_coupon_is_made_for_a_product_by_its_id(room, shop, product):
    form = {
        "shop": shop.pk, "code": "TEA5", "face": "5", "threshold": "50", "product_id": "LJ-1",
        "starts_on": "2026-06-01", "ends_on": "2026-06-30",
    }  # fmt: skip
    assert room.post(url("coupons"), form).status_code == 302
    made = Coupon.objects.get()
    assert (made.product, made.face_minor, made.threshold_minor) == (product, 500, 5000)
    assert (made.starts_at, made.ends_at) == (NOON, clock.day_start(NOON.date()) + timedelta(30))

    answer = room.post(url("coupons"), form)
    assert answer.context["form"].errors["code"]
    answer = room.post(url("coupons"), {**form, "code": "B", "product_id": "nope"})
    assert answer.context["form"].errors["product_id"]
    assert Coupon.objects.count() == 1
