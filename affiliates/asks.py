"""What a buyer asks of one of our doors, and whether they are known again."""

from functools import cached_property

from django.conf import settings

from affiliates import visitors
from affiliates.models import Visitor
from alliance.kernel import front


class Ask(front.Ask):
    @cached_property
    def cookie(self) -> str:
        """The visitor's cookie, if it is one of ours and not too old; else empty."""
        held = self.cookies.get(visitors.COOKIE, "")
        return held if held and visitors.cookie_valid(held, self.moment) else ""

    @cached_property
    def trail(self) -> bool:
        """Whether the buyer may be known again on other visits (`cons=0`: they said no)."""
        return self.query.get("cons", [""])[0] != "0"

    @cached_property
    def visitor(self) -> Visitor:
        return visitors.visitor_of(self)

    @property
    def human(self) -> bool:
        return self.visitor == Visitor.HUMAN


def cookie_header(cookie: str, *, trail: bool) -> front.Header:
    """The visitor's cookie; one for this visit only for those who do not want to be known again."""
    lasts = f" Max-Age={int(visitors.COOKIE_AGE.total_seconds())};" if trail else ""
    secure = " Secure;" if settings.PRODUCTION else ""
    return (
        "Set-Cookie",
        f"{visitors.COOKIE}={cookie}; Path=/;{lasts}{secure} HttpOnly; SameSite=Lax",
    )


def cookie_gone() -> front.Header:
    """Takes the visitor's cookie away."""
    return "Set-Cookie", f"{visitors.COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
