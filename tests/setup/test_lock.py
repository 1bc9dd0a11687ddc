"""Two lock files: all of it for demo and tests, and the part that production installs."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
FULL = PROJECT / "requirements.lock"
PRODUCTION = PROJECT / "requirements-production.lock"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lock: Path) -> dict[str, set[str]]:
    """Name → versions (several where a marker chooses)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE):
        found.setdefault(normal(name), set()).add(version)
    return found


def declared(*parts: list[str]) -> set[str]:
    return {normal(re.split(r"[\[<>=~; ]", line)[0]) for part in parts for line in part}


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


@pytest.mark.parametrize("lock", [FULL, PRODUCTION], ids=lambda path: path.name)
def test_each_package_is_pinned_with_its_hashes(lock):
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())

    assert len(blocks) > 20
    for block in blocks:
        first, *hashes = block.splitlines()
        assert re.match(r"[\w.-]+==\S+", first), first
        assert hashes, first
        assert all(re.match(r" +--hash=sha256:[0-9a-f]{64}", line) for line in hashes), first


@pytest.mark.parametrize("lock", [FULL, PRODUCTION], ids=lambda path: path.name)
def test_no_host_is_named(lock):
    """Where packages come from is the machine's business: an index, a mirror, a folder."""
    text = lock.read_text()

    for sign in ("://", " @ ", "--index-url", "--extra-index-url", "--find-links", "file:"):
        assert sign not in text


def test_all_that_is_declared_is_locked(project):
    everything = declared(
        project["project"]["dependencies"],
        project["project"]["optional-dependencies"]["embedded"],
        project["dependency-groups"]["dev"],
    )

    assert everything - pinned(FULL).keys() == set()
    assert declared(project["project"]["dependencies"]) - pinned(PRODUCTION).keys() == set()


def test_production_installs_what_was_tested_and_no_tools(project):
    full, production = pinned(FULL), pinned(PRODUCTION)

    assert {name: full.get(name) for name in production} == production
    tools = declared(
        project["project"]["optional-dependencies"]["embedded"], project["dependency-groups"]["dev"]
    )
    # What a dependency of ours also needs may be there; nothing else of the tools may.
    assert tools & production.keys() <= {"pyyaml"}
