"""The PDF frame: addresses, tables that go on over pages, every letter in a font that has it."""

from django.utils import translation

from commissions.documents import Column, document, heading, issuer, paragraph, table
from tests.commissions.pdf import pages_of

COLUMNS = [Column("What", 5), Column("Orders", 1, right=True), Column("Amount", 2, right=True)]


def drawn(rows=(("Commission", 3, "¥71.64"), ("Total", "", "¥71.64")), **more):
    return document(
        **{
            "title": "Invoice A-2026-000001",
            "issuer": ["Taoke Alliance Ltd", "West Lake 1"],
            "recipient": ["陈家居 Chen Home", "Müller & <Söhne>"],
            "facts": [("Number", "A-2026-000001")],
            "body": [table(COLUMNS, rows, totals=1), heading("Notes"), paragraph("谢谢 → ok")],
            "footer": "Taoke Alliance",
            **more,
        }
    )


def test_a_document_says_all_it_was_given():
    (page,) = pages_of(drawn())

    for said in (
        "Invoice A-2026-000001", "Taoke Alliance Ltd", "陈家居 Chen Home", "Müller & <Söhne>",
        "What", "¥71.64", "Notes", "谢谢 → ok", "Page 1 of 1",
    ):  # fmt: skip
        assert said in page, said


def test_a_long_table_has_its_header_and_number_on_each_page():
    pages = pages_of(drawn([(f"Order {n}", n, "-¥1.00") for n in range(100)]))

    assert len(pages) == 3
    assert [f"Page {n} of 3" in page for n, page in enumerate(pages, 1)] == [True] * 3
    assert [page.count("Orders") for page in pages] == [1, 1, 1]
    assert sum(page.count("-¥1.00") for page in pages) == 100


def test_what_no_font_can_show_does_no_harm():
    (page,) = pages_of(drawn([("a\x00b\u202ec \U0001f389", 1, "−1\u202f000 €"), ("Total", "", "")]))

    assert "abc □" in page
    assert "-1 000 €" in page


def test_the_same_content_makes_the_same_bytes():
    assert drawn() == drawn()
    assert drawn() != drawn(footer="Another")


def test_the_issuer_is_who_the_settings_say(settings):
    settings.ALLIANCE = {
        **settings.ALLIANCE, "LEGAL_NAME": "Taoke Ltd", "ADDRESS": "1 Road\nHangzhou",
        "TAX_ID": "9133",
    }  # fmt: skip

    assert issuer() == ["Taoke Ltd", "1 Road", "Hangzhou", "Tax number: 9133"]


def test_the_file_names_the_language_it_is_in():
    with translation.override("de"):
        assert b"/Lang (de)" in drawn()
