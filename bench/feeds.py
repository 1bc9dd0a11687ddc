"""Product files of every layout, from the file to stored products: flat memory, no product lost.

Each layout is read in two sizes, ten times apart, into a shop of its own; what the larger one takes
more of memory is said. Beside it the obvious way: a row, an `update_or_create`. Both write the same
products; ours also tells what changed of each.
"""

import csv
import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

from django.conf import settings
from django.db.models import Sum

from bench.world import world_make
from merchants.feeds import FEEDS, run_feed
from merchants.models import ImportKind, Merchant, Product, Shop
from merchants.services.imports import import_begin
from merchants.services.shops import shop_create

Row = dict[str, str]


def run(small: bool = False) -> None:
    most, single = (300, 30) if small else (100_000, 2_000)
    merchant = world_make(products=1, affiliates=1).merchant
    with tempfile.TemporaryDirectory() as folder:
        kept, settings.MEDIA_ROOT = settings.MEDIA_ROOT, Path(folder)
        try:
            _warm(merchant)
            slow = single / _one_by_one(merchant, single)
            print(f"  row by row, update_or_create: {slow:8,.0f} products/s")
            for layout, write in LAYOUTS.items():
                _layout(merchant, layout, write, most, slow)
        finally:
            settings.MEDIA_ROOT = kept


def _layout(
    merchant: Merchant, layout: str, write: Callable[[BinaryIO, str, int], None], most: int,
    slow: float,
) -> None:  # fmt: skip
    few, _seconds = _read(merchant, layout, write, most // 10)
    many, seconds = _read(merchant, layout, write, most)
    pace = most / seconds
    print(
        f"  {layout:<5}: {pace:8,.0f} products/s, ratio {pace / slow:5.1f}; "
        f"{most:,} take {max(many - few, 0) / 2**20:5.1f} MB more at their peak than {most // 10:,}"
    )


def _read(
    merchant: Merchant, layout: str, write: Callable[[BinaryIO, str, int], None], count: int
) -> tuple[int, float]:
    """Peak of memory in bytes, and seconds."""
    shop = _shop(merchant, f"{layout}{count}")
    with tempfile.TemporaryFile() as file:
        write(file, shop.domains[0], count)
        file.seek(0)
        run = import_begin(
            shop=shop, kind=ImportKind.PRODUCTS, filename=layout, file=file, actor=None, full=True
        )
    with _peak() as peak:
        start = perf_counter()
        run_feed(FEEDS["products"], run=run)
        seconds = perf_counter() - start
    if run.failure:
        raise AssertionError(run.failure)
    _prove(shop, count, run.counts)
    return peak[0], seconds


def _shop(merchant: Merchant, name: str) -> Shop:
    return shop_create(merchant=merchant, name=name, domains=[f"{name}.feeds.example"], actor=None)


def _prove(shop: Shop, count: int, counts: dict[str, int]) -> None:
    stored = Product.objects.filter(shop=shop).aggregate(Sum("price_minor"))["price_minor__sum"]
    facts = {
        "rows": (counts["rows"], count),
        "created": (counts["created"], count),
        "stored": (Product.objects.filter(shop=shop, state="on_sale").count(), count),
        "their prices": (stored, sum(_price(n) for n in range(count))),
    }
    if wrong := {name: pair for name, pair in facts.items() if pair[0] != pair[1]}:
        raise AssertionError(f"something was lost: {wrong}")


def _warm(merchant: Merchant) -> None:
    _read(merchant, "csv", _csv, 100)


def _one_by_one(merchant: Merchant, count: int) -> float:
    """Seconds of the way that everybody writes first."""
    shop = _shop(merchant, "onebyone")
    file = io.BytesIO()
    _csv(file, shop.domains[0], count)
    start = perf_counter()
    for row in csv.DictReader(io.StringIO(file.getvalue().decode())):
        Product.objects.update_or_create(
            shop=shop,
            external_id=row["id"],
            defaults={
                "title": row["title"],
                "url": row["link"],
                "description": row["description"],
                "brand": row["brand"],
                "price_minor": int(row["price"].removesuffix(" CNY").replace(".", "")),
                "currency": "CNY",
            },
        )
    seconds = perf_counter() - start
    if Product.objects.filter(shop=shop).count() != count:
        raise AssertionError("something was lost")
    return seconds


@contextmanager
def _peak() -> Iterator[list[int]]:
    """The most memory that the process had, looked at every few milliseconds."""
    found, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.005):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            found[0] = max(found[0], pages * 4096)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


# --- Files ----------------------------------------------------------------------------------------


def _price(number: int) -> int:
    return 1990 + number % 137


def _rows(domain: str, count: int) -> Iterator[Row]:
    for number in range(count):
        price = _price(number)
        yield {
            "id": f"P{number}",
            "title": f"西湖龙井 明前特级 {number}",
            "link": f"https://{domain}/p/{number}?from=feed&n={number}",
            "price": f"{price // 100}.{price % 100:02} CNY",
            "availability": "in_stock",
            "brand": "West Lake",
            "product_type": "Food > Drinks > Green tea",
            "item_group_id": f"G{number // 5}",
            "description": "清香甘醇，回味悠长。" * 12,
        }


def _csv(file: BinaryIO, domain: str, count: int, mark: str = ",") -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.DictWriter(text, list(next(_rows(domain, 1))), delimiter=mark)
    writer.writeheader()
    writer.writerows(_rows(domain, count))
    text.detach()


def _tsv(file: BinaryIO, domain: str, count: int) -> None:
    _csv(file, domain, count, "\t")


def _xml(file: BinaryIO, domain: str, count: int, around: str, entry: str) -> None:
    before, after = around.split("…")
    file.write(before.encode())
    for row in _rows(domain, count):
        fields = "".join(
            f"<g:{name}>{text.replace('&', '&amp;').replace('>', '&gt;')}</g:{name}>"
            for name, text in row.items()
        )
        file.write(f"<{entry}>{fields}</{entry}>".encode())
    file.write(after.encode())


def _rss(file: BinaryIO, domain: str, count: int) -> None:
    _xml(file, domain, count, '<rss xmlns:g="g"><channel>…</channel></rss>', "item")


def _atom(file: BinaryIO, domain: str, count: int) -> None:
    _xml(file, domain, count, '<feed xmlns:g="g">…</feed>', "entry")


def _json(file: BinaryIO, domain: str, count: int) -> None:
    mark = b"["
    for row in _rows(domain, count):
        file.write(mark + json.dumps(row, ensure_ascii=False).encode())
        mark = b","
    file.write(b"]")


LAYOUTS: dict[str, Callable[[BinaryIO, str, int], None]] = {
    "csv": _csv, "tsv": _tsv, "rss": _rss, "atom": _atom, "json": _json,
}  # fmt: skip
