"""What a service raises when the answer is no. One handler turns it into a page or JSON."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that a person or a program should read.

    `code` is stable and machine readable; `message` is for people and translatable;
    `facts` are the values a program may want; `field` names the input at fault, if one is.
    """

    code = "refused"
    status = 409
    message: str | Promise = _("This cannot be done now.")

    def __init__(
        self, message: str | Promise | None = None, *, field: str = "", **facts: Any
    ) -> None:
        self.message = message or type(self).message
        self.field = field
        self.facts = facts
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class Invalid(DomainError):
    """The input is not acceptable."""

    code = "invalid"
    status = 400
    message = _("Something in your input is not right.")


class NotAllowed(DomainError):
    """The actor may not do this."""

    code = "not_allowed"
    status = 403
    message = _("You are not allowed to do this.")


class NotFound(DomainError):
    """No such thing, or not one that the asker may see."""

    code = "not_found"
    status = 404
    message = _("There is nothing here under that name.")


class WrongState(DomainError):
    """Somebody else moved first, or the thing is not in a state that allows it."""

    code = "wrong_state"
    message = _("This has changed in the meantime. Reload the page and look again.")


class KeyReused(DomainError):
    """An idempotency key came back with another content."""

    code = "key_reused"
    status = 422
    message = _("This idempotency key was used before with a different content.")
