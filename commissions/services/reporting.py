"""What people keep of their reports, and the report of every week.

Only their own convenience: a viewer may do it, and the audit trail has other things to tell.
"""

from datetime import date
from urllib.parse import urlencode

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from alliance.kernel.models import Side, User
from commissions import notices, weekly
from commissions.models import SavedReport

MOST_SAVED = 20
# What makes a report, in the order of its address. The page within it is not worth keeping.
ASKED = ("by", "period", "start", "end", "sort", "metric", "currency")


def query_of(text: str) -> str:
    """The same report, said in one way only."""
    asked = QueryDict(text[:2000])
    said = {name: asked[name][:20] for name in ASKED if asked.get(name)}
    return urlencode(said)


@transaction.atomic
def report_save(*, user: User, side: Side, name: str, query: str) -> SavedReport:
    """A view by name. Invalid if the name is empty, too long or taken, or there are too many."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 60 or not name.isprintable():
        raise Invalid(_("Give the view a name of at most 60 characters."), field="name")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # who saves twice at once waits
    own = SavedReport.objects.filter(user=user, side=side)
    if own.filter(name__iexact=name).exists():
        raise Invalid(_("You have a view of that name already."), field="name")
    if own.count() >= MOST_SAVED:
        raise Invalid(
            _("You have %(count)d views. Remove one that you no longer need.")
            % {"count": MOST_SAVED}
        )
    return SavedReport.objects.create(user=user, side=side, name=name, query=query_of(query))


def report_forget(*, user: User, side: Side, name: str) -> str | None:
    """The view is gone. What it asked for; None if it was gone already."""
    kept = SavedReport.objects.filter(user=user, side=side, name=name).first()
    if kept is None:
        return None
    kept.delete()
    return kept.query


def weekly_tell(*, user_pk: int, week: date) -> None:
    """The report of the week of that Monday, on each side that the person is on; once, however
    often it is asked for."""
    person = User.objects.get(pk=user_pk)
    for side in Side:
        key = f"report:{side.value}:{week}"
        if person.notifications.filter(key=key).exists():
            continue
        if data := weekly.data_of(person, side, week):
            notices.report_tell(person, side, key=key, link=weekly.link_of(side, week), data=data)
