"""People at the door, and the mails they get."""

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from alliance.kernel.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def person(db) -> Callable[..., User]:
    """Somebody with a verified address and PASSWORD."""

    def make(email: str = "lin@example.org", **fields) -> User:
        user = User.objects.create_user(email, PASSWORD, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    return make


@pytest.fixture
def signed_in(person) -> Callable[..., Client]:
    def make(**fields) -> Client:
        client = Client()
        client.force_login(person(**fields))
        return client

    return make


@pytest.fixture
def mailbox() -> Callable[[], tuple[str, str, str]]:
    """Takes the newest mail: its subject, its text, and the path of the link in it."""

    def take() -> tuple[str, str, str]:
        message = mail.outbox.pop()
        link = re.search(r"^https?://[^/\s]+(/\S*)$", message.body, re.MULTILINE)
        return message.subject, message.body, link.group(1) if link else ""

    return take
