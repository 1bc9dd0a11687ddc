"""What people keep of their reports, and who wants that of every week."""

from django.db.models import QuerySet

from alliance.kernel.models import Side, User
from alliance.kernel.notice_kinds import Group, by_mail
from commissions.models import SavedReport


def saved_reports_for(user: User, side: Side) -> QuerySet[SavedReport]:
    """The person's own on that side, by name."""
    return SavedReport.objects.filter(user=user, side=side).order_by("name", "pk")


def wants_weekly(user: User) -> bool:
    return by_mail(user.mail_choices, Group.REPORTS)


def weekly_readers() -> list[int]:
    """Keys of those who want the report of the week."""
    wanting = User.objects.filter(is_active=True, **{f"mail_choices__{Group.REPORTS.value}": True})
    return list(wanting.order_by("pk").values_list("pk", flat=True))
