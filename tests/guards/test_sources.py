"""What must stay true of the sources, whoever writes next."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("merchants", "affiliates", "campaigns", "commissions", "aiassist")


def files(pattern: str) -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app).glob(pattern))


DOORS = [
    path
    for pattern in ("views*.py", "views/**/*.py", "api*.py", "api/**/*.py", "redirect.py")
    for path in files(pattern)
]


def test_there_are_doors_to_watch():
    assert {path.parts[-2] for path in DOORS} >= {"views"}


@pytest.mark.parametrize("path", DOORS, ids=lambda p: str(p.relative_to(ROOT)))
def test_doors_reach_rows_through_queries_only(path):
    tree = ast.parse(path.read_text())
    reached = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")
    ]
    assert not reached, f"{path.name} lines {reached}: ask queries.things_for(user) instead"


MODULES = [
    path
    for folder in (*APPS, "alliance")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_time_comes_from_one_clock(path):
    if path.name == "clock.py" or "embedded" in path.parts:
        return
    found = re.findall(r"timezone\.now\(|datetime\.now\(|date\.today\(|utcnow\(", path.read_text())
    assert not found, f"{path.name}: use alliance.kernel.clock"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_money_columns_are_whole_numbers(path):
    assert not re.search(r"models\.(Float|Decimal)Field", path.read_text())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_pages_carry_no_script_or_style_of_their_own(path):
    if "admin" in path.parts or "desk" in path.parts or "email" in path.parts:
        return
    text = path.read_text()
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", text)
    assert not inline, "the content security policy refuses inline scripts"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "no inline event handlers"


def test_nothing_names_a_host_to_install_from():
    for name in ("requirements.lock", "requirements-production.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
