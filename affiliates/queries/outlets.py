"""Product feeds: the team's own, and the one behind a private address."""

from hashlib import sha256

from django.db.models import QuerySet

from affiliates.models import Feed
from affiliates.queries.members import acting_for
from alliance.kernel.models import User


def feeds_for(user: User) -> QuerySet[Feed]:
    """Those that are open, newest first."""
    rows = Feed.objects.filter(affiliate=acting_for(user), closed_at=None)
    return rows.select_related("zone__site__affiliate").order_by("-pk")


def feed_at(token: str) -> Feed | None:
    """The open feed at this address. The token carries 256 bits of chance: a plain hash will do."""
    rows = Feed.objects.filter(digest=token_digest(token), closed_at=None)
    return rows.select_related("affiliate", "zone__site__affiliate").first()


def token_digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
