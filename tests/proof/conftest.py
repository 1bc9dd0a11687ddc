"""A failed comparison deep in the machine says what differs, too."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.proof.{name}" for name in ("trade", "money_out", "cases", "telling"))
)
