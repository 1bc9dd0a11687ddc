"""Notes on figures: operations look at what stands out, and put away what they know of."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from aiassist import noted
from aiassist.models import AnomalyNote, NoteState
from aiassist.services.anomalies import MAY_DECIDE, note_dismiss
from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole


class DismissForm(ReasonForm):
    expected = forms.BooleanField(
        label=_("It was expected"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("A post of a great name, a test, a press report. Nothing is taken for usual."),
    )


def facts(note: AnomalyNote) -> Facts:
    yield noted.title(note), noted.compared(note)
    for share in noted.shares(note):
        yield f"{share.kind}: {share.name}", share.share


@admin.register(AnomalyNote)
class AnomalyNoteAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    comes = _(
        "Every hour, while a season or campaign is on, the figures of the last hour are compared "
        "with what is usual. What stands out comes here, and ends by itself when it is as usual "
        "again."
    )
    list_display = (
        "what",
        "compared",
        columns.state(),
        columns.moment("began_at", _("since")),
        "lasted",
        columns.amount("effect_minor", _("at stake")),
    )
    list_select_related = ("campaign", "decided_by")
    list_filter = ("state", "measure")
    ordering = ("-pk",)
    fields = (
        columns.state(),
        columns.moment("began_at", _("since")),
        "lasted",
        columns.linked("campaign", _("campaign")),
        columns.amount("effect_minor", _("at stake")),
        "decided_by",
        columns.moment("decided_at", _("put away at")),
        "expected",
        "reason",
    )
    change_form_outer_after_template = "desk/note.html"
    decisions = (
        Decision(
            name="dismiss",
            label=pgettext_lazy("deed", "Put away"),
            icon="task_alt",
            run=lambda actor, note, **said: note_dismiss(actor=actor, note=note, **said),
            roles=MAY_DECIDE,
            when=in_state(NoteState.OPEN),
            text=_(
                "The note is followed in silence until the figure is as usual again. What counts "
                "as usual stays as it is, for this figure and all others."
            ),
            done=_("Put away."),
            form=DismissForm,
            facts=facts,
            bulk=True,
        ),
    )

    @display(description=_("what"))
    def what(self, note: AnomalyNote) -> str:
        return noted.title(note)

    @display(description=_("compared with"))
    def compared(self, note: AnomalyNote) -> str:
        return noted.compared(note)

    @display(description=_("lasts"))
    def lasted(self, note: AnomalyNote) -> str:
        return noted.lasted(note)

    def more_context(self, request: HttpRequest, obj: AnomalyNote) -> dict[str, Any]:
        return {
            "compared": noted.compared(obj),
            "sketch": noted.sketch(obj),
            "shares": list(noted.shares(obj)),
            "said": noted.title(obj),
        }
