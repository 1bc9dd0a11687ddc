"""Ways in for products and orders: one file each, one line in the table.

A feed has KIND, LABEL and `read(tally, file, mapping, on_changed)`; see `runs.Feed`. It names each
row that it refuses by number and reason, loses no good one, and changes nothing when the same file
comes again: tests/merchants/test_feeds.py holds every feed to that.
"""

from merchants.feeds import orders_csv, products
from merchants.feeds.layouts import LAYOUTS
from merchants.feeds.orders_known import KnownOrders
from merchants.feeds.runs import Feed, run_feed

FEEDS: dict[str, Feed] = {
    "products": products,
    "orders_csv": orders_csv,
    **{name: KnownOrders(layout) for name, layout in LAYOUTS.items()},
}

__all__ = ["FEEDS", "Feed", "run_feed"]
