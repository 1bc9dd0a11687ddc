"""What a visitor asks of a coupon page, read from the WSGI environment."""

from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.utils.translation.trans_real import parse_accept_lang_header

from affiliates import visitors
from affiliates.models import Visitor
from alliance.kernel import clock

PREFIX = "/s/"
LANGUAGES = {"zh": "zh-hans", "en": "en", "de": "de"}
CHINESE = "zh-hans"

Environ = dict[str, Any]


class Ask:
    """What the visitor asks, as far as it is looked at."""

    def __init__(self, environ: Environ, code: str) -> None:
        self.environ, self.code = environ, code
        self.method: str = environ["REQUEST_METHOD"]
        self.moment = clock.now()
        self.headers = self

    def get(self, name: str, default: str, /) -> str:
        """A header, for affiliates.visitors."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", default))

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return fields_of(self.environ.get("QUERY_STRING", ""), most=50)

    @cached_property
    def cookies(self) -> dict[str, str]:
        text = self.environ.get("HTTP_COOKIE", "")
        if not text:
            return {}
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
        except CookieError:
            return {}

    @cached_property
    def cookie(self) -> str:
        """The visitor's cookie, if it is one of ours and not too old; else empty."""
        held = self.cookies.get(visitors.COOKIE, "")
        return held if held and visitors.cookie_valid(held, self.moment) else ""

    @cached_property
    def language(self) -> str:
        """What was chosen here, else what the browser asks for, else Chinese."""
        chosen = self.query.get("lang", [""])[0] or self.cookies.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen and chosen[:2].lower() in LANGUAGES:
            return LANGUAGES[chosen[:2].lower()]
        for wanted, _quality in parse_accept_lang_header(self.get("Accept-Language", "")):
            if wanted[:2].lower() in LANGUAGES:
                return LANGUAGES[wanted[:2].lower()]
        return CHINESE

    @cached_property
    def trail(self) -> bool:
        """Whether the buyer may be known again on other visits (`cons=0`: they said no)."""
        return self.query.get("cons", [""])[0] != "0"

    @property
    def human(self) -> bool:
        return visitors.visitor_of(self) == Visitor.HUMAN


def fields_of(text: str, *, most: int) -> dict[str, list[str]]:
    """The fields of a query or form; none of them where there are more than anybody needs."""
    try:
        return parse_qs(text, max_num_fields=most) if text else {}
    except ValueError:
        return {}
