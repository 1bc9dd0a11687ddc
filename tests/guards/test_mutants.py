"""The planted bugs (tests/mutants) still fit the sources, and the report names each."""

import pytest

from tests.mutants.bug import ROOT
from tests.mutants.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_fits_the_sources_exactly_once(bug):
    assert bug.planted() != (ROOT / bug.file).read_text()
    for test in bug.tests:
        assert (ROOT / test.partition("::")[0]).exists()


def test_there_are_at_least_thirty_bugs_and_the_report_says_what_catches_each():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 30
    report = (ROOT / "docs/mutants.md").read_text()
    assert [
        bug.name for bug in BUGS if f"| {bug.what} | `{bug.file}` | `tests/" not in report
    ] == []
