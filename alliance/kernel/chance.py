"""Random words for what happens ten thousand times a second.

They are as hard to guess as those of `secrets`. The system is asked for many at once: each asking
lets go of the interpreter's lock, and on a busy evening it takes long to get it back.
"""

import base64
import os
import threading

AT_ONCE = 4096  # bytes


class _Kept(threading.local):
    left = b""


_kept = _Kept()


def _forget() -> None:
    _kept.left = b""


# A process that was forked off must not give out what its parent gives out.
os.register_at_fork(after_in_child=_forget)


def token(size: int = 16) -> str:
    """`size` bytes of chance, as letters, digits, `-` and `_`: like secrets.token_urlsafe."""
    if len(_kept.left) < size:
        _kept.left = os.urandom(AT_ONCE)
    taken, _kept.left = _kept.left[:size], _kept.left[size:]
    return base64.urlsafe_b64encode(taken).rstrip(b"=").decode()
