"""Cases against affiliates: for the affiliate's pages, for the desk, and as the workers' queue."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart
from commissions.models import (
    Appeal,
    AppealState,
    Balance,
    Commission,
    CommissionState,
    Evidence,
    Hold,
    PayeeRole,
    Violation,
    ViolationState,
    ViolationTarget,
)

LIVE = (ViolationState.OPEN, ViolationState.UPHELD)


def _with_appeal() -> QuerySet[Violation]:
    """Cases with `answer_until`: by when a person answers the appeal that waits, if one does."""
    waiting = Appeal.objects.filter(violation=OuterRef("pk"), state=AppealState.FILED)
    return Violation.objects.annotate(answer_until=Subquery(waiting.values("answer_until")[:1]))


def violations_for(user: User) -> QuerySet[Violation]:
    """Cases against the user's affiliate, newest first, with what they are about; each with its
    `pieces` of evidence, and whether it `may_appeal` now."""
    mine = _with_appeal().filter(affiliate__members__user=user)
    return (
        mine.select_related("zone__site", "commission__line__order", "relation__affiliate")
        .annotate(
            pieces=Count("evidence"),
            may_appeal=_appealable(),
        )
        .order_by("-pk")
    )


def _appealable() -> Q:
    """Cases in which the affiliate may file the first appeal, or ask for the second instance."""
    spent = Appeal.objects.filter(
        Q(state=AppealState.FILED) | Q(instance=2), violation=OuterRef("pk")
    )
    return Q(~Exists(spent), state=ViolationState.OPEN, appeal_until__gt=clock.now())


def appeal_due(affiliate: Affiliate) -> Violation | None:
    """The case in which the affiliate has to appeal first, if it will."""
    cases = Violation.objects.filter(_appealable(), affiliate=affiliate)
    return cases.order_by("appeal_until", "pk").first()


def frozen_of(affiliate: Affiliate) -> list[Money]:
    """What cases hold back of goods received, in all, by currency."""
    held = Balance.objects.filter(account__code=chart.frozen(affiliate.pk), balance_minor__gt=0)
    rows = held.order_by("account__currency").values_list("balance_minor", "account__currency")
    return [Money(minor, currency) for minor, currency in rows]


def evidence_for(user: User) -> QuerySet[Evidence]:
    """Evidence in cases against the user's affiliate."""
    return Evidence.objects.filter(violation__affiliate__members__user=user)


def violations_open(affiliate: Affiliate) -> QuerySet[Violation]:
    """What is looked into at present, the nearest deadline first."""
    mine = _with_appeal().filter(affiliate=affiliate, state=ViolationState.OPEN)
    return mine.order_by("appeal_until", "pk")


def evidence_of(case: Violation) -> QuerySet[Evidence]:
    """Oldest first, without the files themselves."""
    return case.evidence.select_related("by").defer("content").order_by("pk")


def appeal_waiting(case: Violation) -> Appeal | None:
    """The appeal that a person has yet to answer."""
    return case.appeals.filter(state=AppealState.FILED).first()


def may_appeal(case: Violation) -> bool:
    """The affiliate may file the first appeal, or ask for the second instance, now."""
    return Violation.objects.filter(_appealable(), pk=case.pk).exists()


# --- Money ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """What a case covers in one currency: goods received, and what would come on top."""

    orders: int
    confirmed: Money
    expected: Money


def covered(case: Violation) -> QuerySet[Commission]:
    """The commissions that no settlement has taken and that the case is about."""
    rows = Commission.objects.unsettled().filter(affiliate=case.affiliate_id)
    if case.target == ViolationTarget.ORDER:
        return rows.filter(violations=case)
    if case.target == ViolationTarget.ZONE:
        rows = rows.filter(line__attribution__zone=case.zone_id)
    if case.relation:
        brought_by = case.relation.affiliate_id
        rows = rows.filter(
            Q(role=PayeeRole.PARTNER, line__attribution__affiliate=brought_by)
            | Q(role=PayeeRole.SECOND, line__attribution__partner=brought_by)
        )
    return rows if case.hold == Hold.NONE else rows.filter(placed_at__lt=case.frozen_until)


def covered_lately(case: Violation) -> QuerySet[Commission]:
    """The same for reading, the newest order first; none once the case does nothing."""
    rows = covered(case).select_related("line__order").order_by("-placed_at", "-pk")
    return rows if case.hold else rows.none()


def held_by(case: Violation) -> list[Held]:
    """The money that the case holds back now, by currency; nothing once it is decided."""
    frozen = covered(case).filter(hold=Hold.FROZEN, net_minor__gt=0)
    if case.hold != Hold.FROZEN:
        frozen = frozen.none()
    received = Q(state=CommissionState.FROZEN)
    rows = frozen.order_by("currency").values_list("currency")
    return [
        Held(orders, Money(confirmed or 0, currency), Money(expected or 0, currency))
        for currency, orders, confirmed, expected in rows.annotate(
            orders=Sum(1),
            confirmed=Sum("net_minor", filter=received),
            expected=Sum("net_minor", filter=~received),
        )
    ]


# --- For the workers ------------------------------------------------------------------------------


def orders_to_follow(case: Violation, *, after: int, limit: int) -> list[int]:
    """Orders beyond primary key `after` with a commission that is not yet as the case wants it."""
    astray = {
        Hold.NONE: ~Q(hold=Hold.NONE),
        Hold.FROZEN: Q(hold=Hold.NONE),
        Hold.BARRED: ~Q(hold=Hold.BARRED),
    }[Hold(case.hold)]
    rows = covered(case).filter(astray, line__order__gt=after).order_by("line__order")
    return list(rows.values_list("line__order", flat=True).distinct()[:limit])


def violation_to_apply(pk: int) -> Violation | None:
    """The case, if its commissions have yet to follow it."""
    return Violation.objects.exclude(version=F("applied_version")).filter(pk=pk).first()


def violations_to_apply() -> list[int]:
    """Cases whose commissions have yet to follow, oldest first."""
    due = Violation.objects.exclude(version=F("applied_version")).order_by("pk")
    return list(due.values_list("pk", flat=True))


def violations_expired() -> QuerySet[Violation]:
    """Open cases whose deadline has passed without an appeal."""
    waiting = Appeal.objects.filter(violation=OuterRef("pk"), state=AppealState.FILED)
    cases = Violation.objects.filter(state=ViolationState.OPEN, appeal_until__lte=clock.now())
    return cases.exclude(Exists(waiting)).order_by("pk")


def violations_thawing() -> QuerySet[Violation]:
    """Cases whose freeze of a zone, an account or money has reached its day."""
    cases = Violation.objects.filter(state__in=LIVE, ended_at=None)
    return cases.filter(frozen_until__lte=clock.now()).order_by("pk")
