"""RSS 2.0, for readers of feeds and for pages that show one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self, TextIO

from django.utils.feedgenerator import Enclosure, Rss201rev2Feed
from django.utils.html import linebreaks

from affiliates.feeds.items import Channel, Item, plain


class Rss(Rss201rev2Feed):
    """Says the same of the same products, whenever it is written."""

    @classmethod
    def of(cls, channel: Channel, items: Iterable[Item]) -> Self:
        feed = cls(
            title=plain(channel.name),
            link=channel.home,
            description=channel.description,
            language=channel.language,
            since=channel.since,
        )
        for item in items:
            feed.add_item(
                title=item.title,
                link=item.link,
                description=_words(item),
                unique_id=item.number,
                unique_id_is_permalink=False,
                pubdate=item.product.created_at,
                updateddate=item.product.updated_at,
                categories=[item.category] if item.category else (),
                enclosures=_pictures(item),
                item=item,
            )
        return feed

    def latest_post_date(self) -> datetime:
        return max(
            (item["updateddate"] for item in self.items), default=self.feed["since"]
        )  # not the present, or an empty feed would change each time


def write(channel: Channel, items: Iterable[Item], out: TextIO) -> None:
    Rss.of(channel, items).write(out, "utf-8")


def _words(item: Item) -> str:
    """As HTML, which readers take it for: what a merchant wrote is text in it."""
    price = str(item.price)
    if item.coupon:
        price = f"{price} → {item.offer.price} ({item.coupon.code})"
    return linebreaks(f"{price}\n\n{item.text}", autoescape=True)


def _pictures(item: Item) -> list[Any]:
    """Without its size, which nobody knows: RSS says 0 then."""
    return [Enclosure(item.picture, "0", "image/jpeg")] if item.picture else []
