"""The mapping form: what it guesses from a header, what it keeps, what it shows of the rows."""

import io
from pathlib import Path

import pytest

from merchants.order_mapping import OrderMappingForm
from tests.merchants.test_feed_orders_csv import COLUMNS, OPTIONS

CONTENT = (Path(__file__).parent / "data/orders_dirty.csv").read_bytes()
HEADER = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
          "CustomerID", "Country"]  # fmt: skip


def data(**changes):
    sent = {f"column_{name}": column for name, column in COLUMNS.items()}
    options = {
        **OPTIONS, "decimal": ".", "encoding": "", "date_format": "",
        "not_products": "\n".join(OPTIONS["not_products"]), "states": "",
    }  # fmt: skip
    return {**sent, **options, **changes}


def form(merchant, *args, **kwargs):
    return OrderMappingForm(*args, header=HEADER, merchant=merchant, **kwargs)


def test_the_header_suggests_the_columns(merchant):
    fresh = form(merchant)
    assert {f.name: f.value() for f in fresh.column_fields() if f.value()} == {
        f"column_{name}": column for name, column in COLUMNS.items()
    }
    assert {f.name for f in fresh.option_fields()} >= {"zone", "decimal", "refunds"}


def test_what_was_saved_comes_back(merchant, owner):
    sent = form(merchant, data(states="bezahlt = paid\nweg = void"))
    assert sent.is_valid(), sent.errors
    saved = sent.save(owner)
    assert saved.columns == COLUMNS
    assert saved.options["states"] == {"bezahlt": "paid", "weg": "void"}
    assert saved.options["not_products"] == OPTIONS["not_products"]

    again = form(merchant, saved=saved)
    assert again["states"].value() == "bezahlt = paid\nweg = void"
    assert again["zone"].value() == "Europe/London"
    other = OrderMappingForm(header=["订单编号"], merchant=merchant, saved=saved)
    assert other["column_order"].value() == "订单编号"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"column_order": ""}, "column_order"),
        ({"column_order": "Nowhere"}, "column_order"),
        ({"column_unit_price": ""}, "column_total"),
        ({"refund_prefix": ""}, "refunds"),
        ({"states": "eaten"}, "states"),
        ({"states": "x = eaten"}, "states"),
        ({"zone": "Mars"}, "zone"),
    ],
)
def test_a_mapping_that_cannot_work_is_said_at_its_field(merchant, changes, field):
    sent = form(merchant, data(**changes))
    assert not sent.is_valid()
    assert field in sent.errors


def test_the_preview_shows_rows_as_they_will_be_read(merchant):
    sent = form(merchant, data())
    assert sent.is_valid(), sent.errors
    rows = sent.preview(io.BytesIO(CONTENT))

    assert len(rows) == 8
    assert (rows[0].order, rows[0].product, rows[0].minor) == ("536365", "85123A", 1530)
    assert rows[0].placed_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert rows[3].fault.code == "not_a_product"
    assert rows[7].is_refund
