"""In and out, a forgotten password, and the pages of one's own account."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.pages.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "another good phrase"


def sign_in(client, email="lin@example.org", password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def test_signing_in_leads_home_and_on(client, person):
    person()
    assert sign_in(client)["Location"] == "/"
    assert SESSION_KEY in client.session
    assert sign_in(Client(), next="/start/")["Location"] == "/start/"
    assert sign_in(Client(), next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(person):
    person()

    def said(**given):
        answer = sign_in(Client(), **given)
        page = answer.content.decode()
        return answer.status_code, page[page.index("alert-danger") : page.index("</form>")].replace(
            given.get("email", "lin@example.org"), ""
        )

    wrong, unknown = said(password="wrong"), said(email="nobody@example.org")
    strip = lambda pair: (pair[0], pair[1].split("</div>")[:3])  # noqa: E731

    assert strip(wrong) == strip(unknown)
    assert wrong[0] == 200


def test_too_many_wrong_passwords_close_the_door_for_a_while(client, person, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/key"}
    person()
    for _ in range(3):
        sign_in(client, password="wrong")

    assert "Too many tries" in sign_in(client).content.decode()
    assert SESSION_KEY not in client.session


def test_signing_out_takes_a_button_not_a_link(signed_in):
    client = signed_in()
    client.get("/accounts/logout/")
    assert SESSION_KEY in client.session

    assert client.post("/accounts/logout/")["Location"] == "/"
    assert SESSION_KEY not in client.session


def test_a_person_s_language_follows_to_a_new_device(client, person):
    person(language="zh-hans")
    answer = sign_in(client)

    assert answer.cookies["django_language"].value == "zh-hans"
    assert 'lang="zh-hans"' in client.get("/accounts/email/").content.decode()


def test_somebody_switched_off_stays_outside(client, person):
    person(is_active=False)
    sign_in(client)

    assert SESSION_KEY not in client.session


def test_a_forgotten_password_is_replaced_by_mail(client, person, mailbox):
    user = person()
    answer = client.post("/accounts/password/reset/", {"email": "lin@example.org"})
    assert answer["Location"] == reverse("account_reset_password_done")
    subject, _text, link = mailbox()
    assert subject == "Choose a new password"

    form = client.get(link)  # the key goes into the session, out of the address
    assert link not in form["Location"]
    answer = client.post(form["Location"], {"password1": NEW, "password2": NEW})

    assert answer["Location"] == reverse("account_reset_password_from_key_done")
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "reset" in mailbox()[1]  # the owner hears of it
    assert "This link does not work" in Client().get(link).content.decode()


def test_asking_for_a_new_password_tells_nothing_about_an_address(client, person, mailbox):
    person()
    known = client.post("/accounts/password/reset/", {"email": "lin@example.org"})
    mailbox()
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})

    assert known["Location"] == unknown["Location"]
    assert mailbox()[2] == reverse("account_signup")  # told to the address only


def reauthenticate(client, onward):
    return client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": onward})


def test_changing_the_password_takes_the_old_one_and_is_told_by_mail(signed_in, mailbox):
    client = signed_in()
    change = reverse("account_change_password")
    wrong = client.post(
        change, {"oldpassword": "wrong", "password1": NEW, "password2": NEW}, follow=True
    )
    assert wrong.status_code == 200
    reauthenticate(client, change)
    client.post(change, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert client.login(email="lin@example.org", password=NEW)
    assert "password" in mailbox()[1]


def test_an_address_is_added_verified_made_the_main_one_and_the_old_removed(signed_in, mailbox):
    client, page = signed_in(), reverse("account_email")
    reauthenticate(client, page)
    client.post(page, {"email": "new@example.org", "action_add": ""})
    link = next(
        line.split("testserver", 1)[1]
        for message in mail.outbox
        for line in message.body.splitlines()
        if "/confirm-email/" in line
    )
    client.post(page, {"email": "new@example.org", "action_primary": ""})
    assert EmailAddress.objects.get(primary=True).email == "lin@example.org"  # not verified yet

    client.post(link)
    client.post(page, {"email": "new@example.org", "action_primary": ""})
    client.post(page, {"email": "lin@example.org", "action_remove": ""})

    assert list(EmailAddress.objects.values_list("email", "primary")) == [("new@example.org", True)]


def test_money_matters_ask_once_more_who_is_there(signed_in):
    client = signed_in()
    answer = client.post(reverse("account_email"), {"email": "x@example.org", "action_add": ""})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert EmailAddress.objects.count() == 1


@pytest.mark.parametrize(
    "page",
    ["account_email", "account_change_password", "mfa_index", "mfa_activate_totp",
     "mfa_add_webauthn", "mfa_list_webauthn", "start"],
)  # fmt: skip
def test_pages_of_one_s_own_need_a_sign_in(client, page):
    assert client.get(reverse(page))["Location"].startswith("/accounts/login/")
