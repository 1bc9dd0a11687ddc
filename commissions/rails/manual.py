"""The manual rail: a person makes the transfer at the bank and enters its reference."""

from typing import TYPE_CHECKING

from commissions import rails

if TYPE_CHECKING:
    from commissions.models import Payout


class ManualRail:
    """Nothing can be sent by program; the payout waits in SENDING until finance confirms it."""

    def send(self, payout: "Payout", *, key: str) -> str:
        raise rails.Unclear("waiting for finance to make the transfer and enter its reference")

    def lookup(self, *, key: str) -> str:
        raise rails.Unclear("waiting for finance to enter the transfer's reference")
