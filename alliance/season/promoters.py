"""Affiliates on their own pages: they sign in, accept the task, enrol."""

import re
import threading
from collections import Counter

from alliance.demo.load.stage import Promoter
from alliance.demo.people import PASSWORD, Role
from alliance.season.browser import Person, Web
from alliance.season.plans import DOUBLE, POT, TASK
from alliance.season.world import World
from campaigns.models import Campaign

SMALL, BIG = (Role.SMALL, Role.CHANNEL), (Role.KA,)
MOST = 12  # who take part: everybody signs in, which is slow on purpose
PLAN = "今晚八点开播，首页两个主推位给活动商品，凌晨再推一次。"
_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


class Promoters:
    """Safe to use from many threads. `joined`: how many got into which campaign."""

    def __init__(self, world: World, web: Web, campaigns: dict[str, Campaign]) -> None:
        self.world, self.web, self.campaigns = world, web, campaigns
        self.joined: Counter[str] = Counter()
        self.full: Counter[str] = Counter()  # who came too late
        self.lock = threading.Lock()

    def who(self) -> list[Promoter]:
        """Those that take part by enrolling."""
        able = [one for one in self.world.stage.promoters.values() if self._for(one)]
        return able[:MOST]

    def _for(self, promoter: Promoter) -> list[str]:
        role = promoter.facts.role
        wanted = [POT] if role in BIG else [TASK, DOUBLE] if role is Role.SMALL else [DOUBLE]
        allowed = role in BIG or role in SMALL
        return [code for code in wanted if allowed and code in self.campaigns]

    def take_part(self, promoter: Promoter, number: int) -> None:
        """Read what runs, then join what is for them."""
        person = self.web.person(f"198.51.100.{number % 250 + 1}")
        person.sign_in(promoter.facts.email, PASSWORD)
        person.get("pages", "/affiliate/campaigns/")
        for code in self._for(promoter):
            self._join(person, code)

    def _join(self, person: Person, code: str) -> None:
        page = f"/affiliate/campaigns/{self.campaigns[code].pk}/"
        if person.get("pages", page).status_code != 200:
            raise AssertionError(f"{page} is not there")
        answer = person.post("pages", f"{page}join/", {"statement": PLAN if code == POT else ""})
        taken = answer.status_code == 302
        with self.lock:
            (self.joined if taken else self.full)[code] += 1
        if not taken and code != TASK:
            said = _TITLE.search(answer.text)
            raise AssertionError(f"{page}: {answer.status_code} {said[1] if said else ''}")
