"""What models were asked and what it cost. The words themselves are not kept."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from aiassist.models import PromptRun
from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin
from alliance.kernel.models import StaffRole


@admin.register(PromptRun)
class PromptRunAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.OPS, StaffRole.FINANCE)
    comes = _(
        "Each question to a language model comes here with its tokens and cost, once a model is "
        "set up. The built-in templates ask nobody."
    )
    list_display = (
        columns.moment("at", _("at")),
        "purpose",
        "organisation",
        columns.state("verdict", _("verdict")),
        "model",
        "tokens_in",
        "tokens_out",
        columns.amount("cost_minor", _("cost")),
        "duration_ms",
    )
    list_filter = ("verdict", "why", "purpose", "provider")
    search_fields = ("=organisation",)
    search_help_text = _("merchant:12 or affiliate:12")
    ordering = ("-pk",)
    fields = (*list_display[:4], "why", *list_display[4:], "provider", "digest")
