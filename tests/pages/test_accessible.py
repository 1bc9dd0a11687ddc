"""WCAG 2.2 AA, as far as a program can tell: axe finds nothing on any page, in any role.

Each page is seen at a desk in light colours and in a hand in dark ones. What it carries before the
browser has shown it may not weigh more than 300 KB on its way.
"""

import gzip
from collections.abc import Iterator
from importlib.resources import files

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Response

from tests.desk.test_pages import desk_pages
from tests.desk.world import World
from tests.guards.test_doors import PUBLIC, ROOMS, address, furnished

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS = [
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
]
# Without fetching style sheets and sounds once more: only rules about sounds ask for that.
FOUND = """async tags =>
    (await axe.run(
        {exclude: [".select2"]}, {runOnly: tags, resultTypes: ["violations"], preload: false}
    )).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 120)}`))"""
OUTSIDE = [
    "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/start/", "/nowhere/",
    "/statements/keys/", "/r/nobody", "/s/nobody", "/",
]  # fmt: skip


@pytest.fixture
def world() -> World:
    return furnished()


def _seen(browser: Browser, site: str, user: object, look: dict[str, object]) -> Page:
    context = browser.new_context(**look)
    if user:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    context.add_init_script(AXE)
    return context.new_page()


def _faults(page: Page, site: str, path: str, tags: list[str]) -> Iterator[str]:
    answer = page.goto(site + path)
    assert answer is not None
    yield from page.evaluate(FOUND, tags)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "it is wider than the screen"


def _wrong(
    browser: Browser, site: str, user: object, paths: list[list[str]], tags: list[str]
) -> str:
    """What is wrong with the pages; for each look, which of them."""
    found = []
    for look, some in zip(LOOKS, paths, strict=True):
        page = _seen(browser, site, user, look)
        for path in some:
            faults = list(dict.fromkeys(_faults(page, site, path, tags)))
            found += [f"{path} {look['color_scheme']} {fault}" for fault in faults[:4]]
        page.context.close()
    return "\n".join(found)


def _shown(user: object, paths: list[str]) -> list[str]:
    """Those that are whole pages: no files, no parts, no ways on, nothing for a POST only."""
    client = Client()
    client.force_login(user)
    answers = {path: client.get(path) for path in paths}
    return [
        path
        for path, answer in answers.items()
        if answer.status_code == 200 and b"</html>" in b"".join(answer)
    ]


@pytest.mark.parametrize("room", ["affiliate/", "merchant/"])
def test_the_rooms_of_partners(browser, site, world, room):
    user = {"affiliate/": world.cast.lin, "merchant/": world.cast.chen}[room]
    paths = _shown(user, [address(r, world) for r in ROOMS if r.startswith(room)])
    assert len(paths) > 20
    wrong = _wrong(browser, site, user, [paths, paths], [*WCAG, "best-practice"])
    assert not wrong, wrong


def test_what_strangers_see(browser, site):
    assert {"", "start/", "r/<str:code>"} <= PUBLIC
    wrong = _wrong(browser, site, None, [OUTSIDE, OUTSIDE], [*WCAG, "best-practice"])
    assert not wrong, wrong


def test_the_desk(browser, site, world):
    """The frame is django-unfold's: it has no landmarks, which WCAG does not ask for. The lists to
    choose from are Django's own (select2, which names its inner box badly)."""
    user = world.people["administrator"]
    paths = _shown(user, ["/admin/", "/admin/finance/", *desk_pages(world)])
    assert len(paths) > 100
    half = paths[::6], paths[3::6]  # of each table its list, a form, a history

    wrong = _wrong(browser, site, user, list(half), WCAG)
    assert not wrong, wrong


def test_a_page_is_light(browser, site, world):
    """On the first visit: what a page loads, files as the web server packs them."""
    weights = {}
    for path in ("/", "/affiliate/", "/affiliate/products/", "/affiliate/orders/", "/merchant/"):
        user = world.cast.chen if path == "/merchant/" else world.cast.lin
        page = _seen(browser, site, user, LOOKS[1])
        loaded: list[Response] = []
        page.on("response", lambda answer, loaded=loaded: loaded.append(answer))
        page.goto(site + path, wait_until="networkidle")
        weights[path] = sum(
            len(gzip.compress(answer.body()) if "/static/" in answer.url else answer.body())
            for answer in loaded
            if answer.ok
        )
        page.context.close()
    assert {path: weight for path, weight in weights.items() if weight > 300_000} == {}
    assert min(weights.values()) > 50_000  # they were counted
