"""Every rail with its far end, and an affiliate who wants 19.34 sent by it.

What a far end really paid is compared with ours after every test: never more than the payout, and
exactly that if and only if ours says paid.
"""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import rails, tasks
from commissions.models import Payout
from commissions.rails import wire
from commissions.services import bank_files, payouts, reconciliation, settlements
from commissions.verify import verify
from tests.cast import cast_make
from tests.commissions.rails import wire_server as far_side
from tests.commissions.rails.bank import Bank, camt_053
from tests.rows import once

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


class Far:
    """One rail as the contract sees it: `send`, `tell` (their word reaches us), `again`."""

    payee = {"holder": "林小美", "number": "lin@test.example"}

    def __init__(self, cast, settings) -> None:
        self.cast = cast

    def send(self, payout) -> None:
        tasks.payout_send(payout.pk)

    def tell(self) -> None:
        """A while later we ask."""
        with clock.at(clock.now() + timedelta(minutes=11)):
            tasks.payouts_reconcile()

    def again(self, payout) -> None:
        """The same key once more, past all our own guards."""
        with pytest.raises((rails.Unclear, rails.Refused)):
            rails.get(self.name).send(payout, key=rails.key_of(payout.pk))

    def finish(self) -> None:
        """What was under way arrives."""
        self.end.finish()

    def close(self) -> None:
        return

    def set(self, plan: str) -> None:
        self.end.plan = plan

    @property
    def paid(self) -> dict[str, list[int]]:
        return {key: sums for key, sums in self.end.paid.items() if sums}


class Alipay(Far):
    name = "alipay"

    def __init__(self, cast, settings) -> None:
        super().__init__(cast, settings)
        self.end = far_side.AlipayServer()
        settings.RAILS = {
            "alipay": {
                "APP_ID": "2021000000",
                "PRIVATE_KEY": far_side.private_pem(far_side.MERCHANT),
                "PUBLIC_KEY": far_side.public_pem(far_side.WALLET),
                "APP_CERT": "",
                "ROOT_CERT": "",
                "GATEWAY": f"{self.end.url}/gateway.do",
            }
        }

    def again(self, payout) -> None:
        assert rails.get("alipay").send(payout, key=rails.key_of(payout.pk)) == (
            f"2026payout_{payout.pk}"
        )

    def close(self) -> None:
        self.end.close()
        assert self.end.wrong == []


class PayPal(Far):
    name = "paypal"

    def __init__(self, cast, settings) -> None:
        super().__init__(cast, settings)
        self.end = far_side.PayPalServer()
        settings.RAILS = {
            "paypal": {"CLIENT_ID": "client", "SECRET": "secret", "API": self.end.url}
        }

    def tell(self) -> None:
        """By its number, and where that was lost by the report that somebody uploads."""
        super().tell()
        if self.paid:
            reconciliation.rail_file_read(
                actor=self.cast.finance2,
                kind="paypal",
                name="report.csv",
                content=self.end.report(),
            )

    close = Alipay.close


class BankByFile(Far):
    """Here the wire is a person: makes the file, uploads it, brings the answers back."""

    name = "bank_file"
    payee = {
        "holder": "林小美",
        "number": "6222 0231 0004 5678 912",
        "institution": "ICBC Hangzhou",
        "bank_code": "102331000007",
    }

    def __init__(self, cast, settings) -> None:
        super().__init__(cast, settings)
        self.end = Bank()
        self.answers: list[bytes] = []
        settings.RAILS = {
            "bank_file": {"NAME": "Taoke Alliance", "ACCOUNT": "1202024419900012345", "BIC": ""}
        }

    def send(self, payout) -> None:
        tasks.payout_send(payout.pk)  # nothing goes by itself
        self.file = bank_files.bank_file_make(
            actor=self.cast.finance2, currency=payout.currency, payout_pks=[payout.pk]
        )
        if self.end.plan == "before":
            return
        answer = self.end.take(bytes(self.file.content))
        match self.end.plan:
            case "after":
                return
            case "garbage":
                self.answers.append(b"<html>Session expired</html>")
            case "forged":  # not our transfer: another amount
                self.end.paid.clear()
                self.answers.append(
                    camt_053("2026-06-22", [(rails.key_of(payout.pk), cny("1.00"), "DBIT", "")])
                )
            case _:
                self.answers.append(answer)
        self.read()

    def read(self) -> None:
        for content in self.answers:
            try:
                self.upload(content)
            except reconciliation.Invalid:
                continue
        self.answers.clear()

    def upload(self, content: bytes) -> None:
        reconciliation.rail_file_read(
            actor=self.cast.finance2, kind="bank", name="answer.xml", content=content
        )

    def again(self, payout) -> None:
        self.end.take(bytes(self.file.content))

    def tell(self) -> None:
        super().tell()
        if self.paid:
            self.upload(self.end.statement())


class ByHand(Far):
    """A person makes the transfer, and another one says so."""

    name = "manual"
    payee = {"holder": "Lin", "number": "6222 0000 1234", "institution": "ICBC"}

    def __init__(self, cast, settings) -> None:
        super().__init__(cast, settings)
        self.end = Bank()

    def send(self, payout) -> None:
        super().send(payout)
        if self.end.plan == "refuse":
            payouts.payout_fail(
                payout=Payout.objects.get(pk=payout.pk), reason="No such account",
                actor=self.cast.finance2,
            )  # fmt: skip
        if self.end.plan in ("ok", "after", "garbage"):
            self.end.paid[rails.key_of(payout.pk)].append(payout.amount_minor)
        self.pending = payout

    def finish(self) -> None:
        self.end.paid[rails.key_of(self.pending.pk)].append(self.pending.amount_minor)

    def tell(self) -> None:
        super().tell()
        for key in self.paid:
            payout = Payout.objects.get(pk=key.removeprefix("payout-"))
            if payout.state == "sending":
                payouts.payout_mark_paid(payout=payout, rail_ref="SLIP-1", actor=self.cast.finance2)


FARS = {far.name: far for far in (Alipay, PayPal, BankByFile, ByHand)}


def settled():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
    with clock.at(MAY + timedelta(days=5)):
        made.received()
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    return made


@pytest.fixture
def cast(monkeypatch):
    """An affiliate with 19.34 payable, on 22 June; nobody waits long for an answer."""
    monkeypatch.setattr(wire, "TIMEOUT", dict.fromkeys(wire.TIMEOUT, 0.5))
    made = once(settled)
    with clock.at(JUNE_22):
        yield made
    assert verify() == []


@pytest.fixture
def far(request, cast, settings, monkeypatch):
    """The rail that the test is about. PayPal pays no yuan; here it is asked to."""
    if request.param == "paypal":
        offer = rails.OFFERS["paypal"]
        with_cny = type(offer)(offer.label, offer.ready, ("CNY",))
        monkeypatch.setitem(rails.OFFERS, "paypal", with_cny)
    end = FARS[request.param](cast, settings)
    yield end
    end.close()
    for payout in Payout.objects.all():
        sums = end.paid.get(rails.key_of(payout.pk), [])
        assert sum(sums) <= payout.amount_minor
        assert (sum(sums) == payout.amount_minor) == (payout.state in ("paid", "returned"))


def released_by(cast, far, amount: str = "19.34") -> Payout:
    """A payout by that rail, released and not sent yet."""
    payouts.payee_set(actor=cast.lin, affiliate=cast.affiliate, rail=far.name, **far.payee)
    payout = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount))
    payouts.payout_release(actor=cast.finance, payout=payout)
    return payout
