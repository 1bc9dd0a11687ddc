"""What a mechanic is made of: typed rules, and pure functions from facts to rewards."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money
from campaigns.facts import (
    Award,
    Batch,
    CouponTerms,
    OrderFacts,
    ProductFacts,
    Reward,
    StandingFacts,
)
from campaigns.mechanics.faults import Fault, sentence
from campaigns.mechanics.words import Input, RuleField, Words, fields_of

Bps = Annotated[int, Field(ge=0, le=10_000)]
Minor = Annotated[int, Field(ge=0, le=10**15)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Text = str | Promise


class Rules(BaseModel):
    """The rules of one kind. Frozen; unknown names are refused, so that a typo is not a promise.

    What a field is called in the desk's form stands beside it:

        cap_minor: Annotated[Minor, Field(gt=0), Words(_("At most per order line"))] = 2_000

    A list of rows is a tuple of another Rules class. What makes no sense together raises Fault in a
    `model_validator(mode="after")`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanic:
    """One kind of campaign. All its functions are pure and take the parsed rules first.

    - `promises` what it pays, to affiliates, in short sentences (amounts in that currency);
    - `on_order` says what an order line earns (None: nothing from this campaign);
    - `on_close` what the standings earn. Called before the end it gives the estimate;
    - `most` the greatest amount that one enrolment can come to (minor units), to be reserved when
      it is accepted;
    - `owes` what is promised to all together whoever takes part (pots, prizes, vouchers): the
      budget must hold it before the campaign is published;
    - `coupon` the terms of the coupons that buyers claim;
    - `batches` the coupons that the rules ask for in a campaign between two moments, slot by slot
      (None: a person says how many and when);
    - `objections` what speaks against a product on its slate, in sentences;
    - `refuses_host` why an affiliate with so many violation points may not hold it (None: it may);
    - `picks` which of the proposed products join it by score, given the places of each category
      that are taken (product numbers).

    `enrols`: affiliates take part by enrolling; `reviewed`: operations decide on it; `coupons`:
    buyers claim coupons from a stock; `merchants_enrol`: merchants propose products for its slate;
    `hosted`: an affiliate holds it (`Campaign.host`). `audience`: the kinds of affiliates it is
    made for (empty: all), a form's first suggestion. It runs at least `shortest` and at most
    `longest`, where they are set.
    `asks` names the facts of an order that `on_order` looks at and that cost a statement to know.
    """

    kind: str
    label: Text
    about: Text
    rules: type[Rules]
    promises: Callable[[Any, str], list[str]]
    on_order: Callable[[Any, OrderFacts], Reward | None] | None = None
    on_close: Callable[[Any, Sequence[StandingFacts]], list[Award]] | None = None
    most: Callable[[Any], int] | None = None
    owes: Callable[[Any], int] | None = None
    coupon: Callable[[Any], CouponTerms] | None = None
    batches: Callable[[Any, datetime, datetime], list[Batch]] | None = None
    objections: Callable[[Any, ProductFacts], list[Text]] | None = None
    picks: Callable[[Any, Iterable[ProductFacts], Mapping[str, int]], list[int]] | None = None
    refuses_host: Callable[[int], Text | None] | None = None
    enrols: bool = False
    reviewed: bool = False
    coupons: bool = False
    merchants_enrol: bool = False
    hosted: bool = False
    audience: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()
    shortest: timedelta | None = None
    longest: timedelta | None = None

    @property
    def fields(self) -> tuple[RuleField, ...]:
        """Its rules as a form asks for them."""
        return fields_of(self.rules)

    def parse(self, rules: Any, *, currency: str = "") -> Any:
        """The typed rules. Raises Invalid, a sentence with the path of the rule at fault."""
        try:
            return self.rules.model_validate_json(json.dumps(rules))
        except ValidationError as exc:
            message, field = sentence(self.fields, exc.errors()[0], currency=currency)
            raise Invalid(message, field=field) from exc
        except (TypeError, RecursionError) as exc:
            raise Invalid(_("Rules are plain names with plain values.")) from exc

    @staticmethod
    def dump(rules: Rules) -> dict[str, Any]:
        """Rules as they are kept: JSON that `parse` reads again."""
        return rules.model_dump(mode="json")

    def check_time(self, starts_at: datetime, ends_at: datetime) -> None:
        """Raises Invalid if a campaign of this kind cannot run that long."""
        lasts = ends_at - starts_at
        if self.shortest == self.longest and self.longest is not None and lasts != self.longest:
            raise Invalid(
                _("“%(kind)s” lasts exactly %(hours)s hours.") % self._words(self.longest),
                field="ends_at",
            )
        if self.shortest is not None and lasts < self.shortest:
            raise Invalid(
                _("“%(kind)s” lasts at least %(hours)s hours.") % self._words(self.shortest),
                field="ends_at",
            )
        if self.longest is not None and lasts > self.longest:
            raise Invalid(
                _("“%(kind)s” lasts at most %(days)s days.") % self._words(self.longest),
                field="ends_at",
            )

    def check_budget(self, rules: Any, budget: Money) -> None:
        """Raises Invalid if the budget does not hold what the rules promise to all together, or not
        even the greatest reward of one enrolment."""
        if self.owes is not None and self.owes(rules) > budget.minor:
            raise Invalid(
                _("The rules promise %(amount)s: the budget must hold it.")
                % {"amount": Money(self.owes(rules), budget.currency).localized()},
                field="budget_minor",
            )
        if self.most is not None and self.most(rules) > budget.minor:
            raise Invalid(
                _("One affiliate can earn %(amount)s: the budget must hold it.")
                % {"amount": Money(self.most(rules), budget.currency).localized()},
                field="budget_minor",
            )

    def _words(self, lasts: timedelta) -> dict[str, Any]:
        return {"kind": self.label, "hours": lasts // timedelta(hours=1), "days": lasts.days}


__all__ = [
    "Bps",
    "Count",
    "Fault",
    "Input",
    "Mechanic",
    "Minor",
    "RuleField",
    "Rules",
    "Text",
    "Words",
]
