"""A product file: Google's names, our categories and rates, each bad row by name."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from merchants.feeds import FEEDS, run_feed
from merchants.models import Product, Terms
from merchants.services.imports import import_begin
from tests.merchants.conftest import NOON

HEAD = "id,title,link,price,availability,category,product_type,commission_rate"


@pytest.fixture(autouse=True)
def media(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path


def bring(shop, *rows, head=HEAD, actor=None):
    content = "\n".join([head, *rows]).encode()
    run = import_begin(
        shop=shop, kind="products", filename="p.csv", file=io.BytesIO(content), actor=actor
    )
    return run_feed(FEEDS["products"], run=run)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("P1,龙井,https://tea.example/1,free", "bad_price"),
        ("P1,龙井,https://tea.example/1,-1.00", "bad_price"),
        ("P1,龙井,https://tea.example/1,1e9", "bad_price"),
        ("P1,龙井,https://tea.example/1,12.00 EUR", "other_currency"),
        ("P1,,https://tea.example/1,12.00", "missing"),
        (",龙井,https://tea.example/1,12.00", "missing"),
        ("P1,龙井,https://evil.example/1,12.00", "invalid"),
        ("P1,龙井,https://tea.example/1,12.00,sometimes", "bad_availability"),
        ("P1,龙井,https://tea.example/1,12.00,,spaceships", "no_category"),
        ("P1,龙井,https://tea.example/1,12.00,,,,95", "bad_rate"),
        ("P1,龙井,https://tea.example/1,12.00,,,,NaN", "bad_rate"),
        ("P1,龙井,https://tea.example/1,12.00,,,,1e999999999", "bad_rate"),
        ("P1,龙井,https://tea.example/1,12.00,,,,12,34", "too_many_cells"),
        ("OK,龙井,https://tea.example/1,12.00", "id_again"),
    ],
)
def test_a_bad_row_has_its_reason(shop, plan, row, code):
    run = bring(shop, "OK,龙井,https://tea.example/ok,1.00 CNY", row)

    assert list(run.issues.values_list("line_no", "code")) == [(3, code)]
    assert Product.objects.get().external_id == "OK"


def test_reasons_are_in_the_language_of_who_uploaded_and_name_the_categories(
    shop, plan, category, owner
):
    owner.language = "de"
    owner.save()
    run = bring(shop, "P1,龙井,https://tea.example/1,12.00,,spaceships", actor=owner)

    assert [issue.reason for issue in run.issues.all()] == [
        f"Eine Kategorie „spaceships“ gibt es nicht. Nehmen Sie eine von diesen: {category.slug}"
    ]


def test_prices_categories_availability_and_rates(shop, plan, category, product):
    run = bring(
        shop,
        'P1,龙井,https://tea.example/1,12.00 CNY,in stock,tea,,"12,5%"',
        "P2,龙井,https://tea.example/2,CNY 12.345,out_of_stock,茶,,0",
        "P3,龙井,https://tea.example/3,12,,,Food > Tea,12.5",
        "P4,龙井,https://tea.example/4,12,preorder,,Food > Spaceships,",
    )

    assert dict(run.counts) == {"rows": 4, "created": 4, "rates": 3}
    rows = Product.objects.exclude(pk=product.pk).order_by("external_id")
    assert list(rows.values_list("price_minor", "state", "category__slug", "rate_bps")) == [
        (1200, "on_sale", "tea", 1250),
        (1235, "withdrawn", "tea", 1000),  # taken out from tomorrow
        (1200, "on_sale", "tea", 1250),
        (1200, "on_sale", None, 1000),
    ]
    assert Terms.objects.filter(rate_bps=1250, starts_at=NOON).count() == 2


def test_a_plan_is_held_before_its_products(shop, plan, product):
    """As by whoever announces a rate by hand: else the two would wait for each other."""
    row = f"{product.external_id},龙井,https://tea.example/1,12.00 CNY,,,,12.5"
    with CaptureQueriesContext(connection) as queries:
        run = bring(shop, row)
    held = [
        table
        for query in queries
        for table in ("merchants_plan", "merchants_product")
        if f'FROM "{table}"' in query["sql"] and "FOR NO KEY UPDATE" in query["sql"]
    ]
    assert dict(run.counts) == {"rows": 1, "changed": 1, "rates": 1}
    assert held[:2] == ["merchants_plan", "merchants_product"]


def test_a_rate_needs_a_general_plan(shop):
    run = bring(shop, "P1,龙井,https://tea.example/1,12.00 CNY,,,,12.5")
    assert run.issues.get().code == "no_plan"


@pytest.mark.parametrize("missing", ["id", "title", "link", "price"])
def test_a_missing_column_is_named(shop, missing):
    head = ",".join(name for name in ("id", "title", "link", "price") if name != missing)
    run = bring(shop, "a,b,c", head=head)
    assert run.state == "failed"
    assert missing in run.failure


def test_headers_may_be_written_otherwise(shop):
    head = "G:ID,Title,LINK,Price,image link,my own column"
    bring(shop, "P1,龙井,https://tea.example/1,12.00,https://img.example/1.jpg,x", head=head)
    assert Product.objects.get().image_url == "https://img.example/1.jpg"
