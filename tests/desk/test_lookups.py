"""What a list's address may ask: its own filters, and nothing that is not shown."""

import pytest

from tests.desk.world import world_make

pytestmark = pytest.mark.django_db(transaction=True)

GUESSES = [
    ("support", "kernel/user/?password__startswith=pbkdf2"),
    ("risk", "kernel/user/?password__regex=^md5"),
    ("auditor", "kernel/apikey/?digest__startswith=a"),
    ("auditor", "commissions/payeeaccount/?number__startswith=6222"),
    ("finance", "commissions/payout/?payee__number__startswith=6222"),
    ("ops", "affiliates/touch/?ip_key__startswith=a"),
    ("ops", "merchants/merchant/?members__user__password__startswith=a"),
    ("auditor", "kernel/auditevent/?actor__password__startswith=a"),
]
QUESTIONS = [
    ("support", "kernel/user/?is_staff__exact=1"),
    ("finance", "commissions/payout/?state__exact=requested"),
    ("finance", "commissions/account/?kind__exact=wallet&currency__exact=CNY"),
    ("ops", "merchants/order/?pipeline=waiting&placed_at__gte=2026-01-01+00:00:00%2B08:00"),
    ("ops", "merchants/order/?merchant__id__exact=1"),
    ("ops", "commissions/commission/?affiliate__id__exact=1&state__exact=settled"),
    ("auditor", "kernel/auditevent/?object_type=merchants.merchant"),
]


@pytest.fixture
def world(transactional_db):
    return world_make()


def test_a_secret_cannot_be_guessed_letter_by_letter(as_):
    for role, address in GUESSES:
        assert as_(role).get(f"/admin/{address}").status_code == 400, address


def test_the_filters_of_a_list_work(as_):
    for role, address in QUESTIONS:
        assert as_(role).get(f"/admin/{address}").status_code == 200, address
