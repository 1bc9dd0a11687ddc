"""In a real browser: a widget in a page of another origin, and a merchant's tag in its shop."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from affiliates.models import Link, Site
from affiliates.queries import Wish
from affiliates.services.widgets import widget_open
from alliance.kernel.embeds import SCRIPTS, integrity, snippet
from tests.cast import cast_make
from tests.journeys.conftest import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STATIC = Path(__file__).parents[2] / "static"
CLICK = "k7m2x9p4abk7m2x9p4ab"


class Quiet(SimpleHTTPRequestHandler):
    heard: list[bytes]

    def log_message(self, *_said: object) -> None:
        """Not into the test's output."""

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[str, Path, list[bytes]]]:
    """Somebody else's web server: address, folder of its pages, what was posted to it."""
    heard: list[bytes] = []
    handler = type("Heard", (Quiet,), {"heard": heard})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path, heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_widget_shows_on_approved_sites_only_and_sets_no_cookie(
    elsewhere, page: Page, site: str, settings, client
):
    settings.PUBLIC_URL = site
    blog, folder, _heard = elsewhere
    cast = cast_make()
    widget = widget_open(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, name="Tea", language="de",
        size=4, wish=Wish(),
    )  # fmt: skip
    line = snippet("widget", widget=widget.code, title="Tee")
    (folder / "index.html").write_text(f"<!doctype html><h1>Blog</h1>{line}")

    page.goto(blog)
    refused = page.frame_locator("iframe")
    expect(page.locator("iframe")).to_have_attribute("title", "Tee")
    expect(refused.get_by_text("Anzeige")).to_have_count(0)

    Site.objects.filter(pk=cast.zone.site_id).update(state="approved", url=f"{blog}/start")
    page.goto(f"{blog}/?again")
    frame = page.frame_locator("iframe")
    shown = frame.get_by_role("link")
    expect(shown).to_have_count(1)
    link = Link.objects.get(sub1=widget.sub)
    assert shown.get_attribute("href") == f"{site}/r/{link.code}"
    assert "sponsored" in (shown.get_attribute("rel") or "")
    assert page.context.cookies() == []
    expect(page.locator("iframe")).not_to_have_css("height", "320px")  # as high as what is in it

    client.force_login(cast.lin)
    listed = client.get(reverse("affiliates:widgets")).content.decode()
    assert widget.code in listed
    client.post(reverse("affiliates:widget_close", args=[widget.pk]))
    assert client.get(reverse("widget", args=[widget.code])).status_code == 404


def test_a_tag_does_nothing_before_consent_and_then_keeps_the_click_for_fifteen_days(
    elsewhere, page: Page, site: str, settings
):
    settings.PUBLIC_URL = site
    shop, folder, heard = elsewhere
    line = snippet("tag", report="/orders")
    form = "<form data-taoke><button>Buy</button></form>"
    (folder / "index.html").write_text(f"<!doctype html>{form}{line}")
    stored = "localStorage.getItem('taoke_click')"
    field = page.locator("input[name=click_id]")

    page.goto(f"{shop}/?click_id={CLICK}")
    page.wait_for_function("window.taoke")
    assert page.evaluate(stored) is None
    assert page.evaluate("taoke.click()") == ""
    expect(field).to_have_count(0)
    assert page.evaluate("taoke.order({order_id: 'A1'})") is False

    page.evaluate("taoke.consent(true)")
    expect(field).to_have_value(CLICK)
    page.goto(f"{shop}/?later")
    page.wait_for_function("window.taoke")
    page.evaluate("taoke.consent(true)")
    expect(field).to_have_value(CLICK)
    with page.expect_request(f"{shop}/orders"):
        assert page.evaluate("taoke.order({order_id: 'A1', amount: '199.00'})") is True
    eventually(lambda: heard)
    assert heard == [b'{"order_id":"A1","amount":"199.00","click_id":"%s"}' % CLICK.encode()]

    page.evaluate("""() => { const kept = JSON.parse(localStorage.getItem('taoke_click'));
        kept.at -= 15 * 864e5; localStorage.setItem('taoke_click', JSON.stringify(kept)); }""")
    assert page.evaluate("taoke.click()") == ""
    assert page.evaluate(stored) is None
    page.goto(f"{shop}/?click_id={CLICK}")
    page.wait_for_function("window.taoke")
    page.evaluate("taoke.consent(true)")
    page.evaluate("taoke.consent(false)")
    assert page.evaluate(stored) is None
    expect(field).to_have_value("")


# Pages out there name these: a file that is out stays as it is, and a change is another version.
OUT = {
    "tag": "sha384-hG3zuNWB0VnGXZBh7rFObJh9Zug48G9NLE/oDXRsS3hyUr/eTUtpbCyamg/ZAX1i",
    "widget": "sha384-3MxWsnArceQL9byAvAIhW1zw+c9met0ixw3SnAE3f5910GGDWsfG1dmqvpDVl4BD",
}


def test_a_script_that_is_out_never_changes_and_stays_small():
    assert {name: integrity(name) for name in SCRIPTS} == OUT
    assert (STATIC / "embed" / SCRIPTS["tag"]).stat().st_size < 3_000
