"""What stands in a file that we give out is text to a spreadsheet, never a formula."""

import pytest

from alliance.kernel.exports import cell
from alliance.kernel.money import cny


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"])
def test_no_text_is_a_formula(mark):
    text = f'{mark}HYPERLINK("https://evil.example")'

    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝"])
@pytest.mark.parametrize("end", [";", "\n", "\r"])
def test_no_cell_that_a_spreadsheet_ends_early_begins_a_formula(end, mark):
    assert cell(f"a{end}{mark}HYPERLINK(1){end}") == f"a{end}'{mark}HYPERLINK(1){end}"
    assert cell(f"a {mark} b{end} c") == f"a {mark} b{end} c"


def test_amounts_below_zero_stay_numbers():
    assert cell(-cny("5.00")) == "-5.00"
    assert cell(-5) == "-5"
