"""Any server that speaks OpenAI's chat protocol: a hosted one, or one on a machine of ours."""

from collections.abc import Generator

from django.conf import settings

from aiassist.models import Why
from aiassist.providers.words import Answer, NotAnswered, Question, T, Talk, Usage
from alliance.kernel import outbound


class OpenAiCompatible:
    def complete(self, question: Question[T]) -> Answer[T]:
        check_address()
        # Its libraries take two seconds to load, and most processes never ask.
        from aiassist.providers import wire

        return wire.complete(question)

    def converse(self, talk: Talk, usage: Usage) -> Generator[str]:
        check_address()
        from aiassist.providers import wire

        return wire.converse(talk, usage)


def check_address() -> None:
    """Before each question: where the name leads now. NotAnswered if that is inside a network, and
    the operator has not said that it may be."""
    if settings.LLM["PRIVATE"]:
        return
    try:
        parts = outbound.check(settings.LLM["BASE_URL"])
        outbound.addresses(parts.hostname or "", parts.port or 443)
    except outbound.NotFetched as exc:
        unknown = exc.trouble == outbound.Trouble.UNKNOWN
        raise NotAnswered(Why.UNREACHABLE if unknown else Why.ADDRESS) from exc
