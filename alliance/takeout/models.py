"""Archives that were asked for. The file lies in TAKEOUT_DIR until it expires."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Stamped, User


class TakeoutState(models.TextChoices):
    WAITING = "waiting", _("Waiting")  # waiting → running → ready → expired; failed from running
    RUNNING = "running", _("Being written")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


GOING = (TakeoutState.WAITING, TakeoutState.RUNNING)


class Takeout(Stamped):
    """One archive of one organisation ("affiliate:12", "merchant:7"). `name` is the file's, and
    cannot be guessed; `sha256` and `size` (bytes) are those of the file."""

    organisation = models.CharField(_("organisation"), max_length=40)
    asked_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=TakeoutState, default=TakeoutState.WAITING
    )
    name = models.CharField(_("file"), max_length=80, blank=True)
    size = models.BigIntegerField(_("size"), default=0)
    sha256 = models.CharField(_("checksum"), max_length=64, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("takeout")
        verbose_name_plural = _("takeouts")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TakeoutState.values), name="takeout_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=TakeoutState.READY)
                | (~Q(name="") & ~Q(sha256="") & Q(expires_at__isnull=False)),
                name="takeout_ready_has_file",
            ),
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state__in=GOING), name="takeout_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="takeout_by_organisation")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.pk}"
