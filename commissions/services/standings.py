"""Where affiliates stand in a campaign, counted from their commissions in one statement.

Which orders count: docs/domain.md §5.1 and docs/campaign-tasks.md. An order, however many lines it
has, counts once. Nothing is ever typed in or padded: a board shows what is in the books.
"""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from affiliates.queries import VISITOR
from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from campaigns.mechanics import MECHANICS, leaderboard
from campaigns.models import TAKING_PART, Campaign, EnrolmentState, Standing
from campaigns.validity import Validity
from commissions import queries

# No shop keeps an unpaid order longer: what was placed earlier was not paid in the time.
LONGEST_UNPAID = "31 days"
BASELINE_DAYS = 14

_ENROLLED = """
    SELECT e.affiliate_id, e.accepted_at FROM campaigns_enrolment e
    WHERE e.campaign_id = %(campaign)s AND e.accepted_at IS NOT NULL AND e.state = ANY(%(states)s)
"""
_AUDIENCE = """
    SELECT f.id AS affiliate_id, NULL::timestamptz AS accepted_at FROM affiliates_affiliate f
    WHERE f.tier >= %(least_tier)s AND (%(kinds)s::text[] = '{}' OR f.kind = ANY(%(kinds)s))
      AND NOT EXISTS (
        SELECT FROM campaigns_campaign_barred b
        WHERE b.campaign_id = %(campaign)s AND b.affiliate_id = f.id
      )
"""
# Each line of an order that was paid in the time, and why it does not count, if so.
_LINES = """
    SELECT p.affiliate_id, o.id AS order_id, o.shop_id, paid.at, l.quantity,
           l.amount_minor - l.refunded_minor AS base, c.publisher_minor - c.tech_fee_minor AS net,
           coalesce(nullif(t.visitor_key, ''), t.click_id, 'order:' || o.id) AS buyer,
           CASE
             WHEN c.state IN ('void', 'placed') THEN 'void'
             WHEN c.hold <> '' OR c.state = 'frozen' THEN 'held'
             WHEN coalesce(a.touched_at, o.placed_at) < p.accepted_at THEN 'before'
             WHEN EXISTS (
                SELECT FROM campaigns_campaignpause s WHERE s.campaign_id = %(campaign)s
                AND s.from_at <= paid.at AND (s.until_at IS NULL OR paid.at < s.until_at)
             ) THEN 'paused'
             WHEN NOT %(self_buying)s AND EXISTS (
                SELECT FROM affiliates_affiliatemember m JOIN merchants_merchantmember s
                ON s.user_id = m.user_id
                WHERE m.affiliate_id = p.affiliate_id AND s.merchant_id = o.merchant_id
             ) THEN 'own'
             WHEN c.state = 'unfunded' THEN 'unfunded'
             WHEN c.confirmed_at > %(confirm_until)s THEN 'late'
             WHEN %(final)s AND c.state <> 'confirmed' THEN 'late'
           END AS fault
    FROM takes_part p
    JOIN commissions_commission c ON c.affiliate_id = p.affiliate_id AND c.role = 'affiliate'
         AND c.currency = %(currency)s AND c.placed_at < %(ends_at)s
         AND c.placed_at >= %(starts_at)s::timestamptz - interval '{longest_unpaid}'
    JOIN merchants_orderline l ON l.id = c.line_id
    JOIN merchants_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (SELECT coalesce(o.deposit_paid_at, o.paid_at) AS at) paid
    JOIN affiliates_attribution a ON a.id = c.attribution_id
    LEFT JOIN affiliates_touch t ON t.id = a.touch_id AND t.touched_at = a.touched_at
    WHERE paid.at >= %(starts_at)s AND paid.at < %(ends_at)s
      AND (%(all_products)s OR EXISTS (
        SELECT FROM campaigns_slateitem i WHERE i.campaign_id = %(campaign)s
        AND i.product_id = l.product_id AND i.state = 'approved'
      ))
"""
_COUNTED = """
    WITH takes_part AS MATERIALIZED ({takes_part}), lines AS ({lines}),
    orders AS (
        SELECT affiliate_id, order_id, min(shop_id) AS shop_id, min(at) AS at, min(buyer) AS buyer,
               coalesce(sum(quantity) FILTER (WHERE fault IS NULL), 0) AS pieces,
               coalesce(sum(base) FILTER (WHERE fault IS NULL), 0) AS base,
               coalesce(sum(net) FILTER (WHERE fault IS NULL), 0) AS net,
               CASE WHEN bool_and(fault IS NOT NULL) THEN min(fault) END AS fault
        FROM lines GROUP BY affiliate_id, order_id
    ),
    large AS (
        SELECT *, coalesce(fault, CASE WHEN base < %(least_base)s THEN 'small' END) AS why
        FROM orders
    ),
    of_day AS (
        SELECT *, CASE WHEN why IS NOT NULL THEN why
            WHEN %(buyer_day)s > 0 AND row_number() OVER (
                PARTITION BY affiliate_id, why IS NULL, buyer,
                             (at AT TIME ZONE %(zone)s)::date ORDER BY at, order_id
            ) > %(buyer_day)s THEN 'same_buyer' END AS why_of_day
        FROM large
    ),
    judged AS (
        SELECT *, CASE WHEN why_of_day IS NOT NULL THEN why_of_day
            WHEN %(buyer_all)s > 0 AND row_number() OVER (
                PARTITION BY affiliate_id, why_of_day IS NULL, buyer ORDER BY at, order_id
            ) > %(buyer_all)s THEN 'same_buyer' END AS refused
        FROM of_day
    ),
    sums AS (
        SELECT affiliate_id, count(*) AS orders, sum(pieces) AS pieces,
               count(DISTINCT buyer) AS buyers, sum(base) AS gmv, sum(net) AS net, max(at) AS at
        FROM judged WHERE refused IS NULL GROUP BY affiliate_id
    ),
    shops AS (
        SELECT affiliate_id, max(n) AS most FROM (
            SELECT affiliate_id, count(*) AS n FROM judged WHERE refused IS NULL
            GROUP BY affiliate_id, shop_id
        ) each GROUP BY affiliate_id
    ),
    faults AS (
        SELECT affiliate_id, jsonb_object_agg(refused, n) AS left_out FROM (
            SELECT affiliate_id, refused, count(*) AS n FROM judged WHERE refused IS NOT NULL
            GROUP BY affiliate_id, refused
        ) each GROUP BY affiliate_id
    ),
    baseline AS ({baseline}),
    effort AS ({effort})
    {insert}
    SELECT %(campaign)s, p.affiliate_id, %(final)s, coalesce(s.orders, 0), coalesce(s.pieces, 0),
           coalesce(s.buyers, 0), coalesce(h.most, 0), coalesce(s.gmv, 0),
           greatest(coalesce(s.net, 0), 0), coalesce(b.minor, 0), coalesce(e.links, 0),
           coalesce(e.clicks, 0), coalesce(e.visitors, 0), coalesce(e.days, 0), s.at, 0,
           coalesce(f.left_out, '{{}}'), %(now)s
    FROM takes_part p
    LEFT JOIN sums s USING (affiliate_id)
    LEFT JOIN shops h USING (affiliate_id)
    LEFT JOIN faults f USING (affiliate_id)
    LEFT JOIN baseline b USING (affiliate_id)
    LEFT JOIN effort e USING (affiliate_id)
    WHERE %(enrols)s OR s.orders > 0
"""
_COLUMNS = (
    "campaign_id", "affiliate_id", "final", "orders", "pieces", "buyers", "shop_orders",
    "gmv_minor", "commission_minor", "baseline_gmv_minor", "links", "clicks", "visitors",
    "active_days", "reached_at", "reward_minor", "left_out", "counted_at",
)  # fmt: skip
_INSERT = f"INSERT INTO campaigns_standing ({', '.join(_COLUMNS)})"
# What the days before the campaign brought, for as long a time as the campaign has.
_BASELINE = """
    SELECT p.affiliate_id, round(sum(l.amount_minor - l.refunded_minor)
        * extract(epoch FROM %(ends_at)s::timestamptz - %(starts_at)s::timestamptz)
        / extract(epoch FROM make_interval(days => %(baseline_days)s)))::bigint AS minor
    FROM takes_part p
    JOIN commissions_commission c ON c.affiliate_id = p.affiliate_id AND c.role = 'affiliate'
         AND c.currency = %(currency)s AND c.state IN ('estimated', 'confirmed')
         AND c.placed_at < %(starts_at)s
         AND c.placed_at >= %(starts_at)s::timestamptz - make_interval(days => %(baseline_days)s)
    JOIN merchants_orderline l ON l.id = c.line_id
    WHERE %(all_products)s OR EXISTS (
        SELECT FROM campaigns_slateitem i WHERE i.campaign_id = %(campaign)s
        AND i.product_id = l.product_id AND i.state = 'approved'
    )
    GROUP BY p.affiliate_id
"""
# What a guarantee of income asks for, from the acceptance on.
_EFFORT = """
    SELECT p.affiliate_id,
           (SELECT count(DISTINCT coalesce(k.product_id, -k.id)) FROM affiliates_link k
            WHERE k.affiliate_id = p.affiliate_id AND k.created_at >= span.since
              AND k.created_at < %(ends_at)s) AS links,
           seen.clicks, seen.visitors, seen.days
    FROM takes_part p
    CROSS JOIN LATERAL (SELECT greatest(p.accepted_at, %(starts_at)s) AS since) span
    CROSS JOIN LATERAL (
        SELECT count(*) AS clicks, count(DISTINCT {visitor}) AS visitors,
               count(DISTINCT (t.touched_at AT TIME ZONE %(zone)s)::date) AS days
        FROM affiliates_touch t WHERE t.affiliate_id = p.affiliate_id AND t.kind = 'click'
          AND t.visitor = 'human' AND t.touched_at >= span.since AND t.touched_at < %(ends_at)s
    ) seen
    WHERE %(enrols)s
"""


@transaction.atomic
def standings_refresh(*, campaign: Campaign, final: bool = False) -> list[Standing]:
    """Count the campaign's standings anew, with what its mechanic makes of them now.

    One at a time per campaign; whoever reads meanwhile sees the ones before. Returns them, the
    best rank first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('standings'), %s)", [campaign.pk])
        cursor.execute(
            "DELETE FROM campaigns_standing WHERE campaign_id = %s AND final = %s",
            [campaign.pk, final],
        )
        enrols = MECHANICS[campaign.kind].enrols
        counted = _counted(takes_part=_ENROLLED if enrols else _AUDIENCE, insert=_INSERT)
        cursor.execute(counted, _facts(campaign, final))
    return _rewarded(campaign, list(campaign.standings.filter(final=final).order_by("pk")))


def standings_played(campaign: Campaign) -> list[Standing]:
    """What they would be if everybody that the campaign is for took part from its start on.

    For a dry run: writes nothing, and the campaign may be a copy whose time is another.
    """
    with connection.cursor() as cursor:
        counted = _counted(takes_part=_AUDIENCE, insert="")
        cursor.execute(counted, {**_facts(campaign, False), "enrols": True})
        return [
            Standing(**{**dict(zip(_COLUMNS, map(_whole, row), strict=True)), "left_out": {}})
            for row in cursor.fetchall()
        ]


def _whole(value: Any) -> Any:
    """PostgreSQL's sums of minor units are numeric; a column of the table makes them whole."""
    return int(value) if isinstance(value, Decimal) else value


def _counted(*, takes_part: str, insert: str) -> str:
    return _COUNTED.format(
        takes_part=takes_part,
        insert=insert,
        lines=_LINES.format(longest_unpaid=LONGEST_UNPAID),
        baseline=_BASELINE,
        effort=_EFFORT.format(visitor=VISITOR.format("t")),
    )


def _facts(campaign: Campaign, final: bool) -> dict[str, Any]:
    mechanic = MECHANICS[campaign.kind]
    rules = mechanic.parse(campaign.rules)
    valid = Validity.of(rules)
    return {
        "campaign": campaign.pk,
        "currency": campaign.currency,
        # Nothing counts before it was published, nor from the moment in which somebody closed it.
        "starts_at": max(campaign.starts_at, campaign.published_at or campaign.starts_at),
        "ends_at": min(campaign.ends_at, campaign.closed_at or campaign.ends_at),
        "confirm_until": campaign.confirm_until,
        "final": final,
        "all_products": campaign.all_products,
        "self_buying": campaign.self_buying,
        "least_tier": campaign.least_tier,
        "kinds": list(campaign.kinds),
        "states": list(TAKING_PART),
        "enrols": mechanic.enrols,
        "least_base": max(valid.least_base_minor, 1),
        "buyer_day": valid.buyer_day_orders,
        "buyer_all": valid.buyer_orders,
        "baseline_days": getattr(rules, "baseline_days", BASELINE_DAYS),
        "zone": settings.TIME_ZONE,
        "now": clock.now(),
    }


def _rewarded(campaign: Campaign, standings: list[Standing]) -> list[Standing]:
    """With rank and reward, as the mechanic sees it."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.on_close is None:
        return standings
    rules = mechanic.parse(campaign.rules)
    facts = queries.facts_of(campaign, standings)
    awards = {award.affiliate_id: award for award in mechanic.on_close(rules, facts)}
    ranks = {pk: award.rank for pk, award in awards.items()}
    if campaign.kind == leaderboard.MECHANIC.kind:  # also of those without a prize
        ranks = {place.affiliate_id: place.rank for place in leaderboard.board(rules, facts)}
    for standing in standings:
        standing.rank = ranks.get(standing.affiliate_id)
        if award := awards.get(standing.affiliate_id):
            at_most = campaign.per_affiliate_minor
            standing.reward_minor = min(award.amount_minor, at_most or award.amount_minor)
    update_many(standings, ["rank", "reward_minor"])
    _estimate(campaign)
    return sorted(standings, key=lambda one: (one.rank or len(standings) + 1, one.affiliate_id))


def _estimate(campaign: Campaign) -> None:
    """What each running enrolment would come to, beside it."""
    estimated = campaign.standings.filter(final=False, affiliate=OuterRef("affiliate"))
    campaign.enrolments.filter(state=EnrolmentState.ACCEPTED).update(
        reward_minor=Coalesce(Subquery(estimated.values("reward_minor")[:1]), 0)
    )
