"""Settings come from the environment only, and production refuses what is unsafe."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ("alliance", "merchants", "affiliates", "campaigns", "commissions", "aiassist")


@pytest.fixture
def load(monkeypatch):
    """Evaluate settings.py under an environment that has only what the test gives it."""

    def run(env: dict[str, str]) -> dict[str, Any]:
        for name in documented():
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(PROJECT / "alliance" / "settings.py"))

    return run


def documented() -> set[str]:
    """The variables of docs/settings.md."""
    text = (PROJECT / "docs" / "settings.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def test_production_with_everything_said_starts(load, production):
    settings = load(production)

    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["alliance.example.com"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://alliance.example.com"]
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert settings[name] is True
    assert settings["SECURE_HSTS_SECONDS"] >= 31_536_000


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", None, "SECRET_KEY must be set"),
        ("SECRET_KEY", "short", "SECRET_KEY must be set"),
        ("SECRET_KEY", "insecure-default-for-demo-and-test-only", "SECRET_KEY must be set"),
        ("DEBUG", "true", "DEBUG must be off"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS must name your hosts"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name your hosts"),
        ("PUBLIC_URL", None, "PUBLIC_URL must be the https://"),
        ("EMAIL_URL", None, "EMAIL_URL must say how mails leave"),
        ("STATEMENT_KEY", None, "STATEMENT_KEY must be set"),
        ("STATEMENT_KEY", "ab" * 31, "STATEMENT_KEY must be 64 hex digits"),
        ("PUBLIC_URL", "http://alliance.example.com", "PUBLIC_URL must be the https://"),
    ],
)
def test_production_refuses_what_is_unsafe_and_says_which(load, production, name, value, said):
    production.pop(name, None)
    if value is not None:
        production[name] = value

    with pytest.raises(ImproperlyConfigured, match=said):
        load(production)


def test_production_names_all_faults_at_once(load):
    with pytest.raises(ImproperlyConfigured) as caught:
        load({})

    for name in ("SECRET_KEY", "STATEMENT_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL"):
        assert name in str(caught.value)


def test_whoever_forgets_to_say_gets_production(load, production):
    del production["ALLIANCE_ENV"]

    assert load(production)["PRODUCTION"] is True


def test_unknown_environment_is_refused(load):
    with pytest.raises(ImproperlyConfigured, match="must be production, demo or test"):
        load({"ALLIANCE_ENV": "staging"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TECH_FEE_BASE", "gross", "TECH_FEE_BASE must be own_share"),
        ("SETTLEMENT_DAY", "29", "a day that every month has"),
        ("WITHDRAWAL_MIN_MINOR", "0", "WITHDRAWAL_MIN_MINOR must be above zero"),
        ("WITHDRAWAL_MIN_MINOR", "CNY:100,JPY:0", "WITHDRAWAL_MIN_MINOR must be above zero"),
        ("TOP_UP_LIMIT_MINOR", "CNY:-1", "TOP_UP_LIMIT_MINOR must not be negative"),
        ("RELEASE_LIMIT_MINOR", "a lot", "RELEASE_LIMIT_MINOR must be minor units, or CNY:"),
        ("SHARE_BPS", "10001", "SHARE_BPS must be from 0 to 10000"),
        ("RATE_MIN_BPS", "9001", "RATE_MIN_BPS is above RATE_MAX_BPS"),
    ],
)
def test_figures_that_cannot_be_are_refused(load, name, value, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        load({"ALLIANCE_ENV": "test", name: value})


def test_one_zone_for_the_days_the_pages_and_the_clocks_tasks(load):
    settings = load({"ALLIANCE_ENV": "test", "ALLIANCE_TIME_ZONE": "Europe/Berlin"})

    assert settings["TIME_ZONE"] == settings["CELERY_TIMEZONE"] == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Berlin", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_refused(load, zone):
    with pytest.raises(ImproperlyConfigured, match="ALLIANCE_TIME_ZONE"):
        load({"ALLIANCE_ENV": "test", "ALLIANCE_TIME_ZONE": zone})


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_a_rail_is_set_up_by_its_variables_and_the_others_are_not_offered(load, tmp_path):
    key = _key()
    file = tmp_path / "alipay.pem"
    file.write_text(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings = load({
        "ALLIANCE_ENV": "test",
        "ALIPAY_APP_ID": "2021000000",
        "ALIPAY_PRIVATE_KEY": str(file),
        "ALIPAY_PUBLIC_KEY": public.decode().replace("\n", "\\n"),
        "BANK_FILE_NAME": "",
    })  # fmt: skip

    assert settings["RAILS"].keys() == {"alipay"}
    assert settings["RAILS"]["alipay"]["PRIVATE_KEY"] == file.read_text()
    assert settings["RAILS"]["alipay"]["PUBLIC_KEY"] == public.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PAYPAL_CLIENT_ID": "x"}, "PAYPAL_SECRET is missing"),
        ({"BANK_FILE_ACCOUNT": "DE89370400440532013000"}, "BANK_FILE_NAME is missing"),
        ({"ALIPAY_APP_ID": "x"}, "ALIPAY_PRIVATE_KEY must be an RSA private key"),
        ({"ALIPAY_PRIVATE_KEY": "/no/such/file"}, "ALIPAY_PRIVATE_KEY is missing or unreadable"),
        ({"PAYPAL_API": "http://paypal.example"}, "PAYPAL_API must be an https:// address"),
        ({"ALIPAY_GATEWAY": "http://alipay.example"}, "ALIPAY_GATEWAY must be an https://"),
    ],
)
def test_a_rail_that_is_half_set_up_stops_everything_and_says_why(load, production, given, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        load({**production, **given})


@pytest.mark.parametrize("name", ["demo", "test"])
def test_demo_and_test_need_nothing(load, name):
    assert load({"ALLIANCE_ENV": name})["DEBUG"] is False


def test_each_variable_that_is_read_is_documented_and_no_other():
    """docs/settings.md is the whole list: an operator need not read code.

    `os.environ` and `env` are the process's; a bare `environ` is a request's.
    """
    code = "".join(path.read_text() for app in APPS for path in (PROJECT / app).rglob("*.py"))
    read = re.findall(
        r"\b(?:env\.(?!setdefault)\w+\(|_limit\(|(?:os|env)\.environ(?:\.get\(|\[))\s*\"([A-Z_]+)\"",
        code,
    )

    assert documented() == set(read)


def test_example_file_has_only_documented_variables_and_no_secret():
    lines = (PROJECT / ".env.example").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert pairs.keys() - documented() == {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
    assert all(not pairs[name] for name in pairs if name.endswith(("KEY", "PASSWORD")))


def test_deployment_check_is_clean(production):
    """`manage.py check --deploy` says nothing at all in production."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=PROJECT,
        env={**os.environ, **production},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_no_setting_is_faulted_in_silence():
    """Silenced checks would make the clean answer above a lie."""
    assert "SILENCED_SYSTEM_CHECKS" not in (PROJECT / "alliance" / "settings.py").read_text()


def test_the_key_of_the_statements_may_lie_in_a_file(load, production, tmp_path):
    key = production.pop("STATEMENT_KEY")
    file = tmp_path / "statement.key"
    file.write_text(f"{key}\n")

    assert load({**production, "STATEMENT_KEY_FILE": str(file)})["STATEMENT_KEY"] == key
