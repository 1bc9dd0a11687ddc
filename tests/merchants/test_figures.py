"""Figures in forms are written as the page's reader writes them."""

from decimal import Decimal

import pytest
from django.utils import translation

from merchants.forms import MerchantForm, RateForm
from merchants.models import Product


@pytest.mark.parametrize(
    ("language", "written"), [("de", "3,5"), ("en", "3.5"), ("zh-hans", "3.5")]
)
def test_a_figure_is_shown_and_read_as_in_the_readers_language(language, written):
    with translation.override(language):
        shown = MerchantForm(initial={"roi_target": Decimal("3.5")})["roi_target"].as_widget()
        assert f'value="{written}"' in shown
        assert 'type="text"' in shown  # a browser's own language decides on type="number"
        rate = RateForm({"rate": written}, product=Product())
        rate.is_valid()
        assert rate.cleaned_data["rate"] == Decimal("3.5")
        again = RateForm({"rate": "3.5"}, product=Product())  # as addresses of ours say it
        again.is_valid()
        assert again.bps() == 350
