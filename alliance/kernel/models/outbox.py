"""What other systems are told of: where to, what, and how each call went (docs/webhooks.md)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel import clock
from alliance.kernel.models.core import Stamped


class EndpointForm(models.TextChoices):
    WEBHOOK = "webhook", _("Webhook")  # a signed message, POSTed
    POSTBACK = "postback", _("Postback")  # an address with macros, filled in


class HttpMethod(models.TextChoices):
    GET = "GET", "GET"
    POST = "POST", "POST"


class EndpointState(models.TextChoices):
    ON = "on", pgettext_lazy("endpoint", "On")
    PAUSED = "paused", pgettext_lazy("endpoint", "Paused")  # by its people
    DEAD = "dead", pgettext_lazy("endpoint", "Switched off")  # by us: it answered no more


class Endpoint(Stamped):
    """An address of an organisation's own system, and what it wants to hear of.

    What happens while it is off is kept for it, for thirty days (`outbox.KEPT`), and sent if its
    people ask for it. A sandbox's hears of invented orders only, and of nothing real.
    """

    organisation = models.CharField(
        _("organisation"), max_length=40, help_text="merchant:<id>, affiliate:<id>"
    )
    form = models.CharField(_("form"), max_length=8, choices=EndpointForm)
    name = models.CharField(_("name"), max_length=60)
    url = models.CharField(_("address"), max_length=2000)  # a postback's has macros in it
    # Host and port, whoever wrote them how: calls to one server are counted together. Made here, so
    # that a query and whoever counts mean the same.
    server = models.GeneratedField(
        expression=models.Func(
            Coalesce(
                Lower(models.Func("url", models.Value("://([^/?#]*)"), function="SUBSTRING")),
                models.Value(""),
            ),
            models.Value(r"\.?(:443)?$"),
            models.Value(""),
            function="REGEXP_REPLACE",
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    method = models.CharField(
        _("method"), max_length=4, choices=HttpMethod, default=HttpMethod.POST
    )
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("events"))
    # "site:7" or "zone:12": only what came through there. Empty: everything.
    only = models.CharField(_("only of"), max_length=30, blank=True)
    # Locked (alliance.kernel.lockbox). After a change the one before signs, too, until then.
    secret = models.CharField(max_length=1000, blank=True)
    secret_before = models.CharField(max_length=1000, blank=True)
    before_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=6, choices=EndpointState, default=EndpointState.ON
    )
    off_at = models.DateTimeField(_("off since"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    slow_until = models.DateTimeField(null=True, blank=True)  # it has few lanes until then
    sandbox = models.BooleanField(_("sandbox"), default=False)

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(form="webhook", method="POST", only="") & ~models.Q(secret="")
                | models.Q(form="postback", secret=""),
                name="endpoint_webhook_is_signed",
            ),
            models.CheckConstraint(
                condition=models.Q(secret_before="", before_until=None)
                | (~models.Q(secret_before="") & models.Q(before_until__isnull=False)),
                name="endpoint_secret_before_has_end",
            ),
            models.CheckConstraint(
                condition=models.Q(state="on", off_at=None)
                | (~models.Q(state="on") & models.Q(off_at__isnull=False)),
                name="endpoint_off_since",
            ),
        ]
        indexes = [models.Index(fields=["organisation"], name="endpoint_by_organisation")]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("delivery", "Waiting")  # waiting → delivered | failed
    DELIVERED = "delivered", pgettext_lazy("delivery", "Delivered")
    FAILED = "failed", pgettext_lazy("delivery", "Failed")  # asked for again, it waits again
    MISSED = "missed", pgettext_lazy("delivery", "Missed")  # its endpoint was off: never sent


class Delivery(models.Model):
    """One event for one endpoint, in the words in which it is told. Kept for thirty days.

    The row is the queue: it is due at `due_at`, and whoever calls moves that on first.
    """

    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="deliveries", db_index=False
    )  # the index below begins with it
    uid = models.UUIDField(default=uuid.uuid4)  # the receiver knows a repetition by it
    kind = models.CharField(_("event"), max_length=40)
    body = models.TextField(_("message"))
    created_at = models.DateTimeField(_("when"), default=clock.now, editable=False)
    state = models.CharField(
        _("state"), max_length=9, choices=DeliveryState, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), null=True, default=clock.now)

    class Meta:
        verbose_name = pgettext_lazy("outgoing", "delivery")
        verbose_name_plural = pgettext_lazy("outgoing", "deliveries")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", due_at__isnull=False)
                | (~models.Q(state="waiting") & models.Q(due_at=None)),
                name="delivery_waiting_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The same however often it is sent."""
        return f"msg_{self.uid.hex}"


class DeliveryCall(models.Model):
    """One attempt: where it went, and what came back. Kept as long as its delivery."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="calls")
    at = models.DateTimeField(_("when"), default=clock.now)
    url = models.CharField(_("address"), max_length=8000)  # as called: with its macros filled in
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    trouble = models.CharField(max_length=12, blank=True)  # outbound.Trouble: why none came
    took_ms = models.PositiveIntegerField(_("took"))
    answer = models.CharField(_("answer"), max_length=1000, blank=True)  # its first part

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")

    def __str__(self) -> str:
        return f"{self.url}: {self.status or self.trouble}"
