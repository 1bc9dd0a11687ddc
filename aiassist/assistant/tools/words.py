"""What a tool is, whom it answers, and what it answers with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from affiliates.models import Affiliate
from aiassist import guard
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, NotFound
from alliance.kernel.models import Side, User
from alliance.kernel.templatetags.alliance import moment
from commissions import queries
from commissions.reporting.spans import Span
from merchants.models import Merchant

MOST = 5  # rows that an answer names
NAME = 60  # signs of a name


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, and for whom: a member of that affiliate, or of that merchant's team. Whoever makes
    one has checked that (the views' doors do)."""

    user: User
    whom: Affiliate | Merchant

    @property
    def side(self) -> Side:
        return Side.AFFILIATE if isinstance(self.whom, Affiliate) else Side.MERCHANT

    @property
    def affiliate(self) -> Affiliate:
        assert isinstance(self.whom, Affiliate)  # noqa: S101 - tools are called on their side only
        return self.whom

    @property
    def merchant(self) -> Merchant:
        assert isinstance(self.whom, Merchant)  # noqa: S101 - as above
        return self.whom

    @property
    def organisation(self) -> str:
        return f"{self.side.value}:{self.whom.pk}"

    @property
    def currency(self) -> str:
        """In which the answers count: the merchant's, or the affiliate's first."""
        if isinstance(self.whom, Merchant):
            return self.whom.currency
        return queries.currencies_of(self.whom, settings.ALLIANCE["CURRENCY"])[0]


@dataclass(frozen=True, slots=True)
class Link:
    """A page of ours, or a form of ours, filled in, that a person may submit: a path."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool found. `sentences` say it in the reader's language; `facts` are the same for a
    program: amounts in minor units, rates in basis points, days of the alliance's zone as ISO."""

    sentences: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    sources: list[Link] = field(default_factory=list)
    actions: list[Link] = field(default_factory=list)


class Args(BaseModel):
    """What a tool may be asked with; nothing else."""

    model_config = ConfigDict(extra="forbid", str_max_length=200)

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        """The database can look for no such text."""
        if isinstance(value, str) and "\x00" in value:
            raise ValueError
        return value


class Nothing(Args):
    """Asked without anything."""


class Number(Args):
    number: str = Field(min_length=1, max_length=64, description="the order's exact number")


class InPeriod(Args):
    period: Literal["7", "30", "90", "week", "last_week", "month", "last_month"] = "30"


A = TypeVar("A", bound=Args)


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """Something that can be looked up. It reads, within its scope, and changes nothing."""

    name: str
    side: Side
    description: str  # for a program, in English
    scope: str  # that an API key needs for it
    example: Any  # a question that it answers, for people
    args: type[A]
    run: Callable[[Scope, A], Result]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return self.args.model_json_schema()

    def call(self, scope: Scope, args: Mapping[str, Any] | None = None) -> Result:
        """Look it up. Raises NotFound on the wrong side, Invalid for arguments that it does not
        know. A refusal of the trade is an answer, too."""
        if scope.side != self.side:
            raise NotFound
        try:
            asked = self.args.model_validate(dict(args or {}))
        except ValidationError as exc:
            raise Invalid(_("The tool does not take these arguments.")) from exc
        try:
            return self.run(scope, asked)
        except DomainError as exc:
            return Result([str(exc)], {"refused": exc.code})


# --- Words ---


def said(text: str) -> str:
    """A name that somebody gave, short and as it is seen."""
    return Truncator(guard.without_addresses(" ".join(guard.seen(text).split()))).chars(NAME)


def ended(words: str) -> str:
    """The words as a sentence of their own."""
    return words if words.endswith((".", "。", "!", "?")) else _("%(words)s.") % {"words": words}


def day_words(day: date) -> str:
    return moment(clock.day_start(day), "date")


def report_of(side: str, by: str, span: Span) -> str:
    """The report of those days, as an address."""
    asked = urlencode({"by": by, "start": span.start.isoformat(), "end": span.end.isoformat()})
    return f"{reverse(f'commissions:{side}_report')}?{asked}"
