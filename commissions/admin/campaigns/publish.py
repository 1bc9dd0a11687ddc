"""Before a campaign is published: what stands in its way, who has to agree, what it will cost."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from alliance.kernel.access import has_role
from alliance.kernel.desk import in_state, person
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from campaigns.calendar import Conflict, conflicts_of, part_of_merchant
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, SlateState
from commissions import chart, ledger, queries
from commissions.admin.campaigns.pages import Page
from commissions.forms import SeenForm
from commissions.services.campaigns import campaign_publish, faults

PUBLISH_PAGES = (
    Page(
        name="publish",
        label=_("Publish"),
        icon="rocket_launch",
        roles=(StaffRole.OPS, StaffRole.FINANCE),
        when=in_state(CampaignState.DRAFT),
        variant=ActionVariant.PRIMARY,
    ),
)


class Publishing:
    """Mixin of the campaigns' desk."""

    def publish_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """GET: the check. POST: publish, which checks again and says itself what it refuses."""
        desk: Any = self
        back = desk.url_of("change", campaign.pk)
        if campaign.state != CampaignState.DRAFT:
            messages.warning(request, gettext("It is published already."))
            return HttpResponseRedirect(back)
        if request.method == "POST":
            seen = SeenForm(request.POST)
            if not seen.is_valid():
                raise WrongState
            campaign_publish(
                actor=person(request), campaign=campaign, seen=seen.cleaned_data["seen"]
            )
            messages.success(request, gettext("Published. Its budget is set aside."))
            return HttpResponseRedirect(back)
        conflicts = [*conflicts_of(campaign), *_of_money(campaign)]
        if not any(conflict.stops for conflict in conflicts):
            conflicts = [*_refused(campaign), *conflicts]
        return desk.page(
            request,
            "desk/campaigns/publish.html",
            _("Publish: %(name)s") % {"name": campaign},
            campaign=campaign,
            original=campaign,
            conflicts=conflicts,
            stops=any(conflict.stops for conflict in conflicts),
            second=second_person(person(request), campaign),
            limit=approval_limit(campaign),
            merchant_part=part_of_merchant(campaign),
            platform_part=campaign.budget - part_of_merchant(campaign),
            back=back,
        )

    def draft_steps(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        """The way from a draft to a campaign: (label, what it says, done, address)."""
        if campaign.state != CampaignState.DRAFT:
            return {"steps": []}
        desk: Any = self
        may = has_role(request.user, StaffRole.OPS)
        count = campaign.slate.filter(state=SlateState.APPROVED).count()
        steps = [
            (_("Rules and money"), gettext("filled in"), True, desk.url_of("edit", campaign.pk))
        ]
        if campaign.all_products:
            steps.append((_("Slate"), gettext("all products"), True, ""))
        else:
            said = ngettext("%(count)s product", "%(count)s products", count) % {
                "count": number(count)
            }
            steps.append((_("Slate"), said, count > 0, desk.url_of("slate", campaign.pk)))
        if MECHANICS[campaign.kind].coupon is not None:
            planned = sum(campaign.stocks.values_list("size", flat=True))
            said = gettext("%(count)s planned") % {"count": number(planned)}
            steps.append((_("Coupons"), said, planned > 0, desk.url_of("coupons", campaign.pk)))
        if campaign.merchant_bps:
            agreed = campaign.agreed_at is not None
            said = gettext("agreed") if agreed else gettext("the merchant sees it on its page")
            steps.append((_("Merchant's consent"), said, agreed, ""))
        waits = (
            gettext("by somebody else, as you made it")
            if second_person(person(request), campaign)
            else gettext("not yet")
        )
        steps.append((_("Publish"), waits, False, desk.url_of("publish", campaign.pk)))
        return {"steps": [(a, b, done, url if may else "") for a, b, done, url in steps]}


def approval_limit(campaign: Campaign) -> Money:
    """Above it somebody other than who made the campaign publishes it."""
    return Money(settings.ALLIANCE["CAMPAIGN_APPROVAL_MINOR"], campaign.currency)


def second_person(actor: User, campaign: Campaign) -> bool:
    """Whether this person planned it and somebody else has to publish it."""
    above = campaign.budget_minor > settings.ALLIANCE["CAMPAIGN_APPROVAL_MINOR"]
    return above and actor.pk in queries.campaign_planners(campaign)


def _refused(campaign: Campaign) -> list[Conflict]:
    """What the service itself would refuse, and nobody here has thought of."""
    try:
        faults(campaign)
    except Invalid as exc:
        return [Conflict("refused", exc.message, stops=True)]
    return []


def _of_money(campaign: Campaign) -> list[Conflict]:
    """Whether the merchant's wallet holds its part now."""
    part = part_of_merchant(campaign)
    if not part.minor or campaign.merchant is None:
        return []
    held = ledger.balance(chart.wallet(campaign.merchant.pk), campaign.currency)
    room = held + Money(campaign.merchant.credit_limit_minor, campaign.currency)
    if part <= room:
        return []
    said = gettext("%(merchant)s has %(held)s in its wallet and is to pay %(part)s.") % {
        "merchant": campaign.merchant,
        "held": held.localized(),
        "part": part.localized(),
    }
    return [Conflict("wallet", said, stops=True)]
