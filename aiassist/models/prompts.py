"""What was asked of a language model, and what became of it; never the words themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly

MILLION = 1_000_000


class Verdict(models.TextChoices):
    OK = "ok", _("Answered")
    REPAIRED = "repaired", _("Answered when asked again")
    REFUSED = "refused", _("Declined")
    FELL_BACK = "fell_back", _("Answered without a model")


class Why(models.TextChoices):
    """Why no answer could be used, in words for whoever reads the one made instead."""

    BUDGET = "budget", _("Made without the language model: its budget for today is spent.")
    ADDRESS = "address", _("Made without the language model: its address may not be asked.")
    UNREACHABLE = "unreachable", _("Made without the language model: it could not be reached.")
    SLOW = "slow", _("Made without the language model: it took too long.")
    BUSY = "busy", _("Made without the language model: it has too much to do at the moment.")
    SIGN_IN = "sign_in", _("Made without the language model: it does not accept our key.")
    FAULTY = "faulty", _("Made without the language model: it has a fault at the moment.")
    UNUSABLE = "unusable", _("Made without the language model: its answer could not be used.")
    DECLINED = "declined", _("Made without the language model: it declined to answer.")
    LEFT = "left", _("Nobody waited for the end of the answer.")


class PromptRun(AppendOnly):
    """One question to a provider. Says for whom, what it cost and how it ended.

    `cost_millionths` is exact: millionths of a minor unit, tokens times the price of a million.
    """

    at = models.DateTimeField(_("at"), default=clock.now)
    purpose = models.CharField(_("purpose"), max_length=40)
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120, blank=True)
    organisation = models.CharField(
        _("for"), max_length=40, blank=True, help_text="merchant:<id>, affiliate:<id>"
    )
    digest = models.CharField(_("hash of the question"), max_length=64)
    tokens_in = models.PositiveIntegerField(_("tokens read"), default=0)
    tokens_out = models.PositiveIntegerField(_("tokens written"), default=0)
    cost_millionths = models.PositiveBigIntegerField(_("cost"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), default=0)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    why = models.CharField(_("why"), max_length=12, choices=Why, blank=True)

    class Meta:
        verbose_name = _("question to a model")
        verbose_name_plural = _("questions to models")
        indexes = [models.Index(fields=["-at"], name="prompt_run_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__in=["ok", "repaired"], why="")
                | models.Q(verdict__in=["refused", "fell_back"]) & ~models.Q(why=""),
                name="prompt_run_says_why",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def cost_minor(self) -> int:
        """In whole minor units, rounded up: a started one counts."""
        return -(-self.cost_millionths // MILLION)
