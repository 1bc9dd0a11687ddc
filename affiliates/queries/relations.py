"""Who is above and below an affiliate, and whom it invites."""

from django.db.models import F, Q, QuerySet

from affiliates.models import Invitation, Relation
from affiliates.queries.members import acting_for
from alliance.kernel.models import User

_ENDED_LAST = (F("ends_at").desc(nulls_first=True), "-pk")


def relations_for(user: User) -> QuerySet[Relation]:
    """Those of the user's affiliate, as either side."""
    mine = acting_for(user)
    rows = Relation.objects.filter(Q(affiliate=mine) | Q(partner=mine))
    return rows.select_related("affiliate", "partner").order_by(*_ENDED_LAST)


def invitations_for(user: User) -> QuerySet[Invitation]:
    rows = Invitation.objects.filter(affiliate=acting_for(user))
    return rows.select_related("affiliate").order_by(*_ENDED_LAST)
