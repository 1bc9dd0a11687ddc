"""Every URL of the site, as its patterns write it: "affiliate/orders/<int:pk>/"."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def routes(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    """The full route of each pattern, namespaces and includes followed."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route
