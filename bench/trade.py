"""Months of confirmed trade, written straight into the tables: settling them is what is measured.

What the services would have written in hours is written by one statement a table, as they would
have: `verify()` finds no difference.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from affiliates.models import Touch
from affiliates.services import Click, touches_record
from alliance.kernel import clock
from alliance.kernel.money import Money
from bench.world import World
from commissions import chart, ledger
from commissions.ledger import Move

RATE_BPS, SHARE_BPS, TECH_BPS = 1200, 9000, 1000

_AFFILIATES = """
    INSERT INTO affiliates_affiliate (name, kind, state, tier, introduction, created_at, updated_at)
    SELECT 'Bench ' || n, 'small', 'active', 0, '', %(now)s, %(now)s
    FROM generate_series(1, %(count)s) AS n RETURNING id
"""
# The amounts vary with the line; few affiliates sell much, most a little.
_LINES = """
    CREATE TEMPORARY TABLE trade ON COMMIT DROP AS
    SELECT n, 1000 + n::bigint * 7919 %% 90000 AS base,
           (%(affiliates)s::bigint[])[1 + floor(power(random(), 3) * %(count)s)::int]
               AS affiliate_id
    FROM generate_series(1, %(lines)s) AS n;
    ALTER TABLE trade ADD commission bigint, ADD publisher bigint, ADD fee bigint,
        ADD order_id bigint, ADD line_id bigint, ADD decision_id bigint, ADD commission_id bigint,
        ADD at timestamptz;
    UPDATE trade SET at = %(at)s::timestamptz + n * %(step)s::interval,
        commission = (base * %(rate)s * 2 + 10000) / 20000,
        order_id = nextval(pg_get_serial_sequence('merchants_order', 'id')),
        line_id = nextval(pg_get_serial_sequence('merchants_orderline', 'id')),
        decision_id = nextval(pg_get_serial_sequence('affiliates_attribution', 'id')),
        commission_id = nextval(pg_get_serial_sequence('commissions_commission', 'id'));
    UPDATE trade SET publisher = (commission * %(share)s * 2 + 10000) / 20000;
    UPDATE trade SET fee = (publisher * %(tech)s * 2 + 10000) / 20000;
"""
_ROWS = """
    INSERT INTO merchants_order (id, merchant_id, shop_id, external_id, state, currency, placed_at,
        paid_at, received_at, void_reason, click_id, coupon_code, reported_at, version,
        processed_version, created_at, updated_at)
    SELECT order_id, %(merchant)s, %(shop)s, %(prefix)s || n, 'received', 'CNY', at, at,
        at, '', '', '', at, 1, 1, at, at FROM trade;
    INSERT INTO merchants_orderline (id, order_id, external_id, product_external_id, title,
        quantity, amount_minor, refunded_minor, currency, created_at, updated_at)
    SELECT line_id, order_id, n, '', '', 1, base, 0, 'CNY', at, at FROM trade;
    INSERT INTO affiliates_attribution (id, line_id, rule, affiliate_id, touch_id, touched_at,
        subs, plan_id, terms_id, rate_bps, share_bps, special_bps, partner_share_bps,
        second_share_bps, service_bps, receipt, decided_at)
    SELECT decision_id, line_id, 'same_shop', affiliate_id, %(touch)s, %(touched_at)s,
        '{}', %(plan)s, %(terms)s,
        %(rate)s, %(share)s, 0, 0, 0, 0, '{}', at FROM trade;
    INSERT INTO commissions_commission (id, line_id, role, attribution_id, affiliate_id,
        merchant_id, currency, state, hold, revision, rate_bps, share_bps, partner_bps, second_bps,
        tech_fee_bps, tech_fee_base, special_bps, subsidies, placed_at, confirmed_at, settles_in,
        base_minor, commission_minor, publisher_minor, platform_minor, tech_fee_minor,
        subsidy_minor, merchant_subsidy_minor, special_fee_minor, net_minor, created_at,
        updated_at)
    SELECT commission_id, line_id, 'affiliate', decision_id, affiliate_id, %(merchant)s, 'CNY',
        'confirmed', '', 1, %(rate)s, %(share)s, 0, 0, %(tech)s, 'own_share', 0, '[]', at,
        at, %(month)s, base, commission, publisher, commission - publisher, fee, 0, 0, 0,
        publisher - fee, at, at FROM trade;
    INSERT INTO commissions_commissionline (commission_id, revision, affiliate_id, state, entry_id,
        receipt, at, base_minor, commission_minor, publisher_minor, platform_minor,
        tech_fee_minor, subsidy_minor, merchant_subsidy_minor, special_fee_minor, net_minor)
    SELECT commission_id, 1, affiliate_id, 'confirmed', %(entry)s, '{"why": "received"}', at,
        base, commission, publisher, commission - publisher, fee, 0, 0, 0, publisher - fee
    FROM trade;
"""
_SUMS = """
    SELECT affiliate_id, sum(publisher - fee)::bigint, sum(fee)::bigint,
           sum(commission - publisher)::bigint
    FROM trade GROUP BY affiliate_id ORDER BY affiliate_id
"""


@dataclass
class Trade:
    """One merchant of the world, and affiliates enough to settle with."""

    world: World
    affiliates: list[int]
    touch: Touch

    def month(
        self,
        month: date,
        lines: int,
        affiliates: int | None = None,
        step: timedelta = timedelta(),
    ) -> None:
        """`lines` order lines of all affiliates, or of the first so many, received in `month`: all
        at its beginning, or each a `step` after the one before."""
        sellers = self.affiliates[:affiliates]
        link = self.world.links[0]
        terms = link.product.shop.merchant.plans.get().terms.get() if link.product else None
        facts: dict[str, Any] = {
            "affiliates": sellers,
            "count": len(sellers),
            "lines": lines,
            "rate": RATE_BPS,
            "share": SHARE_BPS,
            "tech": TECH_BPS,
            "merchant": self.world.merchant.pk,
            "shop": self.world.shop.pk,
            "prefix": f"{month:%Y%m}-",
            "at": clock.day_start(month),
            "step": step,
            "month": month,
            "touch": self.touch.pk,
            "touched_at": self.touch.touched_at,
            "plan": terms.plan_id if terms else None,
            "terms": terms.pk if terms else None,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            # A foreign key asks once a row; they are known to hold here.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(_LINES, facts)
            cursor.execute(_SUMS)
            sums = cursor.fetchall()
            cursor.execute("SET LOCAL session_replication_role = origin")
            facts["entry"] = ledger.post(
                key=f"commissions:bench-{month:%Y-%m}:booked", moves=self._moves(sums)
            ).entry_id
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(_ROWS, facts)
        with connection.cursor() as cursor:
            for table in (
                "merchants_order", "merchants_orderline", "affiliates_attribution",
                "commissions_commission", "commissions_commissionline", "commissions_balance",
                "commissions_account", "commissions_line",
            ):  # fmt: skip
                cursor.execute(f"VACUUM ANALYZE {table}")

    def _moves(self, sums: list[tuple[int, int, int, int]]) -> list[Move]:
        wallet = chart.wallet(self.world.merchant.pk)
        moves = [Move(Money(net, "CNY"), wallet, chart.pending(pk)) for pk, net, _f, _p in sums]
        moves.append(Move(Money(sum(s[2] for s in sums), "CNY"), wallet, chart.TECH_FEE))
        moves.append(Move(Money(sum(s[3] for s in sums), "CNY"), wallet, chart.SHARE))
        return moves


def trade_make(world: World, affiliates: int) -> Trade:
    """`affiliates` more of them, beside those of the world."""
    usual = settings.ALLIANCE
    if (usual["SHARE_BPS"], usual["TECH_FEE_BPS"]) != (SHARE_BPS, TECH_BPS):
        raise AssertionError("this bench knows the usual share and fee only")
    with connection.cursor() as cursor:
        cursor.execute(_AFFILIATES, {"count": affiliates, "now": clock.now()})
        made = [row[0] for row in cursor.fetchall()]
    touch = _touch(world)
    return Trade(world, made, touch)


def _touch(world: World) -> Touch:
    click = Click.through(world.links[0], touched_at=clock.now())
    return touches_record([click])[0]
