"""Archives as their organisation sees them."""

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alliance.kernel.progress import Progress
from alliance.kernel.templatetags.alliance import number
from alliance.takeout.models import GOING, Takeout

AN_HOUR = 3600


def takeouts_for(organisation: str) -> QuerySet[Takeout]:
    return Takeout.objects.filter(organisation=organisation).order_by("-pk")


def progress_tell(pk: int, done: int, total: int) -> None:
    """In the cache: the worker reads one snapshot meanwhile, and what it writes is seen later."""
    cache.set(f"takeout:{pk}", (done, total), AN_HOUR)


def progress_of(takeout: Takeout) -> Progress | None:
    """How far it is; None once it is not being written."""
    if takeout.state not in GOING:
        return None
    done, total = cache.get(f"takeout:{takeout.pk}") or (0, 0)
    if not total:
        return Progress(0, 0, _("It waits for its turn."))
    written = {"done": number(done), "total": number(total)}
    words = _("%(done)s of %(total)s files written") % written
    return Progress(done, total, words)
