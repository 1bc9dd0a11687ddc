"""Prices the way shops write them, and the coupons that go with them. All amounts in fen."""

from dataclasses import dataclass

from alliance.demo.dice import Dice

ENDINGS: tuple[
    tuple[int, int, tuple[int, ...]], ...
] = (  # below this price, as (step, ending): 4.90, 19.90, 129.00, 1299.00
    (10_00, 1_00, (90, 90, 80, 50)),
    (100_00, 10_00, (9_90, 9_90, 9_90, 9_00, 8_80, 5_90, 8_00)),
    (1000_00, 10_00, (9_00, 9_00, 9_00, 8_00, 9_90)),
)
HIGH_STEP = 100_00
HIGH_ENDINGS: tuple[int, ...] = (99_00, 99_00, 88_00, 49_00)
FACES = tuple(yuan * 100 for yuan in (2, 3, 5, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200))

THRESHOLDS = tuple(
    yuan * 100
    for yuan in (9, 19, 29, 39, 49, 59, 69, 79, 99, 129, 159, 199, 259, 299, 399, 499, 699, 999)
)


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """Take `face_minor` off when the goods cost at least `threshold_minor` (0: no threshold)."""

    face_minor: int
    threshold_minor: int
    stock: int


def tidy_price(minor: int, dice: Dice) -> int:
    """The price near `minor` that a shop would print."""
    step, endings = HIGH_STEP, HIGH_ENDINGS
    for below, its_step, its_endings in ENDINGS:
        if minor < below:
            step, endings = its_step, its_endings
            break
    return max(minor // step, 0 if step > 100 else 2) * step + dice.pick(endings)


def coupon_for(price_minor: int, dice: Dice) -> CouponFacts | None:
    """A coupon that is usable on a single piece, for some products; worth 5 to 30 % of it."""
    faces = [face for face in FACES if 20 * face >= price_minor and 10 * face <= 3 * price_minor]
    if not faces or not dice.chance(2600):
        return None
    reached = [threshold for threshold in THRESHOLDS if threshold <= price_minor]
    threshold = 0 if not reached or dice.chance(1500) else reached[-1]
    return CouponFacts(dice.pick(faces), threshold, dice.pick((200, 500, 1000, 2000, 5000, 20_000)))
