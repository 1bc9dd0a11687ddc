"""What goes back: status, headers and body, with the headers that each answer has."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache

from django.conf import settings

from alliance.kernel.front import Answer, Header, transport
from campaigns.door.ask import CHINESE, Ask


def html(ask: Ask, body: bytes, status: int, headers: Iterable[Header]) -> Answer:
    if ask.method == "HEAD":
        body = b""
    return Answer(
        status,
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Language", "zh-Hans" if ask.language == CHINESE else ask.language),
            *_always(),
            *headers,
        ],
        body,
    )


def redirect(to: str, status: int) -> Answer:
    return Answer(status, [("Location", to), ("Content-Length", "0"), *_always()])


@cache
def _always() -> tuple[Header, ...]:
    """Nothing is stored on the way, indexed or framed, and the shop is not told where from."""
    plain = [] if settings.PRODUCTION else ["http:"]
    policy = {
        "default-src": ["'none'"],
        "img-src": ["'self'", "data:", "https:", *plain],
        "style-src": [f"'sha256-{_css_hash()}'"],
        "script-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    said = [
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Language, Cookie"),
        ("X-Robots-Tag", "noindex, nofollow"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Content-Security-Policy",
            "; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()),
        ),
    ]
    return (*said, *transport())


@cache
def css() -> str:
    return (settings.BASE_DIR / "static" / "css" / "coupon.css").read_text().strip()


@cache
def _css_hash() -> str:
    return base64.b64encode(hashlib.sha256(css().encode()).digest()).decode()
