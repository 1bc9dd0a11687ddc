"""What campaigns did to a commission, in words: raised a rate or a share, added money, cut it."""

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money, percent
from campaigns.models import Grant
from commissions.formulas import Role
from commissions.models import Commission

CUTS = {
    "budget": _("cut to what was left of the campaign's budget"),
    "day": _("cut to what was left of the campaign's budget of the day"),
    "affiliate": _("cut to the most that the campaign gives one affiliate"),
    "affiliate_day": _("cut to the most that the campaign gives one affiliate a day"),
    "place": _("the campaign had no place left when the order came back"),
}


def rate_words(commission: Commission, grants: Sequence[Grant]) -> str:
    """Which campaign raised the commission rate, from what; "" if none did."""
    decision = commission.attribution
    usual = decision.rate_bps if decision else commission.rate_bps
    whole = commission.rate_bps + commission.special_bps
    by = next((grant for grant in grants if grant.commission_bps == whole), None)
    if by is None or usual >= commission.rate_bps:
        return ""
    return gettext("“%(campaign)s” raised the rate from %(usual)s to %(rate)s.") % {
        "campaign": by.campaign.name,
        "usual": percent(usual),
        "rate": percent(commission.rate_bps),
    }


def share_words(commission: Commission, grants: Sequence[Grant]) -> str:
    """Which campaign raised the affiliate's share, from what; "" if none did.

    What a partner gets of the share stays as agreed, so it is the affiliate's own that rises.
    """
    decision = commission.attribution
    by = next((grant for grant in grants if grant.share_bps == commission.share_bps), None)
    usual = decision.share_bps + decision.partner_share_bps if decision else commission.share_bps
    if by is None or usual >= commission.share_bps:
        return ""
    return gettext("“%(campaign)s” raised your share from %(usual)s to %(share)s.") % {
        "campaign": by.campaign.name,
        "usual": percent(usual - commission.partner_bps),
        "share": percent(commission.share_bps - commission.partner_bps),
    }


def cut_words(grant: Grant, currency: str) -> str:
    """Why a campaign adds less than it would have; "" if it does not."""
    cut = grant.why.get("cut")
    if not cut:
        return ""
    return gettext("at most %(cap)s: %(why)s") % {
        "cap": Money(grant.cap_minor, currency).localized(),
        "why": CUTS[cut["by"]],
    }


def shown(commission: Commission, grants: Sequence[Grant]) -> Sequence[Grant]:
    """What the payee may see of campaigns: those of its own row. Promoters below an affiliate see
    nothing of what campaigns add for it."""
    return grants if commission.role == Role.AFFILIATE else ()
