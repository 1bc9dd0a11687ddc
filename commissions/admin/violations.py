"""Cases against affiliates: evidence, appeals and decisions, seen by four eyes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from alliance.kernel import clock, columns
from alliance.kernel.desk import Decision, DecisionForm, Facts, ReadOnlyAdmin, in_state
from alliance.kernel.models import StaffRole, User
from alliance.kernel.templatetags.alliance import moment
from commissions import queries, tasks
from commissions.admin.cases import MAY_DECIDE, EvidenceForm
from commissions.models import Appeal, AppealState, Evidence, Violation, ViolationState
from commissions.services.appeals import appeal_decide
from commissions.services.evidence import evidence_add
from commissions.services.violations import violation_release
from commissions.views.violations import file_response


class AnswerForm(DecisionForm):
    answer = forms.CharField(
        label=_("Answer"),
        max_length=2000,
        help_text=_("The affiliate reads it."),
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True}),
    )


class WordsForm(DecisionForm):
    words = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        help_text=_("The affiliate reads it."),
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
    )


class AppealFilter(admin.SimpleListFilter):
    """Cases with an appeal that a person has yet to answer."""

    title = _("appeal")
    parameter_name = "appeal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for an answer")), ("overdue", _("Answer overdue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Violation]) -> QuerySet[Violation]:
        appeals = Appeal.objects.filter(violation=OuterRef("pk"), state=AppealState.FILED)
        if self.value() == "overdue":
            appeals = appeals.filter(answer_until__lt=clock.now())
        return queryset.filter(Exists(appeals)) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    """How long ago the case was opened."""

    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("7", _("Over 7 days")), ("15", _("Over 15 days")), ("30", _("Over 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Violation]) -> QuerySet[Violation]:
        days = self.value()
        if days not in ("7", "15", "30"):
            return queryset
        return queryset.filter(opened_at__lt=clock.now() - timedelta(days=int(days)))


def facts(case: Violation) -> Facts:
    yield _("affiliate"), columns.link_to(case.affiliate)
    yield _("about"), about(case)
    yield _("reason"), case.get_reason_display()
    yield _("if it is upheld"), case.get_consequence_display()
    yield _("opened by"), case.opened_by
    if appeal := queries.appeal_waiting(case):
        yield _("appeal"), appeal.text
        yield _("answer due"), appeal.answer_until


def about(case: Violation) -> SafeString | str:
    """What the case is about, with a way to it."""
    if case.commission:
        return columns.link_to(case.commission, case.commission.line.order.external_id)
    if case.zone:
        return columns.link_to(case.zone.site, f"{case.zone} ({case.zone.pid})")
    if case.relation:
        return columns.link_to(case.relation)
    return columns.link_to(case.affiliate)


def answer(grant: bool) -> Callable[..., None]:
    def run(actor: User, case: Violation, answer: str) -> None:
        if appeal := queries.appeal_waiting(case):
            appeal_decide(actor=actor, appeal=appeal, grant=grant, answer=answer)
            tasks.violation_apply.delay_on_commit(case.pk)  # type: ignore[attr-defined]

    return run


def release(actor: User, case: Violation, words: str) -> None:
    violation_release(actor=actor, violation=case, words=words)
    tasks.violation_apply.delay_on_commit(case.pk)  # type: ignore[attr-defined]


def waits(case: Violation) -> bool:
    return queries.appeal_waiting(case) is not None


@admin.register(Violation)
class ViolationAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (*MAY_DECIDE, StaffRole.FINANCE, StaffRole.SUPPORT)
    comes = _(
        "Cases come here when somebody opens one, from the page of an affiliate, a site or a "
        "partner relation, or from a risk review."
    )
    list_display = (
        "number",
        columns.state(),
        "reason",
        columns.linked("affiliate", _("affiliate")),
        "about",
        "points",
        columns.moment("opened_at", pgettext_lazy("case", "opened at")),
        "deadline",
    )
    list_select_related = (
        "affiliate",
        "opened_by",
        "zone__site",
        "commission__line__order",
        "relation",
    )
    list_filter = (
        "state",
        "reason",
        "target",
        AppealFilter,
        AgeFilter,
        ("affiliate", AutocompleteSelectFilter),
    )
    search_fields = ("=pk", "affiliate__name", "=commission__line__order__external_id")
    search_help_text = _("Number, affiliate or order number")
    ordering = ("-pk",)
    change_form_outer_after_template = "desk/violation.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    columns.state(),
                    columns.linked("affiliate", _("affiliate")),
                    "about",
                    "reason",
                    "consequence",
                    "severity",
                    "points",
                    columns.state("hold", _("money")),
                )
            },
        ),
        (
            _("Who and when"),
            {
                "fields": (
                    "opened_by",
                    columns.moment("opened_at", pgettext_lazy("case", "opened at")),
                    columns.moment("appeal_until", _("appeal until")),
                    columns.moment("frozen_until", _("frozen until")),
                    columns.moment("ended_at", _("freeze ended at")),
                    "decided_by",
                    columns.moment("decided_at", _("decided at")),
                    "followed",
                )
            },
        ),
    )
    decisions = (
        Decision(
            name="grant",
            label=_("Grant the appeal"),
            icon="thumb_up",
            variant=ActionVariant.SUCCESS,
            run=answer(grant=True),
            roles=MAY_DECIDE,
            when=waits,
            text=_(
                "The case is released and the money goes on. Neither who opened the case nor who "
                "dismissed the first appeal may answer."
            ),
            done=_("The appeal is granted, and the case is released."),
            form=AnswerForm,
            facts=facts,
        ),
        Decision(
            name="dismiss",
            label=_("Dismiss the appeal"),
            icon="thumb_down",
            variant=ActionVariant.DANGER,
            run=answer(grant=False),
            roles=MAY_DECIDE,
            when=waits,
            text=_(
                "After the first appeal the affiliate may ask another person; after the second the "
                "case is upheld. Neither who opened the case nor who dismissed the first appeal "
                "may answer."
            ),
            done=_("The appeal is dismissed."),
            form=AnswerForm,
            facts=facts,
        ),
        Decision(
            name="evidence",
            label=_("Add evidence"),
            icon="attach_file",
            run=lambda actor, case, text, file: (
                evidence_add(actor=actor, violation=case, text=text, file=file, from_desk=True)
                and None
            ),
            roles=MAY_DECIDE,
            when=in_state(ViolationState.OPEN),
            text=_("The affiliate sees it. It cannot be changed or taken back."),
            done=_("The evidence is in the case."),
            form=EvidenceForm,
            facts=facts,
        ),
        Decision(
            name="release",
            label=pgettext_lazy("case", "Release"),
            icon="lock_open",
            run=release,
            roles=MAY_DECIDE,
            when=lambda case: case.state != ViolationState.RELEASED and not waits(case),
            text=_(
                "The money goes on, and a zone or account is free again. Once the affiliate has "
                "appealed or the case is upheld, somebody else than who opened it must do this; "
                "an upheld case can be undone as long as an appeal would have been possible."
            ),
            done=_("The case is released."),
            form=WordsForm,
            facts=facts,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Violation]:
        appeal = Appeal.objects.filter(violation=OuterRef("pk"), state=AppealState.FILED)
        answer = Subquery(appeal.values("answer_until")[:1])
        return super().get_queryset(request).annotate(answer_until=answer)

    @display(description=_("what comes next"))
    def deadline(self, case: Any) -> SafeString | str:
        if case.state != ViolationState.OPEN:
            return "–"
        due = case.answer_until or case.appeal_until
        overdue = case.answer_until and case.answer_until < clock.now()
        words = _("answer overdue") if overdue else _("to answer")
        return columns.with_note(moment(due), words if case.answer_until else _("to appeal"))

    @display(description=_("about"))
    def about(self, case: Violation) -> SafeString | str:
        return about(case)

    @display(description=_("money follows"), boolean=True)
    def followed(self, case: Violation) -> bool:
        return case.applied_version == case.version

    def more_context(self, request: HttpRequest, obj: Violation) -> dict[str, Any]:
        return {
            "held": queries.held_by(obj),
            "evidence": queries.evidence_of(obj),
            "appeals": obj.appeals.select_related("filed_by", "decided_by").order_by("instance"),
            "events": obj.events.select_related("actor").order_by("pk"),
        }


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    """A piece of evidence; its file is handed out to be saved, never shown here."""

    seen_by = ViolationAdmin.seen_by
    list_display = (
        columns.linked("violation", _("violation")),
        "text",
        "filename",
        "by",
        columns.moment("at", _("at")),
    )
    list_select_related = ("violation", "by")
    search_fields = ("=violation__pk", "text")
    ordering = ("-pk",)
    fields = (*list_display, "from_desk", "digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evidence]:
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<path:object_id>/file/",
            self.admin_site.admin_view(self.file_view),
            name=f"{self._url_base}_file",
        )
        return [own, *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kept = self.get_object(request, object_id)
        if kept is None or not self.has_view_permission(request, kept):
            raise Http404
        return file_response(kept)
