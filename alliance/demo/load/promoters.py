"""The hundred affiliates: how they joined, what they filed, and the links they build."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.utils import translation

from affiliates.models import Affiliate, AffiliateState
from affiliates.services import (
    affiliate_apply,
    affiliate_approve,
    links_create,
    site_approve,
    site_file,
    zone_create,
)
from alliance.demo.dice import Dice
from alliance.demo.load.accounts import LOCALES
from alliance.demo.load.stage import Promoter, Stage
from alliance.demo.orders import TouchFacts
from alliance.demo.people import AffiliateFacts, Role, affiliates
from alliance.kernel import audit, clock
from alliance.kernel.models import User

AGREED_SHARES = {Role.KA: 9400, Role.TRAFFIC: 9200}  # basis points; the others have the usual one
KIND_OF_WAITING = Role.TUANZHANG  # a small affiliate would not have to wait
Way = tuple[str, int, int, str]  # affiliate, site, zone, product


def promoters_join(
    stage: Stage, users: dict[str, User], codes: Collection[str] | None = None
) -> None:
    """Put everybody's joining (or that of these `codes`) on the agenda."""
    for facts in affiliates().values():
        if codes is not None and facts.code not in codes:
            continue
        user = users[facts.email.partition("@")[0]]
        if facts.waiting:
            hours = 3 + 9 * facts.joined_days
            stage.agenda.at(stage.ago(hours=hours), _apply, facts, user)
        else:
            at = joined_at(stage, facts) - timedelta(hours=Dice("hour", facts.code).between(3, 11))
            stage.agenda.at(at, _join, stage, facts, user)


def joined_at(stage: Stage, facts: AffiliateFacts) -> datetime:
    """The first moment at which it may have sent a buyer."""
    return clock.day_start(facts.joined_on(stage.end))


def _apply(facts: AffiliateFacts, user: User) -> Affiliate:
    with translation.override(LOCALES[facts.language]):
        return affiliate_apply(
            user=user,
            kind=KIND_OF_WAITING if facts.waiting else facts.role,
            name=facts.name,
            introduction=facts.introduction,
        )


def _join(stage: Stage, facts: AffiliateFacts, user: User) -> None:
    ops = stage.staff["ops"]
    affiliate = _apply(facts, user)
    with clock.at(clock.now() + timedelta(hours=1)), translation.override(LOCALES[facts.language]):
        if affiliate.state == AffiliateState.APPLIED:
            affiliate_approve(actor=ops, affiliate=affiliate)
        # Tier and agreed share are edited at the desk, where saving writes this kind of event.
        affiliate.tier, affiliate.share_bps = facts.tier, AGREED_SHARES.get(facts.role)
        affiliate.save(update_fields=["tier", "share_bps"])
        audit.record("affiliate.changed", affiliate, actor=ops, tier=facts.tier)
        promoter = Promoter(facts, user, affiliate)
        for filed in facts.sites:
            site = site_file(
                actor=user, affiliate=affiliate, name=filed.name, kind=filed.kind, url=filed.url
            )
            site_approve(actor=ops, site=site)
            zones = [zone_create(actor=user, site=site, name=name) for name in filed.zones]
            promoter.zones.append(zones)
    stage.promoters[facts.code] = promoter


def links_plan(
    stage: Stage, clicks: Iterable[TouchFacts], openings: list[datetime], dear: str
) -> "LinkBook":
    """Put the building of all links that `clicks` (in order of time) need on the agenda.

    An affiliate builds what it needs for the time after each of the `openings`; the `dear` one,
    whose pages visitors open, builds day by day.
    """
    book = LinkBook(stage)
    groups: dict[tuple[str, datetime], list[Way]] = defaultdict(list)
    known: set[Way] = set()
    days: dict[object, datetime] = {}
    for click in clicks:
        way = (click.affiliate, click.site, click.zone, click.product)
        if way in known:
            continue
        known.add(way)
        joined = joined_at(stage, affiliates()[click.affiliate])
        if click.affiliate == dear:
            day = clock.business_day(click.at)
            moment = days.setdefault(day, click.at - timedelta(minutes=7))
        else:
            moment = max([openings[0], *(o for o in openings if o < click.at)])
        groups[click.affiliate, max(moment, joined - timedelta(minutes=30))].append(way)
    for (code, moment), ways in groups.items():
        stage.agenda.at(moment, book.build, code, ways)
    return book


class LinkBook:
    """The keys of the links that were built, by way; and the code of each product's shop."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.keys: dict[Way, int] = {}
        self.shop_of = {
            product: code for code, seller in stage.sellers.items() for product in seller.products
        }

    def build(self, code: str, ways: list[Way]) -> None:
        promoter = self.stage.promoters[code]
        pairs = [
            (
                promoter.zones[site][zone],
                self.stage.sellers[self.shop_of[product]].products[product],
            )
            for _affiliate, site, zone, product in ways
        ]
        links = links_create(actor=promoter.user, affiliate=promoter.affiliate, ways=pairs)
        self.keys.update({way: link.pk for way, link in zip(ways, links, strict=True)})
