"""Which angle an affiliate wants first: proposed by numbers, chosen by a person."""

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from affiliates.models import Affiliate
from aiassist.copy.check import Channel, Language
from aiassist.models import Angle, CopyChoice
from aiassist.queries.contest import contest_of
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User


@transaction.atomic
def copy_choose(
    *, actor: User, affiliate: Affiliate, channel: str, language: str, angle: str = ""
) -> CopyChoice:
    """From now on this angle stands first, but for the tenth that is held out; without one the lot
    draws among all again. The numbers of this moment are kept with it. Raises Invalid."""
    known = channel in Channel.values and language in Language.values
    if not known or angle not in ["", *Angle.values]:
        raise Invalid(_("There are no texts for this channel or language."), field="channel")
    contest, until = contest_of(affiliate, channel, language)
    evidence = {**asdict(contest), "until": until.isoformat() if until else ""}
    return CopyChoice.objects.create(
        affiliate=affiliate, channel=channel, language=language, angle=angle, evidence=evidence,
        chosen_by=actor,
    )  # fmt: skip
