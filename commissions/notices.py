"""E-mails about the money, each in the language of whoever reads it."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from alliance.kernel import mails
from alliance.kernel.models import MemberRole, User
from commissions.models import PayeeAccount


def payee_changed(payee: PayeeAccount) -> None:
    """After the commit, to everybody who may change the account: somebody did."""
    members = payee.affiliate.members.exclude(role=MemberRole.VIEWER).select_related("user")
    for member in members:
        transaction.on_commit(_telling(member.user, payee), robust=True)


def _telling(person: User, payee: PayeeAccount) -> Callable[[], None]:
    def tell() -> None:  # no partial: Django asks a callback that fails for its name
        _tell(person, payee)

    return tell


def _tell(person: User, payee: PayeeAccount) -> None:
    with translation.override(person.language or settings.LANGUAGE_CODE):
        mails.tell(
            person.email,
            gettext("New account for the withdrawals of %(affiliate)s")
            % {"affiliate": payee.affiliate},
            gettext(
                "Withdrawals of %(affiliate)s now go to %(account)s, in the name of %(holder)s.\n\n"
                "If nobody of you did this, tell us at once: withdrawals to a new account wait "
                "for %(hours)d hours.\n\n%(url)s"
            )
            % {
                "affiliate": payee.affiliate,
                "account": payee,
                "holder": payee.holder,
                "hours": settings.ALLIANCE["PAYEE_HOLD_HOURS"],
                "url": settings.PUBLIC_URL + reverse("commissions:withdrawals"),
            },
        )
