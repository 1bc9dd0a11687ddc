"""What goes into a check, and what comes out of it: frozen, and free of any database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aiassist.copy.check import injection
from aiassist.copy.check.rules import OVER, Rule, Source
from alliance.kernel.clock import ZONE
from alliance.kernel.money import Money


class Level(TextChoices):
    """What a finding means for the text."""

    BLOCK = "block", _("not allowed")
    REVIEW = "review", _("to be looked at")


class Channel(TextChoices):
    """Where the text is to go out."""

    WECHAT_GROUP = "wechat_group", _("WeChat group")
    MOMENTS = "moments", _("WeChat Moments")
    XIAOHONGSHU = "xiaohongshu", _("Xiaohongshu")
    WEIBO = "weibo", _("Weibo")
    DOUYIN = "douyin", _("Douyin")
    EMAIL = "email", _("E-mail")
    WEB = "web", pgettext_lazy("channel", "Web page")


class Language(TextChoices):
    """What the text is written in."""

    ZH = "zh", _("Chinese")
    DE = "de", _("German")
    EN = "en", _("English")


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A coupon as it stands: what it takes off, from what amount, and from when until when."""

    face: Money
    starts_at: datetime
    ends_at: datetime
    threshold: Money | None = None
    left: int | None = None  # pieces; None: not counted

    def usable(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at and self.left != 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that may be said about a product, as it was read at `as_of`.

    `title` and `attributes` (brand, category, description, other titles) are a merchant's words:
    they back claims and sizes, never prices. `hosts` are where our own links lead, `codes` our own
    share codes, `days` further dates that are true (a campaign's first and last).
    """

    title: str
    price: Money
    as_of: datetime
    coupon: CouponFacts | None = None
    attributes: tuple[str, ...] = ()
    sold: int | None = None  # pieces in thirty days
    hosts: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    days: tuple[date, ...] = ()
    good_for: timedelta = timedelta(hours=24)

    @cached_property
    def after(self) -> Money:
        """What the buyer pays with the coupon; the price where there is none."""
        return self.price - self.coupon.face if self.coupon else self.price

    @cached_property
    def said(self) -> tuple[str, ...]:
        """The merchant's words, without what in them speaks to a program."""
        return tuple(injection.harmless(one) for one in (self.title, *self.attributes))

    def ends(self) -> datetime | None:
        """When the coupon ends, in the alliance's zone."""
        return self.coupon.ends_at.astimezone(ZONE) if self.coupon else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in text[start:end] that a rule does not allow. An empty span: the whole text.

    `why` is in the reader's language. `instead` is what may stand there ("" to leave it out); None
    where no program should decide that.
    """

    rule: Rule
    level: Level
    start: int
    end: int
    words: str
    why: str
    source: Source | None = None
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, in the order of the text, and a text that passes, if one could be made.

    `repaired` is None when nothing had to be repaired, and when nothing could be.
    """

    text: str
    findings: tuple[Finding, ...]
    repaired: str | None = None

    @property
    def passes(self) -> bool:
        """Nothing to say against it: it may go out without a person looking at it."""
        return not self.findings

    @property
    def blocked(self) -> bool:
        """It must not go out, whoever looks at it."""
        return any(finding.level == Level.BLOCK for finding in self.findings)

    @property
    def withdrawn(self) -> bool:
        """It was true and is so no more: the coupon is over, or the facts are old."""
        return any(finding.rule in OVER for finding in self.findings)

    @property
    def usable(self) -> str | None:
        """The text to send out: as it was given, or repaired, or none."""
        return self.text if self.passes else self.repaired
