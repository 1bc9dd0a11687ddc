"""The platform's refusals, in its numbers and words (docs/domain.md §6.2).

The message is the platform's own, in English; `sub_msg` is for people and in the caller's language.
"""

from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import DomainError


class Fault(Enum):
    CALL_LIMITED = 7, "App Call Limited"
    HTTP_ACTION = 9, "Http Action Not Allowed"
    USER_PERMISSION = 12, "Insufficient User Permissions"
    MISSING_METHOD = 21, "Missing Method"
    INVALID_METHOD = 22, "Invalid Method"
    INVALID_FORMAT = 23, "Invalid Format"
    MISSING_SIGNATURE = 24, "Missing Signature"
    INVALID_SIGNATURE = 25, "Invalid Signature"
    MISSING_SESSION = 26, "Missing Session"
    INVALID_SESSION = 27, "Invalid Session"
    MISSING_APP_KEY = 28, "Missing App Key"
    INVALID_APP_KEY = 29, "Invalid App Key"
    MISSING_TIMESTAMP = 30, "Missing Timestamp"
    INVALID_TIMESTAMP = 31, "Invalid Timestamp"
    MISSING_VERSION = 32, "Missing Version"
    INVALID_VERSION = 33, "Invalid Version"
    UNSUPPORTED_VERSION = 34, "Unsupported Version"
    MISSING_ARGUMENTS = 40, "Missing Required Arguments"
    INVALID_ARGUMENTS = 41, "Invalid Arguments"
    PARAMETER_ERROR = 43, "Parameter Error"
    REMOTE_SERVICE = 50, "Remote service error"


class Refused(Exception):
    """A call that is answered with the platform's error."""

    def __init__(self, fault: Fault, sub_code: str = "", sub_msg: str | Promise = "") -> None:
        self.code, self.msg = fault.value
        self.sub_code, self.sub_msg = sub_code, sub_msg
        super().__init__(self.msg)

    def answer(self) -> dict[str, object]:
        """What stands in the envelope, without the request's id."""
        said: dict[str, object] = {"code": self.code, "msg": self.msg}
        if self.sub_code:
            said |= {"sub_code": self.sub_code, "sub_msg": str(self.sub_msg)}
        return said


def missing(name: str) -> Refused:
    """An argument that the method needs."""
    words = _("%(name)s is missing.") % {"name": name}
    return Refused(Fault.MISSING_ARGUMENTS, f"isv.missing-parameter:{name}", words)


def wrong(name: str, why: str | Promise = "") -> Refused:
    """An argument that makes no sense."""
    words = why or _("%(name)s is not acceptable.") % {"name": name}
    return Refused(Fault.INVALID_ARGUMENTS, f"isv.invalid-parameter:{name}", words)


def refused_by(error: DomainError) -> Refused:
    """What a service refused: the platform's "business failure", with the service's words."""
    return Refused(Fault.REMOTE_SERVICE, f"isv.{error.code.replace('_', '-')}", str(error))
