"""No model at all: what the caller makes by its own rules. The same facts give the same answer."""

from aiassist.providers.words import Answer, Question, T


class Offline:
    def complete(self, question: Question[T]) -> Answer[T]:
        return Answer(question.offline())
