"""A campaign as it runs, on a page that refreshes itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from alliance.kernel.http import page_or_part
from alliance.kernel.models import StaffRole
from campaigns.models import Campaign, CampaignState
from commissions import campaign_figures
from commissions.admin.campaigns.pages import Page

EVERY_SECONDS = 5


MONITOR_PAGES = (
    Page(
        name="monitor",
        label=_("Monitor"),
        icon="monitoring",
        roles=(
            StaffRole.OPS,
            StaffRole.RISK,
            StaffRole.FINANCE,
            StaffRole.SUPPORT,
            StaffRole.AUDITOR,
        ),
        when=lambda campaign: campaign.state != CampaignState.DRAFT,
    ),
)


class Monitored:
    """Mixin of the campaigns' desk."""

    def monitor_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """The page, or the part that it asks for itself. Without JavaScript one reloads."""
        desk: Any = self
        context = {
            **desk.admin_site.each_context(request),
            "opts": desk.opts,
            "title": _("Monitor: %(name)s") % {"name": campaign},
            "campaign": campaign,
            "original": campaign,
            "live": campaign_figures.live(campaign),
            "every": EVERY_SECONDS,
            "going": campaign.state in (CampaignState.LIVE, CampaignState.SCHEDULED),
            "here": desk.url_of("monitor", campaign.pk),
        }
        return page_or_part(request, "desk/campaigns/monitor.html", context, part="live")
