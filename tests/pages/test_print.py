"""What comes out of a printer: black on white, tables as tables, nothing that is acted with."""

import pytest
from playwright.sync_api import Browser

from tests.desk.world import world_make
from tests.pages.test_accessible import _seen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

A4 = {"width": 718, "height": 1000}  # what is left of its width between the margins, in pixels
SHOWN = """() => [...document.querySelectorAll("nav, form, .btn, .topbar, .headbar, .footer")]
    .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80))"""
COLOURS = """() => { const root = getComputedStyle(document.body);
    return [root.color, root.backgroundColor, document.documentElement.dataset.bsTheme]; }"""


def test_a_statement_a_receipt_an_invoice_and_a_report_on_paper(browser: Browser, site):
    world = world_make()
    cast, things = world.cast, world.things
    invoice = things["commissions.invoice"].pk
    pages = (
        (cast.lin, f"/affiliate/statements/{things['commissions.statement'].pk}/"),
        (cast.lin, f"/affiliate/orders/{things['commissions.commission'].pk}/"),
        (cast.lin, "/affiliate/reports/?by=month"),
        (cast.chen, f"/merchant/invoices/{invoice}/"),
    )
    for user, path in pages:
        page = _seen(browser, site, user, {"viewport": A4, "color_scheme": "dark"})
        page.goto(site + path)
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")

        assert page.evaluate(SHOWN) == [], path
        black, clear, theme = page.evaluate(COLOURS)
        assert (black, clear, theme) == ("rgb(0, 0, 0)", "rgba(0, 0, 0, 0)", "light"), path
        assert page.locator(".print-head").is_visible(), path
        for table in page.locator("main table").all():
            assert table.evaluate("t => getComputedStyle(t).display") == "table", path
            assert table.evaluate("t => t.getBoundingClientRect().right <= innerWidth"), path
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(COLOURS)[2] == "dark"
        page.context.close()
