"""Payout rails: how money really leaves. One file each, one line in RAILS and one in OFFERS.

A rail has `send(payout, key=)` and `lookup(key=)`. Both answer with the rail's reference when the
money has left. Otherwise they raise `Refused` for a definite no, `NotSent` when the rail was never
reached, and `Unclear` for everything else: a time-out, an unknown code, a transfer still under
way. Unclear is looked up, never sent again. docs/rails.md says what each outcome means.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock

if TYPE_CHECKING:
    from commissions.models import Payout


class Refused(Exception):
    """The rail said no, for certain: nothing left, and nothing will."""


class NotSent(Exception):
    """The rail was never reached, so that nothing can have left. May be sent later."""


class Unclear(Exception):
    """Nobody knows yet. The money stays in flight until a look-up or a person says more.

    `handle` is the rail's own number for the transfer, if it gave one.
    """

    def __init__(self, why: str, *, handle: str = "") -> None:
        self.handle = handle
        super().__init__(why)


class Missing(Unclear):
    """The rail knows no such transfer, so far. Right after sending that proves nothing."""


class Rail(Protocol):
    def send(self, payout: "Payout", *, key: str) -> str: ...

    def lookup(self, *, key: str) -> str:
        """`key` is ours, or the rail's own number once it has given one (Unclear.handle)."""


from commissions.rails.alipay import AlipayRail  # noqa: E402 - rails raise what stands above
from commissions.rails.bank_file import BankFileRail, debtor  # noqa: E402
from commissions.rails.manual import ManualRail  # noqa: E402
from commissions.rails.paypal import PayPalRail  # noqa: E402
from commissions.rails.wire import settings_of  # noqa: E402

RAILS: dict[str, Rail] = {
    "manual": ManualRail(),
    "bank_file": BankFileRail(),
    "alipay": AlipayRail(),
    "paypal": PayPalRail(),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What affiliates and the desk need to know of a rail.

    `ready()` says whether its settings are complete. `by_person`: a person makes the transfers and
    says what became of them. `by_file`: what is released waits until a person makes a file of it.
    """

    label: str | Promise
    ready: Callable[[], bool]
    currencies: Collection[str] = ()  # empty: all
    by_person: bool = False
    by_file: bool = False

    def carries(self, currency: str) -> bool:
        return not self.currencies or currency in self.currencies


# PayPal's currencies for payouts that have a minor unit of two digits or none, as Money knows them.
_PAYPAL = (
    "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "JPY", "MXN", "NOK",
    "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD",
)  # fmt: skip
OFFERS: dict[str, Offer] = {
    "alipay": Offer(_("Alipay"), lambda: settings_of("alipay") is not None, ("CNY",)),
    "paypal": Offer(_("PayPal"), lambda: settings_of("paypal") is not None, _PAYPAL),
    "bank_file": Offer(
        _("Bank account"), lambda: debtor() is not None, by_person=True, by_file=True
    ),
    "manual": Offer(_("Another way, by hand"), lambda: True, by_person=True),
}

# How long a rail may take until a transfer that it does not know was certainly never received.
SETTLE = timedelta(hours=24)
APART = timedelta(hours=1)  # between two look-ups that say so


def get(name: str) -> Rail:
    """The rail of that name; KeyError if there is none."""
    return RAILS[name]


def key_of(payout_pk: int) -> str:
    """The key by which every rail knows a payout."""
    return f"payout-{payout_pk}"


def offered(currencies: Collection[str]) -> list[str]:
    """The rails that are set up and carry one of these currencies, in the table's order."""
    return [
        name
        for name, offer in OFFERS.items()
        if offer.ready() and any(map(offer.carries, currencies))
    ]


def held_back() -> list[str]:
    """Rails by which nothing is sent now: not set up, or a person makes a file first."""
    return [name for name, offer in OFFERS.items() if offer.by_file or not offer.ready()]


def waits_for_a_person(rail: str, sent_at: datetime) -> bool:
    """Whether people say what became of a payout under way: always where people transfer, on
    other rails when nothing has been heard for a day."""
    return OFFERS[rail].by_person or clock.now() - sent_at > SETTLE
