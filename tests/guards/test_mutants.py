"""The planted bugs (tests/mutants) still fit the sources."""

import pytest

from tests.mutants.bug import ROOT
from tests.mutants.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_fits_the_sources_exactly_once(bug):
    assert bug.planted() != (ROOT / bug.file).read_text()
    for test in bug.tests:
        assert (ROOT / test.partition("::")[0]).exists()


def test_there_are_at_least_thirty_bugs():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 30
