"""Operations desk: people and their roles, API keys, the audit trail."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.admin.sites import site
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from alliance.kernel import columns, trail
from alliance.kernel.access import api_key_revoke, has_role
from alliance.kernel.desk import Decision, DeskAdmin, ReadOnlyAdmin
from alliance.kernel.models import ApiKey, AuditEvent, StaffRole, User

# Other packages register their tables with rights of their own; here only our roles count, and
# the secrets of a second factor are nobody's to look at.
for model in (Group, EmailAddress, Authenticator):
    if site.is_registered(model):
        site.unregister(model)


class UserForm(forms.ModelForm):
    """An administrator gives and takes roles."""

    staff_roles = forms.MultipleChoiceField(
        label=_("Staff roles"),
        choices=StaffRole.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Without a role a member of the staff sees nothing."),
    )

    is_superuser = forms.BooleanField(
        label=_("Administrator"),
        required=False,
        help_text=_("May do everything, and gives others their roles."),
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = User
        fields = ("name", "is_active", "is_staff", "staff_roles", "is_superuser")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("staff_roles") and not cleaned.get("is_staff"):
            self.add_error("is_staff", _("Roles are for operations staff only."))
        return cleaned


USER_DATES = (
    columns.moment("created_at", _("joined")),
    columns.moment("last_login", _("last login")),
)


@admin.register(User)
class UserAdmin(DeskAdmin):
    """Roles and the active flag are the administrators' to change, never their own."""

    seen_by = (StaffRole.SUPPORT, StaffRole.RISK)
    form = UserForm
    list_display = ("email", "name", "is_active", "is_staff", "roles", *USER_DATES)
    list_filter = ("is_staff", "is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("-pk",)
    readonly_fields = ("email", "language", *USER_DATES)
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "is_active")}),
        (_("Operations desk"), {"fields": ("is_staff", "staff_roles", "is_superuser")}),
        (_("Dates"), {"fields": USER_DATES}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user)  # no role suffices: administrators only

    @display(description=_("staff roles"))
    def roles(self, user: User) -> str:
        if user.is_superuser:
            return str(_("Administrator"))
        labels = dict(StaffRole.choices)
        return ", ".join(str(labels[role]) for role in user.staff_roles) or "–"

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)

        class Careful(form):  # type: ignore[valid-type, misc]
            def clean(self) -> dict[str, Any]:
                cleaned = super().clean()
                changed = {"is_active", "is_staff", "is_superuser"} & set(self.changed_data)
                if obj == request.user and changed:
                    raise ValidationError(_("Ask another administrator to change your own access."))
                return cleaned

        return Careful


KEY_DATES = (
    columns.moment("last_used_at", _("last used at")),
    columns.moment("revoked_at", _("revoked at")),
)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.SUPPORT, StaffRole.RISK)
    list_display = ("name", "prefix", columns.organisation(), "user", *KEY_DATES)
    list_select_related = ("user",)
    search_fields = ("prefix", "organisation", "user__email")
    ordering = ("-pk",)
    fields = (
        "name",
        "prefix",
        columns.organisation(),
        "user",
        "scopes",
        "networks",
        "sandbox",
        *KEY_DATES,
        "expires_at",
    )
    decisions = (
        Decision(
            name="revoke",
            label=_("Revoke"),
            icon="key_off",
            run=lambda actor, key: api_key_revoke(actor=actor, key=key),
            roles=(StaffRole.RISK,),
            when=lambda key: key.revoked_at is None,
            text=_(
                "The key stops working at once. Its owner can make a new one. Webhooks that it "
                "set up go on: they are the team’s."
            ),
            done=_("The key is revoked."),
        ),
    )


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.RISK, StaffRole.FINANCE)
    list_display = (
        columns.moment("at", _("at")),
        "deed",
        "thing",
        "actor",
        "ip",
    )
    list_filter = ("object_type", "at")
    search_fields = ("verb", "=object_id", "actor__email", "=request_id")
    search_help_text = _("Verb, object number, person or request id")
    list_select_related = ("actor",)
    ordering = ("-at", "-pk")
    fields = (
        columns.moment("at", _("at")),
        "deed",
        "thing",
        "actor",
        "facts",
        "ip",
        "request_id",
    )

    @display(description=_("what"), ordering="verb")
    def deed(self, event: AuditEvent) -> SafeString:
        """In words, and the verb by which the list is searched."""
        return columns.with_note(trail.deed(event.verb), event.verb)

    @display(description=_("object"))
    def thing(self, event: AuditEvent) -> SafeString | str:
        return columns.link_to_named(event.object_type, event.object_id)

    @display(description=_("data"))
    def facts(self, event: AuditEvent) -> SafeString:
        told = columns.facts(event.data, model=trail.model_of(event.object_type))
        return format_html('<div class="desk-facts">{}</div>', told)
