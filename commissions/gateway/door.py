"""/router/rest: a call comes in, its method's answer goes out, or the platform's error.

Refusals are answered with status 200, as the platform does: its tools take any other status for a
broken connection and try again.
"""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from alliance.kernel import audit
from alliance.kernel.errors import DomainError
from alliance.kernel.idempotency import once
from commissions import queries
from commissions.gateway import wire
from commissions.gateway.call import Call
from commissions.gateway.errors import Fault, Refused, refused_by
from commissions.gateway.methods import METHODS, Served
from commissions.gateway.protocol import app_of, fields_of
from commissions.gateway.schema import Field, Method, answer_of, methods
from commissions.models import ApiApp, ApiSession

_SYSTEM = {
    "method", "app_key", "timestamp", "v", "sign", "sign_method", "format", "simplify", "session",
    "target_app_key", "partner_id",
}  # fmt: skip


@csrf_exempt
def router(request: HttpRequest) -> HttpResponse:
    """GET or POST, a form in the body, its fields also in the address. Not signed in: signed."""
    # The tools are Chinese; whoever asks in another language is answered in that.
    language = None if "Accept-Language" in request.headers else "zh-hans"
    with translation.override(language or translation.get_language()):
        form, fields = wire.XML, dict[str, str]()
        try:
            fields = fields_of(request)
            form = _format(fields)
            method, answer = _answered(request, fields)
        except Refused as refusal:
            body = wire.refusal_written(_with_id(refusal.answer()), form=form)
        except DomainError as error:
            body = wire.refusal_written(_with_id(refused_by(error).answer()), form=form)
        else:
            simplify = fields.get("simplify", "").lower() == "true"
            shape = _with_id_field(method.response)
            body = wire.written(_with_id(answer), shape, method.root, form=form, simplify=simplify)
    response = HttpResponse(body, content_type=wire.content_type(form))
    response["Cache-Control"] = "no-store"
    return response


def _answered(request: HttpRequest, fields: dict[str, str]) -> tuple[Method, dict[str, Any]]:
    if request.method not in ("GET", "POST"):
        raise Refused(Fault.HTTP_ACTION)
    if not (name := fields.get("method", "").strip()):
        raise Refused(Fault.MISSING_METHOD)
    app = app_of(fields, request.META["REMOTE_ADDR"])
    served = METHODS.get(name)
    if served is None:
        raise Refused(Fault.INVALID_METHOD, "isv.method-not-served", _("Not a method of ours."))
    session = _session(app, served, fields.get("session", ""))
    _must_be_allowed(app, session, served)
    method = methods()[name]
    asked = {key: value for key, value in fields.items() if key not in _SYSTEM}
    call = Call(app, name, method.args_of(asked), session)

    def carry_out() -> tuple[int, Any]:
        return 200, answer_of(served.answer(call), method.response, name)

    # One signature is one call, however it is written. What may not be done twice gets the first
    # answer again.
    content = {**fields, "sign": fields["sign"].strip().upper()}
    (_status, answer), _again = once(
        scope=f"gateway:{app.pk}",
        key=content["sign"] if served.once else "",
        content=content,
        call=carry_out,
    )
    return method, answer


def _format(fields: dict[str, str]) -> str:
    form = fields.get("format", "").lower() or wire.XML
    if form not in (wire.JSON, wire.XML):
        raise Refused(Fault.INVALID_FORMAT)
    return form


def _session(app: ApiApp, served: Served, token: str) -> ApiSession | None:
    """Where a token comes along it has to be good, whether the method needs one or not."""
    if not token:
        if served.session:
            raise Refused(Fault.MISSING_SESSION)
        return None
    session = queries.api_session_of(app, token)
    if session is None:
        raise Refused(Fault.INVALID_SESSION, "invalid-sessionkey", _("This session has ended."))
    return session


def _must_be_allowed(app: ApiApp, session: ApiSession | None, served: Served) -> None:
    """Whoever allowed the app must still be able to, and whoever made it must still be here: a
    session outlives neither."""
    acts = session or app
    stays = not session or queries.acts_for_affiliate(app.user, app.affiliate_id, changes=False)
    if not stays or not queries.acts_for_affiliate(
        acts.user, acts.affiliate_id, changes=served.changes
    ):
        raise Refused(
            Fault.USER_PERMISSION,
            "isv.permission-user-not-allowed",
            _("Whoever made or allowed this app may no longer do this for the affiliate."),
        )


def _with_id(said: dict[str, Any]) -> dict[str, Any]:
    """With the number under which our logs know the call."""
    return {**said, "request_id": audit.request_context.get().request_id}


def _with_id_field(field: Field) -> Field:
    return replace(field, fields={**(field.fields or {}), "request_id": Field("String")})
