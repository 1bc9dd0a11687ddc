"""What the people of an affiliate are told, and a merchant's of their affiliates."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    Affiliate,
    AffiliateMember,
    AffiliateState,
    Channel,
    CodeBinding,
    PlanMember,
    Site,
)
from alliance.kernel.models import AuditEvent, MemberRole, Side
from alliance.kernel.notice_kinds import KINDS, Group, Kind, told
from alliance.kernel.notices import notify
from merchants.models import Event
from merchants.notices import team_tell


def affiliate_tell(affiliate_pk: int, kind: str, *, key: str, link: str, **data: Any) -> None:
    """The affiliate's whole team, viewers too, each in their language."""
    team = AffiliateMember.objects.filter(affiliate=affiliate_pk)
    people = dict(team.values_list("user_id", "affiliate_id"))
    notify(people, kind, side=Side.AFFILIATE, key=key, link=link, **data)


def affiliate_actors_tell(
    affiliate_pk: int, kind: str, *, key: str, link: str, **data: Any
) -> None:
    """Those of the team who may act for the affiliate."""
    team = AffiliateMember.objects.filter(affiliate=affiliate_pk).exclude(role=MemberRole.VIEWER)
    people = dict(team.values_list("user_id", "affiliate_id"))
    notify(people, kind, side=Side.AFFILIATE, key=key, link=link, **data)


def affiliates_tell(kind: str, *, whom: Q, key: str, link: str, **data: Any) -> None:
    """The teams of all active affiliates that the condition holds for."""
    here = Affiliate.objects.filter(whom, state=AffiliateState.ACTIVE)
    team = AffiliateMember.objects.filter(affiliate__in=here).order_by("pk")
    people = dict(team.values_list("user_id", "affiliate_id"))
    notify(people, kind, side=Side.AFFILIATE, key=key, link=link, **data)


def standing_tell(affiliate: Affiliate, verb: str, event: AuditEvent, reason: str) -> None:
    """Its state was changed, by what the audit trail says."""
    affiliate_tell(
        affiliate.pk,
        verb,
        key=f"{verb}:{event.pk}",
        link=reverse("home"),
        affiliate=affiliate.name,
        reason=reason,
    )


def site_tell(site: Site, verb: str, event: AuditEvent) -> None:
    affiliate_tell(
        site.affiliate_id,
        verb,
        key=f"{verb}:{event.pk}",
        link=reverse("affiliates:sites"),
        site=site.name,
        reason=site.reason,
    )


def place_tell(place: PlanMember, kind: str) -> None:
    """The affiliate, of what became of its place in a plan."""
    affiliate_tell(
        place.affiliate_id,
        kind,
        key=f"place:{place.pk}:{place.state}",
        link=reverse("affiliates:plan", args=[place.plan_id]),
        plan=place.plan.name,
        merchant=place.plan.merchant.name,
        reason=place.reason,
        **({"ends_at": place.ends_at.isoformat()} if place.ends_at else {}),
    )


def channel_tell(channel: Channel, event: AuditEvent) -> None:
    """Whoever recorded it: it has ended that."""
    affiliate_tell(
        channel.affiliate_id,
        "channel.ended",
        key=f"channel.ended:{event.pk}",
        link=reverse("commissions:channels"),
        account=channel.name,
        number=str(channel.number),
    )


def application_tell(place: PlanMember) -> None:
    """The merchant: somebody waits for an answer."""
    team_tell(
        place.plan.merchant_id,
        "plan.applied",
        key=f"place:{place.pk}:applied",
        link=reverse("places:members", args=[place.plan_id]),
        plan=place.plan.name,
        affiliate=place.affiliate.name,
        words=place.words,
    )


def code_tell(binding: CodeBinding, kind: str) -> None:
    affiliate_tell(
        binding.affiliate_id,
        kind,
        key=f"code:{binding.pk}:{kind}",
        link=reverse("affiliates:codes"),
        code=binding.coupon.code,
        shop=binding.coupon.shop.name,
        starts_at=binding.starts_at.isoformat(),
    )


def event_tell(event: Event) -> None:
    """Every affiliate may promote it from now on."""
    affiliates_tell(
        "event.published",
        whom=Q(),
        key=f"event:{event.pk}:published",
        link=reverse("affiliates:event", args=[event.pk]),
        event=event.name,
        starts_at=event.starts_at.isoformat(),
        ends_at=event.ends_at.isoformat(),
    )


_REASON = "%(reason)s"

KINDS |= {
    "affiliate.approved": Kind(
        Group.ACCOUNT,
        "circle-check",
        told(
            _("%(affiliate)s is approved"),
            _("A first site and ad zone are made. You can choose products and build links."),
        ),
    ),
    "affiliate.rejected": Kind(
        Group.ACCOUNT, "circle-x", told(_("The application of %(affiliate)s was refused"), _REASON)
    ),
    "affiliate.frozen": Kind(
        Group.ACCOUNT, "alert-triangle", told(_("%(affiliate)s is frozen"), _REASON)
    ),
    "affiliate.unfrozen": Kind(
        Group.ACCOUNT, "circle-check", told(_("%(affiliate)s is active again"))
    ),
    "affiliate.closed": Kind(
        Group.ACCOUNT, "circle-x", told(_("%(affiliate)s is closed"), _REASON)
    ),
    "site.approved": Kind(Group.ACCOUNT, "world", told(_("The site %(site)s is approved"))),
    "site.rejected": Kind(
        Group.ACCOUNT, "alert-triangle", told(_("The site %(site)s was rejected"), _REASON)
    ),
    "plan.approved": Kind(
        Group.PLANS,
        "key",
        told(
            _("You are in the plan %(plan)s"),
            _("%(merchant)s let you in. Links to its products earn the plan's rates from now on."),
        ),
    ),
    "plan.rejected": Kind(
        Group.PLANS, "circle-x", told(_("%(merchant)s did not let you into %(plan)s"), _REASON)
    ),
    "plan.chosen": Kind(
        Group.PLANS,
        "star",
        told(
            _("%(merchant)s chose you for the plan %(plan)s"),
            _("Links to its products earn the plan's rates from now on."),
        ),
    ),
    "plan.removed": Kind(
        Group.PLANS,
        "alert-triangle",
        told(
            _("%(merchant)s takes you out of the plan %(plan)s"),
            _("%(reason)s\n\nIts rates are yours until %(ends)s."),
        ),
    ),
    "plan.lapsed": Kind(
        Group.PLANS,
        "hourglass",
        told(
            _("Your application for %(plan)s has lapsed"),
            _("%(merchant)s has not answered, or the plan is over."),
        ),
    ),
    "channel.ended": Kind(
        Group.PEOPLE,
        "users",
        told(
            _("%(account)s is no longer recorded below you"),
            _("They have ended it. What carries the number %(number)s keeps it."),
        ),
    ),
    "plan.applied": Kind(
        Group.PEOPLE, "user-plus", told(_("%(affiliate)s applies for %(plan)s"), "%(words)s")
    ),
    "code.bound": Kind(
        Group.PLANS,
        "ticket",
        told(
            _("The code %(code)s is yours"),
            _("From %(starts)s on, orders at %(shop)s that use it are yours, click or none."),
        ),
    ),
    "code.ended": Kind(
        Group.PLANS,
        "ticket",
        told(
            _("The code %(code)s is no longer yours"),
            _("Orders at %(shop)s that were placed with it before stay yours."),
        ),
    ),
    "event.published": Kind(
        Group.NEWS,
        "calendar",
        told(_("New event: %(event)s"), _("From %(starts)s to %(ends)s. Build links to it now.")),
    ),
}
