"""What a production environment looks like."""

import secrets

import pytest


@pytest.fixture
def production() -> dict[str, str]:
    """The variables that production demands, as an operator would fill them in."""
    return {
        "ALLIANCE_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "STATEMENT_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": "alliance.example.com",
        "PUBLIC_URL": "https://alliance.example.com",
        "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    }
