"""Every link leads somewhere, and every section that the code cites exists."""

import re
from pathlib import Path

import pytest

from commissions.verify import INVARIANTS
from tests.docs import DOCS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "static/vendor/MANIFEST.md"])
SOURCES = [
    path
    for top in ("alliance", "merchants", "affiliates", "campaigns", "commissions", "aiassist",
                "templates", "tests", "bench")
    for path in (ROOT / top).rglob("*")
    if path.suffix in {".py", ".html"}
]  # fmt: skip
LINK = re.compile(r"\]\(([^)\s]+)\)")
CITED = re.compile(r"docs/([a-z-]+\.md) §(\d+(?:\.\d+)*)")


def anchors(page: Path) -> set[str]:
    """As the usual renderers make them: lower case, no punctuation, spaces to hyphens."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def sections(page: Path) -> set[str]:
    """The numbers of its headings, and of facts such as **0.6**."""
    text = page.read_text()
    return set(re.findall(r"^#+ (\d+(?:\.\d+)*)\.? ", text, re.MULTILINE)) | set(
        re.findall(r"\*\*(\d+\.\d+)\*\*", text)
    )


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    broken = []
    for link in LINK.findall(document.read_text()):
        place, _hash, anchor = link.partition("#")
        if "://" in place:
            continue
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_the_code_cites_sections_that_exist():
    missing = {
        f"{path.relative_to(ROOT)}: {name} §{number}"
        for path in SOURCES
        for name, number in CITED.findall(path.read_text())
        if number not in sections(DOCS / name)
    }

    assert missing == set()


def test_each_invariant_of_the_books_is_explained():
    ledger = (DOCS / "ledger.md").read_text()

    assert [i.name for i in INVARIANTS if f"`{i.name}`" not in ledger] == []
