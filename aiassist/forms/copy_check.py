"""A text that an affiliate wants to have checked."""

import re
from typing import Any, cast

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Link
from affiliates.queries import products_known
from aiassist.copy.check import LONGEST, Channel, Language, Verdict, check
from aiassist.queries.audiences import audience_of
from aiassist.queries.facts import facts_of
from alliance.kernel import clock
from merchants.models import Product

PRODUCTS = 50  # to choose from: those of the newest links


class ProductChoice(forms.ModelChoiceField):
    def label_from_instance(self, product: Product) -> str:
        return product.name


class CopyCheckForm(forms.Form):
    """`chosen`: a product that the affiliate comes from, whether it has a link or not."""

    text = forms.CharField(
        label=_("Your text"),
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 9, "autofocus": True}),
    )
    product = ProductChoice(
        label=_("Product"),
        queryset=Product.objects.none(),
        required=False,
        empty_label=_("None: prices, dates and claims are not checked"),
        help_text=_("Those of your newest links. From any product's page you come here with it."),
    )
    channel = forms.ChoiceField(label=_("Where it goes out"), choices=Channel)
    language = forms.ChoiceField(label=_("Language of the text"), choices=Language)

    def __init__(
        self, *args: Any, affiliate: Affiliate, chosen: int | None = None, **kwargs: Any
    ) -> None:
        audience = audience_of(affiliate)
        initial = {
            "product": chosen,
            "language": (get_language() or "zh")[:2],
            "channel": (audience and audience.channel) or Channel.WECHAT_GROUP,
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.affiliate = affiliate
        field = cast("forms.ModelChoiceField[Product]", self.fields["product"])
        field.queryset = products_known().filter(pk__in=self._products(chosen)).order_by("pk")

    def _products(self, chosen: int | None) -> list[int]:
        newest = Link.objects.filter(affiliate=self.affiliate, product__isnull=False)
        linked = newest.order_by("-pk").values_list("product_id", flat=True)[: 4 * PRODUCTS]
        return [*([chosen] if chosen else []), *list(dict.fromkeys(linked))[:PRODUCTS]]

    def other_language(self) -> str:
        """Chinese, where the text looks to be in it and another language was chosen."""
        text, chosen = self.cleaned_data["text"], self.cleaned_data["language"]
        chinese = 4 * len(re.findall(r"[\u4e00-\u9fff]", text)) > sum(map(str.isalpha, text))
        return str(Language.ZH.label) if chinese and chosen != Language.ZH else ""

    def verdict(self) -> Verdict:
        """What is to be said of the text now; the form is valid."""
        asked = self.cleaned_data
        product: Product | None = asked["product"]
        facts = facts_of(product, affiliate=self.affiliate) if product else None
        channel = Channel(asked["channel"])
        return check(asked["text"], facts, channel, asked["language"], clock.now())
