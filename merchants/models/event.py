"""Promotion events that many merchants take part in (docs/domain.md §2.5)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import Stamped

SERVICE_MAX_BPS = 9_000  # of a host, and of an intermediary: docs/domain.md §2.5


class EventState(models.TextChoices):
    """draft → enrolling → published → ended; void before it is published."""

    DRAFT = "draft", _("Draft")
    ENROLLING = "enrolling", _("Merchants enrol")
    PUBLISHED = "published", _("Published")
    ENDED = "ended", _("Ended")
    VOID = "void", pgettext_lazy("event", "Void")


class Event(Stamped):
    """Merchants enrol products at rates of their own; a link made for the event earns them.

    Whoever enrols opens a plan of kind EVENT, which begins and ends with the event. The merchant
    pays `service_bps` of an order's base to the event's host beside the commission (who that is,
    affiliates.EventHost knows). With `cross_shop` a click on one shop's product of the event counts
    in every shop that takes part.
    """

    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("what it is about"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=EventState, default=EventState.DRAFT)
    least_bps = models.PositiveIntegerField(
        _("least commission rate"), help_text=_("Basis points: 1234 is 12.34 %.")
    )
    service_bps = models.PositiveIntegerField(
        _("service fee"), default=0, help_text=_("Basis points of what the buyer pays.")
    )
    cross_shop = models.BooleanField(_("counts across shops"), default=False)
    enrol_until = models.DateTimeField(_("merchants enrol until"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=EventState.values), name="event_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="event_ends_later"
            ),
            models.CheckConstraint(
                condition=models.Q(enrol_until__lte=models.F("starts_at")),
                name="event_enrols_before_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(least_bps__range=(1, 9_000), service_bps__lte=9_000),
                name="event_rates_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name
