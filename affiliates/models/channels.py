"""Whom an affiliate has recorded below itself without paying them through the alliance
(docs/domain.md §1.3): channels that promote for it, and members who buy through it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models.affiliate import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import Stamped

# Ids of channels and members have ten digits, as the trade's have: no tool's own small numbers.
FIRST_NUMBER = 1_000_000_000


class ChannelKind(models.IntegerChoices):
    """The number is `info_type` on the wire."""

    CHANNEL = 1, pgettext_lazy("promoter", "Channel")
    MEMBER = 2, pgettext_lazy("buyer", "Member")


class CodeKind(models.IntegerChoices):
    """Whom a code takes; the number is `code_type` on the wire."""

    CHANNEL = 1, _("Channels")
    FISSION = 2, _("Channels of a channel")
    MEMBER = 3, _("Members")

    @property
    def takes(self) -> ChannelKind:
        return ChannelKind.MEMBER if self == CodeKind.MEMBER else ChannelKind.CHANNEL


class Scene(models.TextChoices):
    """Where they work; the word is `relation_app` on the wire."""

    COMMON = "common", _("Anywhere")
    ETAO = "etao", _("A rebate app")
    MINI_ETAO = "minietao", _("A rebate mini program")
    SHOP = "offlineShop", _("A shop on a street")
    PERSON = "offlinePerson", _("A person who goes about")


class OnlineScene(models.IntegerChoices):
    WECHAT = 1, _("WeChat group")
    QQ = 2, _("QQ group")
    OTHER = 3, pgettext_lazy("scene", "Another place")


class OfflineScene(models.IntegerChoices):
    SHOP = 1, pgettext_lazy("scene", "Shop")
    SCHOOL = 2, pgettext_lazy("scene", "School")
    FACTORY = 3, pgettext_lazy("scene", "Factory")
    OTHER = 4, pgettext_lazy("scene", "Another place")


class ExternalKind(models.IntegerChoices):
    """Of which system the affiliate's own mark of a member is."""

    OTHER = 0, pgettext_lazy("system", "Another system")
    WECHAT = 1, "WeChat"
    WEIBO = 2, "Weibo"
    DOUYIN = 3, "Douyin"
    KUAISHOU = 4, "Kuaishou"
    QQ = 5, "QQ"


class InviterCode(models.Model):
    """Whoever gives it is recorded below the affiliate. There is one open code of each sort."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="inviter_codes", verbose_name=_("affiliate")
    )
    code = models.CharField(pgettext_lazy("invitation", "code"), max_length=12, unique=True)
    kind = models.PositiveSmallIntegerField(_("takes"), choices=CodeKind)
    scene = models.CharField(_("where"), max_length=13, choices=Scene, default=Scene.COMMON)
    # Of a channel that may bring in channels of its own.
    channel = models.ForeignKey(
        "affiliates.Channel", models.PROTECT, null=True, related_name="codes"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    ends_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("inviter code")
        verbose_name_plural = _("inviter codes")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "kind", "scene", "channel"],
                condition=models.Q(ends_at=None),
                nulls_distinct=False,
                name="inviter_code_one_open_of_a_sort",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=CodeKind.FISSION, channel__isnull=False)
                | models.Q(kind__in=[CodeKind.CHANNEL, CodeKind.MEMBER], channel=None),
                name="inviter_code_fission_has_channel",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Channel(Stamped):
    """A channel or a member. Its `number`, which never changes, marks links and orders: as
    relation_id (sub-id 2), a member's as special_id (sub-id 3)."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="channels", verbose_name=_("affiliate")
    )
    kind = models.PositiveSmallIntegerField(_("kind"), choices=ChannelKind)
    name = models.CharField(_("name"), max_length=80)
    # Who it is, if they have an account here.
    publisher = models.ForeignKey(
        Affiliate, models.PROTECT, null=True, related_name="channels_of", verbose_name=_("account")
    )
    code = models.ForeignKey(
        InviterCode,
        models.PROTECT,
        null=True,
        related_name="channels",
        verbose_name=_("inviter code"),
    )
    scene = models.CharField(_("where"), max_length=13, choices=Scene, default=Scene.COMMON)
    online_scene = models.PositiveSmallIntegerField(_("online"), choices=OnlineScene, null=True)
    offline_scene = models.PositiveSmallIntegerField(_("offline"), choices=OfflineScene, null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    source = models.CharField(_("came from"), max_length=100, blank=True)
    # Address and trade of who works on a street, in the wire's own names.
    register = models.JSONField(_("registration"), default=dict)
    # By who it is: until they give a code again. Its number stays on what carries it.
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    external_id = models.CharField(_("own mark"), max_length=64, blank=True)
    external_kind = models.PositiveSmallIntegerField(
        _("system of the mark"), choices=ExternalKind, default=ExternalKind.OTHER
    )

    class Meta:
        verbose_name = _("channel or member")
        verbose_name_plural = _("channels and members")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "kind", "publisher"],
                condition=models.Q(publisher__isnull=False),
                name="channel_publisher_once",
            ),
            models.UniqueConstraint(
                fields=["affiliate", "kind", "name"],
                condition=models.Q(publisher=None, external_id=""),
                name="channel_name_once",
            ),
            models.UniqueConstraint(
                fields=["affiliate", "kind", "external_kind", "external_id"],
                condition=~models.Q(external_id=""),
                name="channel_mark_once",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="channel_has_name"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ChannelKind.values), name="channel_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(publisher__isnull=False),
                name="channel_ended_by_publisher",
            ),
            models.CheckConstraint(
                condition=~models.Q(publisher=models.F("affiliate")),
                name="channel_publisher_is_another",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> int:
        return FIRST_NUMBER + self.pk
