"""Everybody who can sign in. They share one password, so its slow hash is made once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from alliance.demo.merchants import DEMO_MERCHANT, merchants
from alliance.demo.people import DEMO_AFFILIATE, PASSWORD, affiliates, merchant_owner, staff
from alliance.kernel import clock
from alliance.kernel.models import User

NEWCOMERS = ("bamboo", "nordlicht")  # have applied with a shop and wait for an answer
LOCALES = {"zh": "zh-hans", "en": "en", "de": "de"}


def accounts_make(since: datetime) -> dict[str, User]:
    """All users with their verified addresses, by login (the half before the @).

    Those whose logins are printed speak the visitor's language; the others their own.
    """
    with clock.at(since):
        password = make_password(PASSWORD)
        users = [User(password=password, **fields) for fields in _people()]
        User.objects.bulk_create(users)
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
    return {user.email.partition("@")[0]: user for user in users}


def _people() -> Iterable[dict[str, Any]]:
    for person in staff():
        chief = person.role == "admin"
        yield {
            "email": person.email,
            "name": person.name,
            "is_staff": True,
            "is_superuser": chief,
            "staff_roles": [] if chief else [person.role],
        }
    for code, shop in merchants().items():
        owner, ours = merchant_owner(code), code == DEMO_MERCHANT
        yield {
            "email": owner.email,
            "name": owner.name if ours else shop.brand.zh + owner.name,
            "language": "" if ours else LOCALES["zh"],
        }
    for affiliate in affiliates().values():
        ours = affiliate.code == DEMO_AFFILIATE
        yield {
            "email": affiliate.email,
            "name": affiliate.name,
            "language": "" if ours else LOCALES[affiliate.language],
        }
    for login in NEWCOMERS:
        yield {"email": f"{login}@demo.example", "name": login.title()}


def logins() -> list[dict[str, str]]:
    """Whom `make demo` proposes to sign in as."""
    proposed = (
        ("affiliate", "lin", "a year of links, orders and earnings"),
        ("merchant", "chen", "kitchenware: plans, orders, wallet"),
        ("operations", "ops", "plans the season, approves affiliates"),
        ("operations", "ops2", "publishes what the other planned"),
        ("finance", "finance", "top-ups, settlements, releases payouts"),
        ("finance", "finance2", "the second pair of eyes"),
        ("risk", "risk", "cases, evidence and appeals"),
        ("administrator", "admin", "everything"),
    )
    return [
        {"role": role, "email": f"{login}@demo.example", "password": PASSWORD, "note": note}
        for role, login, note in proposed
    ]
