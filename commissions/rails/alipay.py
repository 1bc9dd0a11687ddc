"""Alipay: a single transfer to a login id, and the look-up of it, over the open gateway.

`alipay.fund.trans.uni.transfer` and `alipay.fund.trans.common.query`. Requests are signed with our
key (RSA2), answers are believed only with Alipay's signature over exactly what they say.
"""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from alliance.kernel import clock
from commissions import rails
from commissions.rails import wire

if TYPE_CHECKING:
    from commissions.models import Payout

TRANSFER, QUERY = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
KIND = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}
_THEIR_TIME = ZoneInfo("Asia/Shanghai")
_RSA_SIGNED = "1.2.840.113549.1.1."

# Only these mean that nothing was sent and nothing will be. SYSTEM_ERROR, INVALID_PARAMETER and
# whatever is not here are looked up.
REFUSALS = frozenset({
    "BALANCE_IS_NOT_ENOUGH", "EXCEED_LIMIT_DM_AMOUNT", "EXCEED_LIMIT_MM_AMOUNT",
    "EXCEED_LIMIT_PERSONAL_SM_AMOUNT", "EXCEED_LIMIT_ENT_SM_AMOUNT", "EXCEED_LIMIT_SM_MIN_AMOUNT",
    "EXCEED_LIMIT_UNRN_DM_AMOUNT", "PAYCARD_UNABLE_PAYMENT", "PAYEE_ACCOUNT_NOT_EXSIT",
    "PAYEE_ACCOUNT_STATUS_ERROR", "PAYEE_ACC_OCUPIED", "PAYEE_NOT_EXIST",
    "PAYEE_NOT_RELNAME_CERTIFY", "PAYEE_TRUSTEESHIP_ACC_OVER_LIMIT", "PAYEE_USERINFO_STATUS_ERROR",
    "PAYEE_USER_INFO_ERROR", "PAYEE_USER_TYPE_ERROR", "PAYER_BALANCE_NOT_ENOUGH",
    "PAYER_STATUS_ERROR", "PERMIT_LIMIT_PAYEE", "PERMIT_NON_BANK_LIMIT_PAYEE",
    "PERM_AML_NOT_REALNAME_REV", "RELEASE_USER_FORBBIDEN_RECIEVE", "REMARK_HAS_SENSITIVE_WORD",
    "TRUSTEESHIP_RECIEVE_QUOTA_LIMIT",
})  # fmt: skip


class AlipayRail:
    """The payee's `number` is the login id, `holder` the real name Alipay checks it against."""

    def send(self, payout: "Payout", *, key: str) -> str:
        payee = {
            "identity": payout.payee.number,
            "identity_type": "ALIPAY_LOGON_ID",
            "name": payout.payee.holder,
        }
        content = {
            "out_biz_no": number_of(key),
            "trans_amount": payout.net.plain,
            **KIND,
            "order_title": f"Payout {payout.pk}",
            "payee_info": payee,
            "remark": f"Payout {payout.pk}",
        }
        return _outcome(_call(TRANSFER, content), key)

    def lookup(self, *, key: str) -> str:
        return _outcome(_call(QUERY, {**KIND, "out_biz_no": number_of(key)}), key)


def number_of(key: str) -> str:
    """Our key in the characters that Alipay takes for a merchant's number."""
    return key.replace("-", "_")


def _outcome(said: dict[str, Any], key: str) -> str:
    sub_code, status = str(said.get("sub_code", "")), str(said.get("status", ""))
    if sub_code == "ORDER_NOT_EXIST":
        raise rails.Missing("Alipay knows no such transfer")
    if said.get("code") != "10000":
        _refuse_if(sub_code in REFUSALS, sub_code, said.get("sub_msg"))
        raise rails.Unclear(f"Alipay said {said.get('code')} {sub_code}")
    if said.get("out_biz_no") != number_of(key):
        raise rails.Unclear("Alipay answered about another transfer")
    _refuse_if(
        status in ("FAIL", "CLOSED"), said.get("error_code") or status, said.get("fail_reason")
    )
    _refuse_if(status == "REFUND", status, "the money came back")
    if status != "SUCCESS" or not said.get("order_id"):
        raise rails.Unclear(f"Alipay says {status or 'nothing'} of the transfer")
    return str(said["order_id"])


def _refuse_if(no: bool, code: Any, words: Any) -> None:
    if no:
        raise rails.Refused(f"Alipay: {words or code} ({code})")


# --- The gateway ----------------------------------------------------------------------------------


def _call(method: str, content: dict[str, Any]) -> dict[str, Any]:
    """The signed answer to a signed request."""
    setup = wire.settings_of("alipay")
    if setup is None:
        raise rails.NotSent("Alipay is not set up")
    params = {
        "app_id": setup["APP_ID"],
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": clock.now().astimezone(_THEIR_TIME).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        **_certificates(setup),
    }
    form = {"biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":"))}
    params["sign"] = sign(setup["PRIVATE_KEY"], {**params, **form})
    response = wire.call("POST", setup["GATEWAY"], params=params, data=form)
    if response.status_code != 200:
        raise rails.Unclear(f"Alipay's gateway answered {response.status_code}")
    return _believed(response.content, f"{method.replace('.', '_')}_response", setup)


def sign(private_key: str, params: dict[str, str]) -> str:
    """RSA2: SHA256withRSA over the sorted `name=value` pairs."""
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - the settings let no other in
    text = "&".join(f"{name}={value}" for name, value in sorted(params.items()) if value)
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def _believed(body: bytes, member: str, setup: dict[str, Any]) -> dict[str, Any]:
    """The answer's member, once Alipay's signature over its very text is right."""
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise rails.Unclear("Alipay's answer is not UTF-8") from exc
    envelope = wire.members(text)
    signed = _text_of(text, member)
    key, serial = public_key(setup["PUBLIC_KEY"])
    if serial and envelope.get("alipay_cert_sn", serial) != serial:
        raise rails.Unclear("Alipay signs with another certificate than the one in the settings")
    try:
        signature = base64.b64decode(str(envelope.get("sign", "")), validate=True)
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError) as exc:
        raise rails.Unclear("the signature of Alipay's answer is wrong") from exc
    return wire.members(signed)


def _text_of(text: str, member: str) -> str:
    """The member's value exactly as it was sent: that is what was signed, and what is read."""
    _before, name, rest = text.partition(f'"{member}"')
    value = rest.lstrip().removeprefix(":").lstrip()
    if not name or not value.startswith("{"):
        raise rails.Unclear("Alipay's answer lacks the part that counts")
    try:
        _value, end = json.JSONDecoder().raw_decode(value)
    except (ValueError, RecursionError) as exc:
        raise rails.Unclear("Alipay's answer is broken off") from exc
    return value[:end]


# --- Keys and certificates ------------------------------------------------------------------------


def public_key(pem: str) -> tuple[rsa.RSAPublicKey, str]:
    """Alipay's key and, if it was given as a certificate, that certificate's number."""
    serial = ""
    if "CERTIFICATE" in pem:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key: object = certificate.public_key()
        serial = _number(certificate)
    else:
        key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("Alipay signs with RSA")
    return key, serial


def _certificates(setup: dict[str, Any]) -> dict[str, str]:
    """Who signs by certificate names it and the root it trusts. Others name none."""
    if not setup.get("APP_CERT"):
        return {}
    own = x509.load_pem_x509_certificate(setup["APP_CERT"].encode())
    roots = x509.load_pem_x509_certificates(setup["ROOT_CERT"].encode())
    trusted = [c for c in roots if c.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNED)]
    return {
        "app_cert_sn": _number(own),
        "alipay_root_cert_sn": "_".join(map(_number, trusted)),
    }


def _number(certificate: x509.Certificate) -> str:
    """Alipay's number of a certificate: MD5 of issuer and serial number, as the API defines it."""
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
