"""What stands between an affiliate and its money: in sentences, with the way past each."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import clock
from alliance.kernel.templatetags.alliance import moment
from commissions import queries, tax
from commissions.models import CommissionState, PayeeAccount


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A sentence, and the page on which something can be done or seen about it, if there is one.
    `stops`: nothing can be withdrawn while it is there."""

    words: str
    url: str = ""
    label: str = ""
    stops: bool = False


def stop_of(
    affiliate: Affiliate, currency: str, balances: queries.Balances, rule: str
) -> Obstacle | None:
    """Why nothing can be withdrawn just now; None if it can. The service decides again."""
    if affiliate.state != AffiliateState.ACTIVE:
        return _stop(_("Withdrawals are closed while your account is not active."))
    if not tax.knows(rule, currency):
        return _stop(_("No tax is known for withdrawals in %(c)s.") % {"c": currency})
    if balances.debt:
        return _stop(
            _("A debt of %(amount)s from refunds is open; it is repaid from your next settlement.")
            % {"amount": balances.debt.localized()},
            "commissions:earnings",
            _("Where it comes from"),
        )
    if balances.in_flight:
        return _stop(
            _("A withdrawal is under way. You can ask for the next one when it has arrived."),
            "commissions:withdrawals",
            _("How far it is"),
        )
    if clock.business_day().day == settings.ALLIANCE["SETTLEMENT_DAY"]:
        return _stop(
            _("Today is settlement day, the books are being reconciled. Come back tomorrow.")
        )
    minimum = queries.withdrawal_minimum(currency)
    if balances.payable < minimum:
        return _stop(
            _("The smallest withdrawal is %(amount)s: %(missing)s more has to be settled.")
            % {
                "amount": minimum.localized(),
                "missing": (minimum - balances.payable).localized(),
            },
            "affiliates:products",
            _("Find products"),
        )
    return None


def obstacles_of(
    affiliate: Affiliate,
    currency: str,
    balances: queries.Balances,
    payee: PayeeAccount | None,
    *,
    may_change: bool = True,
) -> list[Obstacle]:
    """Everything that stands in the way, what the affiliate can do something about first. Who may
    not change anything is led to no form."""
    found = []
    if stop := stop_of(affiliate, currency, balances, queries.tax_rule_of(affiliate)):
        found.append(stop)
    if payee is None:
        way = ("commissions:payee", _("Add your account")) if may_change else ("", "")
        found.append(_stop(_("You have not told us yet where to send the money."), *way))
    elif held := queries.held_until(payee):
        words = _(
            "Your account is new: you can ask now, and the money can leave from %(moment)s on."
        )
        found.append(Obstacle(words % {"moment": moment(held)}))
    if balances.frozen:
        words = _("%(amount)s is frozen while a case is open.")
        found.append(
            Obstacle(
                words % {"amount": balances.frozen.localized()},
                reverse("commissions:violations"),
                _("See the case"),
            )
        )
    return found + _waiting(affiliate, currency)


def _waiting(affiliate: Affiliate, currency: str) -> list[Obstacle]:
    """Orders whose commission waits for others."""
    waiting = queries.waiting_of(affiliate, currency)
    found = []
    if count := waiting.get(CommissionState.ESTIMATED, 0):
        words = ngettext(
            "%(count)d order line is paid, but the buyer has not received the goods yet.",
            "%(count)d order lines are paid, but the buyers have not received the goods yet.",
            count,
        )
        found.append(_orders(words % {"count": count}, CommissionState.ESTIMATED))
    if count := waiting.get(CommissionState.UNFUNDED, 0):
        words = ngettext(
            "%(count)d order line waits for the merchant to top up.",
            "%(count)d order lines wait for their merchants to top up.",
            count,
        )
        found.append(_orders(words % {"count": count}, CommissionState.UNFUNDED))
    return found


def _stop(words: str, name: str = "", label: str = "") -> Obstacle:
    return Obstacle(words, reverse(name) if name else "", label, stops=True)


def _orders(words: str, state: CommissionState) -> Obstacle:
    address = f"{reverse('commissions:affiliate_orders')}?{urlencode({'state': state.value})}"
    return Obstacle(words, address, _("Show them"))
