"""A failed comparison deep in the machine says what differs, too."""

import pytest

pytest.register_assert_rewrite("tests.proof.trade", "tests.proof.money_out", "tests.proof.cases")
