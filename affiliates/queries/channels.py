"""Channels and members of an affiliate, and the codes that bring them in."""

from django.db.models import QuerySet

from affiliates.models import Affiliate, AffiliateKind, Channel, ChannelKind, InviterCode
from affiliates.models.channels import FIRST_NUMBER
from affiliates.queries.members import acting_for
from alliance.kernel.models import User

# Who may work through others whom only they know (docs/domain.md §1.3).
MANAGING = (AffiliateKind.CHANNEL, AffiliateKind.TUANZHANG, AffiliateKind.KA)


def manages_channels(affiliate: Affiliate) -> bool:
    return affiliate.kind in MANAGING


def channels_for(user: User) -> QuerySet[Channel]:
    """Those of the user's affiliate, newest first."""
    rows = Channel.objects.filter(affiliate=acting_for(user))
    return rows.select_related("code").order_by("-pk")


def channels_of(affiliate: Affiliate) -> QuerySet[Channel]:
    """The same of an affiliate, for a tool that acts for it, without those that have ended it."""
    return affiliate.channels.filter(ended_at=None).select_related("code").order_by("-pk")


def recordings_of(user: User) -> QuerySet[Channel]:
    """As what others have recorded the user's affiliate, and who; newest first."""
    rows = Channel.objects.filter(publisher=acting_for(user), ended_at=None)
    return rows.select_related("affiliate").order_by("-pk")


def channel_numbered(
    affiliate: Affiliate, number: int, kind: ChannelKind = ChannelKind.CHANNEL
) -> Channel | None:
    """By its number on the wire."""
    return channels_of(affiliate).filter(kind=kind, pk=number - FIRST_NUMBER).first()


def inviter_codes_for(user: User) -> QuerySet[InviterCode]:
    """Open ones of the user's affiliate, in the order of what they take."""
    rows = InviterCode.objects.filter(affiliate=acting_for(user), ends_at=None)
    return rows.select_related("channel", "affiliate").order_by("kind", "pk")
