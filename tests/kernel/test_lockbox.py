"""Secrets that are said again."""

import pytest

from alliance.kernel.lockbox import Locked, lock, unlock


def test_what_is_locked_for_one_purpose_opens_for_no_other():
    locked = lock("feeds", "geheim 密码")
    assert "geheim" not in locked
    assert unlock("feeds", locked) == "geheim 密码"
    assert lock("feeds", "geheim 密码") != locked
    with pytest.raises(Locked):
        unlock("hooks", locked)
    assert (lock("feeds", ""), unlock("feeds", "")) == ("", "")


def test_an_older_key_still_opens(settings):
    locked = lock("feeds", "geheim")
    settings.SECRET_KEY, old = "x" * 50, settings.SECRET_KEY
    with pytest.raises(Locked):
        unlock("feeds", locked)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unlock("feeds", locked) == "geheim"
