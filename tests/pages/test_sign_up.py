"""From a stranger to somebody with an account, over a real mail."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from alliance.kernel.models import User
from tests.pages.conftest import PASSWORD

pytestmark = pytest.mark.django_db
AFFILIATE, MERCHANT = "/affiliate/join/", "/merchant/join/"


def sign_up(client, email="mei@example.org", onward=AFFILIATE):
    return client.post("/accounts/signup/", {"email": email, "password1": PASSWORD, "next": onward})


@pytest.mark.parametrize(("side", "onward"), [("affiliate", AFFILIATE), ("merchant", MERCHANT)])
def test_the_side_is_chosen_by_the_link_that_led_here(client, side, onward):
    page = client.get("/accounts/signup/", {"as": side}).content.decode()
    chosen = [line for line in page.splitlines() if 'name="next"' in line and "checked" in line]

    assert len(chosen) == 1
    assert f'value="{onward}"' in chosen[0]


def test_no_side_is_chosen_for_somebody_who_came_without(client):
    page = client.get("/accounts/signup/").content.decode()

    assert AFFILIATE in page
    assert MERCHANT in page
    assert "checked" not in page


def test_an_invitation_leads_where_it_says(client):
    page = client.get("/accounts/signup/", {"next": "/start/"}).content.decode()

    assert '<input type="hidden" name="next" value="/start/">' in page
    assert AFFILIATE not in page


@pytest.mark.parametrize("onward", [AFFILIATE, MERCHANT])
def test_one_click_in_the_mail_leads_on_to_the_chosen_side(client, mailbox, onward):
    answer = sign_up(client, onward=onward)
    assert answer["Location"] == reverse("account_email_verification_sent")
    subject, text, link = mailbox()

    assert subject == "Confirm your e-mail address"
    assert "One click" in text
    assert "mei@example.org" in client.get(link).content.decode()
    answer = client.post(link)

    assert (answer.status_code, answer["Location"]) == (302, onward)
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_germans_are_not_on_first_name_terms_with_us(client, mailbox):
    client.cookies["django_language"] = "de"
    sign_up(client)
    page = client.post(mailbox()[2], follow=True).content.decode()

    assert "mei@example.org ist bestätigt." in page
    assert "Du " not in page


def test_the_mail_may_be_opened_on_another_device(client, mailbox):
    """There the address is confirmed, and after sign-in the way goes on."""
    sign_up(client, onward=AFFILIATE)
    phone = Client()
    link = mailbox()[2]
    page = phone.get(link)
    answer = phone.post(link.split("?")[0], {"next": AFFILIATE})

    assert f'name="next" value="{AFFILIATE}"' in page.content.decode()
    assert answer["Location"] == AFFILIATE
    assert phone.get(AFFILIATE)["Location"].startswith("/accounts/login/?next=")
    assert EmailAddress.objects.get().verified
    assert "_auth_user_id" not in phone.session  # a mail alone signs nobody in


def test_a_stranger_s_address_is_not_put_into_the_mail(client, mailbox):
    sign_up(client, onward="https://evil.example/")

    assert "evil" not in mailbox()[1]


def test_the_mail_has_text_and_the_same_words_as_html(client):
    sign_up(client)
    message = mail.outbox[0]
    (html, kind) = message.alternatives[0]
    link = next(line for line in message.body.splitlines() if line.startswith("http"))

    assert kind == "text/html"
    assert f'href="{link}"' in html.replace("&amp;", "&")
    assert "One click" in html


def test_the_mail_speaks_the_visitor_s_language(client):
    client.post("/language/", {"language": "de", "next": "/"})
    sign_up(client)

    assert User.objects.get().language == "de"
    assert '<html lang="de">' in mail.outbox[0].alternatives[0][0]


def test_an_address_is_kept_in_lower_case(client):
    sign_up(client, email="Mei.Lin@Example.ORG")

    assert User.objects.get().email == EmailAddress.objects.get().email == "mei.lin@example.org"


def test_whether_an_address_is_known_is_told_to_its_owner_only(client, person, mailbox):
    person("mei@example.org")
    known = sign_up(client, email="mei@example.org")
    subject, _text, link = mailbox()
    unknown = sign_up(Client(), email="other@example.org")

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert subject == "You have an account already"
    assert link == reverse("account_reset_password")
    assert User.objects.count() == 2


def test_a_weak_password_is_refused_beside_its_field(client):
    answer = client.post(
        "/accounts/signup/", {"email": "mei@example.org", "password1": "1234567", "next": AFFILIATE}
    )
    page = answer.content.decode()

    assert answer.status_code == 200
    assert 'aria-describedby="id_password1_help id_password1_errors"' in page
    assert 'id="id_password1_errors"' in page
    assert not User.objects.exists()
    assert f'value="{AFFILIATE}" required checked' in page  # the choice is kept


def test_somebody_unverified_cannot_sign_in_and_gets_a_new_mail(client, mailbox):
    sign_up(client)
    mailbox()
    later = Client()
    answer = later.post("/accounts/login/", {"login": "mei@example.org", "password": PASSWORD})

    assert answer["Location"] == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in later.session
    assert "/accounts/confirm-email/" in mailbox()[2]


def test_a_link_that_does_not_work_says_so(client):
    page = client.get("/accounts/confirm-email/nonsense/").content.decode()

    assert "This link does not work" in page
