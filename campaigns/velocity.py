"""How fast claims may come from one device and one network.

A device is held strictly. A network is not a person: behind a school's address are thousands, so
it may claim much, and more with every kind of browser that is seen there. Whoever is over the limit
is asked to wait, not sent away. The counters live in Valkey; without it nothing is limited here,
and the database still lets nobody have two.
"""

import hashlib
import ipaddress
import logging
import threading
import time

import redis
from django.conf import settings
from redis.connection import ConnectionInterface
from redis.exceptions import NoScriptError

logger = logging.getLogger(__name__)

DEVICE_SECONDS, NETWORK_SECONDS = 60, 600
_REST = 2.0  # seconds without asking a server that does not answer

_SCRIPT = """
local device = redis.call('INCR', KEYS[1])
if device == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if device > tonumber(ARGV[1]) then return 'device' end
local network = redis.call('INCR', KEYS[2])
if network == 1 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
if redis.call('PFADD', KEYS[3], ARGV[7]) == 1 then redis.call('EXPIRE', KEYS[3], ARGV[3]) end
local looks = redis.call('PFCOUNT', KEYS[3])
local most = math.min(tonumber(ARGV[6]), tonumber(ARGV[4]) + tonumber(ARGV[5]) * (looks - 1))
if network > most then return 'network' end
return ''
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class _Counters:
    """One connection a thread, spoken to directly: a client's pool, retries and parsing of options
    cost several times what the question itself does."""

    def __init__(self) -> None:
        self.asleep_until = 0.0
        self._mine = threading.local()

    def too_fast(self, device: str, network: str, look: str) -> str:
        """ "" or which limit is reached: device, network."""
        if time.monotonic() < self.asleep_until:
            return ""
        keys = [f"claims:d:{device}", f"claims:n:{network}", f"claims:l:{network}"]
        limits = settings.ALLIANCE
        try:
            said = self._ask(
                *keys,
                limits["CLAIMS_PER_DEVICE"],
                DEVICE_SECONDS,
                NETWORK_SECONDS,
                limits["CLAIMS_PER_NETWORK"],
                limits["CLAIMS_PER_BROWSER"],
                limits["CLAIMS_NETWORK_MOST"],
                look,
            )
        except (redis.RedisError, OSError) as exc:
            self.asleep_until = time.monotonic() + _REST
            logger.warning("claims are not counted for a moment: %s", type(exc).__name__)
            return ""
        return said.decode()

    def _ask(self, *facts: str | int) -> bytes:
        """The script's answer; asked again on a new connection where the old one had been cut."""
        fresh = not hasattr(self._mine, "connection")
        if fresh:
            self._mine.connection = _connection()
        connection = self._mine.connection
        try:
            try:
                connection.send_command("EVALSHA", _SHA, 3, *facts)
                return bytes(connection.read_response())
            except NoScriptError:
                connection.send_command("EVAL", _SCRIPT, 3, *facts)
                return bytes(connection.read_response())
        except (redis.ConnectionError, OSError):
            del self._mine.connection
            connection.disconnect()
            if fresh:
                raise
            return self._ask(*facts)


too_fast = _Counters().too_fast


def _connection() -> ConnectionInterface:
    pool = redis.ConnectionPool.from_url(
        settings.CACHE_URL, socket_timeout=0.25, socket_connect_timeout=0.25
    )
    return pool.make_connection()


def network_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or the 64 bits in front of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def look_of(*says: str) -> str:
    """What a browser says of itself, as a short hash: a kind of browser, not a person."""
    return hashlib.blake2b("\0".join(says).encode(), digest_size=6).hexdigest()
