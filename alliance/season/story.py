"""The story of the night, from the first visitor to the last cent."""

import argparse
import dataclasses
import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from alliance.demo.load.campaigns import Plan, campaign_draft, campaign_start
from alliance.embedded.screen import box, say
from alliance.kernel import clock
from alliance.season import checks, report
from alliance.season.browser import Web
from alliance.season.closing import season_close
from alliance.season.night import HANDS, Night, moments
from alliance.season.plans import DOUBLE, PLANS
from alliance.season.rig import Rig
from alliance.season.shops import Shops
from alliance.season.visitors import LAST_VISITOR, Visitors
from alliance.season.world import Size, World, world_make
from campaigns.models import Campaign
from commissions import tasks
from commissions.services.campaigns import campaign_pause, campaign_resume
from merchants.models import Order

AWAY = 1.0  # seconds without Valkey
LASTS = timedelta(hours=24)
SHORT = timedelta(hours=4)
PAUSED, RESUMED, KILLED, STORM = 0.38, 0.46, 0.55, 0.70  # parts of the evening


class Story:
    """Prepare, then run: the exit code is 0 if everything agrees in the end."""

    def __init__(self, rig: Rig, options: argparse.Namespace) -> None:
        self.rig, self.options = rig, options
        self.campaigns: dict[str, Campaign] = {}

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Shops, affiliates and links, through the public services."""
        size = Size(shops=self.options.shops, affiliates=self.options.affiliates)
        self.world = world_make(size, progress)

    def publish(self, progress: Callable[[str], None]) -> None:
        """The season begins now: its campaigns are drafted, agreed to and published."""
        for plan in PLANS:
            if fitting := _fitting(plan, self.world):
                progress(plan.name)
                now = clock.now()
                campaign = campaign_draft(
                    self.world.stage,
                    fitting,
                    starts_at=now,
                    ends_at=now + (SHORT if plan.kind == "crazy_four_hours" else LASTS),
                )
                campaign_start(self.world.stage, campaign)
                self.campaigns[plan.code] = campaign

    def run(self) -> int:
        """The night, the weeks after, and the report."""
        options, dice = self.options, random.Random(self.options.seed)
        self.web = Web(self.rig.url, HANDS)
        self.night = Night(self.rig, options.minutes)
        self.shops = Shops(self.world, self.web, "618")
        self.visitors = Visitors(self.night, self.world, self.web, self.shops, options.seed)
        for number, part in enumerate(moments(dice, options.visitors, LAST_VISITOR), 1):
            self.night.at(part, partial(self.visitors.come, number))
        self._plan(dice)
        say("\nThe night")
        self.night.play()
        self._come_to_rest()
        self.web.close()
        self.rig.close()
        say("\nThe weeks after")
        season_close(self.world, lambda line: say(f"  {line}"))
        return self._morning()

    def _tell(self, what: str) -> None:
        say(f"  {self.night.clock.told()}  {what}")

    # --- What happens beside the visitors ---------------------------------------------------------

    def _plan(self, dice: random.Random) -> None:
        at = self.night.at
        at(0.0, lambda: self._tell("the doors open"), alone=True)
        at(PAUSED, self._pause, alone=True)
        at(RESUMED, self._resume, alone=True)
        if self.rig.restartable:
            at(KILLED, self._valkey_dies, alone=True)
        at(STORM, lambda: self._storm(dice), alone=True)
        at(0.999, self._midnight, alone=True)

    def _pause(self) -> None:
        campaign = self.campaigns[DOUBLE]
        campaign_pause(
            actor=self.world.stage.staff["ops"], campaign=campaign, reason="预算消耗过快，先核对"
        )
        self._tell(f"operations pause “{campaign.name}”")

    def _resume(self) -> None:
        campaign = self.campaigns[DOUBLE]
        campaign_resume(actor=self.world.stage.staff["ops"], campaign=campaign)
        self._tell("and resume it")

    def _valkey_dies(self) -> None:
        self._tell("Valkey is killed: no cache, no messages")
        self.night.watching = False
        self.rig.valkey_kill()
        back = self.night.clock.part + AWAY / 60 / self.options.minutes
        self.night.at(back, self._valkey_back, alone=True)

    def _valkey_back(self) -> None:
        self.rig.valkey_start()
        self.night.watching = True
        self._tell("Valkey is back")

    def _storm(self, dice: random.Random) -> None:
        """All reports once more, and each order's message twice, in any order."""
        jobs = self.shops.storm(dice)
        pks = list(Order.objects.values_list("pk", flat=True)) * 2
        dice.shuffle(pks)
        self._tell(f"a storm: {len(jobs)} reports and {len(pks)} messages come once more")
        for job in jobs:
            self.night.at(self.night.clock.part, job)
        for pk in pks:
            tasks.orders_process.delay([pk])

    def _midnight(self) -> None:
        self._tell("the last parcels arrive")
        for sale in list(self.shops.sales.values()):
            if sale.is_open:
                self.night.at(1.0, partial(self.shops.deliver, sale))

    def _come_to_rest(self) -> None:
        """The worker does what it was told of; the sweep, as the beat does it, finds the rest."""
        self.rig.rest()
        tasks.orders_sweep()
        self.rig.rest()

    # --- The morning ------------------------------------------------------------------------------

    def _morning(self) -> int:
        told, watch = self.visitors.told, self.web.watch
        chapters = (
            ("The night in figures", report.the_night(told, self.shops, watch)),
            ("Campaigns", report.campaigns()),
            ("Affiliates", report.affiliates()),
            ("Merchants", report.merchants()),
            ("Money", report.books(self.world)),
        )
        for title, lines in chapters:
            say(f"\n{title}\n")
            for line in lines:
                say(f"  {line}")
        faults = checks.faults(self.shops)
        say()
        if faults:
            say(box(["THIS DOES NOT AGREE", "", *faults[:40]]))
            return 1
        say(box(["Everything agrees: each answer that somebody got is in the books, once."]))
        return 0


def _fitting(plan: Plan, world: World) -> Plan | None:
    """The plan with those of its shops that take part tonight; None where it lacks somebody."""
    stage = world.stage
    shops = tuple(code for code in plan.shops if code in stage.sellers)
    lacks = bool(plan.shops and not shops) or (plan.host and plan.host not in stage.promoters)
    if lacks or (plan.merchant and plan.merchant not in stage.sellers):
        return None
    return dataclasses.replace(plan, shops=shops)
