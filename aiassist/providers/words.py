"""What providers are asked and what they say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from aiassist.models import Verdict, Why

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """`instructions` are ours; `facts` are data whoever wrote them, cleaned by `guard`; `schema`
    is what an answer must be; `offline()` answers without a model."""

    purpose: str
    instructions: str
    facts: Mapping[str, Any]
    schema: type[T]
    offline: Callable[[], T]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Something that a model may look up while it answers: `call` takes the arguments that it gave
    and returns JSON, in the thread of whoever asked."""

    name: str
    description: str
    schema: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Talk:
    """A question of a person, who is answered in words. `before`: what was asked and answered
    earlier. `check` is given each sentence, and answers with it as it may be shown, or raises
    NotAnswered."""

    instructions: str
    before: Sequence[tuple[str, str]]
    question: str
    lookups: Sequence[Lookup]
    check: Callable[[str], str]


@dataclass(slots=True)
class Usage:
    """Tokens, as the server counts them."""

    read: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    value: T
    verdict: Verdict = Verdict.OK
    usage: Usage = field(default_factory=Usage)


class NotAnswered(Exception):
    """No answer that can be used; `why` says the reason, `usage` what it cost all the same."""

    def __init__(self, why: Why, usage: Usage | None = None) -> None:
        self.why = why
        self.usage = usage or Usage()
        super().__init__(why.value)

    @property
    def verdict(self) -> Verdict:
        return Verdict.REFUSED if self.why == Why.DECLINED else Verdict.FELL_BACK

    @property
    def note(self) -> str:
        return str(self.why.label)
