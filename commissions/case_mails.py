"""Mails about a case, to those of the affiliate who may act, each in their own language."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from affiliates.models import AffiliateMember
from alliance.kernel import mails
from alliance.kernel.models import MemberRole, User
from alliance.kernel.templatetags.alliance import moment
from commissions.models import Violation, ViolationFact, ViolationState


def tell_on_commit(case: Violation, fact: ViolationFact, words: str) -> None:
    """Once it is true; a mail server that is away changes nothing about the case."""
    transaction.on_commit(lambda: _tell(case, fact, words), robust=True)


def _tell(case: Violation, fact: ViolationFact, words: str) -> None:
    members = AffiliateMember.objects.filter(affiliate=case.affiliate_id, user__is_active=True)
    for member in members.exclude(role=MemberRole.VIEWER).select_related("user"):
        with translation.override(_language(member.user)):
            subject = _("Case %(number)s: %(what)s") % {
                "number": case.number,
                "what": case.get_reason_display(),
            }
            mails.tell(member.user.email, subject, _body(case, fact, words))


def _language(user: User) -> str:
    return user.language or settings.LANGUAGE_CODE


def _body(case: Violation, fact: ViolationFact, words: str) -> str:
    parts = [str(fact.label), words]
    if fact == ViolationFact.OPENED:
        parts.append(case.meaning)
    if fact in (ViolationFact.OPENED, ViolationFact.DISMISSED):
        parts.append(_("You can appeal until %(moment)s.") % {"moment": moment(case.appeal_until)})
    if case.state == ViolationState.UPHELD and fact != ViolationFact.ENDED:
        parts.append(str(case.get_consequence_display()) + ".")
    parts.append(settings.PUBLIC_URL + reverse("commissions:violation", args=[case.pk]))
    return "\n\n".join(part for part in parts if part)
