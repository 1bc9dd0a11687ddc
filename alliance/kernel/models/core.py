"""Accounts, keys, the audit trail, idempotency; and the abstract bases of all models."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock


class Stamped(models.Model):
    """Knows when it was made and last changed (UTC)."""

    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=clock.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.updated_at = clock.now()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "updated_at"}
        super().save(*args, **kwargs)


class AppendOnly(models.Model):
    """Written once. The database refuses UPDATE, DELETE and TRUNCATE by trigger (see migrations);
    this class refuses earlier, with a better sentence."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only: write a new one")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is append-only")


class StaffRole(models.TextChoices):
    """What a member of the operations staff may do (docs/domain.md §1.1)."""

    OPS = "ops", _("Operations")
    RISK = "risk", _("Risk")
    FINANCE = "finance", _("Finance")
    SUPPORT = "support", _("Support")
    AUDITOR = "auditor", _("Auditor")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who signs in with an e-mail address (kept in lower case)."""
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, Stamped):
    """A person. What they may do comes from memberships (affiliate, merchant) and staff roles."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Which groups of notifications also come by mail, where it is not as usual.
    mail_choices = models.JSONField(default=dict, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(
        _("operations staff"), default=False, help_text=_("May enter the operations desk.")
    )
    staff_roles = ArrayField(
        models.CharField(max_length=10, choices=StaffRole.choices),
        verbose_name=_("staff roles"),
        default=list,
        blank=True,
    )

    objects: ClassVar[UserManager] = UserManager()

    # Who came in by an API key acts for the key's organisation ("affiliate:7") and for no other.
    acts_for: str = ""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class MemberRole(models.TextChoices):
    """What a member of an affiliate's or merchant's team may do."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    VIEWER = "viewer", _("Viewer")


class Membership(Stamped):
    """Ties a person to an organisation. Subclasses add the organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=8, choices=MemberRole, default=MemberRole.OWNER)
    # When they last said that they act here. Only who is in several teams ever does.
    chosen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def may_change(self) -> bool:
        return self.role != MemberRole.VIEWER


class ApiKey(Stamped):
    """A key for the REST door. Only its hash is kept; the prefix helps to tell keys apart."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("user"))
    organisation = models.CharField(
        _("organisation"), max_length=40, help_text="merchant:<id>, affiliate:<id>"
    )
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"), default=list)
    # Where it may be used from, as CIDRs; empty: from anywhere.
    networks = ArrayField(
        models.CharField(max_length=43), verbose_name=_("only from"), default=list, blank=True
    )
    sandbox = models.BooleanField(
        _("sandbox"), default=False, help_text=_("Sees and reports invented orders only.")
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEvent(AppendOnly):
    """Who did what to which thing, written in the transaction of the change."""

    at = models.DateTimeField(_("at"), default=clock.now)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("actor")
    )
    verb = models.CharField(_("verb"), max_length=60)
    object_type = models.CharField(_("object type"), max_length=60)
    object_id = models.CharField(_("object id"), max_length=60)
    data = models.JSONField(_("data"), default=dict)
    request_id = models.CharField(_("request id"), max_length=36, blank=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["-at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type}:{self.object_id}"


class IdempotentCall(models.Model):
    """The remembered answer to a call with an Idempotency-Key."""

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="idempotent_call_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class Side(models.TextChoices):
    """On which side of the alliance somebody is told something."""

    AFFILIATE = "affiliate", _("Affiliate")
    MERCHANT = "merchant", _("Merchant")


DESK = "desk"  # beside them: operations staff, who are in no team


class Notification(models.Model):
    """What somebody should know, told once. Its words are made of kind and data when it is read
    (docs/notifications.md)."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="notifications", db_index=False
    )  # the indexes below begin with it
    side = models.CharField(max_length=9, choices=[*Side.choices, (DESK, _("Operations"))])
    # The key of the affiliate or merchant whose team is told; its page may be seen by them only.
    organisation = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=80, help_text="noun:pk:fact")
    data = models.JSONField(default=dict)
    link = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    # The row is the queue: when its mail is due, or is tried again. None: none is wanted, or sent.
    mail_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_once"),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            models.Index(
                fields=["user"], condition=models.Q(read_at=None), name="notification_unread"
            ),
            models.Index(
                fields=["mail_at"],
                condition=models.Q(mail_at__isnull=False),
                name="notification_mail_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
