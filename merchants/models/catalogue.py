"""What is sold: categories, products, and the coupons a buyer can use on them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import AppendOnly, Stamped
from alliance.kernel.money import Money
from merchants.models.merchant import Merchant, Shop


class InThreeLanguages(models.Model):
    """A text in the trade's own language, with English and German beside it where known."""

    class Meta:
        abstract = True

    @staticmethod
    def _pick(zh: str, en: str, de: str) -> str:
        language = (get_language() or "en")[:2]
        return {"zh": zh, "de": de or en or zh}.get(language, en or zh)


class Category(InThreeLanguages):
    slug = models.SlugField(_("slug"), unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    name_de = models.CharField(_("German name"), max_length=60)
    google_ids = ArrayField(
        models.PositiveIntegerField(),
        verbose_name=_("Google's numbers"),
        default=list,
        blank=True,
        help_text=_(
            "Numbers of Google's product categories that belong here, with commas between them."
        ),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self._pick(self.name_zh, self.name_en, self.name_de)


class ProductState(models.TextChoices):
    ON_SALE = "on_sale", _("On sale")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PICKABLE = Q(state="on_sale", rate_bps__gt=0)


# Where a product's page is, without what it is asked for: by it a pasted address is recognised.
PAGE = models.Func(
    F("url"),
    models.Value("?"),
    models.Value(1),
    function="split_part",
    output_field=models.TextField(),
)


def _order(name: str, *by: Any) -> models.Index:
    """What can be picked in one of its orders, with all that is filtered by: read without a look
    at the products themselves."""
    shown = ["price_minor", "rate_bps", "category", "shop"]
    return models.Index(*by, include=shown, condition=PICKABLE, name=name)


class Product(InThreeLanguages, Stamped):
    """One article of a shop, known there by `external_id`. Prices in minor units.

    The table has a column more, `words`: the titles as they are searched in (docs/search.md).
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="products", verbose_name=_("shop"))
    external_id = models.CharField(_("shop's product id"), max_length=64)
    title = models.CharField(_("title"), max_length=200)
    title_en = models.CharField(_("English title"), max_length=200, blank=True)
    title_de = models.CharField(_("German title"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        related_name="products",
        null=True,
        db_index=False,  # product_by_category
        verbose_name=_("category"),
    )
    brand = models.CharField(_("brand"), max_length=80, blank=True)
    url = models.URLField(_("product page"), max_length=500)
    image_url = models.CharField(
        _("picture"), max_length=500, blank=True, help_text=_("Address of the picture.")
    )
    price_minor = models.BigIntegerField(_("price"))
    currency = models.CharField(_("currency"), max_length=3)
    rate_bps = models.PositiveIntegerField(
        _("commission rate now"),
        default=0,
        help_text=_("For lists and sorting only; a commission is computed from the dated terms."),
    )
    # Pieces that were paid, counted each night (merchants.services.sales).
    sales_count = models.PositiveIntegerField(_("sales in 30 days"), default=0)
    state = models.CharField(
        _("state"), max_length=9, choices=ProductState, default=ProductState.ON_SALE
    )
    # Identity beyond the shop's own: the trade's number, and what other variants have in common.
    gtin = models.CharField(_("GTIN"), max_length=14, blank=True, default="")
    group_id = models.CharField(_("group of variants"), max_length=50, blank=True, default="")
    held_back = models.BooleanField(
        pgettext_lazy("product", "held back"),
        default=False,
        help_text=_("Withdrawn by a person: no feed puts it on sale again."),
    )
    ends_at = models.DateTimeField(
        _("ends at"),
        null=True,
        blank=True,
        help_text=_("Its shop's feed does not list it any more."),
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_id"], name="product_once_per_shop"),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(held_back=False) | Q(state="withdrawn"),
                name="product_held_back_is_withdrawn",
            ),
        ]
        indexes = [
            # What affiliates pick from, in each order they may want (affiliates.queries.picking).
            _order("product_by_sales", F("sales_count").desc(), F("id").desc()),
            _order("product_by_price", "price_minor", "id"),
            _order("product_by_rate", F("rate_bps").desc(), F("id").desc()),
            _order("product_by_earning", (F("price_minor") * F("rate_bps")).desc(), F("id").desc()),
            models.Index(fields=["category", "price_minor"], name="product_by_category"),
            models.Index("shop", PAGE, name="product_by_page"),
            models.Index(
                fields=["ends_at"],
                condition=Q(state="on_sale", ends_at__isnull=False),
                name="product_ending",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """The title in the reader's language where we have it."""
        return self._pick(self.title, self.title_en, self.title_de)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class PastCategory(AppendOnly):
    """The category that a product was in until a moment. A click before it was promised what its
    plans paid for that category (docs/domain.md §2.3)."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="past_categories", verbose_name=_("product")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", null=True, verbose_name=_("category")
    )
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("past category")
        verbose_name_plural = _("past categories")
        indexes = [models.Index(fields=["product", "until"], name="past_category_of_product")]

    def __str__(self) -> str:
        return f"{self.product}: {self.category}"


class PastPrice(models.Model):
    """What a product cost before: of the prices that ended on a business day the lowest, in minor
    units. A day on which no price ended has no row; the price of now is the product's own."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="past_prices", verbose_name=_("product")
    )
    day = models.DateField(_("until"))
    price_minor = models.BigIntegerField(_("price"))

    class Meta:
        verbose_name = _("past price")
        verbose_name_plural = _("past prices")
        constraints = [
            models.UniqueConstraint(fields=["product", "day"], name="past_price_once_a_day"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="past_price_not_negative"),
        ]
        indexes = [models.Index(fields=["day"], name="past_price_by_day")]

    def __str__(self) -> str:
        return f"{self.product} {self.day}"


class Coupon(Stamped):
    """A buyer's discount: `face` off from `threshold` on. Without a product: the whole shop."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="coupons", verbose_name=_("merchant")
    )
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="coupons", verbose_name=_("shop"))
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="coupons",
        null=True,
        blank=True,
        verbose_name=_("product"),
    )
    code = models.CharField(pgettext_lazy("coupon", "code"), max_length=40)
    face_minor = models.BigIntegerField(_("face value"))
    threshold_minor = models.BigIntegerField(_("from an amount of"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(fields=["shop", "code"], name="coupon_code_once_per_shop"),
            models.CheckConstraint(
                condition=Q(face_minor__gt=0, threshold_minor__gte=0),
                name="coupon_amounts_sensible",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="coupon_ends_later"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "ends_at"], name="coupon_by_product"),
            models.Index(fields=["shop"], condition=Q(product=None), name="coupon_of_whole_shop"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def face(self) -> Money:
        return Money(self.face_minor, self.currency)
