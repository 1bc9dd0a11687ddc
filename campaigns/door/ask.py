"""What a visitor asks of a coupon page."""

from functools import cached_property

from django.conf import settings
from django.utils.translation.trans_real import parse_accept_lang_header

from affiliates import asks

PREFIX = "/s/"
LANGUAGES = {"zh": "zh-hans", "en": "en", "de": "de"}
CHINESE = "zh-hans"


class Ask(asks.Ask):
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
