"""What every page has: its doors, its menu, its manners towards browsers, its three languages."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.urls import include, path, reverse

from affiliates.models import Affiliate, AffiliateMember
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import STATE_COLOURS, icon
from merchants.models import Merchant, MerchantMember

STRANGERS = ["home", "account_login", "account_signup", "account_reset_password", "api_docs"]
OWN = ["account_email", "account_change_password", "mfa_index", "start", "account_logout"]


def breaks(request):
    raise RuntimeError("on purpose")


def suspicious(request):
    raise SuspiciousOperation


urlpatterns = [
    path("breaks", breaks),
    path("suspicious", suspicious),
    path("", include("alliance.urls")),
]


@pytest.fixture
def as_affiliate(signed_in):
    client = signed_in()
    affiliate = Affiliate.objects.create(name="Lin's group", state="active")
    AffiliateMember.objects.create(user=User.objects.get(), affiliate=affiliate)
    return client


@pytest.fixture
def as_merchant(signed_in):
    client = signed_in()
    merchant = Merchant.objects.create(name="Tea house", state="active")
    MerchantMember.objects.create(user=User.objects.get(), merchant=merchant)
    return client


# --- doors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRANGERS)
def test_strangers_may_read_these(client, db, name):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", OWN)
def test_people_may_open_these(signed_in, name):
    assert signed_in().get(reverse(name)).status_code == 200


def test_home_shows_strangers_a_worked_example_by_the_formula_of_the_books(client, db):
    page = client.get("/").content.decode()

    for amount in ("CN¥199.00", "CN¥39.80", "CN¥35.82", "CN¥3.58", "CN¥32.24"):
        assert amount in page


def test_home_leads_each_to_their_own_side(as_affiliate):
    assert as_affiliate.get("/")["Location"] == reverse("commissions:affiliate_home")


def test_home_leads_merchants_to_theirs(as_merchant):
    assert as_merchant.get("/")["Location"] == reverse("commissions:merchant_home")


def test_home_leads_staff_to_the_desk_and_newcomers_to_the_choice(signed_in):
    assert signed_in(is_staff=True).get("/")["Location"] == reverse("admin:index")
    assert signed_in(email="new@example.org").get("/")["Location"] == reverse("start")


def test_probes_answer(client, db):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json()["status"] == "ready"


def test_the_api_says_what_it_can(client, db):
    schema = client.get("/api/v1/schema")

    assert schema.status_code == 200
    assert schema["Content-Type"].startswith("application/vnd.oai.openapi")


# --- menu -----------------------------------------------------------------------------------------


def menu_of(client, page="account_email"):
    return client.get(reverse(page)).content.decode().split('id="menu"')[1].split("</nav>")[0]


def test_the_menu_shows_the_side_one_stands_on(as_affiliate):
    menu = menu_of(as_affiliate)

    assert "Lin&#x27;s group" in menu
    assert reverse("affiliates:products") in menu
    assert "/merchant/" not in menu
    assert menu.index(">Share</p>") < menu.index(reverse("aiassist:copies"))
    assert reverse("admin:index") not in menu


def test_whoever_stands_on_both_sides_finds_a_way_over(as_affiliate):
    merchant = Merchant.objects.create(name="Tea house", state="active")
    MerchantMember.objects.create(user=User.objects.get(), merchant=merchant)

    assert f'href="{reverse("commissions:merchant_home")}"' in menu_of(as_affiliate)


def test_staff_find_the_desk(signed_in):
    assert reverse("admin:index") in menu_of(signed_in(is_staff=True))


def test_the_page_one_is_on_is_marked(signed_in):
    assert re.search(r'href="/start/" aria-current="page"', menu_of(signed_in(), "start"))


def test_menu_and_bell_cost_three_queries_however_many_teams(
    as_affiliate, django_assert_num_queries
):
    user = User.objects.get()
    for number in range(5):
        affiliate = Affiliate.objects.create(name=f"Group {number}", state="active")
        AffiliateMember.objects.create(user=user, affiliate=affiliate)
    with django_assert_num_queries(5):  # session, user, affiliate, merchant, unread
        as_affiliate.get(reverse("start"))


# --- manners --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRANGERS + OWN)
def test_no_page_needs_an_inline_script(signed_in, client, db, name):
    answer = (signed_in() if name in OWN else client).get(reverse(name))
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "script-src" not in policy  # so it is 'self' too
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert "src=" in attributes or "application/json" in attributes, content
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", page)
    assert "javascript:" not in page
    for address in re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page):
        assert address.startswith(("/", "data:")), address


@pytest.mark.parametrize("name", STRANGERS[:-1] + OWN)
def test_a_page_has_one_heading_a_language_a_title_and_landmarks(signed_in, client, db, name):
    page = (signed_in() if name in OWN else client).get(reverse(name)).content.decode()

    assert page.count("<h1") == 1
    assert page.count("<main") == 1
    assert '<html lang="en">' in page
    assert re.search(r"<title>\S.+ · Taoke Alliance</title>", page)
    assert 'class="skip-link" href="#main"' in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [("/nowhere", 404, "There is nothing here"), ("/suspicious", 400, "not right")],
)
def test_errors_are_pages_of_ours(client, db, settings, address, status, words):
    settings.ROOT_URLCONF = __name__
    answer = client.get(address)

    assert answer.status_code == status
    assert words in answer.content.decode()


def test_a_broken_page_says_so_without_needing_anything(client, db, settings):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    answer = client.get("/breaks")

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_with_advice(db):
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "de"})

    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


# --- languages ------------------------------------------------------------------------------------


def test_the_language_is_switched_and_kept(client, db):
    answer = client.post("/language/", {"language": "zh-hans", "next": "/accounts/login/"})

    assert answer["Location"] == "/accounts/login/"
    assert '<html lang="zh-hans">' in client.get("/").content.decode()
    assert "¥199.00" in client.get("/").content.decode()


def test_the_language_is_kept_with_the_account(signed_in):
    signed_in().post("/language/", {"language": "de"})

    assert User.objects.get().language == "de"


@pytest.mark.parametrize("language", ["", "xx", "../../etc"])
def test_a_language_we_do_not_speak_changes_nothing(signed_in, language):
    client = signed_in()
    client.post("/language/", {"language": language})

    assert User.objects.get().language == ""
    assert '<html lang="en">' in client.get("/start/").content.decode()


def test_switching_never_leads_away_from_us(client, db):
    answer = client.post("/language/", {"language": "de", "next": "https://evil.example/"})

    assert answer["Location"] == "/"


def test_switching_takes_a_form(client, db):
    assert client.get("/language/").status_code == 405


# --- parts ----------------------------------------------------------------------------------------


def test_each_icon_that_a_template_names_is_there():
    named = set()
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        named |= set(re.findall(r"""\{% icon ["']([^"']+)["']""", text))
        named |= set(re.findall(r"""\bicon=["']([^"']+)["']""", text))

    assert named
    for name in sorted(named):
        assert "<path" in icon(name), name


def test_each_state_of_each_model_has_a_colour():
    """A new state is given its colour in templatetags/alliance.py."""
    ours = {"kernel", "merchants", "affiliates", "campaigns", "commissions", "aiassist"}
    states = {
        value
        for model in apps.get_models()
        if model._meta.app_label in ours
        for field in model._meta.get_fields()
        if getattr(field, "choices", None) and field.name in {"state", "rule"}
        for value, _label in field.choices
    }

    assert states - STATE_COLOURS.keys() == set()
