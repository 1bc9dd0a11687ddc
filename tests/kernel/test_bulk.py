"""Many rows in one statement: what is written is what would have been saved one by one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from affiliates.models import Attribution, AttributionRule
from alliance.kernel import clock
from alliance.kernel.bulk import insert_many
from merchants.models import Category, Merchant, OrderLine, Shop
from tests.cast import cast_make

pytestmark = pytest.mark.django_db

NASTY = 'tab\t line\n back\\slash \\N "quoted" \r 手机 \\. é'


def test_every_sign_and_every_null_comes_back_as_it_was():
    rows = insert_many(
        [
            Category(slug="one", name_zh=NASTY, name_en="", name_de="\\N"),
            Category(slug="two", name_zh="\\", name_en="\\.", name_de="0"),
        ]
    )
    assert all(row.pk and not row._state.adding for row in rows)
    assert [
        (row.slug, row.name_zh, row.name_en, row.name_de) for row in Category.objects.order_by("pk")
    ] == [("one", NASTY, "", "\\N"), ("two", "\\", "\\.", "0")]
    rows[0].name_en = "changed"
    rows[0].save()  # an UPDATE: it has its key
    assert Category.objects.count() == 2


def test_json_moments_and_references():
    with clock.at(clock.now() - timedelta(days=1)):  # the plan stands before the click
        cast = cast_make()
    cast.sold("A1")
    line = OrderLine.objects.get(order__external_id="A1")
    (decided,) = Attribution.objects.filter(line=line)
    copy = OrderLine(
        order=line.order, product=line.product, external_id="again", title=NASTY, quantity=2,
        currency="CNY", amount_minor=10**15, total_minor=10**15,
    )  # fmt: skip
    insert_many([copy])
    again = Attribution(
        line=copy,
        rule=AttributionRule.NONE,
        decided_at=decided.decided_at,
        receipt={"words": NASTY},
    )
    insert_many([again])
    kept = Attribution.objects.select_related("line").get(pk=again.pk)
    assert kept.receipt == {"words": NASTY}
    assert kept.decided_at == decided.decided_at
    assert (kept.line.title, kept.line.amount_minor, kept.affiliate_id) == (NASTY, 10**15, None)


def test_all_or_nothing():
    Category.objects.create(slug="taken", name_zh="a", name_en="a", name_de="a")
    fresh = [Category(slug=slug, name_zh="b", name_en="b", name_de="b") for slug in ("x", "taken")]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(fresh)
    assert Category.objects.count() == 1


def test_nothing_to_insert_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert insert_many([]) == []


def test_lists_come_back_as_they_were():
    merchant = Merchant.objects.create(name="M")
    domains = [NASTY, "{a,b}", 'c"d', "", "NULL"]
    (shop,) = insert_many([Shop(merchant=merchant, name="S", domains=domains)])
    assert Shop.objects.get(pk=shop.pk).domains == domains


def test_a_value_that_it_cannot_write_is_refused():
    with pytest.raises(TypeError, match="COPY"):
        insert_many([Category(slug="x", name_zh=1.5, name_en="", name_de="")])
