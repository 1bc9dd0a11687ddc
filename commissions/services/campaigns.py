"""The life of a campaign: published with its money, paused, closed, wound up (docs/campaigns.md).

A budget is paid in full before anything is promised out of it. What a campaign has used in the end
is split between those who pay it as the budget was: each step posts the difference.
"""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from affiliates.models import AffiliateMember
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from campaigns.happenings import campaign_happened
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    Campaign,
    CampaignPause,
    CampaignState,
    SlateState,
    Sponsor,
)
from campaigns.notices import campaign_end_tell, campaign_tell
from commissions import chart, debts, ledger, queries
from commissions.ledger import Move
from commissions.services.outsiders import outside_affiliate, outside_merchant
from commissions.services.violations import points_of
from merchants.queries import may_act_for

State = CampaignState
_RAISABLE = (State.SCHEDULED, State.LIVE, State.PAUSED, State.CLOSED)


@transaction.atomic(durable=True)
def campaign_publish(*, actor: User, campaign: Campaign, seen: datetime | None = None) -> None:
    """DRAFT → SCHEDULED or, if its time has begun, LIVE; its budget is paid in.

    Orders placed from now on count. Above CAMPAIGN_APPROVAL_MINOR somebody who has not planned it
    has to publish it, as the draft stood when it was last changed at `seen` (default: as it is).
    Raises Invalid for rules, times or a slate that make no sense, NotAllowed, WrongState (changed
    since, too), InsufficientFunds (who pays has not enough).
    """
    campaign = _locked(campaign, State.DRAFT)
    if seen is not None and seen != campaign.updated_at:
        raise WrongState(_("Somebody has changed the draft meanwhile: look at it again."))
    _may_spend(actor, campaign, campaign.budget)
    faults(campaign)
    now = clock.now()
    campaign.state = State.LIVE if campaign.starts_at <= now else State.SCHEDULED
    campaign.published_by, campaign.published_at = actor, now
    campaign.save(update_fields=["state", "published_by", "published_at", "updated_at"])
    for code in (chart.budget(campaign.pk), chart.promised(campaign.pk)):
        ledger.floor_set(code=code, currency=campaign.currency, floor=Money(0, campaign.currency))
    _post(campaign, paid_by(campaign, campaign.budget_minor), fact="funded", actor=actor)
    audit.record("campaign.published", campaign, actor=actor, budget_minor=campaign.budget_minor)
    campaign_tell(campaign)
    campaign_happened(campaign, "published")


def faults(campaign: Campaign) -> None:
    """Raises Invalid with the first thing that keeps a draft from being published."""
    mechanic = MECHANICS.get(campaign.kind)
    if mechanic is None:
        raise Invalid(_("There is no such mechanic."), field="kind")
    rules = mechanic.parse(campaign.rules, currency=campaign.currency)
    mechanic.check_time(campaign.starts_at, campaign.ends_at)
    mechanic.check_budget(rules, campaign.budget)
    if campaign.host and mechanic.refuses_host:
        refusal = mechanic.refuses_host(points_of(campaign.host))
        if refusal is not None:
            raise Invalid(refusal, field="host")
    if campaign.ends_at <= clock.now():
        raise Invalid(_("It would be over already."), field="ends_at")
    if not campaign.all_products and not campaign.slate.filter(state=SlateState.APPROVED).exists():
        raise Invalid(_("There is no product on its slate."), field="slate")
    if campaign.merchant and campaign.merchant.currency != campaign.currency:
        raise Invalid(_("The merchant sells in another currency."), field="currency")
    if campaign.waits_for_consent:
        raise Invalid(_("The merchant has not agreed to pay its part."), field="merchant")
    unpromised = campaign.slate.filter(
        Q(rate_bps__isnull=False) | Q(service_bps__gt=0),
        state=SlateState.APPROVED,
        agreed_at=None,
    )
    if unpromised.exists():
        raise Invalid(
            _("A merchant has not agreed to the rate of a product on the slate."), field="slate"
        )


@transaction.atomic(durable=True)
def campaign_top_up(*, actor: User, campaign: Campaign, amount: Money) -> bool:
    """A greater budget for a campaign that is published and not wound up.

    What a merchant or an affiliate pays is raised by its own people only; a joint budget by nobody.
    The alliance's money takes two where it brings the budget above CAMPAIGN_APPROVAL_MINOR: the
    first asks (False is returned, nothing has moved), the second agrees. Raises Invalid,
    NotAllowed, WrongState (somebody has asked already, too), InsufficientFunds.
    """
    if amount.minor <= 0 or amount.currency != campaign.currency:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    campaign = _locked(campaign, *_RAISABLE)
    if campaign.sponsor == Sponsor.JOINT:
        raise NotAllowed(_("Two pay for it: agree on another campaign for more."))
    if campaign.sponsor == Sponsor.MERCHANT and not may_act_for(actor, campaign.merchant_id or 0):
        raise NotAllowed(_("Only the merchant's own team agrees to what the merchant pays."))
    if campaign.sponsor != Sponsor.MERCHANT:
        _own_or_outside(actor, campaign)
    if campaign.sponsor == Sponsor.PLATFORM and _above_limit(campaign.budget + amount):
        _raise_ask(actor, campaign, amount)
        return False
    _raise(actor, campaign, amount)
    return True


@transaction.atomic(durable=True)
def campaign_raise_agree(*, actor: User, campaign: Campaign, seen: datetime | None = None) -> None:
    """A second person agrees to what was asked on top of the budget, as the campaign stood when it
    was last changed at `seen` (default: as it is), and it is paid in. Raises NotAllowed for whoever
    asked, WrongState where nothing is asked any more, or something else."""
    campaign = _locked(campaign, *_RAISABLE)
    if not campaign.raise_minor:
        raise WrongState
    if seen is not None and seen != campaign.updated_at:
        raise WrongState(_("Somebody has changed the campaign meanwhile: look at it again."))
    if campaign.raise_by_id == actor.pk:
        raise NotAllowed(_("Somebody else has to agree to a budget of that height."))
    _own_or_outside(actor, campaign)
    amount = Money(campaign.raise_minor, campaign.currency)
    campaign.raise_minor, campaign.raise_by = 0, None
    _raise(actor, campaign, amount)


@transaction.atomic(durable=True)
def campaign_raise_refuse(*, actor: User, campaign: Campaign) -> None:
    """What was asked on top of the budget stays out of it; whoever asked may say so, too. Raises
    WrongState where nothing is asked any more."""
    campaign = _locked(campaign, *_RAISABLE, State.SETTLED)
    if not campaign.raise_minor:
        raise WrongState
    asked = campaign.raise_minor
    campaign.raise_minor, campaign.raise_by = 0, None
    campaign.save(update_fields=["raise_minor", "raise_by", "updated_at"])
    audit.record("campaign.raise_refused", campaign, actor=actor, amount_minor=asked)


def _raise_ask(actor: User, campaign: Campaign, amount: Money) -> None:
    if campaign.raise_minor:
        raise WrongState(_("Somebody has asked for more already: answer that first."))
    campaign.raise_minor, campaign.raise_by = amount.minor, actor
    campaign.save(update_fields=["raise_minor", "raise_by", "updated_at"])
    audit.record("campaign.raise_asked", campaign, actor=actor, amount_minor=amount.minor)


def _raise(actor: User, campaign: Campaign, amount: Money) -> None:
    before = paid_by(campaign, campaign.budget_minor)
    campaign.budget_minor += amount.minor
    campaign.save(update_fields=["budget_minor", "raise_minor", "raise_by", "updated_at"])
    after = paid_by(campaign, campaign.budget_minor)
    _post(
        campaign,
        {code: minor - before[code] for code, minor in after.items()},
        fact=f"funded-{campaign.budget_minor}",
        actor=actor,
    )
    audit.record("campaign.topped_up", campaign, actor=actor, amount_minor=amount.minor)


@transaction.atomic(durable=True)
def campaign_pause(*, actor: User, campaign: Campaign, reason: str) -> None:
    """LIVE → PAUSED: orders placed from now on earn nothing from it until it is resumed."""
    reason = _reason(reason)
    campaign = _locked(campaign, State.LIVE)
    _move(campaign, State.PAUSED)
    CampaignPause.objects.create(campaign=campaign, from_at=clock.now(), reason=reason)
    audit.record("campaign.paused", campaign, actor=actor, reason=reason)
    campaign_happened(campaign, "paused")


@transaction.atomic(durable=True)
def campaign_resume(*, actor: User, campaign: Campaign) -> None:
    """PAUSED → LIVE: orders placed from now on count again."""
    campaign = _locked(campaign, State.PAUSED)
    _move(campaign, State.LIVE)
    campaign.pauses.filter(until_at=None).update(until_at=clock.now())
    audit.record("campaign.resumed", campaign, actor=actor)
    campaign_happened(campaign, "resumed")


@transaction.atomic(durable=True)
def campaign_close(*, actor: User | None, campaign: Campaign, reason: str) -> None:
    """The kill switch: orders placed from now on earn nothing from it, whenever it was to end.

    What was granted stays. SCHEDULED, LIVE, PAUSED → CLOSED; WrongState otherwise.
    """
    reason, now = _reason(reason), clock.now()
    campaign = _locked(campaign, State.SCHEDULED, State.LIVE, State.PAUSED)
    if campaign.starts_at < now < campaign.ends_at:
        campaign.ends_at = now
    campaign.close_reason = reason
    _close(campaign, now)
    audit.record("campaign.closed", campaign, actor=actor, reason=reason)
    campaign_end_tell(campaign, reason)
    campaign_happened(campaign, "closed")


def _close(campaign: Campaign, now: datetime) -> None:
    campaign.state, campaign.closed_at = State.CLOSED, now
    campaign.save(update_fields=["state", "closed_at", "close_reason", "ends_at", "updated_at"])
    campaign.pauses.filter(until_at=None).update(until_at=now)


@transaction.atomic(durable=True)
def campaign_turn(*, campaign: Campaign) -> bool:
    """What the clock says: SCHEDULED → LIVE, or → CLOSED. True if it moved."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    now = clock.now()
    running = campaign.state in (State.SCHEDULED, State.LIVE, State.PAUSED)
    if running and campaign.ends_at <= now:
        _close(campaign, now)
        audit.record("campaign.closed", campaign, reason="over")
        campaign_happened(campaign, "closed")
    elif campaign.state == State.SCHEDULED and campaign.starts_at <= now:
        _move(campaign, State.LIVE)
        audit.record("campaign.began", campaign)
        campaign_happened(campaign, "began")
    else:
        return False
    return True


@transaction.atomic(durable=True)
def campaign_wind_up(*, campaign: Campaign) -> Money:
    """CLOSED → SETTLED: what is left of the budget goes back to whoever paid it; returns it.

    Safe to repeat: what comes back later, by a refund, goes back then. Raises WrongState before
    `confirm_until`, and while anything is promised still.
    """
    campaign = _locked(campaign, State.CLOSED, State.SETTLED)
    accounts = {
        chart.budget(campaign.pk),
        chart.promised(campaign.pk),
        chart.coupons(campaign.pk),
        *paid_by(campaign, 0),
        *debts.accounts_of([campaign.host_id] if campaign.host_id else []),
    }
    balances = ledger.lock({(code, campaign.currency) for code in accounts})
    if campaign.state == State.CLOSED and (why := pending(campaign)):
        raise WrongState(why)
    left = balances[chart.budget(campaign.pk), campaign.currency]
    if campaign.state == State.SETTLED and not left:
        return Money(0, campaign.currency)
    before = paid_by(campaign, campaign.budget_minor - campaign.returned_minor)
    campaign.returned_minor += left
    campaign.state = State.SETTLED
    campaign.save(update_fields=["state", "returned_minor", "updated_at"])
    after = paid_by(campaign, campaign.budget_minor - campaign.returned_minor)
    _post(
        campaign,
        {code: minor - before[code] for code, minor in after.items()},
        fact=f"returned-{campaign.returned_minor}",
        balances=balances,
    )
    audit.record("campaign.wound_up", campaign, returned_minor=left)
    return Money(left, campaign.currency)


def pending(campaign: Campaign) -> str:
    """Why a closed campaign cannot be wound up yet; "" if it can."""
    if clock.now() < campaign.confirm_until:
        return str(_("Orders of it may still be received."))
    for code in (chart.promised(campaign.pk), chart.coupons(campaign.pk)):
        if ledger.balance(code, campaign.currency):
            return str(_("Something of its budget is promised still."))
    if queries.campaign_pending(campaign):
        return str(_("What it earned its affiliates is not decided and paid yet."))
    return ""


def paid_by(campaign: Campaign, minor: int) -> dict[str, int]:
    """Who pays so much of the campaign: account → minor units, split to the last coin."""
    if campaign.sponsor == Sponsor.AFFILIATE:
        return {chart.payable(campaign.host_id or 0): minor}
    shares = [10_000 - campaign.merchant_bps, campaign.merchant_bps]
    platform, merchant = Money(minor, campaign.currency).split(shares)
    parts = {chart.CAMPAIGNS: platform.minor}
    if campaign.merchant_bps and campaign.merchant_id:
        parts[chart.wallet(campaign.merchant_id)] = merchant.minor
    return parts


def _post(
    campaign: Campaign,
    parts: Mapping[str, int],
    *,
    fact: str,
    actor: User | None = None,
    balances: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """From the payers into the budget; below zero back to them, through a debt of theirs."""
    budget, currency = chart.budget(campaign.pk), campaign.currency
    moves = [
        Move(Money(minor, currency), debit=code, credit=budget)
        if minor > 0
        else Move(Money(-minor, currency), debit=budget, credit=code)
        for code, minor in parts.items()
        if minor
    ]
    if balances is not None:
        moves = debts.through_debt(moves, balances)
    if moves:
        ledger.post(key=f"campaign:{campaign.pk}:{fact}", moves=moves, actor=actor)


def _may_spend(actor: User, campaign: Campaign, budget: Money) -> None:
    """Raises NotAllowed for whoever would decide alone, or about their own money."""
    _own_or_outside(actor, campaign)
    if campaign.sponsor == Sponsor.AFFILIATE:
        return
    if _above_limit(budget) and actor.pk in queries.campaign_planners(campaign):
        raise NotAllowed(_("Somebody else has to publish a campaign of that budget."))


def _above_limit(budget: Money) -> bool:
    return budget.minor > settings.ALLIANCE["CAMPAIGN_APPROVAL_MINOR"]


def _own_or_outside(actor: User, campaign: Campaign) -> None:
    """An affiliate's money is spent by its own people, the alliance's by nobody who gains by it."""
    if campaign.sponsor == Sponsor.AFFILIATE:
        hosts = AffiliateMember.objects.filter(affiliate=campaign.host_id, user=actor)
        if campaign.agreed_at is None and not hosts.exists():
            raise NotAllowed(_("Only the affiliate's own people spend its money."))
        return
    if campaign.host_id:
        outside_affiliate(actor, campaign.host_id)
    if campaign.merchant_id:
        outside_merchant(actor, campaign.merchant_id)


def _locked(campaign: Campaign, *states: CampaignState) -> Campaign:
    """The campaign as it is now, locked as the pipeline locks it, in one of these states."""
    rows = Campaign.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("merchant").get(pk=campaign.pk)
    if found.state not in states:
        raise WrongState
    return found


def _move(campaign: Campaign, state: CampaignState) -> None:
    campaign.state = state
    campaign.save(update_fields=["state", "updated_at"])


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Say why: it stays on record."), field="reason")
    return reason.strip()[:300]
