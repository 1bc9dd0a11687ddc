"""How many calls a key has in a while, and what its answers say of it."""

from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from alliance.kernel import clock, tries
from alliance.kernel.models import ApiKey


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds; so many are left, until it begins anew in `again`."""

    quota: int
    seconds: int
    left: int
    again: int

    def put_on(self, response: Response) -> None:
        """As the IETF's draft on RateLimit header fields wants them."""
        response["RateLimit-Policy"] = f'"key";q={self.quota};w={self.seconds}'
        response["RateLimit"] = f'"key";r={self.left};t={self.again}'


class KeyThrottle(SimpleRateThrottle):
    """API_RATE for each key, counted in Valkey by windows of the clock; uncounted while that is
    away. The view finds `request.rate`."""

    scope = "key"
    again = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True
        quota, seconds = (int(number or 0) for number in self.parse_rate(self.get_rate()))
        window, into = divmod(int(clock.now().timestamp()), seconds)
        used = tries.count(f"rate:{key.pk}:{window}", seconds)
        self.again = seconds - into
        rate = Rate(quota, seconds, max(quota - used, 0), self.again)
        request.rate = rate  # type: ignore[attr-defined]
        return used <= quota

    def wait(self) -> float:
        return self.again
