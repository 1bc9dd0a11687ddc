"""A call as it comes: who sends it, whether it is theirs and of now (docs/domain.md §6.1)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock, tries
from alliance.kernel.lockbox import Locked
from commissions import queries
from commissions.gateway.errors import Fault, Refused
from commissions.gateway.schema import moment_of
from commissions.models import ApiApp
from commissions.services.api_apps import api_app_secrets, api_app_used

_FORM = "application/x-www-form-urlencoded"
TOLERANCE = timedelta(minutes=10)
_MILLISECONDS = re.compile(r"\d{13}", re.ASCII)


def fields_of(request: HttpRequest) -> dict[str, str]:
    """All that is signed: of the address and of the form, which wins. Files are not. Raises Refused
    for a form that cannot be read."""
    try:
        # Some tools put the form into the body of a GET.
        by_get = request.method == "GET" and request.content_type == _FORM
        form = QueryDict(request.body).dict() if by_get else request.POST.dict()
    except (MultiPartParserError, SuspiciousOperation):
        raise Refused(Fault.PARAMETER_ERROR) from None
    return {str(name): str(value) for name, value in {**request.GET.dict(), **form}.items()}


def sign(method: str, secret: str, fields: Mapping[str, str]) -> str:
    """The signature of these fields, in upper case. KeyError for a method that nobody knows."""
    said = "".join(f"{name}{fields[name]}" for name in sorted(fields) if name != "sign")
    return _SIGNS[method](secret.encode(), said.encode(errors="surrogatepass")).hex().upper()


_SIGNS = {
    "md5": lambda secret, said: hashlib.md5(secret + said + secret).digest(),  # noqa: S324 - theirs
    "hmac": lambda secret, said: hmac.digest(secret, said, "md5"),
    "hmac-sha256": lambda secret, said: hmac.digest(secret, said, "sha256"),
}


def app_of(fields: Mapping[str, str], address: str) -> ApiApp:
    """Whose call it is; theirs for certain, sent just now, and not one too many. Raises Refused."""
    if tries.barred("gateway", address):
        raise Refused(Fault.CALL_LIMITED, "isv.permission-ip-whitelist-limit", tries.TOO_MANY)
    key = _said(fields, "app_key", Fault.MISSING_APP_KEY)
    _must_be_now(_said(fields, "timestamp", Fault.MISSING_TIMESTAMP))
    _must_be_version(_said(fields, "v", Fault.MISSING_VERSION))
    signature = _said(fields, "sign", Fault.MISSING_SIGNATURE)
    app = queries.api_app_with(key) if key.isalnum() else None
    if app is None:
        tries.wrong("gateway", address)
        raise Refused(Fault.INVALID_APP_KEY, "isv.appkey-not-exists", _("Nobody has this key."))
    if not _is_signed(app, fields, signature):
        tries.wrong("gateway", address)
        raise Refused(Fault.INVALID_SIGNATURE)
    _must_not_be_too_many(app)
    api_app_used(app)
    return app


def _said(fields: Mapping[str, str], name: str, fault: Fault) -> str:
    if not (text := fields.get(name, "").strip()):
        raise Refused(fault)
    return text


def _must_be_version(text: str) -> None:
    if text != "2.0":
        known = re.fullmatch(r"\d+\.\d+", text)
        raise Refused(Fault.UNSUPPORTED_VERSION if known else Fault.INVALID_VERSION)


def _must_be_now(text: str) -> None:
    """In the alliance's zone, or milliseconds since 1970."""
    try:
        said = (
            datetime.fromtimestamp(int(text) / 1000, UTC)
            if _MILLISECONDS.fullmatch(text)
            else moment_of(text, "timestamp")
        )
    except Refused:
        raise Refused(Fault.INVALID_TIMESTAMP) from None
    if abs(said - clock.now()) > TOLERANCE:
        raise Refused(
            Fault.INVALID_TIMESTAMP,
            "isv.invalid-timestamp",
            _("The clock of the caller is more than ten minutes off."),
        )


def _is_signed(app: ApiApp, fields: Mapping[str, str], signature: str) -> bool:
    """With one of the app's secrets. Some tools sign what is empty, others leave it out."""
    method = fields.get("sign_method", "") or "md5"
    if method not in _SIGNS:
        return False
    try:
        known = api_app_secrets(app)
    except Locked:
        return False
    filled = {name: value for name, value in fields.items() if value}
    ways = [fields] if len(filled) == len(fields) else [fields, filled]
    given = signature.upper().encode(errors="replace")
    return any(
        hmac.compare_digest(sign(method, secret, way).encode(), given)
        for secret in known
        for way in ways
    )


def _must_not_be_too_many(app: ApiApp) -> None:
    minute, second = divmod(int(clock.now().timestamp()), 60)
    most = settings.ALLIANCE["GATEWAY_CALLS_PER_MINUTE"]
    if tries.count(f"gateway:{app.pk}:{minute}", 60) > most:
        raise Refused(
            Fault.CALL_LIMITED,
            "accesscontrol.limited-by-app-access-count",
            f"This ban will last for {60 - second} more seconds",  # tools read the number out of it
        )
