"""Who works with the alliance: a hundred affiliates, the staff, and the demo's own logins."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from alliance.demo.content import table
from alliance.demo.dice import Dice
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.names import words
from alliance.demo.shelves import categories

PASSWORD = "taoke-618-demo"  # noqa: S105 - printed on the demo's front page
DEMO_AFFILIATE = "lin"
OLDEST_DAYS = 420  # the first affiliates joined before the year that the demo shows


class Role(StrEnum):
    """docs/domain.md §1.1."""

    KA = "ka"
    TRAFFIC = "traffic"
    TUANZHANG = "tuanzhang"
    SMALL = "small"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A medium: `kind` is website, app, guide or software."""

    kind: str
    name: str
    url: str  # "" for groups and social media
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AffiliateFacts:
    """Somebody who promotes. `reach` is a share of traffic: only its ratio to others matters."""

    code: str
    email: str
    name: str
    introduction: str
    language: str  # zh, en or de
    role: Role
    tier: int
    reach: int
    joined_days: int  # how many days before the demo's last day
    waiting: bool  # has applied and sent nothing yet
    shelves: tuple[str, ...]  # category codes, the main one first
    sites: tuple[SiteFacts, ...]

    def joined_on(self, today: date) -> date:
        return today - timedelta(days=self.joined_days)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Somebody who can sign in. `role` is a staff role, "admin", or "" for a member."""

    email: str
    name: str
    role: str


@cache
def affiliates() -> dict[str, AffiliateFacts]:
    found = {}
    for role in Role:
        rows = table("people")[role.value]
        for place, row in enumerate(rows):
            affiliate = _affiliate(role, place / len(rows), row)
            found[affiliate.code] = affiliate
    return found


@cache
def staff() -> tuple[PersonFacts, ...]:
    people = []
    for login, row in table("people")["staff"].items():
        name, role = row.split(" | ")
        people.append(PersonFacts(_email(login), name, role))
    return tuple(people)


def merchant_owner(code: str) -> PersonFacts:
    """The person who signs in for a shop: chen@ for the demo's own one."""
    login, name = ("chen", "陈立夏") if code == DEMO_MERCHANT else (f"shop-{code}", "店主")
    return PersonFacts(_email(login), name, "")


def _email(login: str) -> str:
    return f"{login}@demo.example"


def _affiliate(role: Role, place: float, row: str) -> AffiliateFacts:
    code, name, language, reach, shelves, sites = (part.strip() for part in row.split(" | "))
    waiting = code in table("people")["waiting"]
    tier = _tier(role, place, int(reach))
    return AffiliateFacts(
        code=code,
        email=_email(code),
        name=name,
        introduction=_introduction(name, language, shelves.split()),
        language=language,
        role=role,
        tier=tier,
        reach=int(reach),
        joined_days=_joined(code, tier, waiting, Dice("joined", code)),
        waiting=waiting,
        shelves=tuple(shelves.split()),
        sites=tuple(_site(code, n, site, language) for n, site in enumerate(sites.split(";"))),
    )


def _tier(role: Role, place: float, reach: int) -> int:
    """By role and standing within it; who has just begun is T0."""
    if role is Role.KA:
        return 5
    if role is not Role.SMALL:
        return 4 if place < 0.5 else 3
    return 0 if reach < 10 else 3 if place < 0.12 else 2 if place < 0.5 else 1


def _joined(code: str, tier: int, waiting: bool, dice: Dice) -> int:
    if waiting:
        return dice.between(0, 4)
    if code == DEMO_AFFILIATE:
        return 340  # a whole year to look back on, and room to have grown
    return OLDEST_DAYS if tier >= 3 else dice.between(60, 400) if tier else dice.between(8, 50)


def _introduction(name: str, language: str, shelves: list[str]) -> str:
    """What they wrote when they applied, in their own language."""
    said = [getattr(categories()[shelf].name, language) for shelf in shelves]
    match language:
        case "de":
            return f"{name}: Wir empfehlen vor allem {', '.join(said)}."
        case "en":
            return f"{name}: we mostly recommend {', '.join(said)}."
    return f"{name}主要推广{'、'.join(said)}，内容自己写，只发自己买过的东西。"


def _site(code: str, number: int, text: str, language: str) -> SiteFacts:
    kind, _, name = text.strip().partition(" ")
    zones = [getattr(words(zone), language) for zone in table("people")["zones"][kind]]
    dice = Dice("zones", code, number)
    host = f"{code}.example" if number == 0 else f"{kind}.{code}.example"
    return SiteFacts(
        kind=kind,
        name=name,
        url="" if kind == "guide" else f"https://{host}/",
        zones=tuple(dice.some(zones, dice.between(2, len(zones)))),
    )
