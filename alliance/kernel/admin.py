"""The operations desk: who may see and act, by staff role. Deny first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from alliance.kernel.access import has_role
from alliance.kernel.models import ApiKey, AuditEvent, StaffRole, User


class RoleAccess:
    """Mixin: `seen_by` may look, `changed_by` may edit, nobody may delete.

    An administrator may do all of that; an auditor may look at everything.
    """

    seen_by: tuple[StaffRole, ...] = ()
    changed_by: tuple[StaffRole, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, StaffRole.AUDITOR, *self.seen_by, *self.changed_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.changed_by) and has_role(request.user, *self.changed_by)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeskAdmin(RoleAccess, ModelAdmin):
    """The base of each admin class here."""

    list_per_page = 50
    compressed_fields = True
    warn_unsaved_form = True


class ReadOnlyAdmin(DeskAdmin):
    """Shown, never edited: ledger, audit, evidence."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(RoleAccess, TabularInline):
    """Rows shown below their parent, never edited."""

    extra = 0
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever sees the parent sees its rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DeskAdmin):
    seen_by = (StaffRole.SUPPORT, StaffRole.RISK)
    list_display = ("email", "name", "is_active", "is_staff", "staff_roles", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "is_active", "is_staff", "staff_roles")
    readonly_fields = ("email",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.SUPPORT, StaffRole.RISK)
    list_display = ("name", "prefix", "organisation", "user", "last_used_at", "revoked_at")
    search_fields = ("prefix", "organisation", "user__email")
    exclude = ("digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.RISK, StaffRole.FINANCE)
    list_display = ("at", "verb", "object_type", "object_id", "actor", "ip")
    list_filter = ("verb",)
    search_fields = ("object_id", "object_type", "actor__email", "request_id")
    list_select_related = ("actor",)
    date_hierarchy = "at"
