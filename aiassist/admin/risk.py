"""Affiliates who stand out among their peers: people look at the evidence and decide."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from aiassist import doubts
from aiassist.models import ReviewState, RiskPolicy, RiskReview
from aiassist.queries import risk as queries
from aiassist.services.risk import (
    MAY_DECIDE,
    case_draft,
    review_case,
    review_clear,
    review_way,
    risk_policy_set,
)
from alliance.kernel import columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import percent
from commissions import tasks
from commissions.admin.cases import FreezeForm

SHARES = (10, 50, 100, 200, 500)  # of those who stand out, honest at most (basis points)


def facts(review: RiskReview) -> Facts:
    yield _("affiliate"), columns.link_to(review.affiliate)
    for doubt in doubts.doubts_of(review.score):
        yield doubt.sentence, doubt.usual


def open_case(actor: User, review: RiskReview, **said: Any) -> str:
    case = review_case(actor=actor, review=review, **said)
    tasks.violation_apply.delay_on_commit(case.pk)  # type: ignore[attr-defined]
    return str(_("Case %(number)s is open, and the affiliate is told.") % {"number": case.number})


@admin.register(RiskReview)
class RiskReviewAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = MAY_DECIDE
    comes = _(
        "Every night each affiliate is compared with others of its kind. Who stands out comes here "
        "for you to decide on, and their rewards wait. Who works in an unusual way comes here "
        "too, and nothing waits."
    )
    list_display = (
        columns.linked("affiliate", _("affiliate")),
        columns.state(),
        "strongest",
        "honest",
        columns.plain("score.orders", _("orders")),
        columns.moment("opened_at", _("since")),
        "decided_by",
    )
    list_display_links = ("strongest",)
    list_select_related = ("affiliate", "score", "decided_by", "violation")
    list_filter = ("state", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("affiliate__name", "=affiliate__pk")
    search_help_text = _("Affiliate or member id")
    ordering = ("-pk",)
    fields = (
        columns.linked("affiliate", _("affiliate")),
        columns.state(),
        "honest",
        columns.plain("score.orders", _("orders")),
        columns.moment("opened_at", _("since")),
        columns.linked("violation", _("case")),
        "decided_by",
        columns.moment("decided_at", _("decided at")),
        "reason",
    )
    change_form_outer_after_template = "desk/risk.html"
    decisions = (
        Decision(
            name="case",
            label=_("Open a case"),
            icon="gavel",
            variant=ActionVariant.WARNING,
            run=open_case,
            roles=MAY_DECIDE,
            when=in_state(ReviewState.OPEN, ReviewState.UNUSUAL),
            text=_(
                "The account is frozen, and all of its money that is not settled. The affiliate "
                "reads the evidence and can appeal; another person than you decides on that. "
                "Nothing is taken from it before."
            ),
            done=_("The case is open."),
            form=FreezeForm,
            initial=case_draft,
            facts=facts,
        ),
        Decision(
            name="clear",
            label=_("Nothing wrong"),
            icon="task_alt",
            run=lambda actor, review, reason: review_clear(
                actor=actor, review=review, reason=reason
            ),
            roles=MAY_DECIDE,
            when=in_state(ReviewState.OPEN),
            text=_(
                "Its rewards are paid as usual, and it is not proposed again for 30 days. The "
                "affiliate is not told that somebody looked."
            ),
            done=_("Nothing wrong: its rewards go on."),
            form=ReasonForm,
            facts=facts,
        ),
        Decision(
            name="way",
            label=_("This is how they work"),
            icon="task_alt",
            run=lambda actor, review, reason: review_way(actor=actor, review=review, reason=reason),
            roles=MAY_DECIDE,
            when=in_state(ReviewState.UNUSUAL),
            text=_(
                "It is not noted again for the same. If it works differently one day, or stands "
                "out, it is. Nothing waited, and the affiliate is told nothing."
            ),
            done=_("Kept: this is how they work."),
            form=ReasonForm,
            facts=facts,
        ),
    )

    @display(description=_("what stands out most"))
    def strongest(self, review: RiskReview) -> str:
        return doubts.first_doubt(review.score)

    @display(description=_("honest among those who stand out so"), ordering="score__false_bps")
    def honest(self, review: RiskReview) -> str:
        bps = review.honest_bps
        return percent(bps) if bps else _("less than %(share)s") % {"share": percent(1)}

    def more_context(self, request: HttpRequest, obj: RiskReview) -> dict[str, Any]:
        nights = queries.scores_of(obj.affiliate)[:14]
        return {
            "doubts": list(doubts.doubts_of(obj.score)),
            "category": queries.category_name(obj.score) or "–",
            "stake": queries.at_stake(obj.affiliate),
            "nights": [(one, doubts.first_doubt(one)) for one in nights],
        }


class PolicyForm(forms.Form):
    false_bps = forms.TypedChoiceField(
        label=_("Honest among those who stand out, at most"),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Less finds fewer cheats, and wrongs fewer honest affiliates."),
    )
    opens_cases = forms.BooleanField(
        label=_("Freeze at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "A case is opened in your name for each who stands out: you do not answer its appeal. "
            "Off: it is proposed, and a person decides."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["false_bps"].choices = [(bps, percent(bps)) for bps in SHARES]  # type: ignore[attr-defined]


@admin.register(RiskPolicy)
class RiskPolicyAdmin(ReadOnlyAdmin):
    """Every version there ever was."""

    seen_by = MAY_DECIDE
    comes = _(
        "Until somebody sets another policy the built-in one holds: of those who stand out, 1 % "
        "may be honest, and people open the cases."
    )
    list_display = (
        "__str__",
        "standing",
        columns.rate("false_bps", _("honest at most")),
        "opens_cases",
        "set_by",
        columns.moment("set_at", _("set at")),
    )
    list_select_related = ("set_by",)
    ordering = ("-pk",)
    fields = list_display[1:]
    actions_list = ("new",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RiskPolicy]:
        newest = RiskPolicy.objects.order_by("-pk").values("pk")[:1]
        return super().get_queryset(request).annotate(newest=Subquery(newest))

    @display(description=columns.STATE)
    def standing(self, policy: Any) -> SafeString:
        if policy.pk == policy.newest:
            return columns.badge("active", _("In force"))
        return columns.badge("ended", _("Earlier"))

    def has_new_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.RISK)

    @action(
        description=_("Set a new policy"),
        url_path="new",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["new"],
    )
    def new(self, request: HttpRequest) -> HttpResponse:
        """It is never edited, only followed by another one."""
        if not self.has_new_permission(request):
            raise PermissionDenied
        now = queries.policy_now()
        form = PolicyForm(
            request.POST if request.method == "POST" else None,
            initial={"false_bps": now.false_bps, "opens_cases": now.opens_cases},
        )
        return self.make_page(
            request,
            form,
            lambda actor: risk_policy_set(actor=actor, **form.cleaned_data),
            title=_("Set a new policy"),
            submit=_("Set"),
            text=_(
                "It counts from the next night on. Every night each affiliate is compared with "
                "those of its kind and category by its orders of 90 days."
            ),
            done=_("The policy is set."),
        )
