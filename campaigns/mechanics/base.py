"""What a mechanic is made of: typed rules, and pure functions from facts to rewards."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alliance.kernel.errors import Invalid
from campaigns.facts import Award, OrderFacts, Reward, StandingFacts

Bps = Annotated[int, Field(ge=0, le=10_000)]
Minor = Annotated[int, Field(ge=0, le=10**15)]
Count = Annotated[int, Field(ge=0, le=10**9)]


@dataclass(frozen=True, slots=True)
class Words:
    """A rule in words, for the form that is built from it."""

    label: str | Promise
    help: str | Promise = ""


class Rules(BaseModel):
    """The rules of one kind. Frozen; unknown names are refused, so that a typo is not a promise.

    What a field is called in the desk's form stands beside it:

        cap_minor: Annotated[Minor, Field(gt=0), Words(_("At most per order line"))] = 2_000
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanic:
    """One kind of campaign.

    `on_order` says what an order line earns (None: nothing from this campaign); `on_close` what
    the standings earn; `most` the greatest amount that one enrolment can come to (minor units), to
    be reserved when it is accepted. All of them are pure. `enrols`: affiliates take part by
    enrolling; `reviewed`: operations decide on it; `coupons`: buyers claim coupons from a stock;
    `merchants_enrol`: merchants propose products for its slate.
    """

    kind: str
    label: str | Promise
    about: str | Promise
    rules: type[Rules]
    on_order: Callable[[Any, OrderFacts], Reward | None] | None = None
    on_close: Callable[[Any, Sequence[StandingFacts]], list[Award]] | None = None
    most: Callable[[Any], int] | None = None
    enrols: bool = False
    reviewed: bool = False
    coupons: bool = False
    merchants_enrol: bool = False

    def parse(self, rules: Any) -> Any:
        """The typed rules. Raises Invalid that names the field at fault."""
        try:
            return self.rules.model_validate_json(json.dumps(rules))
        except ValidationError as exc:
            first = exc.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise Invalid(
                _("The rule “%(field)s” is not right: %(fault)s")
                % {"field": field, "fault": first["msg"]},
                field=field,
            ) from exc
