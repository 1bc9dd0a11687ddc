"""What workers of pytest have for themselves, and how many there are."""

import os
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection

from tests.side_by_side import (
    LONGEST,
    MOST,
    TESTS,
    apart,
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
)

SERVERS = {
    "REDIS_URL": "redis://:word@127.0.0.1:7000/0",
    "MEDIA_ROOT": "/somewhere/media",
    "CLICKS_DIR": "/somewhere/clicks",
    "TAKEOUT_DIR": "/somewhere/takeouts",
}


def test_the_second_worker_has_databases_and_a_folder_of_its_own():
    assert apart(SERVERS, 1) == {
        "REDIS_URL": "redis://:word@127.0.0.1:7000/3",
        "CACHE_URL": "redis://:word@127.0.0.1:7000/4",
        "MEDIA_ROOT": "/somewhere/media/worker1",
        "CLICKS_DIR": "/somewhere/clicks/worker1",
        "TAKEOUT_DIR": "/somewhere/takeouts/worker1",
    }


def test_no_two_workers_share_a_database_of_valkey_and_sixteen_are_enough():
    taken = []
    for worker in range(MOST):
        own = apart(SERVERS, worker)
        first, cache = (int(own[name].rpartition("/")[2]) for name in ("REDIS_URL", "CACHE_URL"))
        taken += [first, cache, cache + 1]  # the last one has the messages of the journeys

    assert len(set(taken)) == 3 * MOST == 15
    assert max(taken) < 16


@pytest.mark.django_db
def test_this_worker_is_where_its_name_says():
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    number = int(name.removeprefix("gw"))
    first, cache = (int(url.rpartition("/")[2]) for url in (settings.REDIS_URL, settings.CACHE_URL))

    assert (first >= 3 * number, cache) == (True, first + 1)
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert connection.settings_dict["NAME"].endswith(f"_{name}")
        assert settings.MEDIA_ROOT.name == f"worker{number}"


@pytest.mark.parametrize(
    ("arguments", "capture", "alone"),
    [
        (["tests"], "fd", False),
        (["tests/kernel", "tests/desk"], "fd", False),
        ([__file__], "fd", True),
        ([f"{__file__}::one", f"{__file__}::two"], "fd", True),
        ([__file__, "tests/desk"], "fd", False),
        (["tests"], "no", True),
    ],
)
def test_a_single_file_and_a_watched_run_have_no_workers_beside(arguments, capture, alone):
    config = SimpleNamespace(args=arguments, option=SimpleNamespace(capture=capture))

    assert (pytest_xdist_auto_num_workers(config) == 0) is alone


def test_the_longest_files_begin_first_after_those_of_the_supervisor():
    def item(file):
        return SimpleNamespace(path=TESTS / file, get_closest_marker=lambda _name: None)

    others = ["commissions/test_tax.py", "guards/test_doors.py"]
    items = [item(file) for file in [*others, *reversed(LONGEST), "embedded/test_ports.py"]]
    pytest_collection_modifyitems(items)

    assert [one.path.relative_to(TESTS).as_posix() for one in items] == [
        "embedded/test_ports.py", *LONGEST, *others,
    ]  # fmt: skip
    assert [file for file in LONGEST if not (TESTS / file).is_file()] == []
