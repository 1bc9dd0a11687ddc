"""JSON Feed 1.1. What it has no name for stands below `_offer`, as its rules ask."""

import json
from collections.abc import Iterable
from typing import Any, TextIO

from affiliates.feeds.items import Channel, Item, plain


def write(channel: Channel, items: Iterable[Item], out: TextIO) -> None:
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": plain(channel.name),
        "description": channel.description,
        "home_page_url": channel.home,
        "language": channel.language,
    }
    out.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "items": [')
    out.writelines(
        (",\n" if number else "\n") + json.dumps(_entry(item), ensure_ascii=False)
        for number, item in enumerate(items)
    )
    out.write("]}\n")


def _entry(item: Item) -> dict[str, Any]:
    entry = {
        "id": item.number,
        "url": item.link,
        "title": item.title,
        "content_text": item.text,
        "image": item.picture,
        "date_published": item.product.created_at.isoformat(timespec="seconds"),
        "date_modified": item.product.updated_at.isoformat(timespec="seconds"),
        "tags": [item.category] if item.category else [],
        "_offer": _offer(item),
    }
    return {name: value for name, value in entry.items() if value}


def _offer(item: Item) -> dict[str, Any]:
    """Amounts in minor units of `currency`, the rate in basis points."""
    offer, coupon = item.offer, item.coupon
    return {
        "currency": offer.price.currency,
        "price_minor": item.price.minor,
        "price_with_coupon_minor": offer.price.minor,
        "coupon": coupon and {"code": coupon.code, "ends_at": coupon.ends_at.isoformat()},
        "rate_bps": offer.rate_bps,
        "earning_minor": offer.earning.minor,
        "shop": item.product.shop.name,
        "brand": item.product.brand,
        "gtin": item.product.gtin,
    }
