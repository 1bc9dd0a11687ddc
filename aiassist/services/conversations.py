"""What people ask the assistant, and what it answered."""

from collections.abc import Generator
from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aiassist import guard
from aiassist.assistant import talk
from aiassist.assistant.tools import Link, Scope
from aiassist.models import Conversation, Turn
from aiassist.queries.conversations import conversations_for
from alliance.kernel import clock, tries
from alliance.kernel.errors import DomainError, Invalid
from alliance.kernel.models import User

LONGEST = 500  # characters of a question
AN_HOUR = 120  # questions of a person
KEPT = 30  # conversations of a person in a room; the oldest go
REMEMBERED = 4  # earlier questions that a model is told


class TooManyQuestions(DomainError):
    """Each may cost the alliance a question to a model."""

    code = "too_many_questions"
    status = 429
    message = _("Those were many questions in a short time. Try again in an hour.")


def question_ask(
    *, scope: Scope, question: str, conversation: Conversation | None = None
) -> Generator[str, None, Turn]:
    """Answer the question in the conversation, or in a new one; the generator returns the turn.

    What it yields before are sentences of the answer, as they are made: only the turn counts. It
    waits for a model, if there is one. Raises Invalid for an empty question, TooManyQuestions.
    """
    asked = guard.seen(question).strip()[:LONGEST]
    if not asked:
        raise Invalid(_("Ask something."), field="question")
    if tries.count(f"assistant:{scope.user.pk}", 3600) > AN_HOUR:
        raise TooManyQuestions
    return _answered(scope, asked, conversation)


def _answered(
    scope: Scope, asked: str, conversation: Conversation | None
) -> Generator[str, None, Turn]:
    answer = yield from talk.answer(scope, asked, _before(conversation))
    return _keep(scope, conversation, asked, answer)


def _before(conversation: Conversation | None) -> list[tuple[str, str]]:
    if conversation is None:
        return []
    turns = conversation.turns.order_by("-pk")[:REMEMBERED]
    return [(turn.question, "\n".join(turn.sentences)) for turn in reversed(turns)]


@transaction.atomic
def _keep(
    scope: Scope, conversation: Conversation | None, question: str, answer: talk.Answer
) -> Turn:
    now, mine = clock.now(), conversations_for(scope.user, scope.organisation)
    # It may be gone: an answer takes a while, and its asker may delete what it belongs to.
    alive = mine.filter(pk=conversation.pk).first() if conversation else None
    conversation = alive or Conversation(user=scope.user, organisation=scope.organisation)
    conversation.asked_at = now
    conversation.save()
    mine.filter(pk__in=[one.pk for one in mine[KEPT:]]).delete()
    return Turn.objects.create(
        conversation=conversation,
        question=question,
        sentences=answer.sentences,
        sources=_links(answer.sources),
        actions=_links(answer.actions),
        tools=answer.tools,
        note=answer.note,
        run=answer.run,
        created_at=now,
    )


def _links(links: list[Link]) -> list[dict[str, str]]:
    """Paths of ours, as the tools made them; whatever else it might be is no link."""
    ours = [one for one in links if one.url.startswith("/") and not one.url.startswith("//")]
    return [asdict(one) for one in ours]


def conversation_delete(*, actor: User, conversation: Conversation) -> None:
    """For good, with all that was asked in it. It was the person's own (see the query)."""
    if conversation.user_id == actor.pk:
        conversation.delete()
