"""Where affiliates stand in a campaign, counted from their commissions in one statement.

Which orders count: docs/domain.md §5.1 and docs/campaign-tasks.md. An order, however many lines it
has, counts once. Nothing is ever typed in or padded: a board shows what is in the books.
"""

from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from affiliates.queries import VISITOR
from alliance.kernel.bulk import update_many
from campaigns.mechanics import MECHANICS, leaderboard
from campaigns.models import Campaign, EnrolmentState, Standing
from commissions import queries
from commissions.queries import counted

_COUNTED = """
    WITH {judged},
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
        statement = _counted(takes_part=counted.everybody(campaign), insert=_INSERT)
        cursor.execute(statement, counted.facts(campaign, final=final))
    return _rewarded(campaign, list(campaign.standings.filter(final=final).order_by("pk")))


def standings_played(campaign: Campaign) -> list[Standing]:
    """What they would be if everybody that the campaign is for took part from its start on.

    For a dry run: writes nothing, and the campaign may be a copy whose time is another.
    """
    with connection.cursor() as cursor:
        statement = _counted(takes_part=counted.AUDIENCE, insert="")
        cursor.execute(statement, {**counted.facts(campaign, final=False), "enrols": True})
        return [
            Standing(**{**dict(zip(_COLUMNS, map(_whole, row), strict=True)), "left_out": {}})
            for row in cursor.fetchall()
        ]


def standing_until(counting: counted.Counting) -> Standing:
    """Where the affiliate stood with what was paid until then, as those orders are now. Its reward
    is that of a task; of the others, where it hangs on what everybody sold, there is none."""
    campaign = counting.campaign
    statement = _counted(takes_part=counted.of_one(campaign), insert="")
    asked = {**counted.facts_until(counting), "enrols": True}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        row = cursor.fetchone()
    if row is None:
        return Standing(campaign=campaign, affiliate=counting.affiliate)
    told = {**dict(zip(_COLUMNS, map(_whole, row), strict=True)), "left_out": {}}
    standing, mechanic = Standing(**told), MECHANICS[campaign.kind]
    if mechanic.most and mechanic.on_close:
        facts = queries.facts_of(campaign, [standing])
        for award in mechanic.on_close(mechanic.parse(campaign.rules), facts):
            standing.reward_minor = at_most(campaign, award.amount_minor)
    return standing


def at_most(campaign: Campaign, minor: int) -> int:
    return min(minor, campaign.per_affiliate_minor or minor)


def _whole(value: Any) -> Any:
    """PostgreSQL's sums of minor units are numeric; a column of the table makes them whole."""
    return int(value) if isinstance(value, Decimal) else value


def _counted(*, takes_part: str, insert: str) -> str:
    return _COUNTED.format(
        judged=counted.judged(takes_part),
        insert=insert,
        baseline=_BASELINE,
        effort=_EFFORT.format(visitor=VISITOR.format("t")),
    )


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
            standing.reward_minor = at_most(campaign, award.amount_minor)
    update_many(standings, ["rank", "reward_minor"])
    _estimate(campaign)
    return sorted(standings, key=lambda one: (one.rank or len(standings) + 1, one.affiliate_id))


def _estimate(campaign: Campaign) -> None:
    """What each running enrolment would come to, beside it."""
    estimated = campaign.standings.filter(final=False, affiliate=OuterRef("affiliate"))
    campaign.enrolments.filter(state=EnrolmentState.ACCEPTED).update(
        reward_minor=Coalesce(Subquery(estimated.values("reward_minor")[:1]), 0)
    )
