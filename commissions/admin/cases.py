"""Opening a case: from a commission, an ad zone's site, a partner relation, an affiliate."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from affiliates.admin import SiteAdmin
from affiliates.admin_parts import RelationAdmin
from affiliates.models import AdZone, AffiliateState, Relation, Site
from alliance.kernel.desk import Decision, DecisionForm
from alliance.kernel.models import StaffRole, User
from commissions import tasks
from commissions.evidence import ACCEPT
from commissions.models import CommissionState, Consequence, Severity, ViolationType
from commissions.services.violations import Target, violation_open

MAY_DECIDE = (StaffRole.RISK, StaffRole.OPS)


class EvidenceForm(DecisionForm):
    """Words and a file."""

    text = forms.CharField(
        label=_("Evidence"),
        max_length=2000,
        help_text=_("What it shows. The affiliate reads it."),
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("A picture (PNG, JPEG), PDF or plain text of at most 2 MB."),
        widget=UnfoldAdminFileFieldWidget({"accept": ACCEPT}),
    )


class CaseForm(EvidenceForm):
    """What a case says of itself."""

    reason = forms.TypedChoiceField(
        label=_("Reason"),
        coerce=int,
        choices=[(value, f"{value} {label}") for value, label in ViolationType.choices],
        widget=UnfoldAdminSelectWidget,
    )
    consequence = forms.ChoiceField(
        label=_("If it is upheld"), choices=Consequence.choices, widget=UnfoldAdminSelectWidget
    )
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Severity.choices, widget=UnfoldAdminSelectWidget
    )
    points = forms.IntegerField(
        label=_("Points of a general violation"),
        initial=6,
        min_value=0,
        max_value=47,
        help_text=_("A serious one has 48. From 18 in a year on no new links can be made."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    field_order = ("zone", "reason", "text", "file", "consequence", "days", "severity", "points")


class FreezeForm(CaseForm):
    """A case with a freeze that has an end."""

    days = forms.IntegerField(
        label=_("Days of the freeze"),
        initial=settings.ALLIANCE["VIOLATION_FREEZE_DAYS"],
        min_value=1,
        max_value=365,
        help_text=_("Of the zone or account, and of the money where that is what follows."),
        widget=UnfoldAdminIntegerFieldWidget,
    )


class ZoneCaseForm(FreezeForm):
    """Which of the site's ad zones."""

    zone = forms.ModelChoiceField(
        label=_("Ad zone"), queryset=AdZone.objects.none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, obj: Site, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, **kwargs)
        self.fields["zone"].queryset = obj.zones.select_related("site")  # type: ignore[attr-defined]


def open_case(actor: User, target: Target, **said: Any) -> str:
    case = violation_open(actor=actor, target=target, **said)
    tasks.violation_apply.delay_on_commit(case.pk)  # type: ignore[attr-defined]
    return str(_("Case %(number)s is open, and the affiliate is told.") % {"number": case.number})


def open_zone_case(actor: User, site: Site, zone: AdZone, **said: Any) -> str:
    return open_case(actor, zone, **said)


def decision(form: type[DecisionForm], **more: Any) -> Decision:
    return Decision(
        name="case",
        label=_("Open a case"),
        icon="gavel",
        variant=ActionVariant.WARNING,
        roles=MAY_DECIDE,
        done=_("The case is open."),
        form=form,
        **{"run": open_case, **more},
    )


COMMISSION = decision(
    FreezeForm,
    when=lambda due: due.state != CommissionState.VOID,
    text=_(
        "The commission is frozen at once, if it is not settled yet, and the affiliate is told and "
        "can appeal. Another person than you decides on the appeal."
    ),
    bulk=True,
)
ZONE = decision(
    ZoneCaseForm,
    run=open_zone_case,
    when=lambda site: site.zones.exists(),
    text=_(
        "The links of the ad zone stop earning at once. What it earned and is not settled is "
        "frozen, and so is what comes in meanwhile. The affiliate is told and can appeal."
    ),
)
RELATION = decision(
    FreezeForm,
    when=lambda relation: True,
    text=_(
        "What the partner gets out of this relation and is not settled is frozen, and so is what "
        "comes in meanwhile. The partner is told and can appeal; the affiliate's own part goes on."
    ),
)
ACCOUNT = decision(
    FreezeForm,
    when=lambda affiliate: affiliate.state in (AffiliateState.ACTIVE, AffiliateState.FROZEN),
    text=_(
        "The account is frozen: no link earns, nothing is withdrawn. All of its money that is not "
        "settled is frozen, and so is what comes in meanwhile. The affiliate is told and can "
        "appeal."
    ),
)

admin.site.unregister(Site)
admin.site.unregister(Relation)


@admin.register(Site)
class SiteCaseAdmin(SiteAdmin):
    decisions = (*SiteAdmin.decisions, ZONE)


@admin.register(Relation)
class RelationCaseAdmin(RelationAdmin):
    decisions = (*RelationAdmin.decisions, RELATION)
