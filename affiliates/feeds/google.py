"""Google's product data specification, as RSS 2.0 with its `g:` names and as a table."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from affiliates.feeds.items import Channel, Item, plain
from affiliates.feeds.rss import Rss

NAMESPACE = "http://base.google.com/ns/1.0"
TITLE, TEXT = 150, 5_000  # characters, by the specification
NAMES = (
    "id", "title", "description", "link", "image_link", "availability", "condition", "price",
    "brand", "gtin", "item_group_id", "product_type", "custom_label_0", "custom_label_1",
    "custom_label_2", "custom_label_3",
)  # fmt: skip


def attributes(item: Item) -> dict[str, str]:
    """By attribute, in the order of NAMES; empty where the shop has not said. A coupon is no
    sale price (the buyer has to use it), so it stands in the labels, which only you see: 0 its
    code, 1 the price after it, 2 your commission rate, 3 the shop."""
    product, coupon = item.product, item.coupon
    values = {
        "id": item.number,
        "title": item.title[:TITLE],
        "description": item.text[:TEXT],
        "link": item.link,
        "image_link": item.picture,
        "availability": "in_stock",
        "condition": "new",
        "price": str(item.price),
        "brand": product.brand,
        "gtin": product.gtin,
        "item_group_id": product.group_id,
        "product_type": item.category,
        "custom_label_0": coupon.code if coupon else "",
        "custom_label_1": str(item.offer.price) if coupon else "",
        "custom_label_2": item.rate,
        "custom_label_3": product.shop.name,
    }
    return {name: plain(value) for name, value in values.items()}


class _Google(Rss):
    def rss_attributes(self) -> dict[str, str]:
        return {"version": "2.0", "xmlns:g": NAMESPACE}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        for name, value in attributes(item["item"]).items():
            if value:
                handler.addQuickElement(f"g:{name}", value)


def write_xml(channel: Channel, items: Iterable[Item], out: TextIO) -> None:
    _Google.of(channel, items).write(out, "utf-8")


def write_tsv(channel: Channel, items: Iterable[Item], out: TextIO) -> None:
    lines = csv.writer(out, dialect="excel-tab", lineterminator="\n")
    lines.writerow(NAMES)
    for item in items:
        values = attributes(item)
        lines.writerow(" ".join(values[name].split()) for name in NAMES)
