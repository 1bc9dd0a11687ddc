"""Mails to a merchant's people."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import translation

from alliance.kernel import mails
from merchants.models import Merchant, MerchantMember

Words = tuple[str, str]  # subject and text


def team_tell(merchant: Merchant, words: Callable[[Merchant], Words]) -> None:
    """A mail to each of the team, in their language, once the change is committed."""
    team = MerchantMember.objects.filter(merchant=merchant, user__is_active=True)
    people = list(team.select_related("user").order_by("pk"))

    def send() -> None:
        for member in people:
            with translation.override(member.user.language or settings.LANGUAGE_CODE):
                subject, text = words(merchant)
                mails.tell(member.user.email, subject, text)

    transaction.on_commit(send, robust=True)
