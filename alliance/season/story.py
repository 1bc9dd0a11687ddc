"""The story of the night, from the first visitor to the last cent."""

import argparse
import dataclasses
import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from alliance.demo.load.campaigns import Plan, campaign_draft, campaign_start
from alliance.demo.people import PASSWORD
from alliance.embedded.screen import box, say
from alliance.kernel import clock
from alliance.season import checks, report
from alliance.season.browser import Web
from alliance.season.closing import season_close
from alliance.season.night import HANDS, Night, moments
from alliance.season.plans import COUPON, DOUBLE, PLANS, STOCKS
from alliance.season.promoters import Promoters
from alliance.season.rig import Rig
from alliance.season.shops import Shops
from alliance.season.visitors import LAST_VISITOR, Visitors
from alliance.season.world import Size, World, world_make
from campaigns.models import Campaign, Enrolment, EnrolmentState
from campaigns.services.enrolments import enrolment_decide
from campaigns.services.stock import stock_make
from commissions import tasks
from commissions.services.coupons import stock_open
from merchants.models import Order

AWAY = 1.0  # seconds without Valkey
LASTS = timedelta(hours=24)
SHORT = timedelta(hours=4)
DECIDED, PAUSED, RESUMED, KILLED, STORM = 0.15, 0.38, 0.46, 0.55, 0.70  # parts of the evening


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
            if fitting := _fitting(plan, self.world, self.options.visitors):
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
                if plan.code in STOCKS:
                    self._fill(campaign, plan.code)

    def _fill(self, campaign: Campaign, code: str) -> None:
        """Coupons for what sells best, and for everything; fewer than there are buyers."""
        ops = self.world.stage.staff["ops"]
        size = max(1, self.options.visitors * STOCKS[code] // 100)
        for product in (None, self.world.best()) if code == COUPON else (None,):
            stock = stock_make(
                actor=ops,
                campaign=campaign,
                size=size if product is None else max(1, size // 10),
                product=product,
            )
            stock_open(actor=ops, stock=stock)

    def run(self) -> int:
        """The night, the weeks after, and the report."""
        options, dice = self.options, random.Random(self.options.seed)
        self.web = Web(self.rig.url, HANDS)
        self.desk = self.web.person("192.0.2.1")
        self.night = Night(self.rig, options.minutes)
        self.shops = Shops(self.world, self.web, "618")
        self.visitors = Visitors(self.night, self.world, self.web, self.shops, options.seed)
        for number, part in enumerate(moments(dice, options.visitors, LAST_VISITOR), 1):
            self.night.at(part, partial(self.visitors.come, number))
        self.promoters = Promoters(self.world, self.web, self.campaigns)
        for number, promoter in enumerate(self.promoters.who()):
            self.night.at(0.002, partial(self.promoters.take_part, promoter, number))
        self._plan(dice)
        say("\nThe night")
        self.night.play()
        self._midnight()
        self._come_to_rest()
        self.web.close()
        self.rig.close()
        self.faults = list(checks.stocks())
        say("\nThe weeks after")
        season_close(self.world, lambda line: say(f"  {line}"))
        return self._morning()

    def _tell(self, what: str) -> None:
        say(f"  {self.night.told()}  {what}")

    # --- What happens beside the visitors ---------------------------------------------------------

    def _plan(self, dice: random.Random) -> None:
        deed = self.night.deed
        deed(0.0, lambda: self._tell("the doors open"))
        deed(DECIDED, self._decide)
        deed(PAUSED, self._pause)
        deed(RESUMED, self._resume)
        if self.rig.restartable:
            deed(KILLED, self._valkey_dies)
        deed(STORM, lambda: self._storm(dice))

    def _decide(self) -> None:
        """Operations read what the large ones plan, and let them in."""
        applied = list(Enrolment.objects.filter(state=EnrolmentState.APPLIED).order_by("pk"))
        for enrolment in applied:
            enrolment_decide(actor=self.world.stage.staff["ops"], enrolment=enrolment, accept=True)
        joined = sum(self.promoters.joined.values())
        late = sum(self.promoters.full.values())
        self._tell(f"{joined} times somebody joined a campaign, {late} came too late")

    def _pause(self) -> None:
        """Operations at their desk, with a reason."""
        campaign = self.campaigns[DOUBLE]
        self._desk(campaign, "pause", {"reason": "预算消耗过快，先核对"})
        self._tell(f"operations pause “{campaign.name}”")

    def _resume(self) -> None:
        self._desk(self.campaigns[DOUBLE], "resume", {})
        self._tell("and let it go on")

    def _desk(self, campaign: Campaign, decision: str, said: dict[str, str]) -> None:
        """A decision at the desk, as a person takes it."""
        page = f"/admin/campaigns/campaign/{campaign.pk}/{decision}/"
        if "sessionid" not in self.desk.client.cookies:
            self.desk.sign_in(self.world.stage.staff["ops"].email, PASSWORD)
        self.desk.get("pages", page)
        answer = self.desk.post("pages", page, said)
        if answer.status_code != 302:
            raise AssertionError(f"{page}: {answer.status_code}")

    def _valkey_dies(self) -> None:
        self._tell("Valkey is killed: no cache, no messages")
        self.night.watching = False
        self.rig.valkey_kill()
        self.night.deed_in(AWAY, self._valkey_back)

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
            self.night.after(0, job)
        for pk in pks:
            tasks.orders_process.delay([pk])

    def _midnight(self) -> None:
        """What was not cancelled has arrived by now."""
        self.night.part = 1.0
        self._tell("the last parcels arrive")
        for sale in self.shops.sales.values():
            if sale.is_open:
                self.night.at(1.0, partial(self.shops.deliver, sale))
        self.night.play()

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
            ("Coupons", report.coupons()),
            ("Tasks, boards and pots", report.joined()),
            ("Affiliates", report.affiliates()),
            ("Merchants", report.merchants()),
            ("Money", report.books()),
        )
        for title, lines in chapters:
            say(f"\n{title}\n")
            for line in lines:
                say(f"  {line}")
        faults = self.faults + checks.faults(self.shops, told)
        say()
        if faults:
            say(box(["THIS DOES NOT AGREE", "", *faults[:40]]))
            return 1
        say(box(["Everything agrees: each answer that somebody got is in the books, once."]))
        return 0


def _fitting(plan: Plan, world: World, visitors: int) -> Plan | None:
    """The plan for so many visitors, with those of its shops that take part tonight; None where
    somebody is missing."""
    stage = world.stage
    shops = tuple(code for code in plan.shops if code in stage.sellers)
    lacks = bool(plan.shops and not shops) or (plan.host and plan.host not in stage.promoters)
    if lacks or (plan.merchant and plan.merchant not in stage.sellers):
        return None
    budget = plan.budget * max(visitors, 1_000) // 1_000
    return dataclasses.replace(plan, shops=shops, budget=budget)
