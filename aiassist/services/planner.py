"""The week of an affiliate: drafted, changed by a person, told to calendars and in time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate, AffiliateState, Link
from affiliates.queries import zones_of
from affiliates.services.links import link_create
from aiassist.models import CalendarFeed, PlannedPost, PostState, Target, WeekPlan
from aiassist.notices import post_tell
from aiassist.planner import drafted, week_of
from aiassist.planner.draft import others
from aiassist.planner.facts import channel_of
from aiassist.queries import planner as queries
from aiassist.queries.audiences import audience_of
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions.tokens import digest_of, token_make

AHEAD = timedelta(minutes=15)  # a reminder comes so long before
FARTHEST = timedelta(days=60)  # a post is moved no further
MOST = 10**12


@transaction.atomic
def week_draft(*, actor: User, affiliate: Affiliate, target: str, amount: int = 0) -> WeekPlan:
    """Plan the coming seven days anew. What a person has decided about stays as it is; all else
    that was planned is replaced. `amount`: minor units of the alliance's currency, or clicks.

    Raises Invalid for an unknown target or an amount that it cannot have.
    """
    plan = _plan_save(affiliate, target, amount)
    gathered = week_of(affiliate, plan, settings.ALLIANCE["CURRENCY"])
    draft = drafted(gathered.week)
    now = clock.now()
    mine = PlannedPost.objects.filter(affiliate=affiliate, state=PostState.PLANNED)
    mine.filter(kept=False, at__gt=now).delete()
    PlannedPost.objects.bulk_create(
        PlannedPost(
            affiliate=affiliate,
            at=slot.at,
            zone_id=slot.zone,
            channel=slot.channel,
            product_id=slot.product,
            campaign_id=slot.campaign,
            why=slot.why,
            changed_at=now,
        )
        for slot in draft.slots
    )
    plan.pace, plan.drafted_at = {**gathered.pace, "a_day": draft.a_day}, now
    plan.save(update_fields=["pace", "drafted_at"])
    audit.record("week.drafted", affiliate, actor=actor, target=target, posts=len(draft.slots))
    return plan


def _plan_save(affiliate: Affiliate, target: str, amount: int) -> WeekPlan:
    """Keep what the week is to come to; whoever drafts at the same time waits."""
    if target not in Target.values:
        raise Invalid(_("Please choose one of those offered."), field="target")
    counted = target in (Target.EARN, Target.CLICKS)
    if counted and not 0 < amount <= MOST:
        raise Invalid(_("Please say how much."), field="amount")
    WeekPlan.objects.get_or_create(affiliate=affiliate)
    plan = WeekPlan.objects.select_for_update().get(affiliate=affiliate)
    plan.target, plan.amount = target, amount if counted else 0
    plan.save(update_fields=["target", "amount"])
    return plan


# --- A post --------------------------------------------------------------------------------------


@transaction.atomic
def post_move(*, actor: User, post: PlannedPost, at: datetime, zone: AdZone) -> None:
    """To another time or place. Raises Invalid for a time that is over or too far away, or an ad
    zone of another affiliate's; WrongState for a post that is not planned any more."""
    if not clock.now() < at < clock.now() + FARTHEST:
        raise Invalid(_("Please choose a time within the next 60 days."), field="at")
    if not zones_of(post.affiliate).filter(pk=zone.pk).exists():
        raise Invalid(_("This ad zone is not yours."), field="zone")
    changes: dict[str, Any] = {"at": at, "zone": zone, "reminded_at": None}
    if zone.pk != post.zone_id:
        changes["channel"] = channel_of(zone, audience_of(post.affiliate))
    if at != post.at:
        changes["why"] = {**post.why, "moved": True}
    _change(post, actor, "post.moved", **changes)


@transaction.atomic
def post_swap(*, actor: User, post: PlannedPost) -> None:
    """Another product in its place: the next best that its day does not have and that was not
    swapped away before. Raises WrongState where nothing else is left."""
    day = clock.day_start(clock.business_day(post.at))
    near = queries.posts_of(post.affiliate, day - timedelta(days=6), day + timedelta(days=7))
    planned = [one for one in near if one.state != PostState.DROPPED]
    week = week_of(post.affiliate, None, settings.ALLIANCE["CURRENCY"]).week
    week = replace(week, busy=[(one.at, one.product_id) for one in planned])
    today = {one.product_id for one in planned if day <= one.at < day + timedelta(days=1)}
    passed = [*post.why.get("not", []), post.product_id]
    found = others(week, post.at, frozenset({*today, *passed}))
    if not found:
        raise WrongState(_("There is no other product that suits."))
    candidate, turn = found[0]
    kept = {name: post.why[name] for name in ("share_bps", "moved") if name in post.why}
    _change(
        post,
        actor,
        "post.swapped",
        product_id=candidate.product,
        campaign_id=turn.campaign if turn else None,
        why={**kept, "product": candidate.source, "not": passed},
    )


@transaction.atomic
def post_settle(*, actor: User, post: PlannedPost, state: PostState) -> None:
    """It is done, dropped, or after all planned again."""
    changed = PlannedPost.objects.filter(pk=post.pk).exclude(state=state)
    if changed.update(state=state, kept=True, changed_at=clock.now()):
        audit.record(f"post.{state}", post.affiliate, actor=actor, post=post.pk)


@transaction.atomic
def post_link(*, actor: User, post: PlannedPost) -> Link:
    """The link for it: made now, or the one that is there. Raises what `link_create` raises."""
    return link_create(actor=actor, affiliate=post.affiliate, zone=post.zone, product=post.product)


def _change(post: PlannedPost, actor: User, verb: str, **changes: Any) -> None:
    held = PlannedPost.objects.select_for_update().get(pk=post.pk)
    if held.state != PostState.PLANNED:
        raise WrongState(_("This post is not planned any more."))
    for name, value in changes.items():
        setattr(held, name, value)
    held.kept, held.sequence, held.changed_at = True, held.sequence + 1, clock.now()
    held.save()
    audit.record(verb, post.affiliate, actor=actor, post=post.pk)


# --- Calendars and reminders ---------------------------------------------------------------------


@transaction.atomic
def feed_make(*, actor: User, affiliate: Affiliate) -> str:
    """A private address for the member's calendar, instead of the one before; returns its token,
    which nobody can read again. It speaks the present language."""
    token = token_make()
    CalendarFeed.objects.update_or_create(
        affiliate=affiliate,
        user=actor,
        defaults={
            "digest": digest_of(token),
            "language": get_language() or settings.LANGUAGE_CODE,
            "made_at": clock.now(),
        },
    )
    audit.record("calendar_feed.made", affiliate, actor=actor)
    return token


@transaction.atomic
def feed_revoke(*, actor: User, affiliate: Affiliate) -> None:
    """The member's address answers no more."""
    if CalendarFeed.objects.filter(affiliate=affiliate, user=actor).delete()[0]:
        audit.record("calendar_feed.revoked", affiliate, actor=actor)


@transaction.atomic
def reminders_choose(*, actor: User, affiliate: Affiliate, wanted: bool) -> None:
    """Whether this member is told of posts a quarter of an hour before."""
    plan, _made = WeekPlan.objects.get_or_create(affiliate=affiliate)
    if wanted:
        plan.reminded.add(actor)
    else:
        plan.reminded.remove(actor)


def posts_remind() -> None:
    """Tell those who want it of the posts whose time comes: of each once."""
    for post in queries.posts_to_remind(AHEAD).select_related("affiliate", "product", "zone"):
        with transaction.atomic():
            fresh = PlannedPost.objects.filter(
                pk=post.pk, state=PostState.PLANNED, at=post.at, reminded_at=None
            )
            if fresh.update(reminded_at=clock.now()) and _acts(post.affiliate):
                post_tell(post, _reminded(post.affiliate))


def _acts(affiliate: Affiliate) -> bool:
    return affiliate.state == AffiliateState.ACTIVE


def _reminded(affiliate: Affiliate) -> Mapping[int, int]:
    """Members who want it and still are members."""
    plan = queries.week_plan_of(affiliate)
    if plan is None:
        return {}
    team = affiliate.members.filter(user__in=plan.reminded.all())
    return dict(team.values_list("user_id", "affiliate_id"))
