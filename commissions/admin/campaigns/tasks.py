"""What is decided about a campaign's tasks and standings: places offered, standings counted."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from affiliates.models import Affiliate
from alliance.kernel.desk import Decision, DecisionForm, Facts
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from campaigns.models import Campaign
from commissions import queries
from commissions.services.standings import standings_refresh
from commissions.services.tasks import task_offer


class OfferForm(DecisionForm):
    """To whom: by member id."""

    affiliates = forms.CharField(
        label=_("Member ids"),
        help_text=_("Of the affiliates, with spaces or commas between them."),
        max_length=4000,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
    )

    def clean_affiliates(self) -> list[Affiliate]:
        said = [text for text in re.split(r"[\s,;]+", self.cleaned_data["affiliates"]) if text]
        wrong = [text for text in said if not text.isdecimal() or len(text) > 18]
        pks = {int(text) for text in said if text not in wrong}
        found = list(Affiliate.objects.filter(pk__in=pks))
        wrong += sorted(map(str, pks - {one.pk for one in found}))
        if wrong:
            raise ValidationError(
                gettext("There is no affiliate with the number %(number)s.") % {"number": wrong[0]}
            )
        return found


def offer(actor: User, campaign: Campaign, affiliates: list[Affiliate]) -> str:
    made = len(task_offer(actor=actor, campaign=campaign, affiliates=affiliates))
    said = ngettext("%(count)s place is kept.", "%(count)s places are kept.", made)
    return said % {"count": number(made)}


def count(actor: User, campaign: Campaign) -> str:
    counted = len(standings_refresh(campaign=campaign))
    said = ngettext("%(count)s affiliate is counted.", "%(count)s affiliates are counted.", counted)
    return said % {"count": number(counted)}


def places(campaign: Campaign) -> Facts:
    yield _("places left"), number(queries.slots_left([campaign])[campaign.pk])
    yield (
        _("set aside for each"),
        Money(queries.reserve_of(campaign), campaign.currency).localized(),
    )


DECISIONS = (
    Decision(
        name="offer",
        label=_("Offer places"),
        icon="local_activity",
        run=offer,
        roles=(StaffRole.OPS,),
        when=lambda campaign: (
            campaign.kind in queries.TASKS and campaign.state in ("scheduled", "live")
        ),
        text=_(
            "A place is kept for each of them, and the greatest reward set aside. Who does not "
            "accept in time gives it back."
        ),
        done=_("The places are kept."),
        form=OfferForm,
        facts=places,
    ),
    Decision(
        name="count",
        label=_("Count standings now"),
        icon="calculate",
        run=count,
        roles=(StaffRole.OPS, StaffRole.RISK),
        when=lambda campaign: (
            campaign.kind in queries.CLOSING
            and campaign.state in ("live", "paused", "closed")
            and campaign.evaluated_at is None
        ),
        text=_("Else they are counted every ten minutes. Estimates only; nothing is awarded."),
        done=_("The standings are counted."),
    ),
)
