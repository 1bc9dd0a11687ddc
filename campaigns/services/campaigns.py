"""Planning campaigns: make, edit, clone, agree. `commissions` does what moves money.

A draft may be edited in everything but its kind and currency. Of a published campaign only what
it says of itself changes here, and its end where nobody else's promise hangs on it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateKind
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, Season, SlateItem, SlateState, Sponsor
from campaigns.services.stock import stocks_renew
from merchants.models import Merchant
from merchants.queries import may_act_for

# docs/domain.md §5.1: goods that arrive within fifteen days of the end still count.
CONFIRM_WITHIN = timedelta(days=15)
LIMITS = (
    "daily_minor",
    "per_order_minor",
    "per_affiliate_minor",
    "per_affiliate_day_minor",
    "orders_per_affiliate",
    "pieces",
)
# The merchant agreed to pay its part of this, and of nothing else.
AGREED_TO = (
    "rules",
    "sponsor",
    "merchant",
    "merchant_bps",
    "budget_minor",
    "starts_at",
    "ends_at",
    "confirm_until",
    "host",
    "kinds",
    "least_tier",
    "all_products",
    "self_buying",
    *LIMITS,
)


class Values(TypedDict, total=False):
    """What a draft is made of, beside its kind and currency; see the model."""

    name: str
    about: str
    season: Season | None
    rules: dict[str, Any]
    sponsor: str
    merchant: Merchant | None
    merchant_bps: int
    host: Affiliate | None
    budget_minor: int
    daily_minor: int | None
    per_order_minor: int | None
    per_affiliate_minor: int | None
    per_affiliate_day_minor: int | None
    orders_per_affiliate: int | None
    pieces: int | None
    starts_at: datetime
    ends_at: datetime
    confirm_until: datetime | None
    enrol_from: datetime | None
    enrol_until: datetime | None
    kinds: list[str]
    least_tier: int
    all_products: bool
    stacking_group: str
    self_buying: bool


@transaction.atomic
def campaign_make(
    *,
    actor: User | None,
    kind: str,
    currency: str = "",
    barred: Iterable[Affiliate] = (),
    **values: Unpack[Values],
) -> Campaign:
    """A draft of that mechanic. Rules left out have their defaults; goods that arrive within
    CONFIRM_WITHIN of the end count unless `confirm_until` says otherwise.

    Raises Invalid, which names the field at fault; a rule at fault is named "rules.<its name>".
    """
    campaign = Campaign(
        kind=kind,
        currency=currency or settings.ALLIANCE["CURRENCY"],
        made_by=actor,
        **_completed(values),
    )
    _check(campaign)
    campaign.save()
    campaign.barred.set(barred)
    audit.record(
        "campaign.made",
        campaign,
        actor=actor,
        kind=kind,
        name=campaign.name,
        budget_minor=campaign.budget_minor,
    )
    return campaign


@transaction.atomic
def campaign_edit(
    *,
    actor: User,
    campaign: Campaign,
    barred: Iterable[Affiliate] | None = None,
    **values: Unpack[Values],
) -> None:
    """Change a draft. What the merchant agreed to pay for is asked anew if it changed.

    Raises WrongState for one that is published, Invalid as `campaign_make` does.
    """
    kept = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if kept.state != CampaignState.DRAFT:
        raise WrongState(_("It is published: make another one, or clone it."))
    completed = _completed({**_times(kept), **values})
    before = {name: getattr(kept, name) for name in completed}
    for name, value in completed.items():
        setattr(kept, name, value)
    _check(kept)  # fills in the rules' defaults
    changes = {
        name: [_plain(was), _plain(getattr(kept, name))]
        for name, was in before.items()
        if was != getattr(kept, name)
    }
    if kept.agreed_at and set(AGREED_TO) & changes.keys():
        kept.agreed_at = None
        changes["agreed_at"] = ["agreed", None]
    kept.save()
    if barred is not None:
        was, now = set(kept.barred.values_list("pk", flat=True)), {one.pk for one in barred}
        if was != now:
            kept.barred.set(now)
            changes["barred"] = [sorted(was), sorted(now)]
    if changes.keys() & {"rules", "starts_at", "ends_at"}:
        stocks_renew(actor=actor, campaign=kept)
    if changes:
        audit.record("campaign.changed", kept, actor=actor, changes=changes)
    campaign.refresh_from_db()


@transaction.atomic
def campaign_describe(*, actor: User, campaign: Campaign, name: str, about: str) -> None:
    """Another name or other words, whatever its state: no promise hangs on them."""
    if not name.strip():
        raise Invalid(_("Please give a name."), field="name")
    before = {"name": campaign.name, "about": campaign.about}
    campaign.name, campaign.about = name.strip()[:80], about.strip()
    after = {"name": campaign.name, "about": campaign.about}
    if before != after:
        campaign.save(update_fields=["name", "about", "updated_at"])
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        audit.record("campaign.changed", campaign, actor=actor, changes=changes)


@transaction.atomic
def campaign_extend(*, actor: User, campaign: Campaign, ends_at: datetime) -> None:
    """A later end of a published campaign that only the alliance pays for; `confirm_until` moves
    along. Raises WrongState where it is over or others promised something for its time only,
    Invalid for an end that is none or longer than its kind may last."""
    kept = Campaign.objects.select_for_update().get(pk=campaign.pk)
    running = kept.state in (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED)
    if not running or kept.ends_at <= clock.now():  # the beat has not closed it yet
        raise WrongState
    if kept.sponsor != Sponsor.PLATFORM or promised(kept):
        raise WrongState(
            _("Others pay for it or promised a rate for its time. Clone it for the time after.")
        )
    if ends_at <= kept.ends_at:
        raise Invalid(_("The new end lies after the present one."), field="ends_at")
    MECHANICS[kept.kind].check_time(kept.starts_at, ends_at)
    moved = ends_at - kept.ends_at
    before = kept.ends_at
    kept.ends_at, kept.confirm_until = ends_at, kept.confirm_until + moved
    kept.save(update_fields=["ends_at", "confirm_until", "updated_at"])
    audit.record(
        "campaign.extended",
        kept,
        actor=actor,
        changes={"ends_at": [before.isoformat(), ends_at.isoformat()]},
    )
    campaign.refresh_from_db()


@transaction.atomic
def campaign_clone(
    *, actor: User, campaign: Campaign, name: str = "", starts_at: datetime | None = None
) -> Campaign:
    """A draft like this one, all of its dates moved so that it starts at `starts_at` (default: a
    week from now, at the same time of day). The slate comes along; what merchants promised for the
    old time (their part of the budget, raised rates) they are asked for anew."""
    if starts_at is None:
        starts_at = week_from_now(campaign.starts_at)
    moved = starts_at - campaign.starts_at
    fresh = Campaign.objects.get(pk=campaign.pk)
    fresh.pk, fresh.state = None, CampaignState.DRAFT
    fresh.name = (name.strip() or campaign.name)[:80]
    fresh._state.adding = True
    for moment in ("starts_at", "ends_at", "confirm_until", "enrol_from", "enrol_until"):
        if (then := getattr(fresh, moment)) is not None:
            setattr(fresh, moment, then + moved)
    for had in ("agreed_at", "published_by", "published_at", "closed_at", "evaluated_at"):
        setattr(fresh, had, None)
    fresh.close_reason, fresh.returned_minor, fresh.made_by = "", 0, actor
    fresh.raise_minor, fresh.raise_by = 0, None  # nobody has asked for more of this one
    fresh.created_at = clock.now()
    _check(fresh)
    fresh.save()
    fresh.barred.set(campaign.barred.all())
    SlateItem.objects.bulk_create(
        SlateItem(
            campaign=fresh,
            product_id=item.product_id,
            rate_bps=item.rate_bps,
            service_bps=item.service_bps,
            price_minor=item.price_minor,
        )
        for item in campaign.slate.filter(state=SlateState.APPROVED)
    )
    audit.record("campaign.made", fresh, actor=actor, name=fresh.name, cloned_from=campaign.pk)
    return fresh


@transaction.atomic
def campaign_discard(*, actor: User, campaign: Campaign) -> None:
    """A draft that is not wanted is gone, with its slate and its planned coupons; the audit trail
    keeps that it was. Raises WrongState for one that is published."""
    kept = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if kept.state != CampaignState.DRAFT or kept.enrolments.exists():
        raise WrongState
    audit.record("campaign.discarded", kept, actor=actor, name=kept.name, kind=kept.kind)
    kept.slate.all().delete()
    kept.stocks.all().delete()  # planned only: none is opened before its campaign is published
    kept.delete()


@transaction.atomic
def campaign_agree(*, actor: User, campaign: Campaign, seen: datetime | None = None) -> None:
    """The merchant's team agrees to pay its part of the budget, as the draft stood when it was
    last changed at `seen` (default: as `campaign` was read): an edit in between is read first.

    Raises NotAllowed for anybody else, WrongState if nothing waits for consent.
    """
    if campaign.merchant_id is None or not may_act_for(actor, campaign.merchant_id):
        raise NotAllowed(_("Only the merchant's own team agrees to what the merchant pays."))
    now = clock.now()
    waiting = Campaign.objects.filter(
        pk=campaign.pk,
        state=CampaignState.DRAFT,
        agreed_at=None,
        merchant_bps__gt=0,
        merchant=campaign.merchant_id,
        updated_at=seen or campaign.updated_at,
    )
    if not waiting.update(agreed_at=now):
        raise WrongState
    campaign.agreed_at = now
    audit.record(
        "campaign.agreed",
        campaign,
        actor=actor,
        budget_minor=campaign.budget_minor,
        merchant_bps=campaign.merchant_bps,
    )


def promised(campaign: Campaign) -> bool:
    """Whether merchants raised rates or fees for products of its slate."""
    alive = campaign.slate.filter(state=SlateState.APPROVED)
    return alive.exclude(rate_bps=None, service_bps=0).exists()


def _times(campaign: Campaign) -> Values:
    return {
        "starts_at": campaign.starts_at,
        "ends_at": campaign.ends_at,
        "confirm_until": campaign.confirm_until,
        "sponsor": campaign.sponsor,
        "merchant_bps": campaign.merchant_bps,
    }


def _completed(values: Values) -> dict[str, Any]:
    """With what follows from other values: nobody has to say twice that a merchant pays all."""
    given: dict[str, Any] = dict(values)
    for moment in ("starts_at", "ends_at"):
        if given.get(moment) is None:
            raise Invalid(_("Please say when."), field=moment)
    given["confirm_until"] = given.get("confirm_until") or given["ends_at"] + CONFIRM_WITHIN
    if given.get("sponsor", Sponsor.PLATFORM) != Sponsor.JOINT:
        whole = given.get("sponsor") == Sponsor.MERCHANT
        given["merchant_bps"] = 10_000 if whole else 0
    return given


def _check(campaign: Campaign) -> None:
    """The sentences before the database's constraints. Fills in the rules' defaults."""
    campaign.name = campaign.name.strip()[:80]
    campaign.about = campaign.about.strip()
    if not campaign.name:
        raise Invalid(_("Please give a name."), field="name")
    if campaign.kind not in MECHANICS:
        raise Invalid(_("There is no such mechanic."), field="kind")
    _check_rules(campaign)
    if campaign.ends_at <= campaign.starts_at:
        raise Invalid(_("It ends after it begins."), field="ends_at")
    MECHANICS[campaign.kind].check_time(campaign.starts_at, campaign.ends_at)
    if campaign.confirm_until < campaign.ends_at:
        raise Invalid(_("Goods can still arrive after the end."), field="confirm_until")
    if campaign.enrol_from and campaign.enrol_until and campaign.enrol_until <= campaign.enrol_from:
        raise Invalid(_("Enrolment ends after it begins."), field="enrol_until")
    _check_payer(campaign)
    if not 0 <= campaign.budget_minor <= 10**15:
        raise Invalid(_("A budget is not below zero."), field="budget_minor")
    for name in LIMITS:
        if (limit := getattr(campaign, name)) is not None and not 0 < limit <= 10**15:
            raise Invalid(_("A limit lies above zero; leave it empty for none."), field=name)
    if unknown := set(campaign.kinds) - set(AffiliateKind.values):
        raise Invalid(_("There are no such affiliates."), field="kinds", unknown=sorted(unknown))
    if len(campaign.stacking_group) > 24:
        raise Invalid(_("At most 24 characters."), field="stacking_group")


def _check_rules(campaign: Campaign) -> None:
    mechanic = MECHANICS[campaign.kind]
    try:
        rules = mechanic.parse(campaign.rules, currency=campaign.currency)
    except Invalid as exc:
        raise Invalid(exc.message, field=f"rules.{exc.field}") from exc
    campaign.rules = mechanic.dump(rules)


def _check_payer(campaign: Campaign) -> None:
    if campaign.merchant is not None and campaign.merchant.currency != campaign.currency:
        raise Invalid(_("The merchant sells in another currency."), field="merchant")
    if campaign.sponsor in (Sponsor.MERCHANT, Sponsor.JOINT) and campaign.merchant is None:
        raise Invalid(_("Say which merchant pays."), field="merchant")
    if campaign.sponsor == Sponsor.JOINT and not 1 <= campaign.merchant_bps <= 9_999:
        raise Invalid(_("Both pay a part: above zero and below 100 %."), field="merchant_bps")
    hosted = MECHANICS[campaign.kind].hosted
    if campaign.host is None and (hosted or campaign.sponsor == Sponsor.AFFILIATE):
        raise Invalid(_("Say which affiliate holds it."), field="host")
    if campaign.sponsor not in Sponsor.values:
        raise Invalid(_("Say who pays."), field="sponsor")


def week_from_now(then: datetime) -> datetime:
    """In seven days, at the same time of day: when a clone starts if nobody says."""
    day = clock.business_day() + timedelta(days=7)
    return datetime.combine(day, then.astimezone(clock.ZONE).time(), clock.ZONE)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "pk"):
        return value.pk
    return value
