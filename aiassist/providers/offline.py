"""No model at all: what the caller makes by its own rules. The same facts give the same answer."""

from collections.abc import Generator

from aiassist.models import Why
from aiassist.providers.words import Answer, NotAnswered, Question, T, Talk, Usage


class Offline:
    def complete(self, question: Question[T]) -> Answer[T]:
        return Answer(question.offline())

    def converse(self, talk: Talk, usage: Usage) -> Generator[str]:
        """Nobody talks here: whoever asks knows that, and answers by rules (see `online`)."""
        raise NotAnswered(Why.UNREACHABLE)
