"""Agreements on the parts of others: partners, intermediaries, special fees.

Nothing is edited. An agreement begins and ends; clicks made meanwhile keep it (affiliates.parts).
"""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    SPECIAL_MAX_BPS,
    Affiliate,
    AffiliateKind,
    AffiliateState,
    Intermediation,
    Relation,
    Site,
    SpecialFee,
)
from affiliates.queries import share_of
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.models import SERVICE_MAX_BPS, Plan, PlanState
from merchants.queries import may_act_for

LEVELS = 2  # docs/domain.md §1.3: paid above the affiliate who brought the order


@transaction.atomic
def relation_open(
    *, actor: User, affiliate: Affiliate, partner: Affiliate, share_bps: int, below_bps: int = 0
) -> Relation:
    """From now on `partner` gets `share_bps` of the whole commission out of the affiliate's share,
    and `below_bps` of what the affiliate's own affiliates bring, out of what the affiliate gets.

    Raises Invalid (the same affiliate, a share above the agreed one, more than two paid levels),
    WrongState (one of them is not active, or the affiliate has a partner already).
    """
    if affiliate.pk == partner.pk:
        raise Invalid(_("Nobody is their own partner."), field="partner")
    _relations_one_at_a_time()
    held = Affiliate.objects.select_for_update(no_key=True).order_by("pk")
    rows = {row.pk: row for row in held.filter(pk__in=[affiliate.pk, partner.pk])}
    affiliate, partner = rows[affiliate.pk], rows[partner.pk]
    for one in (affiliate, partner):
        _must_be_active(one)
    if not 0 < share_bps <= share_of(affiliate):
        raise Invalid(
            _("The partner's share is above zero and at most the agreed %(share)s.")
            % {"share": percent(share_of(affiliate))},
            field="share",
        )
    if not 0 <= below_bps <= 10_000:
        raise Invalid(_("A share lies between 0 and 100 percent."), field="below")
    if Relation.objects.filter(ends_at=None, affiliate=affiliate).exists():
        raise WrongState(_("The affiliate has a partner. End that relation first."))
    above, below = _levels_above(partner), _levels_below(affiliate)
    if affiliate.pk in above:
        raise Invalid(_("Nobody is their own partner, not by a detour either."), field="partner")
    if below + 1 + len(above) > LEVELS:
        raise Invalid(
            _("That would be a third level above an affiliate: two are paid at most."),
            field="partner",
        )
    relation = Relation.objects.create(
        affiliate=affiliate,
        partner=partner,
        share_bps=share_bps,
        below_bps=below_bps,
        starts_at=clock.now(),
    )
    audit.record(
        "relation.opened",
        relation,
        actor=actor,
        affiliate=affiliate.pk,
        partner=partner.pk,
        share_bps=share_bps,
        below_bps=below_bps,
    )
    return relation


def _relations_one_at_a_time() -> None:
    """So that A → B and C → D, opened while B → C is, cannot make a chain of three."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relations'))")


def _levels_above(affiliate: Affiliate) -> list[int]:
    """The affiliate's partner, that one's, and so on."""
    above: list[int] = []
    active = Relation.objects.filter(ends_at=None).values_list("partner", flat=True)
    pk = active.filter(affiliate=affiliate).first()
    while pk is not None and pk not in above:
        above.append(pk)
        pk = active.filter(affiliate=pk).first()
    return above


def _levels_below(affiliate: Affiliate) -> int:
    """How many levels of affiliates have this one above them."""
    active = Relation.objects.filter(ends_at=None)
    first = active.filter(partner=affiliate).values("affiliate")
    if not first.exists():
        return 0
    return 2 if active.filter(partner__in=first).exists() else 1


@transaction.atomic
def relation_end(*, actor: User, relation: Relation) -> None:
    """Clicks from now on are the affiliate's alone. WrongState if it has ended."""
    now = clock.now()
    if not Relation.objects.filter(pk=relation.pk, ends_at=None).update(ends_at=now):
        raise WrongState
    relation.ends_at = now
    audit.record("relation.ended", relation, actor=actor)


@transaction.atomic
def intermediation_open(
    *, actor: User, affiliate: Affiliate, plan: Plan, service_bps: int
) -> Intermediation:
    """The intermediary looks after the plan for `service_bps` of an order's base.

    The merchant pays it, so it is in force from the consent of the merchant's team on: at once if
    the actor belongs to it, else when `intermediation_agree` is called. Raises Invalid (not an
    intermediary, fee out of bounds), WrongState (not active, plan ended or looked after already).
    """
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    _must_be_active(affiliate)
    if affiliate.kind != AffiliateKind.TUANZHANG:
        raise Invalid(_("Only an intermediary (tuanzhang) looks after plans."), field="affiliate")
    if not 0 < service_bps <= SERVICE_MAX_BPS:
        raise Invalid(
            _("A service fee is above zero and at most %(most)s.")
            % {"most": percent(SERVICE_MAX_BPS)},
            field="service",
        )
    if plan.state != PlanState.ACTIVE or (plan.ends_at and plan.ends_at <= clock.now()):
        raise WrongState(_("This plan has ended."))
    if Intermediation.objects.filter(plan=plan, ends_at=None).exists():
        raise WrongState(_("Somebody looks after this plan already, or has offered to."))
    row = Intermediation.objects.create(
        affiliate=affiliate, plan=plan, service_bps=service_bps, offered_at=clock.now()
    )
    audit.record(
        "intermediation.offered",
        row,
        actor=actor,
        affiliate=affiliate.pk,
        plan=plan.pk,
        service_bps=service_bps,
    )
    if may_act_for(actor, plan.merchant_id):
        intermediation_agree(actor=actor, intermediation=row)
    return row


@transaction.atomic
def intermediation_agree(*, actor: User, intermediation: Intermediation) -> None:
    """The merchant's team agrees: clicks from now on owe the service fee.

    Raises NotAllowed for anybody else, WrongState if it was decided before.
    """
    if not may_act_for(actor, intermediation.plan.merchant_id):
        raise NotAllowed(_("Only the merchant's own team agrees to what the merchant pays."))
    now = clock.now()
    offered = Intermediation.objects.filter(pk=intermediation.pk, starts_at=None, ends_at=None)
    if not offered.update(starts_at=now):
        raise WrongState
    intermediation.starts_at = now
    audit.record("intermediation.agreed", intermediation, actor=actor)


@transaction.atomic
def intermediation_end(*, actor: User, intermediation: Intermediation) -> None:
    """Clicks from now on owe no service fee; an offer is declined. WrongState if it has ended, or
    is of an event that the merchant takes part in: that fee was agreed to for as long."""
    now, plan = clock.now(), Plan.objects.get(pk=intermediation.plan_id)
    if plan.event_id and plan.state == PlanState.ACTIVE and plan.ends_at and plan.ends_at > now:
        raise WrongState(_("The service fee of an event lasts as long as the event."))
    if not Intermediation.objects.filter(pk=intermediation.pk, ends_at=None).update(ends_at=now):
        raise WrongState
    intermediation.ends_at = now
    audit.record("intermediation.ended", intermediation, actor=actor)


@transaction.atomic
def site_special_fee_set(*, actor: User, site: Site, special_bps: int) -> SpecialFee:
    """Of what orders through this site pay, the platform keeps `special_bps` of the base for clicks
    from now on; 0: nothing. Raises Invalid out of bounds."""
    if not 0 <= special_bps <= SPECIAL_MAX_BPS:
        raise Invalid(
            _("A special service fee is at most %(most)s.") % {"most": percent(SPECIAL_MAX_BPS)},
            field="special",
        )
    fee = SpecialFee.objects.create(
        site=site, special_bps=special_bps, starts_at=clock.now(), created_by=actor
    )
    audit.record("site.special_fee_set", site, actor=actor, special_bps=special_bps)
    return fee


def _must_be_active(affiliate: Affiliate) -> None:
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_("%(name)s is not active.") % {"name": affiliate.name})
