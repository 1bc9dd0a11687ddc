"""What a person keeps of their reports."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Side, Stamped, User


class SavedReport(Stamped):
    """A report by name: the query of its address. One person's own, on one side."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_reports")
    side = models.CharField(_("side"), max_length=9, choices=Side)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=300)

    class Meta:
        verbose_name = _("saved report")
        verbose_name_plural = _("saved reports")
        constraints = [
            models.UniqueConstraint("user", "side", Lower("name"), name="saved_report_name_once"),
            models.CheckConstraint(
                condition=models.Q(side__in=Side.values), name="saved_report_side_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
