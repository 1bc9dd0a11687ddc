"""What can be told to somebody: the kinds of notifications, and the words of each.

An app names its kinds in its `notices.py`, which is loaded with the app. A notification keeps a
kind and data; the words are made when it is read, in the reader's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Notification
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import moment, month

Data = Mapping[str, Any]
Text = str | Promise
Words = tuple[str, str]  # what happened, in a line; more about it, or ""


class Group(TextChoices):
    """What a person gets by mail, or does not, together."""

    ACCOUNT = "account", _("Your account and sites")
    PLANS = "plans", _("Places in plans, codes")
    TASKS = "tasks", _("Your campaigns and tasks")
    POSTS = "posts", _("Reminders of planned posts")
    NEWS = "news", _("New campaigns and events")
    CASES = "cases", _("Violations and appeals")
    PAYOUTS = "payouts", _("Withdrawals")
    BOOKS = "books", _("Statements and invoices")
    PEOPLE = "people", _("Applications of affiliates")
    WALLET = "wallet", _("The wallet")
    RATES = "rates", _("The autopilot")
    IMPORTS = "imports", _("Imports and product feeds")
    REPORTS = "reports", _("The report of the week, on Mondays")
    FIGURES = "figures", _("Notes on figures")
    SECURITY = "security", _("Security of the account")


# Comes by mail only to who asks for it.
QUIET = frozenset({Group.NEWS, Group.REPORTS, Group.POSTS})
# Comes by mail whatever was chosen.
ALWAYS = frozenset({Group.SECURITY})


@dataclass(frozen=True, slots=True)
class Kind:
    group: Group
    icon: str
    words: Callable[[Data], Words]


KINDS: dict[str, Kind] = {}


def told(title: Text, text: Text = "") -> Callable[[Data], Words]:
    """Words with places for the data: %(left)s is an amount where the data has `left_minor` and
    `currency`, and a moment where it has `left_at`; a month lies in it as "2026-06"."""

    def words(data: Data) -> Words:
        said = spoken(data)
        return str(title) % said, str(text) % said if text else ""

    return words


def spoken(data: Data) -> dict[str, Any]:
    """The data as the present reader writes it."""
    said: dict[str, Any] = {}
    for name, value in data.items():
        if name.endswith("_minor"):
            said[name.removesuffix("_minor")] = Money(value, data["currency"]).localized()
        elif name == "month":
            said[name] = month(date.fromisoformat(f"{value}-01"))
        elif name.endswith("_at"):
            said[name.removesuffix("_at")] = moment(datetime.fromisoformat(value))
        else:
            said[name] = value
    return said


def words_of(notification: Notification) -> Words:
    """A kind that no code writes any more is told by its name."""
    kind = KINDS.get(notification.kind)
    return kind.words(notification.data) if kind else (notification.kind, "")


def by_mail(choices: Mapping[str, bool], group: Group) -> bool:
    """Whether somebody who chose like this gets mails of the group."""
    return group in ALWAYS or choices.get(group, group not in QUIET)
