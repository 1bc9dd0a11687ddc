"""What a person does, in a real browser, at the sizes of a desk and of a hand."""

import re
import time

import pytest
from django.contrib.auth import logout
from django.core import mail
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import RequestContext, Template
from django.urls import include, path
from playwright.sync_api import Page, expect

from alliance.kernel.errors import NotAllowed
from alliance.kernel.models import User
from tests.pages.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


def workbench(request):
    """A page with the things that our scripts do, and a service that refuses."""
    if request.method == "POST":
        if "well" in request.GET:
            htmx = request.headers.get("HX-Request")
            return HttpResponse("<b>it worked</b>" if htmx else "removed")
        if "slow" in request.GET:
            time.sleep(0.5)
            return HttpResponse("at last")
        if "broken" in request.GET:
            raise RuntimeError
        if "ended" in request.GET:
            logout(request)
            return redirect("account_login")
        raise NotAllowed("Not today.")
    chart = {
        "type": "line",
        "data": {"labels": ["a", "b"], "datasets": [{"label": "Earnings", "data": [100, 250]}]},
        "options": {"currency": "CNY", "digits": 2},
    }
    source = """{% extends "page.html" %}{% load static %}
    {% block title %}Workbench{% endblock %}
    {% block scripts %}
      <script src="{% static 'vendor/chartjs/chart.umd.min.js' %}"></script>
    {% endblock %}
    {% block content %}
      <div class="chart">
        <canvas data-chart="numbers" role="img" aria-label="Earnings"></canvas>
      </div>
      {{ chart|json_script:"numbers" }}
      <button hx-post="/workbench?well" hx-target="#out">Works</button>
      <button hx-post="/workbench" hx-target="#out">Refused</button>
      <button hx-post="/workbench?broken" hx-target="#out">Breaks</button>
      <button hx-post="/workbench?ended" hx-target="#out">Ends</button>
      <form id="slow" method="post" action="?slow">{% csrf_token %}
        <button class="btn">Slow</button>
      </form>
      <div id="out">nothing yet</div>
      {% include "parts/ask.html" with id=1 url="?well" label="Remove it" ask="Gone for good." %}
    {% endblock %}"""
    return HttpResponse(Template(source).render(RequestContext(request, {"chart": chart})))


urlpatterns = [path("workbench", workbench), path("", include("alliance.urls"))]


@pytest.fixture
def complaints(page: Page):
    """Whatever the browser complains about (a script refused, an error) fails the test."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


def sign_in(page: Page, site: str, email: str = "lin@example.org") -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def test_from_the_front_door_over_the_mail_to_joining(page: Page, site, complaints):
    page.goto(site)
    page.get_by_role("main").get_by_role("link", name="Start as affiliate").first.click()
    expect(page.get_by_role("radio", name="I promote")).to_be_checked()
    page.get_by_label("Email").fill("mei@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    link = re.search(r"^http\S+$", mail.outbox[0].body, re.MULTILINE).group()
    page.goto(link.replace(link.split("/accounts/")[0], site))
    page.get_by_role("button", name="Yes, confirm").click()

    expect(page).to_have_url(re.compile("/affiliate/join/$"))
    assert User.objects.get().email == "mei@example.org"


def test_on_a_phone_the_menu_opens_and_closes(page: Page, site, person, complaints):
    person()
    page.set_viewport_size(PHONE)
    sign_in(page, site)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()

    page.get_by_role("button", name="Menu", exact=True).click()
    expect(menu.get_by_role("link", name="Take part")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()

    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("button", name="Close the menu").click()
    expect(menu).to_be_hidden()


def test_the_account_menu_leads_out(page: Page, site, person, complaints):
    person()
    sign_in(page, site)
    page.get_by_role("button", name="lin@example.org").click()
    page.get_by_role("button", name="Sign out").click()

    expect(
        page.get_by_role("main").get_by_role("link", name="Start as affiliate").first
    ).to_be_visible()


def test_menus_work_without_javascript(browser, site, person):
    person()
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    sign_in(page, site)
    page.get_by_role("button", name="Menu", exact=True).click()

    expect(page.get_by_role("link", name="Take part")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("prefers", "first", "then"), [("light", "light", "dark"), ("dark", "dark", "light")]
)
def test_dark_mode_follows_the_system_until_one_chooses(browser, site, db, prefers, first, then):
    context = browser.new_context(color_scheme=prefers)
    page = context.new_page()
    page.goto(site)
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", first)

    page.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-bs-theme", then)
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", then)  # remembered
    context.close()


def test_the_language_is_switched_with_one_click(page: Page, site, db, complaints):
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Deutsch").click()

    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(f"{site}/accounts/login/")


@pytest.mark.parametrize("secure", [True, False])
def test_a_copy_button_copies_also_without_a_clipboard(browser, site, person, secure):
    person()
    context = browser.new_context()
    page = context.new_page()
    if secure:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.add_init_script("delete Navigator.prototype.clipboard")
    sign_in(page, site)
    page.goto(f"{site}/accounts/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    button = page.get_by_role("button", name="Copy")
    button.click()

    expect(button).to_have_class(re.compile("is-copied"))
    expect(page.get_by_role("status").last).to_have_text("Copied")
    if secure:
        secret = page.locator(".secret code").inner_text()
        assert page.evaluate("navigator.clipboard.readText()") == secret
    context.close()


@pytest.fixture
def bench(page: Page, site, person, settings):
    settings.ROOT_URLCONF = __name__
    person()
    sign_in(page, site)
    page.goto(f"{site}/workbench")
    return page


def test_htmx_posts_with_a_token_and_swaps_the_part(bench: Page, complaints):
    bench.get_by_role("button", name="Works").click()

    expect(bench.locator("#out")).to_have_text("it worked")


def test_a_refusal_of_an_htmx_call_is_shown_among_the_alerts(bench: Page):
    bench.get_by_role("button", name="Refused").click()
    alert = bench.locator("#alerts").get_by_role("alert")

    expect(alert).to_contain_text("Not today.")
    expect(bench.locator("#out")).to_have_text("nothing yet")
    alert.get_by_role("button", name="Close").click()
    expect(alert).to_have_count(0)


def test_a_form_is_sent_once_however_often_one_presses(bench: Page):
    """The second press comes before the answer to the first."""
    sent: list[str] = []
    bench.on("request", lambda asked: sent.append(asked.method) if "?slow" in asked.url else None)
    pressed = """() => { const one = document.querySelector("#slow button");
        one.click(); one.click(); return one.className; }"""
    assert bench.evaluate(pressed) == "btn btn-loading"
    expect(bench.get_by_text("at last")).to_be_visible()
    assert sent == ["POST"]


def test_a_part_that_does_not_come_says_so_and_leaves_the_page(bench: Page):
    alert = bench.locator("#alerts").get_by_role("alert")
    bench.get_by_role("button", name="Breaks").click()
    expect(alert).to_contain_text("Something broke on our side.")
    expect(bench.locator("#out")).to_have_text("nothing yet")

    bench.context.set_offline(True)
    bench.get_by_role("button", name="Works").click()
    expect(alert).to_contain_text("The server cannot be reached.")
    expect(bench.locator("#out")).to_have_text("nothing yet")
    bench.context.set_offline(False)


def test_whose_session_has_ended_signs_in_on_a_whole_page(bench: Page):
    bench.get_by_role("button", name="Ends").click()
    expect(bench.get_by_role("button", name="lin@example.org")).to_have_count(0)
    expect(bench.locator("#out")).to_have_text("nothing yet")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_cannot_be_taken_back_asks_first(browser, site, person, settings, scripts):
    settings.ROOT_URLCONF = __name__
    person()
    context = browser.new_context(java_script_enabled=scripts, viewport=PHONE)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/workbench")
    question = page.get_by_role("dialog")
    page.get_by_role("button", name="Remove it").click()
    expect(question).to_contain_text("Gone for good.")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()

    page.get_by_role("button", name="Remove it").click()
    question.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("removed", exact=True)).to_be_visible()
    context.close()


def test_a_chart_is_drawn_in_the_colours_of_the_theme(bench: Page, complaints):
    drawn = "document.querySelector('canvas').chart.data.datasets[0].borderColor"
    light = bench.evaluate(drawn)
    assert bench.evaluate("document.querySelector('canvas').width") > 100
    bench.get_by_role("button", name="lin@example.org").click()
    bench.get_by_role("button", name="Dark mode").click()

    assert light == "rgb(212, 56, 13)"
    assert bench.evaluate(drawn) == "rgb(255, 122, 69)"


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_no_page_is_wider_than_the_screen(page: Page, site, person, width):
    person(name="W" * 80)
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    sign_in(page, site)
    for address in ("/start/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/"):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
