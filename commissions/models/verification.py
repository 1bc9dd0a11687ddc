"""The history of the books' verification."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import User


class VerifyState(models.TextChoices):
    WAITING = "waiting", _("Waiting for a worker")  # waiting → running → ended
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")


class VerifySource(models.TextChoices):
    NIGHT = "night", _("Every night")
    SETTLEMENT = "settlement", _("Before a settlement")
    COMMAND = "command", _("Command")
    DESK = "desk", _("Desk")


class VerifyRun(models.Model):
    """One verification of the whole books: what each invariant looked at and what it found.

    `results` grows while it runs: [{name, checked, faults, seconds, sentences}, …].
    """

    source = models.CharField(_("source"), max_length=10, choices=VerifySource)
    state = models.CharField(
        _("state"), max_length=7, choices=VerifyState, default=VerifyState.WAITING
    )
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    faults = models.PositiveIntegerField(_("faults"), default=0)
    results = models.JSONField(_("results"), default=list)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        get_latest_by = "pk"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", started_at=None, ended_at=None)
                | models.Q(state="running", started_at__isnull=False, ended_at=None)
                | models.Q(state="ended", started_at__isnull=False, ended_at__isnull=False),
                name="verify_run_state_has_moments",
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=VerifySource.values), name="verify_run_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def well(self) -> bool:
        """It came to its end and found nothing."""
        return self.state == VerifyState.ENDED and not self.faults

    @property
    def seconds(self) -> float | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return round((self.ended_at - self.started_at) / timedelta(seconds=1), 1)

    @property
    def checked(self) -> int:
        """Rows looked at, over all invariants."""
        return sum(result["checked"] for result in self.results)
