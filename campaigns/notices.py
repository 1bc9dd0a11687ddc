"""What people are told about campaigns: what opens, and how their own part in one was decided."""

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from affiliates.notices import affiliate_tell, affiliates_tell
from alliance.kernel.models import AuditEvent
from alliance.kernel.notice_kinds import KINDS, Data, Group, Kind, Words, told
from alliance.kernel.templatetags.alliance import number
from campaigns.audience import whom
from campaigns.models import Campaign, Enrolment, EnrolmentState, SlateItem, SlateState
from merchants.notices import team_tell, team_tell_together

TAKING_PART = (EnrolmentState.OFFERED, EnrolmentState.APPLIED, EnrolmentState.ACCEPTED)


def campaign_tell(campaign: Campaign) -> None:
    """The affiliates that it is for, and the merchants whose products are in it."""
    facts = {
        "campaign": campaign.name,
        "starts_at": campaign.starts_at.isoformat(),
        "ends_at": campaign.ends_at.isoformat(),
    }
    key = f"campaign:{campaign.pk}:published"
    affiliates_tell("campaign.opened", whom=whom(campaign), key=key, link=_page(campaign), **facts)
    for merchant_pk in merchants_of(campaign):
        team_tell(merchant_pk, "campaign.carries", key=key, link=_merchant_page(campaign), **facts)


def campaign_end_tell(campaign: Campaign, reason: str) -> None:
    """Whoever takes part, when it ends before its time."""
    key, facts = f"campaign:{campaign.pk}:closed", {"campaign": campaign.name, "reason": reason}
    taking_part = Enrolment.objects.filter(campaign=campaign, state__in=TAKING_PART)
    for affiliate_pk in taking_part.order_by("pk").values_list("affiliate_id", flat=True):
        affiliate_tell(affiliate_pk, "campaign.closed", key=key, link=_page(campaign), **facts)
    for merchant_pk in merchants_of(campaign):
        link = _merchant_page(campaign)
        team_tell(merchant_pk, "campaign.closed", key=key, link=link, **facts)


def enrolment_tell(enrolment: Enrolment, kind: str) -> None:
    """The affiliate, of what became of its place in a campaign."""
    until = enrolment.offered_until
    affiliate_tell(
        enrolment.affiliate_id,
        kind,
        key=f"enrolment:{enrolment.pk}:{kind}",
        link=_page(enrolment.campaign),
        campaign=enrolment.campaign.name,
        reason=enrolment.reason,
        **({"until_at": until.isoformat()} if until else {}),
    )


def proposal_tell(item: SlateItem, event: AuditEvent, *, accepted: bool, reason: str) -> None:
    """The merchant, of what operations say to a product that it proposed."""
    answer, campaign = "accepted" if accepted else "rejected", item.campaign
    team_tell_together(
        item.product.shop.merchant_id,
        f"proposal.{answer}",
        about=f"campaign:{campaign.pk}:{answer}",
        key=str(event.pk),
        link=_merchant_page(campaign),
        item={"product": item.product.title, "reason": reason},
        campaign=campaign.name,
    )


def _accepted_words(data: Data) -> Words:
    """One product by its name; of several their number, and their names below."""
    items, count = _items(data)
    if count == 1:
        one = {**items[0], "campaign": data["campaign"]}
        return gettext("%(product)s is in the campaign %(campaign)s") % one, ""
    title = ngettext(
        "%(count)s product is in the campaign %(campaign)s",
        "%(count)s products are in the campaign %(campaign)s",
        count,
    )
    said = {"count": number(count), "campaign": data["campaign"]}
    return title % said, _listed([one["product"] for one in items], count)


def _rejected_words(data: Data) -> Words:
    """With the reasons, beside the products where there are several."""
    items, count = _items(data)
    if count == 1:
        one = {**items[0], "campaign": data["campaign"]}
        return gettext("%(product)s is not taken into %(campaign)s") % one, items[0]["reason"]
    title = ngettext(
        "%(count)s product is not taken into %(campaign)s",
        "%(count)s products are not taken into %(campaign)s",
        count,
    )
    said = {"count": number(count), "campaign": data["campaign"]}
    reasons = list(dict.fromkeys(one["reason"] for one in items))
    if len(reasons) == 1:
        lines = _listed([one["product"] for one in items], count)
        return title % said, f"{reasons[0]}\n\n{lines}"
    return title % said, _listed([f"{one['product']}: {one['reason']}" for one in items], count)


def _items(data: Data) -> tuple[list[dict[str, str]], int]:
    """What was decided, and of how many products; there was a time when each was told alone."""
    alone = [{"product": data.get("product", ""), "reason": data.get("reason", "")}]
    return data.get("items", alone), data.get("count", 1)


def _listed(lines: list[str], count: int) -> str:
    if more := count - len(lines):
        said = ngettext("and %(count)s more", "and %(count)s more", more)
        lines = [*lines, said % {"count": number(more)}]
    return "\n".join(lines)


def _page(campaign: Campaign) -> str:
    return reverse("commissions:campaign", args=[campaign.pk])


def _merchant_page(campaign: Campaign) -> str:
    return reverse("commissions:merchant_campaign", args=[campaign.pk])


def merchants_of(campaign: Campaign) -> list[int]:
    """Whose products are on its slate; nobody's where the slate is everything."""
    items = SlateItem.objects.filter(campaign=campaign, state=SlateState.APPROVED)
    merchants = items.order_by("product__shop__merchant").values_list("product__shop__merchant")
    return [pk for (pk,) in merchants.distinct()]


KINDS |= {
    "campaign.opened": Kind(
        Group.NEWS,
        "target-arrow",
        told(_("New campaign: %(campaign)s"), _("From %(starts)s to %(ends)s.")),
    ),
    "campaign.carries": Kind(
        Group.TASKS,
        "rocket",
        told(
            _("Your products are in the campaign %(campaign)s"), _("From %(starts)s to %(ends)s.")
        ),
    ),
    "campaign.closed": Kind(
        Group.TASKS,
        "alert-triangle",
        told(
            _("The campaign %(campaign)s ends early"),
            _("%(reason)s\n\nWhat was earned until now stays."),
        ),
    ),
    "enrolment.accepted": Kind(
        Group.TASKS,
        "circle-check",
        told(_("You take part in %(campaign)s"), _("Your orders count from now on.")),
    ),
    "enrolment.rejected": Kind(
        Group.TASKS, "circle-x", told(_("You do not take part in %(campaign)s"), "%(reason)s")
    ),
    "task.offered": Kind(
        Group.TASKS,
        "star",
        told(
            _("A place is kept for you: %(campaign)s"),
            _("Accept it until %(until)s: after that it may be somebody else's."),
        ),
    ),
    "task.lapsed": Kind(
        Group.TASKS, "hourglass", told(_("The offer of %(campaign)s has lapsed"), "%(reason)s")
    ),
    "proposal.accepted": Kind(Group.TASKS, "circle-check", _accepted_words),
    "proposal.rejected": Kind(Group.TASKS, "circle-x", _rejected_words),
}
