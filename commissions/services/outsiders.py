"""Staff who also promote or sell do not decide about their own money, whoever of the team asked."""

from django.utils.translation import gettext_lazy as _

from affiliates.models import AffiliateMember
from alliance.kernel.errors import NotAllowed
from alliance.kernel.models import User
from merchants.models import MerchantMember


def outside_affiliate(actor: User, affiliate_pk: int) -> None:
    """Raises NotAllowed for whoever belongs to the affiliate."""
    if AffiliateMember.objects.filter(affiliate=affiliate_pk, user=actor).exists():
        raise NotAllowed(_("You belong to this affiliate: somebody else must decide."))


def outside_merchant(actor: User, merchant_pk: int) -> None:
    """Raises NotAllowed for whoever belongs to the merchant."""
    if in_merchant(actor.pk, merchant_pk):
        raise NotAllowed(_("You belong to this merchant: somebody else must decide."))


def in_merchant(user_pk: int, merchant_pk: int) -> bool:
    return MerchantMember.objects.filter(merchant=merchant_pk, user=user_pk).exists()
