"""Workers of pytest side by side: how many, what each has for itself, and in which order they go.

pytest loads this before pytest-django reads the settings, so that they are a worker's own from the
start, here and in every process that a test begins. (Its PostgreSQL database pytest-django names.)
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DATABASES_EACH = 3  # of Valkey: broker, cache, and the messages of the journeys
MOST = 16 // DATABASES_EACH  # a server has sixteen, and not every server is ours
TESTS = Path(__file__).parent
# Files of half a minute and more, the longest first: whoever got one last would go on alone.
LONGEST = [
    "proof/test_deliveries.py",
    "proof/test_model.py",
    "desk/test_pages.py",
    "affiliates/test_promises_kept.py",
    "desk/test_queries.py",
]


def apart(environment: dict[str, str], worker: int) -> dict[str, str]:
    """The variables by which a worker (0, 1, ...) stays out of the others' way."""
    url = urlsplit(environment["REDIS_URL"])
    first = int(url.path.strip("/") or 0) + DATABASES_EACH * worker
    return {
        "REDIS_URL": url._replace(path=f"/{first}").geturl(),
        "CACHE_URL": url._replace(path=f"/{first + 1}").geturl(),
        **{
            name: str(Path(environment[name]) / f"worker{worker}")
            for name in ("MEDIA_ROOT", "CLICKS_DIR", "TAKEOUT_DIR")
        },
    }


if name := os.environ.get("PYTEST_XDIST_WORKER", ""):
    os.environ.update(apart(dict(os.environ), int(name.removeprefix("gw"))))


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One for each core. None beside us for a single file, or for somebody who is watching."""
    files = {argument.partition("::")[0] for argument in config.args}
    if config.option.capture == "no" or (len(files) == 1 and Path(*files).is_file()):
        return 0
    return min(_cores(), MOST)


def _cores() -> int:
    """Those that this process may use, where the system tells; threads of a core count."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that none is left for one worker at the end.

    And before them the supervisor's own: it stops whatever runs below its process, which must not
    be the browser or the Celery worker of another file's tests.
    """
    slow = {item.path for item in items if any(map(item.get_closest_marker, ("worker", "kill")))}

    def turn(item: pytest.Item) -> tuple[bool, int, bool]:
        file = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        place = LONGEST.index(file) if file in LONGEST else len(LONGEST)
        return item.path.parent.name != "embedded", place, item.path not in slow

    items.sort(key=turn)
