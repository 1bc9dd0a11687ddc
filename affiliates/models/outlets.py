"""Where an affiliate's products are shown by a program: lists that it has chosen once."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models.affiliate import AdZone, Affiliate
from affiliates.models.baskets import Basket
from alliance.kernel.models import Stamped


class Outlet(Stamped):
    """Products chosen by `wish` (the fields of affiliates.queries.Wish), with links of `zone`."""

    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="%(class)ss", verbose_name=_("affiliate")
    )
    zone = models.ForeignKey(AdZone, models.PROTECT, related_name="+", verbose_name=_("ad zone"))
    name = models.CharField(_("name"), max_length=60)
    wish = models.JSONField(_("which products"))
    language = models.CharField(_("language"), max_length=7, choices=settings.LANGUAGES)
    size = models.PositiveSmallIntegerField(_("products at most"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class FeedFormat(models.TextChoices):
    GOOGLE_XML = "google_xml", _("Google product feed (XML)")
    GOOGLE_TSV = "google_tsv", _("Google product feed (TSV)")
    RSS = "rss", _("RSS 2.0")
    JSON = "json", _("JSON Feed 1.1")


class Feed(Outlet):
    """A file of products at a private address. Of the address only a hash is kept.

    `content` is the checksum of what was given last, and `changed_at` when that was new.
    """

    layout = models.CharField(_("format"), max_length=10, choices=FeedFormat)
    digest = models.CharField(max_length=64, unique=True)
    content = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)

    class Meta:
        verbose_name = _("product feed")
        verbose_name_plural = _("product feeds")
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="feed_has_name"),
            models.CheckConstraint(
                condition=models.Q(content="") | models.Q(changed_at__isnull=False),
                name="feed_content_has_moment",
            ),
        ]

    @property
    def sub(self) -> str:
        """The sub-id of its links: by it reports tell what the feed brings."""
        return f"feed-{self.pk}"


class Widget(Outlet):
    """Products in a frame on the affiliate's own sites: those of `basket`, or of the list `shelf`
    (affiliates.shelves) while it has any, else by `wish`."""

    code = models.CharField(pgettext_lazy("widget", "code"), max_length=16, unique=True)
    basket = models.ForeignKey(
        Basket, models.SET_NULL, related_name="+", null=True, blank=True, verbose_name=_("basket")
    )
    shelf = models.CharField(_("chosen by"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("widget")
        verbose_name_plural = _("widgets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(shelf="") | models.Q(basket=None), name="widget_one_source"
            ),
        ]

    @property
    def sub(self) -> str:
        """The sub-id of its links."""
        return f"widget-{self.pk}"
