"""Payout rails: how money really leaves. One file each, one line in RAILS.

A rail has `send(payout, key=)` and `lookup(key=)`. Both answer with the rail's reference when the
money has left; they raise `Refused` for a definite no, and `Unclear` for everything else: a
time-out, an unknown code, a transfer still under way. Unclear is looked up, never sent again.
"""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from commissions.models import Payout


class Refused(Exception):
    """The rail said no, for certain: nothing left, and nothing will."""


class Unclear(Exception):
    """Nobody knows yet. The money stays in flight until a look-up or a person says more."""


class Rail(Protocol):
    def send(self, payout: "Payout", *, key: str) -> str: ...

    def lookup(self, *, key: str) -> str: ...


from commissions.rails.manual import ManualRail  # noqa: E402 - rails raise what stands above

RAILS: dict[str, Rail] = {"manual": ManualRail()}


def get(name: str) -> Rail:
    """The rail of that name; KeyError if there is none."""
    return RAILS[name]
