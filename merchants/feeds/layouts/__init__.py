"""Order exports whose columns we know by heart: no mapping is asked for.

A layout has LABEL, ORDER, `recognises(header)` (names in lower case) and `sale(rows, currency)`,
which makes one order of the rows that name it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from merchants.feeds.layouts import shopify, taobao, woocommerce
from merchants.feeds.layouts.sale import Sale, SourceRow


class Layout(Protocol):
    LABEL: Any
    ORDER: tuple[str, ...]  # the columns that may hold the order number

    def recognises(self, header: set[str]) -> bool: ...

    def sale(self, rows: Sequence[SourceRow], currency: str) -> Sale: ...


LAYOUTS: dict[str, Layout] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "taobao": taobao,
}


def layout_of(header: Sequence[str]) -> str:
    """The name of the layout that a file with these columns has; "": none that we know."""
    names = {name.casefold() for name in header}
    return next((name for name, layout in LAYOUTS.items() if layout.recognises(names)), "")
