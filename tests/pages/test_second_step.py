"""The second step at sign-in: set up, used, lost, switched off; and demanded from staff."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from alliance.accounts import MfaAdapter
from tests.pages.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(counters())))


@pytest.fixture
def with_app(signed_in):
    """A client of somebody who set up an authenticator app, and the app's secret."""

    def make(**fields):
        client = signed_in(**fields)
        set_up = reverse("mfa_activate_totp")
        client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": set_up})
        page = client.get(set_up)
        secret = page.context["form"].secret
        assert "data:image/svg+xml" in page.content.decode()
        assert secret in page.content.decode()
        client.post(set_up, {"code": code_for(secret)})
        cache.clear()  # a code works once; the tests do not wait half a minute for the next
        return client, secret

    return make


def sign_in():
    client = Client()
    answer = client.post("/accounts/login/", {"login": "lin@example.org", "password": PASSWORD})
    return client, answer


@pytest.mark.django_db(transaction=True)  # the mail goes out when the change is committed
def test_with_an_app_the_password_alone_no_longer_opens(with_app, mailbox):
    _, secret = with_app()
    assert "activated" in mailbox()[1]
    client, answer = sign_in()

    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert SESSION_KEY not in client.session
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert SESSION_KEY not in client.session
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert SESSION_KEY in client.session


def test_a_recovery_code_opens_once(with_app):
    client, _ = with_app()
    shown = client.get(reverse("mfa_view_recovery_codes"))
    codes = shown.context["unused_codes"]
    assert len(codes) == 10
    assert all(code in shown.content.decode() for code in codes)

    first, _ = sign_in()
    first.post(reverse("mfa_authenticate"), {"code": codes[0]})
    second, _ = sign_in()
    second.post(reverse("mfa_authenticate"), {"code": codes[0]})

    assert SESSION_KEY in first.session
    assert SESSION_KEY not in second.session


def test_the_secret_cannot_be_read_in_the_database(with_app):
    _, secret = with_app()
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]

    assert secret not in stored
    assert MfaAdapter().decrypt(stored) == secret


def test_after_a_new_secret_key_old_secrets_still_open(settings):
    locked = MfaAdapter().encrypt("JBSWY3DP")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert MfaAdapter().decrypt(locked) == "JBSWY3DP"


def test_switching_it_off_makes_the_password_enough_again(with_app):
    client, _ = with_app()
    assert (
        "Switch the authenticator app off?"
        in client.get(reverse("mfa_deactivate_totp")).content.decode()
    )
    client.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.exists()
    assert SESSION_KEY in sign_in()[0].session


def test_each_page_of_it_opens(with_app):
    client, _ = with_app()
    for name in (
        "mfa_index",
        "mfa_generate_recovery_codes",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
    ):
        assert client.get(reverse(name)).status_code == 200, name
    reauthentication = client.get(reverse("mfa_reauthenticate"))
    assert reauthentication.status_code == 200


def test_staff_without_it_do_not_reach_the_desk(signed_in, settings):
    settings.REQUIRE_STAFF_MFA = True
    client = signed_in(is_staff=True, is_superuser=True)
    answer = client.get(reverse("admin:index"))

    assert answer["Location"] == reverse("mfa_index")
    assert "Set up a second step first" in client.get(answer["Location"]).content.decode()
    assert client.get(reverse("admin:kernel_user_changelist"))["Location"] == reverse("mfa_index")


def test_staff_with_it_do(with_app, settings):
    settings.REQUIRE_STAFF_MFA = True
    client, _ = with_app(is_staff=True, is_superuser=True)

    assert client.get(reverse("admin:index")).status_code == 200


def test_where_it_is_not_demanded_staff_enter_as_they_are(signed_in, settings):
    settings.REQUIRE_STAFF_MFA = False
    client = signed_in(is_staff=True, is_superuser=True)

    assert client.get(reverse("admin:index")).status_code == 200


def test_the_desk_signs_in_by_the_same_door(client, signed_in):
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert signed_in().get("/admin/login/").status_code == 403
