"""What stands in a file that we give out is text to a spreadsheet, never a formula."""

import pytest

from alliance.kernel.exports import cell
from alliance.kernel.money import cny


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"])
def test_no_text_is_a_formula(mark):
    text = f'{mark}HYPERLINK("https://evil.example")'

    assert cell(text) == f"'{text}"


def test_amounts_below_zero_stay_numbers():
    assert cell(-cny("5.00")) == "-5.00"
    assert cell(-5) == "-5"
