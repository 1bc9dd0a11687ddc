"""Django's cache in Valkey or Redis, without which everything works, only slower.

What merely counts (calls of the API, sign-ins, questions about orders) then lets people through:
better that they are not counted for a while than that nobody comes in.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

logger = logging.getLogger(__name__)

REST = 2.0  # seconds without asking a server that does not answer
SAY_AGAIN = 60.0  # seconds until it is logged once more

T = TypeVar("T")


class ForgetfulClient(RedisCacheClient):
    """Answers as an empty cache would while the server is away. All threads know it at once."""

    asleep_until: ClassVar[float] = 0.0
    quiet_until: ClassVar[float] = 0.0

    @classmethod
    def _asked(cls, call: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < cls.asleep_until:
            return otherwise
        try:
            return call()
        except redis.RedisError as exc:
            now = time.monotonic()
            cls.asleep_until = now + REST
            if now >= cls.quiet_until:
                cls.quiet_until = now + SAY_AGAIN
                logger.warning("the cache is away, nothing is kept or counted: %s", exc)
            return otherwise

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        add = super().add
        return self._asked(lambda: add(key, value, timeout), True)

    def get(self, key: Any, default: Any) -> Any:
        get = super().get
        return self._asked(lambda: get(key, default), default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        keep = super().set
        self._asked(lambda: keep(key, value, timeout), None)

    def touch(self, key: Any, timeout: Any) -> bool:
        touch = super().touch
        return self._asked(lambda: touch(key, timeout), False)

    def delete(self, key: Any) -> bool:
        delete = super().delete
        return self._asked(lambda: delete(key), False)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        get_many = super().get_many
        return self._asked(lambda: get_many(keys), {})

    def has_key(self, key: Any) -> bool:
        has_key = super().has_key
        return self._asked(lambda: has_key(key), False)

    def incr(self, key: Any, delta: int) -> Any:
        """Raises ValueError for a key that is not there, as it is while the server is away."""
        incr = super().incr
        found = self._asked(lambda: incr(key, delta), None)
        if found is None:
            raise ValueError(f"Key '{key}' not found.")
        return found

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        set_many = super().set_many
        self._asked(lambda: set_many(data, timeout), None)

    def delete_many(self, keys: Iterable[Any]) -> None:
        delete_many = super().delete_many
        self._asked(lambda: delete_many(keys), None)

    def clear(self) -> bool:
        clear = super().clear
        return self._asked(clear, False)


class ForgetfulCache(RedisCache):
    """See above; `settings.CACHES` names it."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgetfulClient
