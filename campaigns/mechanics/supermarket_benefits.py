"""Supermarket benefits 猫超福利 (docs/domain.md §5): combination discounts and return cards.

The merchant group takes the discount off the price and issues the return card after receipt; the
affiliate earns its usual commission, and a bonus for a buyer that is new. The grant of an order
line says which card it earned.
"""

from itertools import pairwise
from typing import Annotated, Self

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import OrderFacts, Reward
from campaigns.mechanics.base import Bps, Count, Fault, Mechanic, Minor, Rules, Words

PIECES, AMOUNT = (("combination", each) for each in ("pieces", "amount"))


class Combination(TextChoices):
    PIECES = "pieces", _("By pieces: the more, the cheaper")
    AMOUNT = "amount", _("By amount: so much off from so much on")


class PiecesStep(Rules):
    pieces: Annotated[Count, Field(gt=0), Words(_("From pieces"))]
    off_bps: Annotated[Bps, Field(gt=0), Words(_("Discount"), _("Of the price of all pieces."))]


class AmountStep(Rules):
    amount_minor: Annotated[Minor, Field(gt=0), Words(_("From amount"))]
    off_minor: Annotated[Minor, Field(gt=0), Words(_("Amount off"))]


class SupermarketBenefits(Rules):
    combination: Annotated[Combination, Words(_("Discount"))] = Combination.AMOUNT
    by_pieces: Annotated[
        tuple[PiecesStep, ...],
        Field(max_length=10),
        Words(_("Steps by pieces"), _("For example from 3 pieces 25 percent off."), when=PIECES),
    ] = (PiecesStep(pieces=2, off_bps=1_000), PiecesStep(pieces=3, off_bps=2_500))
    by_amount: Annotated[
        tuple[AmountStep, ...],
        Field(max_length=10),
        Words(_("Steps by amount"), _("For example from 199.00 on 60.00 off."), when=AMOUNT),
    ] = (
        AmountStep(amount_minor=9_900, off_minor=2_000),
        AmountStep(amount_minor=19_900, off_minor=6_000),
    )
    card_minor: Annotated[
        Minor, Words(_("Return card"), _("Issued after receipt. For example 10.00. 0: none."))
    ] = 1_000
    card_from_minor: Annotated[
        Minor, Words(_("Return card from"), _("What the buyer paid. For example 100.00."))
    ] = 10_000
    new_buyer_minor: Annotated[
        Minor,
        Words(_("Bonus for a new buyer"), _("To the affiliate. For example 5.00. 0: none.")),
    ] = 500

    @model_validator(mode="after")
    def steps_rise(self) -> Self:
        pieces = [(step.pieces, step.off_bps) for step in self.by_pieces]
        amounts = [(step.amount_minor, step.off_minor) for step in self.by_amount]
        for name, steps in (("by_pieces", pieces), ("by_amount", amounts)):
            if any(low[0] >= high[0] or low[1] >= high[1] for low, high in pairwise(steps)):
                raise Fault(_("Each step asks for more and gives more."), field=name)
        if any(off >= amount for amount, off in amounts):
            raise Fault(_("A discount is less than what it asks for."), field="by_amount")
        return self


def card(rules: SupermarketBenefits, paid_minor: int) -> int:
    """The return card for what was paid; 0: none."""
    return rules.card_minor if paid_minor >= max(1, rules.card_from_minor) else 0


def on_order(rules: SupermarketBenefits, facts: OrderFacts) -> Reward | None:
    """The bonus for a new buyer; a card that the line earned is written down with it."""
    bonus = rules.new_buyer_minor if facts.new_buyer and facts.base_minor > 0 else 0
    due = card(rules, facts.base_minor)
    if not bonus and not due:
        return None
    return Reward(
        rate_bps=10_000 if bonus else 0,
        cap_minor=bonus,
        why={"new_buyer": facts.new_buyer, "bonus_minor": bonus, "card_minor": due},
    )


def promises(rules: SupermarketBenefits, currency: str) -> list[str]:
    """The affiliate's bonus, then what its buyers get."""

    def money(minor: int) -> str:
        return Money(minor, currency).localized()

    said: list[str] = []
    if rules.new_buyer_minor:
        words = gettext("%(amount)s on top for each new buyer.")
        said.append(words % {"amount": money(rules.new_buyer_minor)})
    if rules.combination is Combination.PIECES:
        words = gettext("Buyers: from %(count)s pieces on %(percent)s off.")
        said += [
            words % {"count": number(step.pieces), "percent": percent(step.off_bps)}
            for step in rules.by_pieces
        ]
    else:
        words = gettext("Buyers: from %(amount)s on %(off)s off.")
        said += [
            words % {"amount": money(step.amount_minor), "off": money(step.off_minor)}
            for step in rules.by_amount
        ]
    if rules.card_minor:
        words = gettext("Buyers: a return card of %(card)s from %(amount)s on.")
        said.append(
            words % {"card": money(rules.card_minor), "amount": money(rules.card_from_minor)}
        )
    return said


MECHANIC = Mechanic(
    kind="supermarket_benefits",
    label=_("Supermarket benefits"),
    about=_(
        "Buyers get a combination discount and a return card from the merchant; affiliates get a "
        "bonus for new buyers beside their usual commission."
    ),
    rules=SupermarketBenefits,
    promises=promises,
    on_order=on_order,
    asks=frozenset({"new_buyer"}),
)
