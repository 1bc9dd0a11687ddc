"""What a withdrawal would look like, what holds it up, and what is odd about it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import clock
from alliance.kernel.limits import limit, within
from alliance.kernel.money import Money
from commissions import tax
from commissions.models import (
    CAME_BACK,
    PayeeAccount,
    Payout,
    PayoutState,
    TaxKind,
    TaxProfile,
    TaxRemittanceLine,
)

HUGE = 3  # times the largest withdrawal that the affiliate was ever paid
ODDITIES = ("shared", "huge", "new_account")


@dataclass(frozen=True, slots=True)
class Quote:
    """A withdrawal as it would be, asked for now."""

    amount: Money
    tax: Money
    rule: str
    month: date
    held_until: datetime | None

    @property
    def net(self) -> Money:
        return self.amount - self.tax

    @property
    def needs_invoice(self) -> bool:
        return self.rule == tax.COMPANY


def tax_profile_of(affiliate: Affiliate) -> TaxProfile | None:
    """Who the affiliate is to the tax office; nobody said: an individual."""
    return affiliate.tax_profiles.order_by("-pk").first()


def tax_rule_of(affiliate: Affiliate) -> str:
    """How its withdrawals are taxed from now on."""
    profile = tax_profile_of(affiliate)
    if profile and profile.kind == TaxKind.COMPANY:
        return tax.COMPANY
    return str(settings.ALLIANCE["TAX_STRATEGY"])


def withdrawal_quote(affiliate: Affiliate, payee: PayeeAccount | None, amount: Money) -> Quote:
    """Gross, tax and net of a withdrawal of `amount` now, and until when it would be held."""
    month, rule = clock.this_month(), tax_rule_of(affiliate)
    before, withheld = taxed_in(affiliate.pk, month, rule, amount.currency)
    return Quote(
        amount=amount,
        tax=tax.due(rule, amount=amount, before=before, withheld=withheld),
        rule=rule,
        month=month,
        held_until=held_until(payee) if payee else None,
    )


def taxed_in(affiliate_pk: int, month: date, rule: str, currency: str) -> tuple[Money, Money]:
    """Income of the month under a rule (what came back is none), and the tax kept back of it."""
    rows = Payout.objects.filter(
        affiliate=affiliate_pk, month=month, tax_rule=rule, currency=currency
    )
    stays = ~Q(state__in=CAME_BACK)
    found = rows.aggregate(
        gross=Coalesce(Sum("amount_minor", filter=stays), 0),
        withheld=Coalesce(Sum(F("tax_minor") - F("tax_back_minor")), 0),
    )
    return Money(found["gross"], currency), Money(found["withheld"], currency)


def held_until(payee: PayeeAccount) -> datetime | None:
    """When withdrawals to this account may leave; None: now. Every account is new once."""
    moment = payee.created_at + timedelta(hours=settings.ALLIANCE["PAYEE_HOLD_HOURS"])
    return moment if moment > clock.now() else None


# --- What is odd ----------------------------------------------------------------------------------


def payouts_looked_at(rows: QuerySet[Payout]) -> QuerySet[Any]:
    """Each with what `oddities` asks, in the same statement."""
    mine = Payout.objects.filter(
        affiliate=OuterRef("affiliate"), currency=OuterRef("currency"), state=PayoutState.PAID
    ).exclude(pk=OuterRef("pk"))
    largest = mine.order_by().values("affiliate").annotate(largest=Max("amount_minor"))
    others = PayeeAccount.objects.filter(number__iexact=OuterRef("payee__number"))
    return rows.annotate(
        largest_before=Subquery(largest.values("largest"), output_field=BigIntegerField()),
        new_account=~Exists(mine.filter(payee=OuterRef("payee"))),
        shared=Exists(others.exclude(affiliate=OuterRef("affiliate"))),
    )


def oddities(payout: Any) -> list[str]:
    """What a person should look at before the money leaves: names of ODDITIES.

    `payout` comes from `payouts_looked_at`.
    """
    largest = payout.largest_before
    odd = {
        "shared": payout.shared,
        "huge": largest is not None and payout.amount_minor > HUGE * largest,
        "new_account": payout.new_account,
    }
    return [name for name in ODDITIES if odd[name]]


def withdrawal_minimum(currency: str) -> Money:
    """The smallest withdrawal: never nothing."""
    return max(limit("WITHDRAWAL_MIN_MINOR", currency), Money(1, currency))


# --- What the system releases by itself -----------------------------------------------------------


def payouts_to_auto_release() -> list[int]:
    """Requested ones whose hold is over and that may be small enough, oldest first."""
    waiting = Payout.objects.filter(
        Q(held_until=None) | Q(held_until__lte=clock.now()),
        within("RELEASE_LIMIT_MINOR", "amount_minor__lte"),
        state=PayoutState.REQUESTED,
        closing=False,
        affiliate__state=AffiliateState.ACTIVE,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def auto_released_today(payout: Payout) -> Money:
    """What the system has released for the affiliate on this business day.

    Without what the rail itself refused; what a person calls failed or returned still counts: else
    one person's word after the other would let any sum out without anybody's release.
    """
    today = Payout.objects.filter(
        affiliate=payout.affiliate_id,
        currency=payout.currency,
        auto_released=True,
        released_at__gte=clock.day_start(clock.business_day()),
    ).exclude(state=PayoutState.FAILED, confirmed_by=None)
    return Money(today.aggregate(sum=Sum("amount_minor"))["sum"] or 0, payout.currency)


# --- The tax office -------------------------------------------------------------------------------


def tax_to_remit(month: date, currency: str) -> QuerySet[Any]:
    """Payouts up to the end of `month` whose tax differs from what went to the tax office for
    them, each with the difference as `owed_minor`; what is still under way is left out."""
    sent = TaxRemittanceLine.objects.filter(payout=OuterRef("pk"))
    total = sent.order_by().values("payout").annotate(sum=Sum("amount_minor")).values("sum")
    done = Payout.objects.filter(
        month__lte=month, currency=currency, state__in=[PayoutState.PAID, *CAME_BACK]
    )
    owed = F("tax_minor") - F("tax_back_minor") - Coalesce(Subquery(total), 0)
    return done.annotate(owed_minor=owed).exclude(owed_minor=0).order_by("pk")


def months_to_remit() -> list[date]:
    """Months that are over and had tax withheld, newest first; at least the last one."""
    this = clock.this_month()
    taxed = Payout.objects.filter(tax_minor__gt=0, month__lt=this).order_by()
    months = set(taxed.values_list("month", flat=True).distinct())
    return sorted(months | {clock.previous_month(this)}, reverse=True)
