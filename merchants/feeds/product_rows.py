"""What an entry of a product file says: from Google's names and texts to our product."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from alliance.kernel import clock
from alliance.kernel.money import Money, percent
from merchants.feeds.product_files import plain
from merchants.feeds.runs import RowFault
from merchants.models import Category
from merchants.services.products import ProductData

REQUIRED = ("id", "title", "link", "price")
COLUMNS = (
    *REQUIRED,
    "description",
    "image_link",
    "availability",
    "sale_price",
    "sale_price_effective_date",
    "brand",
    "gtin",
    "item_group_id",
    "product_type",
    "google_product_category",
    "category",
    "title_en",
    "title_de",
    "commission_rate",
)
# "1,299.00", "1.299,00" and "1299.00"; of "1.299" the point is a decimal one, as Google has it.
_AMOUNT = re.compile(
    r"(\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?)|(\d{1,3}(?:\.\d{3})+,\d{1,6})|(\d{1,12}(?:[.,]\d{1,6})?)",
    re.ASCII,
)
_PRICE = re.compile(r"([A-Z]{3})?([^A-Z]*?)([A-Z]{3})?", re.ASCII)
_SIGNS = {"¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "€": ("EUR",), "£": ("GBP",), "元": ("CNY",)}
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)
_ON_SALE = {
    "", "in_stock", "instock", "preorder", "pre_order", "backorder", "back_order",
    "limited_availability", "available_for_order", "true", "1", "有货", "现货", "预售",
}  # fmt: skip
_SOLD_OUT = {
    "out_of_stock", "outofstock", "sold_out", "soldout", "discontinued", "false", "0", "缺货",
    "无货", "售罄",
}  # fmt: skip
_PATH = re.compile(r"\s*[>/|]\s*")
_AND = re.compile(r"\s*(?:,|&|、|\band\b|\bund\b)\s*")


@dataclass(slots=True)
class Offer:
    """A product as the file has it. `turns_at`: the next moment at which its price is another by
    what the file says already."""

    data: ProductData
    rate_bps: int | None
    turns_at: datetime | None


class ProductRows:
    """Reads entries for one merchant: its currency, the alliance's categories, whether it has a
    general plan that rates can be announced in."""

    def __init__(self, *, currency: str, has_plan: bool) -> None:
        self.currency, self.has_plan = currency, has_plan
        self.now = clock.now()
        self.slugs = _slugs()
        self.google = {
            number: slug
            for slug, numbers in Category.objects.values_list("slug", "google_ids")
            for number in numbers
        }

    def offer(self, said: Mapping[str, str]) -> Offer:
        """Raises RowFault with the field at fault."""
        for name in REQUIRED:
            if not said.get(name):
                raise RowFault("missing", _("It has no %(field)s.") % {"field": name}, field=name)
        price, turns_at = self._price_now(said)
        if turns_at and turns_at.year > clock.LAST_DAY.year:
            turns_at = None  # "9999-12-31" means never, and lies beyond some zones' calendars
        data = ProductData(
            external_id=said["id"],
            title=said["title"],
            url=said["link"],
            price_minor=price,
            title_en=said.get("title_en"),
            title_de=said.get("title_de"),
            description=said.get("description"),
            category=self._category(said),
            brand=said.get("brand"),
            image_url=said.get("image_link"),
            gtin=_gtin(said.get("gtin")),
            group_id=said.get("item_group_id"),
            on_sale=_availability(said.get("availability", "")),
        )
        return Offer(data, self._rate(said.get("commission_rate", "")), turns_at)

    # --- Prices -----------------------------------------------------------------------------------

    def _price_now(self, said: Mapping[str, str]) -> tuple[int, datetime | None]:
        """The price in force, and when the other one begins."""
        price = self._price(said["price"], "price")
        if not said.get("sale_price"):
            return price, None
        sale = self._price(said["sale_price"], "sale_price")
        if sale > price:
            raise RowFault(
                "bad_sale_price", _("The sale price is above the price."), field="sale_price"
            )
        begins, ends = self._span(said.get("sale_price_effective_date", ""))
        if begins and self.now < begins:
            return price, begins
        if ends and self.now >= ends:
            return price, None
        return sale, ends

    def _price(self, text: str, name: str) -> int:
        signs = {sign for sign in _SIGNS if sign in text}
        plain_text = re.sub(r"[¥￥€£元\s\u00a0']", "", text.upper())
        found = _PRICE.fullmatch(plain_text)
        amount = _AMOUNT.fullmatch(found[2]) if found else None
        if found is None or amount is None:
            raise RowFault(
                "bad_price", _("“%s” is not a price such as 12.00 CNY.") % text[:40], field=name
            )
        named = {code for code in (found[1], found[3]) if code}
        if named - {self.currency} or any(self.currency not in _SIGNS[sign] for sign in signs):
            raise RowFault(
                "other_currency", _("The merchant does not trade in this currency."), field=name
            )
        english, continental, simple = amount.groups()
        if english:
            digits = english.replace(",", "")
        elif continental:
            digits = continental.replace(".", "").replace(",", ".")
        else:
            digits = simple.replace(",", ".")
        return Money.parse(digits, self.currency).minor

    def _span(self, text: str) -> tuple[datetime | None, datetime | None]:
        """Both ends of "2026-06-01T00:00+0800/2026-06-21T00:00+0800"."""
        if not text:
            return None, None
        begins, _slash, ends = text.partition("/")
        try:
            return _moment(begins.strip()), _moment(ends.strip())
        except ValueError:
            raise RowFault(
                "bad_moment",
                _("“%s” is not two moments with a / between them.") % text[:60],
                field="sale_price_effective_date",
            ) from None

    # --- Categories -------------------------------------------------------------------------------

    def _category(self, said: Mapping[str, str]) -> str | None:
        """Our slug. A name of ours must be right. Somebody else's path is followed from its end
        until a step has one of our names; if none has, nothing is said of the category."""
        named = said.get("category")
        if named:
            if named.casefold() not in self.slugs:
                ours = ", ".join(sorted(set(self.slugs.values())))
                raise RowFault(
                    "no_category",
                    _("There is no category “%(name)s”. Take one of these: %(ours)s")
                    % {"name": named[:60], "ours": Truncator(ours).chars(180)},
                    field="category",
                )
            return self.slugs[named.casefold()]
        google = said.get("google_product_category", "")
        if google.isascii() and google.isdigit() and len(google) < 10:
            if slug := self.google.get(int(google)):
                return slug
            google = ""
        for path in (said.get("product_type", ""), google):
            for step in reversed(_PATH.split(path)):
                for word in (step, *_AND.split(step)):
                    if slug := self.slugs.get(word.strip().casefold()):
                        return slug
        return named

    # --- Rates ------------------------------------------------------------------------------------

    def _rate(self, text: str) -> int | None:
        text = text.strip().rstrip("%").strip().replace(",", ".")
        if not text:
            return None
        low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
        bps = int(Decimal(text) * 100) if _PERCENT.fullmatch(text) else -1
        if bps and not low <= bps <= high:
            raise RowFault(
                "bad_rate",
                _("A commission rate lies between %(low)s and %(high)s.")
                % {"low": percent(low), "high": percent(high)},
                field="commission_rate",
            )
        if not self.has_plan:
            raise RowFault(
                "no_plan",
                _("Open a general plan before you give products a rate."),
                field="commission_rate",
            )
        return bps


def _moment(text: str) -> datetime:
    """ISO 8601; without a zone it is the alliance's. ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.ZONE)


def _gtin(text: str | None) -> str | None:
    """The trade's number if its last digit proves it. None is no reason to lose a product."""
    if text is None:
        return None
    digits = re.sub(r"[\s-]", "", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) in {8, 12, 13, 14}):
        return ""
    total = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(reversed(digits)))
    return digits if total % 10 == 0 else ""


def _availability(text: str) -> bool:
    word = plain(text.rpartition("/")[2])
    if word in _SOLD_OUT:
        return False
    if word not in _ON_SALE:
        raise RowFault(
            "bad_availability", _("“%s” is no availability.") % text[:40], field="availability"
        )
    return True


def _slugs() -> dict[str, str]:
    """Slugs by slug and by each of the three names."""
    found: dict[str, str] = {}
    for slug, *names in Category.objects.values_list("slug", "name_zh", "name_en", "name_de"):
        for name in (*names, slug):
            found[name.casefold()] = slug
    return found
