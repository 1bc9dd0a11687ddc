"""What people are told about money and cases, and in which words."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from affiliates.notices import affiliate_actors_tell, affiliate_tell
from alliance.kernel.models import AuditEvent, Endpoint, Side, User
from alliance.kernel.money import Money
from alliance.kernel.notice_kinds import KINDS, Data, Group, Kind, Words, told
from alliance.kernel.notices import notify
from alliance.kernel.outbox import key_of, side_of
from alliance.kernel.templatetags.alliance import moment
from commissions import weekly
from commissions.models import (
    Award,
    Consequence,
    Invoice,
    PayeeAccount,
    Payout,
    Statement,
    TopUp,
    Violation,
    ViolationFact,
    ViolationState,
    ViolationType,
)
from merchants.models import Merchant
from merchants.notices import team_tell

# --- Affiliates -----------------------------------------------------------------------------------


def payee_changed(payee: PayeeAccount) -> None:
    """Everybody who may change the account: somebody did."""
    affiliate_actors_tell(
        payee.affiliate_id,
        "payee.changed",
        key=f"payee:{payee.pk}:changed",
        link=reverse("commissions:withdrawals"),
        affiliate=payee.affiliate.name,
        account=str(payee),
        holder=payee.holder,
        hours=settings.ALLIANCE["PAYEE_HOLD_HOURS"],
    )


def payout_tell(payout: Payout, fact: str, reason: str = "") -> None:
    """It was paid, failed or came back; the net amount is what moves."""
    affiliate_tell(
        payout.affiliate_id,
        f"payout.{fact}",
        key=f"payout:{payout.pk}:{fact}",
        link=reverse("commissions:withdrawals"),
        net_minor=payout.net.minor,
        currency=payout.currency,
        account=str(payout.payee),
        reason=reason,
    )


def award_tell(award: Award, kind: str, event: AuditEvent, *, amount_minor: int) -> None:
    affiliate_tell(
        award.affiliate_id,
        kind,
        key=f"{kind}:{event.pk}",
        link=reverse("commissions:campaign", args=[award.campaign_id]),
        campaign=award.campaign.name,
        amount_minor=amount_minor,
        currency=award.currency,
        reason=award.reason,
    )


def case_tell(case: Violation, fact: ViolationFact, words: str, event_pk: int) -> None:
    """Those of the affiliate who may act, of each turn of a case."""
    affiliate_actors_tell(
        case.affiliate_id,
        "case.turned",
        key=f"violation_event:{event_pk}",
        link=reverse("commissions:violation", args=[case.pk]),
        number=case.number,
        fact=fact.value,
        reason=case.reason,
        words=words,
        appeal_until=case.appeal_until.isoformat(),
        consequence=case.consequence if case.state == ViolationState.UPHELD else "",
    )


def _case_words(data: Data) -> Words:
    fact, reason = ViolationFact(data["fact"]), ViolationType(data["reason"])
    title = gettext("Case %(number)s: %(what)s") % {"number": data["number"], "what": reason.label}
    parts = [str(fact.label), data["words"]]
    if fact == ViolationFact.OPENED:
        parts.append(reason.words)
    if fact in (ViolationFact.OPENED, ViolationFact.DISMISSED):
        until = moment(datetime.fromisoformat(data["appeal_until"]))
        parts.append(gettext("You can appeal until %(moment)s.") % {"moment": until})
    if data["consequence"] and fact != ViolationFact.ENDED:
        parts.append(str(Consequence(data["consequence"]).label) + ".")
    return title, "\n\n".join(part for part in parts if part)


def statement_tell(statement: Statement) -> None:
    """The statement's owner: an affiliate's team, or a merchant's."""
    month = f"{statement.month:%Y-%m}"
    key = f"statement:{statement.pk}:issued"
    if statement.affiliate_id:
        link = reverse("commissions:affiliate_statement", args=[statement.pk])
        affiliate_tell(
            statement.affiliate_id,
            "statement.issued",
            key=key,
            link=link,
            number=statement.number,
            month=month,
        )
    elif statement.merchant_id:
        link = reverse("commissions:merchant_statement", args=[statement.pk])
        team_tell(
            statement.merchant_id,
            "statement.issued",
            key=key,
            link=link,
            number=statement.number,
            month=month,
        )


def endpoint_tell(endpoint: Endpoint, event: AuditEvent, *, gone: bool) -> None:
    """Those who look after an address that we switched off."""
    facts = {
        "name": endpoint.name,
        "why": gettext_noop("It answered that it is gone for good (410).")
        if gone
        else gettext_noop("It has not taken any message for three days."),
    }
    key, pk = f"endpoint:{event.pk}:switched_off", key_of(endpoint.organisation)
    if side_of(endpoint.organisation) == Side.AFFILIATE:
        link = reverse("commissions:affiliate_endpoint", args=[endpoint.pk])
        affiliate_actors_tell(pk, "endpoint.switched_off", key=key, link=link, **facts)
    else:
        link = reverse("commissions:merchant_endpoint", args=[endpoint.pk])
        team_tell(pk, "endpoint.switched_off", key=key, link=link, **facts)


def _endpoint_words(data: Data) -> Words:
    return (
        gettext("Messages to “%(name)s” are switched off") % {"name": data["name"]},
        gettext(data["why"])
        + "\n\n"
        + gettext(
            "What happens meanwhile is kept for it for 30 days. Mend it, switch it on again, and "
            "have sent what it missed."
        ),
    )


# --- Merchants ------------------------------------------------------------------------------------


def invoice_tell(invoice: Invoice) -> None:
    team_tell(
        invoice.merchant_id,
        "invoice.issued",
        key=f"invoice:{invoice.pk}:issued",
        link=reverse("commissions:invoice", args=[invoice.pk]),
        number=str(invoice),
        month=f"{invoice.month:%Y-%m}",
        total_minor=invoice.total_minor,
        currency=invoice.currency,
    )


def wallet_tell(merchant: Merchant, kind: str, left: Money, event: AuditEvent) -> None:
    """Low, empty, or enough again; by what the audit trail says."""
    team_tell(
        merchant.pk,
        kind,
        key=f"{kind}:{event.pk}",
        link=reverse("commissions:wallet"),
        merchant=merchant.name,
        left_minor=left.minor,
        currency=left.currency,
    )


def top_up_tell(top_up: TopUp, reason: str = "") -> None:
    team_tell(
        top_up.merchant_id,
        f"top_up.{top_up.state}",
        key=f"top_up:{top_up.pk}:{top_up.state}",
        link=reverse("commissions:wallet"),
        merchant=top_up.merchant.name,
        amount_minor=top_up.amount_minor,
        currency=top_up.currency,
        reason=reason,
    )


def report_tell(person: User, side: Side, *, key: str, link: str, data: dict[str, Any]) -> None:
    """The report of a week, to whoever asked for it."""
    notify({person.pk: None}, f"report.{side.value}", side=side, key=key, link=link, **data)


KINDS |= {
    "endpoint.switched_off": Kind(Group.ACCOUNT, "alert-triangle", _endpoint_words),
    "report.affiliate": Kind(Group.REPORTS, "chart-line", weekly.words(Side.AFFILIATE)),
    "report.merchant": Kind(Group.REPORTS, "chart-line", weekly.words(Side.MERCHANT)),
    "payee.changed": Kind(
        Group.SECURITY,
        "shield-lock",
        told(
            _("New account for the withdrawals of %(affiliate)s"),
            _(
                "Withdrawals of %(affiliate)s now go to %(account)s, in the name of %(holder)s.\n\n"
                "If nobody of you did this, tell us at once: withdrawals to a new account wait "
                "for %(hours)d hours."
            ),
        ),
    ),
    "payout.paid": Kind(
        Group.PAYOUTS, "cash", told(_("%(net)s is on its way to you"), _("Paid to %(account)s."))
    ),
    "payout.failed": Kind(
        Group.PAYOUTS,
        "alert-triangle",
        told(
            _("Your withdrawal of %(net)s failed"),
            _("%(reason)s\n\nThe money is available again."),
        ),
    ),
    "payout.returned": Kind(
        Group.PAYOUTS,
        "alert-triangle",
        told(
            _("%(net)s came back from your account"),
            _("%(reason)s\n\nThe money is available again. Check the account before you ask anew."),
        ),
    ),
    "award.paid": Kind(
        Group.TASKS,
        "coins",
        told(_("Reward of %(amount)s: %(campaign)s"), _("It can be withdrawn.")),
    ),
    "award.refused": Kind(
        Group.TASKS,
        "alert-triangle",
        told(_("The reward of %(amount)s was refused: %(campaign)s"), "%(reason)s"),
    ),
    "case.turned": Kind(Group.CASES, "scale", _case_words),
    "statement.issued": Kind(
        Group.BOOKS,
        "file-text",
        told(_("Your statement %(number)s is here"), _("It tells what %(month)s came to.")),
    ),
    "invoice.issued": Kind(
        Group.BOOKS,
        "file-text",
        told(_("Invoice %(number)s over %(total)s"), _("What the alliance charged in %(month)s.")),
    ),
    "wallet.low": Kind(
        Group.WALLET,
        "wallet",
        told(
            _("Your wallet is running low: %(left)s left"),
            _(
                "%(merchant)s has %(left)s left for commissions. When it is used up, new "
                "commissions wait and your products are no longer offered to affiliates. Top up "
                "in time."
            ),
        ),
    ),
    "wallet.empty": Kind(
        Group.WALLET,
        "alert-triangle",
        told(
            _("Your plans are paused: the wallet of %(merchant)s is empty"),
            _(
                "The money of %(merchant)s does not cover new commissions. Your products are not "
                "offered to affiliates until it does; orders that come in meanwhile wait.\n\n"
                "Everything goes on by itself after a top-up."
            ),
        ),
    ),
    "wallet.enough": Kind(
        Group.WALLET,
        "circle-check",
        told(
            _("Your plans are offered again"),
            _("The wallet of %(merchant)s covers new commissions again."),
        ),
    ),
    "top_up.received": Kind(
        Group.WALLET, "wallet", told(_("Your top-up of %(amount)s is in the wallet"))
    ),
    "top_up.refused": Kind(
        Group.WALLET,
        "alert-triangle",
        told(_("Your top-up of %(amount)s was refused"), "%(reason)s"),
    ),
}
