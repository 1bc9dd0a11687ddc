"""What each rail needs to know of a payee's account, and what is wrong with what was typed."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from commissions.rails.bank_file import BIC, CNAPS, IBAN, is_iban

_PHONE = re.compile(r"(\+?86-?)?1\d{10}|\+?\d{1,3}-\d{5,14}", re.ASCII)
_AT_HOME = re.compile(r"^\+?86-?(?=1\d{10}$)", re.ASCII)  # one number, written in one way
_ACCOUNT = re.compile(r"[A-Z0-9]{6,34}", re.ASCII)
# Where the account lies follows from the rail itself.
HOUSES = {"alipay": "Alipay", "paypal": "PayPal"}

Text = str | Promise


def cleaned(
    *, rail: str, holder: str, institution: str = "", number: str, bank_code: str = ""
) -> dict[str, str]:
    """The payee's account as it is kept. Invalid, with the field at fault, if it cannot be one."""
    account = {
        "rail": rail,
        "holder": " ".join(holder.split()),
        "institution": HOUSES.get(rail) or " ".join(institution.split()),
        "number": "".join(number.split()),
        "bank_code": "".join(bank_code.split()).upper(),
    }
    if rail == "bank_file":
        account["number"] = account["number"].upper()
    if rail == "alipay":
        account["number"] = _AT_HOME.sub("", account["number"])
    if rail != "bank_file":
        account["bank_code"] = ""
    for name, value in account.items():
        if any(unicodedata.category(char) in ("Cc", "Cs", "Cn") for char in value):
            raise Invalid(_("There is a character in it that no bank takes."), field=name)
    for name, fault in _faults(**account):
        raise Invalid(fault, field=name)
    return account


def _faults(**account: str) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    if not account["holder"]:
        found.append(("holder", _("Whose account is it?")))
    check = {"bank_file": _bank, "alipay": _alipay, "paypal": _paypal}.get(account["rail"], _other)
    return found + check(account)


def _other(account: dict[str, str]) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    if not account["institution"]:
        found.append(("institution", _("Which bank or wallet is it?")))
    if len(account["number"]) < 4:
        found.append(("number", _("This is too short for an account number.")))
    return found


def _bank(account: dict[str, str]) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    number, code = account["number"], account["bank_code"]
    if IBAN.fullmatch(number) and not is_iban(number):
        found.append(("number", _("The check digits of this IBAN are wrong: a digit is mistyped.")))
    elif not _ACCOUNT.fullmatch(number):
        found.append(("number", _("An IBAN, or an account number of 6 to 34 digits or letters.")))
    elif not is_iban(number) and not account["institution"]:
        found.append(("institution", _("Without an IBAN the bank must be named.")))
    if code and not (BIC.fullmatch(code) or CNAPS.fullmatch(code)):
        found.append(("bank_code", _("A BIC has 8 or 11 characters, a CNAPS code 12 digits.")))
    return found


def _alipay(account: dict[str, str]) -> list[tuple[str, Text]]:
    if _PHONE.fullmatch(account["number"]):
        return []
    return _mail(account, _("The e-mail address or mobile number that you log in to Alipay with."))


def _paypal(account: dict[str, str]) -> list[tuple[str, Text]]:
    return _mail(account, _("The e-mail address of your PayPal account."))


def _mail(account: dict[str, Any], fault: Text) -> list[tuple[str, Text]]:
    try:
        validate_email(account["number"])
    except ValidationError:
        return [("number", fault)]
    return []
