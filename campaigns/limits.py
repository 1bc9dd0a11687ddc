"""How far a campaign reaches: places and money, counted in memory while its row is locked. Pure.

Two kinds of limits. Places (the first orders of each affiliate, the first pieces) are taken when an
order line is first priced and given back when it falls through. Money (budget, a day, an affiliate,
an affiliate's day) is taken when it is booked, by what is booked, and given back by refunds.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from campaigns.models import Campaign, Grant
from merchants.models import OrderLine

Part = tuple[int, int | None, date | None]  # campaign; of an affiliate; on a day


@dataclass(slots=True)
class Limits:
    """What is taken of the campaigns of a batch. Money in minor units.

    `orders` counts, by campaign and affiliate, orders outside the batch; `seen` has the lines of
    those in it; `uses` are orders with a grant by campaign, affiliate and day, for mechanics that
    look back. `refused` counts the lines that found no place in a campaign. `budget` is what is
    left; a campaign that is not in it is not asked for one.
    """

    orders: Counter[tuple[int, int]] = field(default_factory=Counter)
    seen: dict[tuple[int, int], Counter[int]] = field(default_factory=dict)
    pieces: Counter[int] = field(default_factory=Counter)
    products: Counter[tuple[int, int | None]] = field(default_factory=Counter)
    uses: Counter[Part] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    money: Counter[Part] = field(default_factory=Counter)
    budget: dict[int, int] = field(default_factory=dict)

    # --- Places ----------------------------------------------------------------------------------

    def orders_of(self, campaign_id: int, affiliate_id: int) -> int:
        """How many orders of the affiliate have a grant of the campaign."""
        key = (campaign_id, affiliate_id)
        return self.orders[key] + sum(lines > 0 for lines in self.seen.get(key, {}).values())

    def free(self, campaign: Campaign, affiliate_id: int, order_id: int, pieces: int) -> bool:
        """Is there a place for so many pieces of that order? A second line needs no second one."""
        if campaign.orders_per_affiliate is not None:
            mine = self.seen.get((campaign.pk, affiliate_id), Counter())
            taken = self.orders_of(campaign.pk, affiliate_id)
            if not mine[order_id] and taken >= campaign.orders_per_affiliate:
                return False
        return campaign.pieces is None or self.pieces[campaign.pk] + pieces <= campaign.pieces

    def used_in_a_week(self, campaign_id: int, affiliate_id: int, day: date) -> int:
        """Orders of the affiliate with a grant, on that day and the six before it."""
        week = (day - timedelta(days=ago) for ago in range(7))
        return sum(self.uses[campaign_id, affiliate_id, each] for each in week)

    def take_place(self, grant: Grant, line: OrderLine, *, counted: bool = False) -> None:
        """`counted`: its pieces are among those that were counted already."""
        orders = self.seen.setdefault((grant.campaign_id, grant.affiliate_id), Counter())
        orders[line.order_id] += 1
        if not counted:
            if orders[line.order_id] == 1:
                self.uses[grant.campaign_id, grant.affiliate_id, grant.day] += 1
            self.pieces[grant.campaign_id] += grant.pieces
            self.products[grant.campaign_id, line.product_id] += grant.pieces

    def give_place(self, grant: Grant, line: OrderLine) -> None:
        self.seen[grant.campaign_id, grant.affiliate_id][line.order_id] -= 1
        self.pieces[grant.campaign_id] -= grant.pieces
        self.products[grant.campaign_id, line.product_id] -= grant.pieces

    # --- Money -----------------------------------------------------------------------------------

    def room(self, campaign: Campaign, affiliate_id: int, day: date) -> tuple[int | None, str]:
        """How much more may be given to the affiliate for that day, and what says so.

        None: no end in sight.
        """
        parts = parts_of(campaign.pk, affiliate_id, day)
        limits = (
            ("budget", self.budget.get(campaign.pk)),
            ("day", self._left(campaign.daily_minor, parts["day"])),
            ("affiliate", self._left(campaign.per_affiliate_minor, parts["affiliate"])),
            ("affiliate_day", self._left(campaign.per_affiliate_day_minor, parts["affiliate_day"])),
        )
        known = [(max(left, 0), name) for name, left in limits if left is not None]
        return min(known) if known else (None, "")

    def _left(self, limit: int | None, part: Part) -> int | None:
        return None if limit is None else limit - self.money[part]

    def move(self, campaign_id: int, affiliate_id: int, day: date, minor: int) -> None:
        """So much more (or, below zero, less) is given."""
        for part in parts_of(campaign_id, affiliate_id, day).values():
            self.money[part] += minor
        if campaign_id in self.budget:
            self.budget[campaign_id] -= minor


def parts_of(campaign_id: int, affiliate_id: int, day: date) -> dict[str, Part]:
    """The sums that a grant counts in, by the name of the limit."""
    return {
        "day": (campaign_id, None, day),
        "affiliate": (campaign_id, affiliate_id, None),
        "affiliate_day": (campaign_id, affiliate_id, day),
    }


def cap_for(minor: int, share_bps: int) -> int:
    """The greatest cap of which a share of `share_bps`, rounded half up, is at most `minor`."""
    return (10_000 * minor + 4_999) // share_bps if share_bps else 0
