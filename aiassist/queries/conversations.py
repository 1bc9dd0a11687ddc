"""Whose conversations are whose."""

from django.db.models import QuerySet

from aiassist.models import Conversation
from alliance.kernel.models import User


def conversations_for(user: User, organisation: str) -> QuerySet[Conversation]:
    """The person's own in that room, the latest first."""
    mine = Conversation.objects.filter(user=user, organisation=organisation)
    return mine.order_by("-asked_at", "-pk")
