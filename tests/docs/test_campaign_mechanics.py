"""docs/campaign-mechanics.md: each kind has a section, its rules as they are, numbers that hold."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import partial

import pytest

from alliance.kernel import clock
from alliance.kernel.money import Money, hundredths
from campaigns.faces import wheel_of, worth_of
from campaigns.facts import StandingFacts
from campaigns.mechanics import MECHANICS, RuleField
from campaigns.mechanics.bargain_channel import cheap
from campaigns.mechanics.draws import drawn
from campaigns.mechanics.guaranteed_task import progress, reward
from campaigns.mechanics.leaderboard import board
from campaigns.mechanics.words import Input
from tests.campaigns.mechanics.facts import NOON, extra, order
from tests.docs import DOCS

PAGE = (DOCS / "campaign-mechanics.md").read_text()
NONE = "–"
Row = dict[str, str]


# --- How the page writes things ------------------------------------------------------------------


def amount(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def rate(bps: int) -> str:
    return f"{bps / 100:g} %"


def read(text: str) -> int:
    """12 % and 1,234.00 as basis points and minor units; anything else is a whole number."""
    if text.endswith("%"):
        return round(float(text[:-1]) * 100)
    return Money.parse(text, "CNY").minor if "." in text else int(text)


def usual(field: RuleField) -> str:
    if field.required:
        return "must be given"
    if field.input is Input.ROWS:
        return ", ".join(_in_row(field, row) for row in field.default)
    return _plain(field, field.default)


def _in_row(field: RuleField, row: dict) -> str:
    return " → ".join(_plain(each, row[each.name]) for each in field.rows if row[each.name])


def _plain(field: RuleField, value) -> str:
    match field.input:
        case Input.AMOUNT:
            return amount(value)
        case Input.RATE:
            return rate(value)
        case Input.CENTI:
            return hundredths(value)
        case Input.FLAG:
            return "yes" if value else "no"
        case Input.TIME:
            return time.fromisoformat(value).isoformat("minutes")
    return f"`{value}`" if field.input is Input.CHOICE else str(value)


# --- The page, taken apart -----------------------------------------------------------------------


@dataclass
class Table:
    """One table of examples, with the rules that it is for."""

    kind: str
    rules: object
    rows: list[Row]

    @property
    def about(self) -> str:
        return next(iter(self.rows[0]))


def sections() -> dict[str, str]:
    parts = re.split(r"^## \d+\. (.+)$", PAGE, flags=re.MULTILINE)[1:]
    labels = {str(mechanic.label): kind for kind, mechanic in MECHANICS.items()}
    return {labels[title]: body for title, body in zip(parts[::2], parts[1::2], strict=True)}


def tables() -> list[Table]:
    found = []
    for kind, body in sections().items():
        given = {}
        for part in re.split(r"\n\n", body):
            if lines := [line for line in part.splitlines() if line.startswith("|")]:
                cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
                rows = [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]
                if cells[0][0] != "Rule":
                    found.append(Table(kind, MECHANICS[kind].parse(given), rows))
            elif quoted := re.findall(r"`(\{.*?\})`(?:[:,\s(]|$)", part):
                given = json.loads(quoted[-1])
    return found


def test_every_kind_has_a_section_in_the_order_of_the_table_of_kinds():
    assert list(sections()) == list(MECHANICS)


@pytest.mark.parametrize("kind", MECHANICS)
def test_the_rules_are_told_as_they_are(kind):
    rows = [line for line in sections()[kind].splitlines() if line.startswith("| `")]

    assert rows == [
        f"| `{field.name}` | {field.label} | {usual(field)} |" for field in MECHANICS[kind].fields
    ]


@pytest.mark.parametrize("kind", MECHANICS)
def test_every_section_has_an_example_with_results(kind):
    assert any(name.startswith("→") for t in tables() if t.kind == kind for name in t.rows[0])


# --- What the tables say, computed again ---------------------------------------------------------

ORDER = {
    "base": "base_minor", "usual rate": "rate_bps", "usual share": "share_bps",
    "promised rate": "slate_rate_bps", "promised fee": "slate_service_bps",
    "coupon": "coupon_minor", "tier": "affiliate_tier", "used before": "used_before",
    "pieces before": "product_pieces_before", "pieces": "quantity",
}  # fmt: skip
WORDS = {"kind": "affiliate_kind", "brand": "brand", "category": "category"}


def orders(table: Table) -> list[Row]:
    """Of each row: extra, rate, share, fee, card; what does not apply is a dash."""
    told = []
    for row in table.rows:
        given = {fact: read(row[name]) for name, fact in ORDER.items() if name in row}
        given |= {fact: row[name] for name, fact in WORDS.items() if name in row}
        facts = order(**given, new_buyer=row.get("new buyer") == "yes")
        got = MECHANICS[table.kind].on_order(table.rules, facts)
        told.append(
            {
                "→ extra": amount(extra(got, facts.base_minor)) if got else NONE,
                "→ rate": rate(got.commission_bps) if got and got.commission_bps else NONE,
                "→ share": rate(got.share_bps) if got and got.share_bps else NONE,
                "→ fee": rate(got.service_bps) if got and got.service_bps else NONE,
                "→ card": amount(card) if got and (card := got.why.get("card_minor")) else NONE,
            }
        )
    return told


STANDING = {
    "orders": "orders", "sales": "gmv_minor", "commission": "commission_minor",
    "baseline": "baseline_gmv_minor", "points": "violation_points", "links": "links",
    "clicks": "clicks", "visitors": "visitors", "active days": "active_days",
}  # fmt: skip


def standings(table: Table) -> list[StandingFacts]:
    made = []
    for number, row in enumerate(table.rows, start=1):
        given = {fact: read(row[name]) for name, fact in STANDING.items() if name in row}
        one = StandingFacts(affiliate_id=number, legal_entity=row.get("entity", ""), **given)
        if "reached" in row:
            reached = datetime.combine(NOON.date(), time.fromisoformat(row["reached"]), clock.ZONE)
            one = replace(one, reached_at=reached)
        made.append(one)
    return made


def affiliates(table: Table) -> list[Row]:
    """Of each row: what closing awards, its place, or its progress in a task."""
    facts = standings(table)
    if table.kind == "guaranteed_task":
        return [in_task(table.rules, one) for one in facts]
    awards = {
        award.affiliate_id: amount(award.amount_minor)
        for award in MECHANICS[table.kind].on_close(table.rules, facts)
    }
    places = {}
    if table.kind == "leaderboard":
        places = {place.affiliate_id: str(place.rank) for place in board(table.rules, facts)}
    return [
        {
            "→ award": awards.get(one.affiliate_id, NONE),
            "→ place": places.get(one.affiliate_id, NONE),
        }
        for one in facts
    ]


def in_task(rules, one: StandingFacts) -> Row:
    ahead = progress(rules, one)
    lacks = next(iter(ahead.missing.items()), None)
    return {
        "→ reward": amount(ahead.reward_minor),
        "→ next": NONE if ahead.next_minor is None else amount(ahead.next_minor),
        "→ missing": _missing(*lacks) if lacks else NONE,
    }


def _missing(name: str, lacks: int) -> str:
    if name.endswith("_minor"):
        return amount(lacks)
    words = name.replace("_", " ")
    return f"{lacks} {words.removesuffix('s') if lacks == 1 else words}"


def refunds(table: Table) -> list[Row]:
    told = []
    for row in table.rows:
        before, now = (
            StandingFacts(affiliate_id=1, orders=int(row[name]))
            for name in ("orders paid for", "orders now")
        )
        paid = reward(table.rules, before)
        told.append(
            {
                "→ paid": amount(paid),
                "→ now": amount(reward(table.rules, now)),
                "→ comes back": amount(paid - reward(table.rules, now)),
            }
        )
    return told


def stocks(table: Table) -> list[Row]:
    faces = MECHANICS[table.kind].coupon(table.rules).faces
    told = []
    for row in table.rows:
        size = int(row["Stock of"])
        wheel = wheel_of(faces, size=size, seed="any")
        slots_of = Counter(wheel[slot % len(wheel)] for slot in range(size))
        told.append(
            {f"→ {amount(face)}": str(slots_of[face]) for face in slots_of}
            | {"→ worth": amount(worth_of(wheel, size))}
        )
    return told


def slots(table: Table) -> list[Row]:
    return [
        {"→ won": ", ".join(drawn(row["Slot"], row["claimed"].split(", "), table.rules.winners))}
        for row in table.rows
    ]


def prices(table: Table) -> list[Row]:
    admitted = partial(cheap, table.rules)
    return [
        {
            "→ admitted": "yes"
            if admitted(
                price_minor=read(row["price"]),
                median_minor=read(row["market"]) if row["market"] else None,
            )
            else "no"
        }
        for row in table.rows
    ]


def vouchers(table: Table) -> list[Row]:
    mechanic = MECHANICS[table.kind]
    days = mechanic.coupon(table.rules).valid_for.days
    return [
        {"→ paid in advance": amount(mechanic.owes(table.rules)), "→ good for": f"{days} days"}
        for _row in table.rows
    ]


BY_FIRST_COLUMN: dict[str, Callable[[Table], list[Row]]] = {
    "Order": orders,
    "Affiliate": affiliates,
    "Refund": refunds,
    "Stock of": stocks,
    "Slot": slots,
    "Price": prices,
    "Vouchers": vouchers,
}


@pytest.mark.parametrize("table", tables(), ids=lambda table: f"{table.kind}, {table.about}")
def test_the_numbers_hold(table):
    computed = BY_FIRST_COLUMN[table.about](table)
    results = [name for name in table.rows[0] if name.startswith("→")]

    assert results
    assert [{name: row[name] for name in results} for row in computed] == [
        {name: row[name] for name in results} for row in table.rows
    ]


def test_the_raised_share_of_the_worked_order():
    base = Money.parse("199.00", "CNY").share(1_200)

    assert f"`{base.share(7_500).plain}` instead of `{base.share(5_500).plain}`" in PAGE
    assert f"75 % of {base.plain}" in PAGE


def test_the_table_of_kinds_says_what_each_pays_and_who_takes_part():
    rows = re.search(r"\| Kind \| Pays .*?\n\n", PAGE, re.DOTALL)[0].strip().splitlines()[2:]

    assert rows == [
        f"| {mechanic.label} | {_pays(mechanic)} | {_takes_part(mechanic)} |"
        for mechanic in MECHANICS.values()
    ]


def _pays(mechanic) -> str:
    parts = [
        (mechanic.coupons, "coupons"),
        (mechanic.on_order, "with the order"),
        (mechanic.on_close, "at the end"),
    ]
    return ", ".join(word for does, word in parts if does)


def _takes_part(mechanic) -> str:
    if mechanic.reviewed:
        return "applying; operations decide"
    if mechanic.enrols:
        return "enrolling"
    return "promoting"
