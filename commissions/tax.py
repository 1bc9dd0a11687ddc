"""What is withheld from a withdrawal for the tax office: one rule per alliance, pure functions.

The income of a calendar month counts as one payment: each withdrawal bears the difference between
the tax on the month so far and what was withheld before. docs/payouts.md has worked numbers.
"""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, half_up

COMPANY = "company"  # no rule: a company pays its own taxes and sends an invoice

FREE = Money(800_00, "CNY")
_DEDUCTED_UP_TO = 4_000_00  # fen; up to here that is deducted, beyond it a fifth
# Rate in percent, quick deduction (fen). Where one bracket ends the next says the same, so the one
# that says most is the one that holds.
_BRACKETS = ((20, 0), (30, 2_000_00), (40, 7_000_00))


def none(gross: Money) -> Money:
    """Nothing is withheld."""
    return Money(0, gross.currency)


def flat(gross: Money) -> Money:
    """TAX_FLAT_BPS basis points of everything."""
    return gross.share(settings.ALLIANCE["TAX_FLAT_BPS"])


def cn_labour(gross: Money) -> Money:
    """Classic withholding on labour remuneration, of yuan (docs/domain.md §4.5)."""
    return Money(_cn_labour(gross.minor), gross.currency)


def _cn_labour(fen: int) -> int:
    if fen <= FREE.minor:
        return 0
    # What is taxed, in fifths of a fen: rounded once, at the end.
    fifths = 5 * (fen - FREE.minor) if fen <= _DEDUCTED_UP_TO else 4 * fen
    return max(half_up(fifths * rate - 500 * minus, 500) for rate, minus in _BRACKETS)


RULES: Mapping[str, Callable[[Money], Money]] = {
    "none": none,
    "flat": flat,
    "cn_labour": cn_labour,
}


def knows(rule: str, currency: str) -> bool:
    """Whether the rule can say anything about money of this currency."""
    return rule != "cn_labour" or currency == "CNY"


def due(rule: str, *, amount: Money, before: Money, withheld: Money) -> Money:
    """The tax of a withdrawal of `amount`, after `before` in the same month of which `withheld`
    was kept back: the difference to the tax on the whole, never negative.

    Raises Invalid for a currency that the rule does not know.
    """
    if not knows(rule, amount.currency):
        raise Invalid(_("No tax is known for withdrawals in %(c)s.") % {"c": amount.currency})
    if rule == COMPANY:
        return none(amount)
    return max(RULES[rule](before + amount) - withheld, none(amount))


def back(rule: str, *, left: Money, withheld: Money) -> Money:
    """What a withdrawal that comes to nothing gives back, `left` being what remains of its month
    and `withheld` the tax kept back so far, its own included."""
    if rule == COMPANY:
        return none(left)
    return max(withheld - RULES[rule](left), none(left))
