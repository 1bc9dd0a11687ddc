"""Who gets into which page of the money: strangers to sign in, others to where one joins."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from alliance.kernel.models import MemberRole
from commissions.urls import urlpatterns
from merchants.models import MerchantMember
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

PAGES = [p for p in urlpatterns if not p.name.startswith(("api_", "statement_", "hook"))]


def url_of(pattern):
    return reverse(f"commissions:{pattern.name}", args=[1] if "<int:pk>" in str(pattern) else [])


# What these change is the person's own: views by name, mails.
OWN = {f"{side}_report_{deed}" for side in ("affiliate", "merchant")
       for deed in ("save", "forget", "mail")}  # fmt: skip


def named(prefix):
    return [p for p in PAGES if str(p.pattern).startswith(prefix)]


def test_every_page_is_the_affiliates_or_the_merchants():
    assert len(named("affiliate/")) + len(named("merchant/")) == len(PAGES)


@pytest.mark.parametrize("pattern", PAGES, ids=lambda p: p.name)
def test_who_is_not_signed_in_is_asked_to(pattern):
    for answer in (Client().get(url_of(pattern)), Client().post(url_of(pattern))):
        assert answer.status_code == 405 or answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("prefix", "join"), [("affiliate/", "affiliates:join"), ("merchant/", "merchants:join")]
)
def test_who_does_not_belong_there_is_shown_where_one_joins(prefix, join):
    client = Client()
    client.force_login(user_make())
    for pattern in named(prefix):
        answer = client.get(url_of(pattern))
        assert answer.status_code == 405 or answer["Location"] == reverse(join), pattern.name


def webhooks(side):
    """What changes something of the side's webhooks."""
    deeds = ("change", "try", "pause", "resume", "secret", "repeat", "drop")
    return {
        f"{side}_webhook_new",
        f"{side}_delivery_repeat",
        *(f"{side}_endpoint_{deed}" for deed in deeds),
    }


@pytest.mark.parametrize(
    ("prefix", "changing"),
    [
        (
            "affiliate/",
            {
                "payee",
                "appeal",
                "evidence_add",
                "campaign_join",
                "campaign_leave",
                "partner_accept",
                "partner_leave",
                "invitation_end",
                "channel_code_open",
                "channel_code_end",
                "channel_end",
                "affiliate_postback_new",
                "api_app_revoke",
                "api_app_rotate",
                *webhooks("affiliate"),
            },
        ),
        (
            "merchant/",
            {
                "order_import",
                "order_mapping",
                "order_import_give_up",
                "first_steps_hide",
                "wallet_warning",
                "merchant_campaign_agree",
                "merchant_promise",
                "merchant_proposal_withdraw",
                *webhooks("merchant"),
            },
        ),
    ],
)
def test_a_viewer_looks_everywhere_and_changes_nothing(prefix, changing):
    cast = cast_make()
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)
    client = Client()
    client.force_login(viewer)
    for pattern in named(prefix):
        looked = client.get(url_of(pattern)).status_code
        shut = pattern.name in changing | OWN  # these are no pages to look at
        assert looked in ({403, 405} if shut else {200, 404}), pattern.name
        said = client.post(url_of(pattern), {"amount": "1.00"}).status_code
        assert said in ({302, 400} if pattern.name in OWN else {403, 405}), pattern.name
