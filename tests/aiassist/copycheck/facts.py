"""A mask in yuan and a shirt in euros, on the evening before their coupons' last days."""

from datetime import datetime

from aiassist.copy.check import CouponFacts, Facts
from alliance.kernel.clock import ZONE
from alliance.kernel.money import Money, cny

AT = datetime(2026, 6, 16, 12, tzinfo=ZONE)
FIRST, LAST = datetime(2026, 6, 1, tzinfo=ZONE), datetime(2026, 6, 18, 23, 59, 59, tzinfo=ZONE)
LINK = "https://t.example.com/r/1"

MASK = Facts(
    title="自然堂 水润保湿面膜5片装 120ml 正品包邮",
    price=cny("99.00"),
    as_of=AT,
    coupon=CouponFacts(cny("20.00"), FIRST, LAST, left=300),
    sold=12_345,
    hosts=frozenset({"t.example.com"}),
)
SHIRT = Facts(
    title="Organic cotton T-shirt, 3 pack",
    price=Money(9900, "EUR"),
    as_of=AT,
    coupon=CouponFacts(Money(2000, "EUR"), FIRST, LAST, threshold=Money(5000, "EUR")),
    sold=12_345,
    hosts=frozenset({"t.example.com"}),
)
