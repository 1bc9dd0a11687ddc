"""Writing down what buyers did. Append-only, and in bulk: a single click is a batch of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from affiliates.models import ClickNews, Link, Touch, TouchKind, Visitor
from alliance.kernel import chance, clock


def click_id_make() -> str:
    """128 bits of chance in 22 characters that need no escaping in an address."""
    return chance.token()


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A click as it happened. `visitor_key` and `ip_key` are keyed hashes, never raw values."""

    link_id: int
    affiliate_id: int
    zone_id: int
    shop_id: int
    product_id: int | None = None
    click_id: str = field(default_factory=click_id_make)
    touched_at: datetime = field(default_factory=clock.now)
    visitor_key: str = ""
    ip_key: str = ""
    visitor: str = Visitor.HUMAN
    sub1: str = ""
    sub2: str = ""
    sub3: str = ""
    sub4: str = ""
    sub5: str = ""

    @classmethod
    def through(cls, link: Link, **facts: Any) -> "Click":
        """A click on `link`, with its sub-ids unless others are given."""
        subs = {name: getattr(link, name) for name in ("sub1", "sub2", "sub3", "sub4", "sub5")}
        return cls(
            link_id=link.pk,
            affiliate_id=link.affiliate_id,
            zone_id=link.zone_id,
            shop_id=link.shop_id,
            product_id=link.product_id,
            **{**subs, **facts},
        )


@transaction.atomic
def touches_record(clicks: Sequence[Click]) -> list[Touch]:
    """Store the clicks, in order, in one transaction. They are durable when this returns.

    Whether the affiliate may earn is asked before the click is made (affiliates.redirect): a click
    that stands here was made through a link that was good at that moment.
    """
    names = Click.__dataclass_fields__
    days = {clock.business_day(click.touched_at) for click in clicks}
    ClickNews.objects.bulk_create(ClickNews(day=day) for day in sorted(days))
    return Touch.objects.bulk_create(
        [
            Touch(kind=TouchKind.CLICK, **{name: getattr(click, name) for name in names})
            for click in clicks
        ],
        batch_size=2_000,
    )
